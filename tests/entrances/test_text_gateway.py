"""Text messages leave for the gateway once, and wait while it does not answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gongji.entrances.messaging.loop import carry_messages
from gongji.entrances.messaging.senders import text_sender
from gongji.entrances.platform import Platform
from gongji.entrances.server import serving
from gongji.foundation.outbox import post
from gongji.foundation.settings import Settings
from gongji.rules.book import RuleBook
from town import Town


@pytest.fixture
def taken() -> list[dict[str, str]]:
    return []


@pytest.fixture
def gateway(taken: list[dict[str, str]]) -> Iterator[str]:
    async def take(request: Request) -> Response:
        taken.append(await request.json())
        return Response(status_code=204)

    with serving(Starlette(routes=[Route("/sms", take, methods=["POST"])]), "127.0.0.1", 0) as base:
        yield f"{base}/sms"


def send(platform: Platform, gateway: str) -> int:
    """One round of the loop; gives how many left."""
    platform.settings = platform.settings.model_copy(update={"sms_url": gateway})
    with httpx.Client(trust_env=False, timeout=60) as client:
        return carry_messages(platform, client, text_sender(platform, client)).sent


def test_a_code_is_sent_once_and_not_lost_while_the_gateway_is_away(
    town: Town, tmp_path: Path, gateway: str, taken: list[dict[str, str]]
) -> None:
    platform = Platform(Settings(data=tmp_path), town.database, town.vault, town.clock, RuleBook.shipped())
    with town.database.transaction() as connection:
        post(connection, town.vault, "family.consent_code", "13800138000", "验证码 123456", at=town.clock.now())
    assert send(platform, "http://127.0.0.1:9/sms") == 0
    assert send(platform, gateway) == 1
    assert send(platform, gateway) == 0
    assert taken == [{"phone": "13800138000", "text": "验证码 123456"}]
