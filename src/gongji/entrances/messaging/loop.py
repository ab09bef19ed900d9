"""One round: tell sharers what their accounts paid, send what waits, hand on what is due."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import httpx
import sqlalchemy as sa
import structlog

from gongji.entrances.messaging import senders
from gongji.entrances.messaging.words import named_in, sentences
from gongji.entrances.wording import Language, text
from gongji.foundation import deliveries
from gongji.foundation.deliveries import Channel, Delivery, message_subscriber
from gongji.foundation.inbox import Received, inbox_message, received
from gongji.foundation.message_choices import choices_of
from gongji.foundation.outbox import Send, send_waiting
from gongji.foundation.rounds import Rounds
from gongji.registry import service as registry
from gongji.settlement.telling import tell_sharers

if TYPE_CHECKING:
    from gongji.entrances.platform import Platform

log = structlog.get_logger()

#: Deliveries that are taken at once: what a process that is killed leaves to be sent again.
_AT_ONCE: Final = 10


@dataclass(frozen=True, slots=True)
class Round:
    """What a round did: messages told from the books, texts and calls that went out, and what failed."""

    told: int
    sent: int
    failed: int


def carry_messages(platform: Platform, client: httpx.Client, send: Send | None) -> Round:
    """One round; any number of processes may do so at once, and be killed at any moment.

    Args:
        platform: whose messages.
        client: calls programs.
        send: sends texts; None leaves them waiting.
    """
    told = tell_sharers(platform.database, platform.clock.now())
    sent = failed = 0
    if send is not None:
        sent += send_waiting(platform.database, platform.vault, send, at=platform.clock.now())
    while True:
        with platform.database.transaction() as connection:
            due = deliveries.take_due(connection, platform.clock.now(), _AT_ONCE)
        if not due:
            return Round(told, sent, failed)
        for one in due:
            went = _deliver(platform, client, send, one)
            sent, failed = sent + (went is True), failed + (went is False)


def _deliver(platform: Platform, client: httpx.Client, send: Send | None, one: Delivery) -> bool | None:
    """Whether it went out; None when it was put off."""
    now = platform.clock.now()
    with platform.database.transaction() as connection:
        work = _prepared(connection, platform, client, send, one)
        if work is None:
            return None
    problem = work()
    with platform.database.transaction() as connection:
        if problem is None:
            deliveries.note_sent(connection, one.id, platform.clock.now())
            return True
        if problem == senders.GONE:
            deliveries.give_up(connection, one.id, problem, now)
            deliveries.end_subscription(connection, one.subscriber_id, now)
            log.error("messages.program_gone", delivery=one.id, subscriber=one.subscriber_id)
            return False
        if not deliveries.note_failed(connection, one.id, problem, now):
            log.error("messages.given_up", delivery=one.id, channel=str(one.channel), problem=problem)
    return False


#: Sends; what went wrong, None when it went out.
_Work = Callable[[], str | None]


def _prepared(
    connection: sa.Connection, platform: Platform, client: httpx.Client, send: Send | None, one: Delivery
) -> _Work | None:
    """What is to be done once no transaction is open any more; None when nothing is."""
    row = connection.execute(sa.select(inbox_message).where(inbox_message.c.id == one.message_id)).one()
    message = received(row)
    if one.channel is Channel.SMS:
        return _text(connection, platform, send, one, message)
    subscriber = connection.execute(
        sa.select(message_subscriber).where(
            message_subscriber.c.id == one.subscriber_id, message_subscriber.c.ended_at.is_(None)
        )
    ).one_or_none()
    if subscriber is None:
        deliveries.give_up(connection, one.id, "the subscription has ended", platform.clock.now())
        return None
    secret = platform.vault.open(subscriber.secret_sealed)
    content = _content(connection, platform, message)
    address: str = subscriber.address
    return lambda: senders.call(client, address, secret, content, platform.clock.now())


def _text(
    connection: sa.Connection, platform: Platform, send: Send | None, one: Delivery, message: Received
) -> _Work | None:
    wanted = choices_of(connection, platform.vault, message.person_id)
    if wanted is None or not wanted.phone:
        deliveries.give_up(connection, one.id, "the person wants no texts any more", platform.clock.now())
        return None
    now = platform.clock.now()
    if wanted.quiet and deliveries.calm(now) > now:
        deliveries.put_off(connection, one.id, deliveries.calm(now))
        return None
    language = Language(wanted.language)
    named = named_in(connection, platform.vault, [message])
    told = sentences([message], named, language)[message.id]
    words, phone = text("message.sms", language, sentence=told), wanted.phone

    def work() -> str | None:
        if send is None:
            return "no network of text messages is connected"
        try:
            send(phone, words)
        except OSError as problem:
            return f"{type(problem).__name__}: {problem}"
        return None

    return work


def _content(connection: sa.Connection, platform: Platform, message: Received) -> dict[str, Any]:
    """What a program is told: no name, no ID number; institutions and people by the numbers of the national interface."""
    people = registry.people_by_id(connection, platform.vault, [message.person_id])
    facts = {name: value for name, value in message.facts.items() if name not in ("person", "relation")}
    if place := facts.pop("institution", None):
        facts["institution"] = registry.institutions_by_id(connection, [place])[place].code
    return {
        "id": message.id,
        "kind": message.kind,
        "at": message.made_at.isoformat(),
        "psn_no": people[message.person_id].psn_no,
        "about": message.about,
        "facts": facts,
    }


class Messenger:
    """Runs `carry_messages` every so often in a thread of its own.

    Args:
        platform: whose messages.
        every_seconds: how long between two rounds.
    """

    def __init__(self, platform: Platform, *, every_seconds: float) -> None:
        self._client = httpx.Client(follow_redirects=False, trust_env=False)
        send = senders.text_sender(platform, self._client)
        self._rounds = Rounds(
            "messages", lambda: carry_messages(platform, self._client, send), every_seconds=every_seconds
        )

    def close(self) -> None:
        """Stop after the round in hand."""
        self._rounds.close()
        self._client.close()
