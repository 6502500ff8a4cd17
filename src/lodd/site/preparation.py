"""Getting a database ready: tables, the cache's table, the collected static files."""

from __future__ import annotations

import os

from lodd.site.config import SiteConfig


def start_django() -> None:
    """Make Django ready in this process; the configuration is in the environment."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lodd.site.settings")
    django.setup()


def prepare_database(config: SiteConfig) -> None:
    """Bring the database to this version. Safe to repeat."""
    from django.core.management import call_command

    config.state.mkdir(mode=0o700, exist_ok=True)
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
