"""What a person is told of a filing of theirs: that it was granted, refused, taken back or ended, and never for which
disease; the page that the message leads to shows it and why."""

from __future__ import annotations

from gongji.foundation.inbox import Message
from gongji.registry.filings import Filing


def message_of(one: Filing) -> Message:
    """The message of the state that a filing has come to, told once for each state and last day."""
    ended = one.details.get("ended") is not None
    what, once = ("ended", f"{one.id}.{one.until}") if ended else (str(one.state), str(one.id))
    return Message(one.person_id, f"filing.{what}", {"filing": one.id}, "filings", once)
