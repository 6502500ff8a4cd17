"""Starting the site: the environment that its processes read, and the server's command."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from lodd.site.config import SiteConfig, read_config
from lodd.site.preparation import own_secret


def configure(folder: Path | None, keys: Sequence[Path] = (), **chosen: str) -> SiteConfig:
    """Put the configuration into this process's environment, for Django and the server to read.

    A trial's folder, keys and other choices come before what is in the environment. An installation without a secret
    gets one of its own, but not in production.

    Raises:
        UsageError: as :func:`lodd.site.config.read_config`.
    """
    if folder is not None or not os.environ.get("LODD_TRIAL"):
        os.environ["LODD_TRIAL"] = str((folder or Path()).absolute())
    if keys:
        os.environ["LODD_KEYS"] = os.pathsep.join(str(key.absolute()) for key in keys)
    os.environ |= chosen
    config = read_config()
    if not config.secret and not config.production:
        os.environ["LODD_SECRET"] = own_secret(config)
        config = read_config()
    return config


def server_command() -> list[str]:
    """gunicorn with the site's settings, as this Python runs it."""
    return [sys.executable, "-m", "gunicorn", "--config", "python:lodd.site.server"]


def become_server(environment: Mapping[str, str]) -> None:
    """This process becomes the server; it does not come back."""
    from django.db import connections

    connections.close_all()
    command = server_command()
    sys.stdout.flush()
    os.execve(command[0], command, dict(environment))
