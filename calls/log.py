"""Structured logs: one JSON object a line, with the call's id in each line of a call.

The line's keys: ``at`` (UTC), ``level``, ``event``, ``call_id`` where one is bound, and what the caller of the log
gave. Text from callers and switches has its control characters taken out, so that no line can be forged and no
terminal be driven. A secret is a ``SecretStr`` and prints as asterisks; a person's number is given through
:func:`masked` only.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import TextIO

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from calls.text import printable

LEVELS = ("debug", "info", "warning", "error")
SHOWN_DIGITS = 3
"""How much of a person's number a log may hold: enough to tell two calls apart, too little to call back."""

MIN_MASKED = 6
"""A shorter number is an extension; three digits of it would be most of it, so nothing is shown."""


def configure(stream: TextIO, level: str) -> None:
    """Send the logs of Callwright, and those of the libraries below it, to ``stream`` from ``level`` up.

    ``level`` is one of :data:`LEVELS`. Called again it replaces what was set before.

    Raises:
        ValueError: no such level.
    """
    if level not in LEVELS:
        raise ValueError(f"log level {level!r}: expected one of {', '.join(LEVELS)}")
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *_SHARED, _RENDER],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=False,
    )
    _take_library_logs(stream, max(number, logging.WARNING))


def get() -> FilteringBoundLogger:
    """The logger: ``log.get().info("call ended", cause=16)``."""
    logger: FilteringBoundLogger = structlog.get_logger()
    return logger


@contextmanager
def bound(call_id: str) -> Iterator[None]:
    """Within it, every line of this task carries ``call_id``."""
    with structlog.contextvars.bound_contextvars(call_id=call_id):
        yield


def masked(number: str) -> str:
    """A person's number for a log: its last three digits, e.g. ``"***123"``."""
    return f"***{number[-SHOWN_DIGITS:]}" if len(number) >= MIN_MASKED else "***"


def _clean(value: object) -> object:
    match value:
        case None | bool() | int():
            return value
        case float():
            return value if value - value == 0 else str(value)  # JSON has no inf and no nan
        case str():
            return printable(value)
        case Mapping():
            return {printable(str(key)): _clean(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_clean(item) for item in value]
        case _:
            return printable(str(value))


def _clean_event(_logger: WrappedLogger, _method: str, event: EventDict) -> MutableMapping[str, object]:
    return {printable(key): _clean(value) for key, value in event.items()}


_SHARED = (
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
    _clean_event,
)
_RENDER = structlog.processors.JSONRenderer()


class _LibraryHandler(logging.StreamHandler[TextIO]):
    """Our handler on the root logger, to be known again when it is replaced."""


def _take_library_logs(stream: TextIO, level: int) -> None:
    """Libraries log through ``logging``: warnings and worse come out as the same JSON lines."""
    handler = _LibraryHandler(stream)
    handler.setLevel(level)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.contextvars.merge_contextvars, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_SHARED, _RENDER],
        )
    )
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each, _LibraryHandler)]:
        root.removeHandler(old)
    root.addHandler(handler)
