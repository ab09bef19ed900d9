"""What carries messages away: a network of text messages, and calls to programs, signed so that they know who calls."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import httpx
import msgspec

from gongji.foundation.errors import Misconfigured
from gongji.foundation.outbox import Send, log_text

if TYPE_CHECKING:
    from gongji.entrances.platform import Platform

#: Holds the moment and the signature of a call: ``t=1732500000,v1=<hex>``.
SIGNATURE: Final = "Gongji-Signature"

#: Seconds that a program has for its answer.
PATIENCE: Final = 5.0

#: The setting that keeps texts instead of sending them.
LOG: Final = "log"


def text_sender(platform: Platform) -> Send | None:
    """What sends text messages by the setting ``sms``; None where there is nothing.

    Raises:
        Misconfigured: ``settings.sms`` when the setting names no function.
    """
    named = platform.settings.sms
    if named is None:
        return None
    if named == LOG:
        return _logging(platform)
    module, _, name = named.partition(":")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError) as problem:
        raise Misconfigured(
            "settings.sms",
            f"the setting sms names {named}, which is not there: {problem}",
            f"设置 sms 指向的 {named} 不存在",
            field="GONGJI_SMS",
            accepted="log, or package.module:function",
        ) from problem
    send: Send = found
    return send


def _logging(platform: Platform) -> Send:
    def send(phone: str, text: str) -> None:
        with platform.database.transaction() as connection:
            log_text(connection, platform.vault, phone, text, at=platform.clock.now())

    return send


def signature(secret: str, body: bytes, at: datetime) -> str:
    """The value of the header: HMAC-SHA256 over ``<seconds>.<body>`` under the subscriber's secret."""
    seconds = str(int(at.timestamp()))
    return f"t={seconds},v1={hmac.new(secret.encode(), f'{seconds}.'.encode() + body, 'sha256').hexdigest()}"


def call(client: httpx.Client, address: str, secret: str, content: Mapping[str, Any], at: datetime) -> str | None:
    """Call a program; what went wrong, None when it took the message (any answer of 2xx)."""
    body = msgspec.json.encode(content)
    headers = {"Content-Type": "application/json", SIGNATURE: signature(secret, body, at)}
    try:
        answer = client.post(address, content=body, headers=headers, timeout=PATIENCE)
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        return f"{type(problem).__name__}: {problem}"
    return None if answer.is_success else f"HTTP {answer.status_code}"
