"""Logs: one JSON object a line on standard error, or text, our own and the libraries' alike."""

from __future__ import annotations

import logging
import re
import sys

import structlog

_SECRET = re.compile(r"crk_[0-9A-Za-z]+|whs[ek]c?_[0-9A-Za-z+/=]+|eyJ[\w-]{10,}\.[\w-]*\.?[\w-]*", re.ASCII)
"""Keys of credence, secrets of webhooks, and tokens: whatever somebody puts one into, it doesn't reach the log."""


def _without_secrets(_logger: object, _method: str, line: str | bytes | structlog.typing.EventDict) -> str:
    """The finished line, tracebacks included."""
    return _SECRET.sub(lambda found: f"{found[0][:4]}…", str(line))


def configure_logs(level: str, form: str = "json") -> None:
    """Once in a process, before anything logs. `level` is the least severe that is written: `debug`, `info`, `warning`
    or `error`.

        {"event": "policy set in force", "version": "a764…", "level": "info", "timestamp": "2026-11-27T19:52:26Z", …}

    `form` is `json`, or `text` for somebody who reads along: the same members, `key=value`.

    Lines about a request carry its id, method and path. Keys and tokens are cut to four characters in the finished
    line, whoever wrote them.
    """
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.raiseExceptions = False  # a line that can't be written is lost; what it tells of must go on
    handler = logging.StreamHandler(sys.stderr)
    finish: list[structlog.types.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False),
        _without_secrets,
    ]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=finish, foreign_pre_chain=shared))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("alembic").setLevel(logging.WARNING)
