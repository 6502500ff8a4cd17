"""Sign-in by agencies: OpenID Connect as django-allauth speaks it, with less kept and more checked."""
