"""Structured logs: one JSON object a line, of named fields only. What names people never gets in."""

from __future__ import annotations

import json
import logging
import logging.config
from typing import Any, Final

_FIELDS: Final = ("page", "method", "status", "milliseconds", "request", "action")


class JsonLines(logging.Formatter):
    """Time, level, logger, a fixed message and the fields of ``_FIELDS``. Never arguments or values.

    A message with arguments is fixed before they are put in. One without may have been put together by a library of
    anything, so only our own are written.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        given = {name: getattr(record, name, None) for name in _FIELDS}
        line |= {name: value for name, value in given.items() if isinstance(value, str | int | float)}
        if record.exc_info and record.exc_info[0] is not None:
            line |= {"error": record.exc_info[0].__name__, "where": _where(record)}
        return json.dumps(line, ensure_ascii=False)


def _message(record: logging.LogRecord) -> str:
    fixed = isinstance(record.msg, str) and (record.args or record.name.split(".")[0] == "lodd")
    return record.msg if fixed else record.name


def _where(record: logging.LogRecord) -> str:
    trace = record.exc_info[2] if record.exc_info else None
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace else ""


def configure(chosen: dict[str, Any]) -> None:
    """All logs to standard error as JSON lines. ``{"quiet": True}``: not every request."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": {"()": "lodd.site.logs.JsonLines"}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
            "root": {"handlers": ["stderr"], "level": "WARNING"},
            "loggers": {"lodd": {"level": "WARNING" if chosen.get("quiet") else "INFO"}},
        }
    )
