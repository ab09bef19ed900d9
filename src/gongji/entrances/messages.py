"""Text messages on their way: what waits in the outbox is posted to the gateway that the installation names."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import httpx
import structlog

from gongji.foundation.outbox import send_waiting

if TYPE_CHECKING:
    from gongji.entrances.platform import Platform

_log = structlog.get_logger()


def send_messages(platform: Platform, gateway: str) -> int:
    """Send what waits; what the gateway does not take stays and is tried again.

    Returns:
        How many were sent.
    """
    with httpx.Client(timeout=10, trust_env=False) as client:
        try:
            return send_waiting(
                platform.database, platform.vault, partial(_post, client, gateway), at=platform.clock.now()
            )
        except httpx.HTTPError as problem:
            _log.warning("messages.put_off", problem=type(problem).__name__)
            return 0


def _post(client: httpx.Client, gateway: str, phone: str, text: str) -> None:
    client.post(gateway, json={"phone": phone, "text": text}).raise_for_status()
