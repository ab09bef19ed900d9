"""``gongji messages``: programs are subscribed and let go, what did not arrive is listed and sent again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from gongji.entrances.messaging.command import messages
from gongji.entrances.messaging.loop import Round, carry_messages
from gongji.entrances.platform import Platform
from gongji.foundation.deliveries import message_subscriber
from gongji.foundation.errors import InvalidInput, NotFound
from gongji.foundation.inbox import Message, tell
from gongji.foundation.outbox import log_text
from gongji.foundation.settings import Settings
from gongji.rules.book import RuleBook
from town import Town


@pytest.fixture
def platform(town: Town) -> Platform:
    return Platform(Settings(), town.database, town.vault, town.clock, RuleBook.shipped())


@pytest.fixture
def run(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a command over the town's installation; gives what it printed."""

    @contextmanager
    def opened(_: Settings) -> Iterator[Platform]:
        yield platform

    monkeypatch.setattr("gongji.entrances.messaging.command.open_platform", opened)

    def work(*arguments: str) -> str:
        done = CliRunner().invoke(messages, list(arguments), catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    return work


def carry(platform: Platform) -> Round:
    with httpx.Client(trust_env=False, timeout=60) as client:
        return carry_messages(platform, client, None)


def test_a_program_that_is_never_there_is_given_up_listed_and_tried_anew(
    run: Any, platform: Platform, town: Town
) -> None:
    someone = town.person("王秀兰", "1953-03-08", "retired", balance=0)
    secret = run("subscribe", "bank", "http://127.0.0.1:9/told", "--topic", "dispute").strip()
    with town.database.transaction() as connection:
        kept = connection.execute(sa.select(message_subscriber.c.secret_sealed)).scalar_one()
        told = [Message(someone, "dispute.answered", {}), Message(someone, "money.used", {"amount": 1})]
        tell(connection, told, at=town.clock.now())
    assert town.vault.open(kept) == secret
    assert carry(platform) == Round(0, 0, 1), "of money it is not told"
    assert "still being tried" in run("failed")

    with town.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE message_delivery SET due_at = NULL")
    assert "ConnectError" in run("failed")
    assert run("resend").strip() == "1 to be sent again"
    assert carry(platform) == Round(0, 0, 1)
    run("unsubscribe", "bank")
    with pytest.raises(NotFound, match="nobody is called by this name"):
        run("unsubscribe", "bank")
    with pytest.raises(NotFound, match="no such delivery"):
        run("resend", "999999")
    run("resend", "1")
    assert carry(platform) == Round(0, 0, 0)
    assert "subscription has ended" in run("failed").replace("\n", " ")


def test_what_cannot_be_subscribed_is_told(run: Any) -> None:
    with pytest.raises(InvalidInput, match="no topic weather"):
        run("subscribe", "bank", "https://bank.example/told", "--topic", "weather")
    with pytest.raises(InvalidInput, match="no http"):
        run("subscribe", "bank", "ftp://bank.example")


def test_texts_that_were_kept_are_read_without_the_whole_number(run: Any, town: Town) -> None:
    with town.database.transaction() as connection:
        log_text(connection, town.vault, "13800001234", "【共济】您的账户付了 ¥1.00。", at=town.clock.now())
    assert run("texts").strip().endswith("138****1234  【共济】您的账户付了 ¥1.00。")
