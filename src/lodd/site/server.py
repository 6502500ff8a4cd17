"""gunicorn's settings: ``gunicorn -c python:lodd.site.server``. What can be chosen is in the environment."""

from __future__ import annotations

import os
import sys
from typing import Any

from lodd.site.config import read_config

_config = read_config()

wsgi_app = "lodd.site.wsgi:application"
bind = os.environ.get("LODD_BIND", "127.0.0.1:8000")
worker_class = "gthread"
workers = int(os.environ.get("LODD_WORKERS") or (2 if _config.on_postgresql else 1))
threads = int(os.environ.get("LODD_THREADS") or 8)
preload_app = False  # a connection to the database must not be shared by processes
timeout = 60
graceful_timeout = 30
keepalive = 15
limit_request_line = 2048
control_socket_disable = True
accesslog = None  # the site has a log of its own, without addresses
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "lodd.site.logs.JsonLines"}},
    "handlers": {"json": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["json"], "level": "WARNING"},
    "loggers": {
        "gunicorn.error": {
            "handlers": ["json"],
            "level": "WARNING" if _config.demo else "INFO",
            "propagate": False,
        }
    },
}


def post_worker_init(_: Any) -> None:
    """Erase again whom a restore brought back; read the ledger before somebody waits for it on the phone."""
    sys.setswitchinterval(0.0005)  # the thread whose turn it is at the ledger must not wait long for the others
    from django.db import connection

    from lodd.site.actions.participants import replay_missed
    from lodd.site.installation import installation

    replay_missed()
    with installation().service.live.turn():
        pass
    connection.close()
