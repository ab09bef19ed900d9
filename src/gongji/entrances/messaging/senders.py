"""What carries messages away: a network of text messages, and calls to programs, signed so that they know who calls."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import httpx
import msgspec

from gongji.foundation.outbox import Send, log_text

if TYPE_CHECKING:
    from gongji.entrances.platform import Platform

#: Holds the moment and the signature of a call: ``t=1732500000,v1=<hex>``.
SIGNATURE: Final = "Gongji-Signature"

#: Seconds that a program has for its answer.
PATIENCE: Final = 5.0

#: What went wrong when a program says that it is gone for good: it is not called again.
GONE: Final = "HTTP 410: the program is gone"

#: The setting that keeps texts instead of sending them.
LOG: Final = "log"


def text_sender(platform: Platform, client: httpx.Client) -> Send | None:
    """What sends text messages by the setting ``sms_url``; None where there is nothing."""
    gateway = platform.settings.sms_url
    if gateway is None:
        return None
    return partial(_log, platform) if gateway == LOG else partial(_post, client, gateway)


def _log(platform: Platform, phone: str, text: str) -> None:
    with platform.database.transaction() as connection:
        log_text(connection, platform.vault, phone, text, at=platform.clock.now())


def _post(client: httpx.Client, gateway: str, phone: str, text: str) -> None:
    try:
        client.post(gateway, json={"phone": phone, "text": text}, timeout=PATIENCE).raise_for_status()
    except httpx.HTTPError as problem:
        raise ConnectionError(f"{type(problem).__name__}: {problem}") from problem


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
    if answer.status_code == HTTPStatus.GONE:
        return GONE
    return None if answer.is_success else f"HTTP {answer.status_code}"
