"""The site as a Django application."""

from django.apps import AppConfig


class SiteApp(AppConfig):
    """Its tables are named ``lodd_…``."""

    name = "lodd.site"
    label = "lodd"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Writes outside an action are refused on every connection; signing in is listened to."""
        from django.db.backends.signals import connection_created

        from lodd.site.actions import sign_in
        from lodd.site.actions.base import guard

        sign_in.connect()
        connection_created.connect(guard, dispatch_uid="lodd.guard")
