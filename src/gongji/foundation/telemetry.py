"""Logs and gauges: what an operator watches.

Logs are structured; one processor masks ID numbers, card numbers, names and phones before anything is written. Gauges
are for Prometheus and hold figures only.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from prometheus_client import Counter, Gauge

from gongji.foundation.personal import mask_name, mask_number

findings_kept = Gauge("gongji_verification_findings", "Findings of the verification that nobody has dismissed")
verified_at = Gauge("gongji_verified_at_seconds", "When this process last verified new blocks, seconds since 1970")
verified_rows = Counter("gongji_verified_rows", "Journals and transfers that this process verified while it ran")

#: 18-digit citizen numbers (the last may be X) and mobile phones, wherever they stand in a text.
_NUMBERS = re.compile(r"(?<!\d)(?:\d{17}[\dXx]|1[3-9]\d{9})(?!\d)")

#: Fields of the national interface and of our own that hold a name or a number of a person.
_NAME_FIELDS = frozenset({"psn_name", "name", "opter_name", "dr_name", "holder_name"})
_NUMBER_FIELDS = frozenset({"certno", "mdtrt_cert_no", "id_number", "phone", "card_sn", "certificate_number", "tel"})


def masked(value: object, field: str = "") -> object:
    """The value with personal data hidden, however deep it lies."""
    if isinstance(value, str):
        if field in _NAME_FIELDS:
            return mask_name(value)
        if field in _NUMBER_FIELDS:
            return mask_number(value)
        return _NUMBERS.sub(lambda found: mask_number(found[0]), value)
    if isinstance(value, Mapping):
        return {key: masked(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked(inner, field) for inner in value]
    return value


def _mask_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    return {key: masked(value, key) for key, value in event.items()}


def configure_logging(level: str = "info", form: str = "text") -> None:
    """Set up structured logging for the process, to standard error.

    Args:
        level: least severe level that is written.
        form: ``json`` or ``text``.
    """
    last: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=False),
            structlog.processors.format_exc_info,
            _mask_event,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
