"""Logs of what runs unattended: one line an entry on stderr, as text or as JSON."""

from __future__ import annotations

import datetime
import json
import logging
import sys
from typing import Literal

from tui.model.text import clean

LogFormat = Literal["text", "json"]
_ROOMS = ("ledger", "projections", "tui", "schemas")


def log_to_stderr(form: LogFormat, level: int = logging.INFO) -> None:
    """Write what our rooms log to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Text())
    for room in _ROOMS:
        logger = logging.getLogger(room)
        logger.handlers[:], logger.propagate = [handler], False
        logger.setLevel(level)


class _Json(logging.Formatter):
    """{"time": "2026-11-28T00:32:03.123456Z", "level": "INFO", "logger": "ledger.service.app", "message": "..."}"""

    def format(self, record: logging.LogRecord) -> str:
        told = {"time": _at(record), "level": record.levelname, "logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            told["error"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=True)


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = f"{_at(record)} {record.levelname} {clean(record.getMessage())}"
        return line + (f"\n{self.formatException(record.exc_info)}" if record.exc_info else "")


def _at(record: logging.LogRecord) -> str:
    at = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")
