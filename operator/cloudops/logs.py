"""Structured logs: JSON in containers, readable on a terminal, and no secrets in either.

Every line, our own and those of kopf, urllib3 or botocore, passes `redact`
last. Secret values that the process has read are registered with `hide`, so
that they are removed wherever they turn up, whatever they look like.
"""

import logging
import re
import secrets
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, TextIO

import structlog

REDACTED: Final = "[redacted]"

# Their debug lines hold whole requests and answers: Secrets in base64, STS credentials.
TOO_TALKATIVE: Final = ("urllib3", "botocore", "boto3", "s3transfer", "kubernetes", "aiohttp")
# Tells at INFO of every watch event that its handler succeeded.
QUIETER: Final = ("kopf",)

_SECRET_KEY: Final = re.compile(
    r"passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|account[_-]?key"
    r"|private[_-]?key|client[_-]?certificate|authorization|cookie|signature|database[_-]?url",
    re.IGNORECASE,
)
_NOT_SECRET_KEY: Final = re.compile(r"(?:name|ref|namespace|source|reason|count)$", re.IGNORECASE)

# Order matters: whole blocks first, then what stands behind a telling word.
_PATTERNS: Final = (
    (re.compile(r"-----BEGIN [A-Z0-9 ]+-----.*?(?:-----END [A-Z0-9 ]+-----|\Z)", re.DOTALL), ""),
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE), r"\1 "),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"), ""),
    (re.compile(r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}\b"), ""),
    (re.compile(r"(://[^\s:/@\"']*:)[^\s\"'<>]+(?=@)"), r"\1"),
    (re.compile(r"(<(?:SecretAccessKey|SessionToken)>)[^<]*"), r"\1"),
    (
        re.compile(
            r"([\w-]*(?:passw(?:or)?d|secret[_-]?access[_-]?key|(?:session|access|refresh|id)"
            r"[_-]?token|security-token|client[_-]?secret|api[_-]?key|account[_-]?key"
            r"|private[_-]?key|x-amz-signature|authorization|\bsig)[\"']?\s*[=:]\s*)"
            r"(?:\"[^\"]*\"|'[^']*'|(?!\s*(?:Bearer|Basic)\b)[^\s,;&\"'}\]]+)",
            re.IGNORECASE,
        ),
        r"\1",
    ),
)

_SHORTEST_HIDDEN: Final = 6  # shorter values would blank out ordinary words
_MOST_HIDDEN: Final = 4096

_hidden: OrderedDict[str, None] = OrderedDict()
_hidden_lock = threading.Lock()


def hide(*values: str) -> None:
    """Remove these exact values from every later line, and from what clouds say in answers.

    The oldest of 4,096 are forgotten.
    """
    with _hidden_lock:
        for value in values:
            for line in (value, *value.splitlines()):
                if len(line.strip()) >= _SHORTEST_HIDDEN:
                    _hidden[line.strip()] = None
                    _hidden.move_to_end(line.strip())
        while len(_hidden) > _MOST_HIDDEN:
            _hidden.popitem(last=False)


def without_hidden(text: str) -> str:
    """`text` without the values that were given to `hide`."""
    with _hidden_lock:
        known = sorted((value for value in _hidden if value in text), key=len, reverse=True)
    for value in known:
        text = text.replace(value, REDACTED)
    return text


def clean(text: str) -> str:
    """Return `text` without anything that is, or looks like, a secret."""
    text = without_hidden(text)
    for pattern, kept in _PATTERNS:
        text = pattern.sub(kept + REDACTED, text)
    return text


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: the event dict without secrets, at any depth."""
    return {key: _clean_item(key, value) for key, value in event.items()}


def _clean_item(key: object, value: Any) -> Any:
    name = str(key)
    if value and _SECRET_KEY.search(name) and not _NOT_SECRET_KEY.search(name):
        return REDACTED
    return _clean_value(value)


def _clean_value(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {clean(str(key)): _clean_item(key, item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean_value(item) for item in value]
    if isinstance(value, bytes):
        return clean(value.decode("utf-8", "replace"))
    return clean(str(value))


def configure(
    *, log_format: str = "auto", level: str = "INFO", stream: TextIO = sys.stderr
) -> None:
    """Send all logging of the process, stdlib's included, to `stream` as one line an event.

    Args:
        log_format: `json`, `console`, or `auto`: console on a terminal, else JSON.
        level: A name of the stdlib, e.g. `INFO`.
        stream: Where lines go.
    """
    as_json = log_format == "json" or (log_format == "auto" and not stream.isatty())
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_enrich(),
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                redact,
                _renderer(as_json=as_json, colors=stream.isatty()),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    _quieten(root.level)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_enrich(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread


def _quieten(level: int) -> None:
    """Others say less than we do at `level`."""
    for name in TOO_TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.INFO, level))
    for name in QUIETER:
        usual = max(logging.WARNING, level)
        logging.getLogger(name).setLevel(usual if level > logging.DEBUG else logging.DEBUG)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module, to be asked for with its `__name__`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


@contextmanager
def correlated(**values: object) -> Iterator[str]:
    """Bind a new correlation id and `values` to every line of this thread until the end.

    Yields:
        The id, 12 hex digits.
    """
    correlation_id = secrets.token_hex(6)
    with structlog.contextvars.bound_contextvars(correlation_id=correlation_id, **values):
        yield correlation_id


def _enrich() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _renderer(*, as_json: bool, colors: bool) -> Any:
    if as_json:
        return structlog.processors.JSONRenderer(sort_keys=True, ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(
        colors=colors, exception_formatter=structlog.dev.plain_traceback
    )


def _log_uncaught(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """The interpreter would print the exception as it is, secrets and all."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
        return
    get_logger(__name__).critical("uncaught exception", exc_info=(kind, error, traceback))


def _log_uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    get_logger(__name__).critical(
        "uncaught exception",
        thread_name=args.thread.name if args.thread else "",
        exc_info=(args.exc_type, args.exc_value, args.exc_traceback),
    )
