"""How we log: one format for all, to standard output, and no personal data in it."""

import logging.config
import re
import traceback
from collections.abc import Iterator, MutableMapping
from typing import Any

import structlog

_MAIL_ADDRESS = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
# "/zoeken/?q=Jansen" → "/zoeken/?…": what people type does not belong in a log.
_QUERY_STRING = re.compile(r"(?<=[\w/.-])\?[^\s'\"]+")
# "/de-school/volgen/link/1c-geamt6…/" → "/de-school/volgen/link/…/": who has that address can open a case with it.
# "/de-school/agenda/9f2c….ics" → "/de-school/agenda/….ics": who has that address reads a member's deadlines.
_SECRET_IN_PATH = re.compile(r"(?<=/link/)[^/\s'\"]+|(?<=/agenda/)[^/\s'\"]+(?=\.ics)")
# PostgreSQL quotes the refused row: "DETAIL:  Key (email)=(…) already exists."
_ROW_IN_ERROR = re.compile(r"^(?:DETAIL|CONTEXT):.*(?:\n(?!Traceback|\S+Error).*)*", re.MULTILINE)


def without_personal_data(text: str) -> str:
    """The text with mail addresses, query strings, secrets in links and quoted database rows taken out."""
    text = _SECRET_IN_PATH.sub("…", text)
    return _QUERY_STRING.sub("?…", _MAIL_ADDRESS.sub("<mail address>", _ROW_IN_ERROR.sub("DETAIL: …", text)))


def _where(exc_info: structlog.typing.ExcInfo) -> str:
    """A traceback without what the exceptions say, which may be what somebody wrote: files, lines, and the kinds."""
    told = []
    for error in _chain(exc_info[1]):
        told += ["Traceback:", *(line.rstrip() for line in traceback.format_tb(error.__traceback__))]
        told.append(f"{type(error).__module__}.{type(error).__qualname__}")
    return "\n".join(told)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The exception, and those that it came from, the first of them first."""
    if error is not None:
        yield from _chain(error.__cause__ or (None if error.__suppress_context__ else error.__context__))
        yield error


def _strip(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = without_personal_data(value)
    return event


def configuration(*, as_json: bool, level: str) -> dict[str, Any]:
    """A dictConfig that renders the standard library's records and structlog's alike."""
    before: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    after: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        # Before the stripping, so that tracebacks are stripped too.
        structlog.processors.ExceptionRenderer(_where) if as_json else structlog.processors.format_exc_info,
        _strip,
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False),
    ]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": before,
                "processors": after,
            },
        },
        "handlers": {
            "stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "structured"},
        },
        "root": {"handlers": ["stdout"], "level": level},
        "loggers": {
            # Django's own handlers would print a second time, or mail a whole request to the admins.
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            "fontTools": {"level": "WARNING"},
            "mail.log": {"level": "ERROR"},  # aiosmtpd tells who writes to whom
            "weasyprint": {"level": "ERROR"},
        },
    }


def configure(settings: dict[str, Any]) -> None:
    """Django calls this with LOGGING; structlog's own loggers are bound to the same handlers."""
    logging.config.dictConfig(settings)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
