"""Logs: quiet unless asked, to standard error, as JSON when asked.

FORESET_LOG is a level (debug, info, warning; default warning); FORESET_LOG_FORMAT is text or json. structlog's global
configuration is left to the application that uses this library.
"""

import os
import sys

import structlog
from structlog.typing import EventDict, FilteringBoundLogger

from foreset.domain.safe_text.addresses import redacted
from foreset.domain.safe_text.escaping import escaped

LEVEL = "FORESET_LOG"
FORMAT = "FORESET_LOG_FORMAT"
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def logger() -> FilteringBoundLogger:
    """Foreset's own logger, as the environment asks for it now."""
    level = _LEVELS.get(os.environ.get(LEVEL, "warning").lower(), 30)
    json = os.environ.get(FORMAT, "text").lower() == "json"
    log: FilteringBoundLogger = structlog.wrap_logger(
        structlog.WriteLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _shown,
            structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_name="foreset",
    )
    return log


def _shown(_logger: object, _method: str, event: EventDict) -> EventDict:
    """What is logged, without credentials, on one line."""
    return {escaped(name): _text(value) for name, value in event.items()}


def _text(value: object) -> object:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (list, tuple)):
        return [_text(item) for item in value]
    return escaped(redacted(str(value)))
