"""What came in and what went out: the last messages, in the memory of this process."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import msgspec

from gongji.entrances.national.envelope import decode
from gongji.foundation.errors import GongjiError

#: Messages that are kept; the oldest goes when another comes.
KEPT: Final = 500

#: Most characters of a header field of the envelope that are kept for the list of messages.
_LONGEST: Final = 40


@dataclass(frozen=True, slots=True)
class Request:
    """A message as it came.

    Attributes:
        path: the address without the host.
        headers: as sent, names in lower case.
        body: the very bytes.
        decoded: the body as JSON; empty when it is none.
    """

    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    decoded: Mapping[str, Any]

    @classmethod
    def of(cls, path: str, headers: tuple[tuple[str, str], ...], body: bytes) -> Request:
        """Read what can be read; nothing is refused here."""
        try:
            decoded = decode(body)
        except GongjiError:
            decoded = {}
        return cls(path, headers, body, decoded)

    def text(self, name: str) -> str:
        """A text field of the envelope; "" when it is missing or no text."""
        value = self.decoded.get(name)
        return value.strip()[:_LONGEST] if isinstance(value, str) else ""

    @property
    def input(self) -> Mapping[str, Any]:
        """The nodes of the input; empty when there are none."""
        found = self.decoded.get("input")
        return found if isinstance(found, Mapping) else {}


@dataclass(slots=True)
class Message:
    """One message with what came of it.

    Attributes:
        number: counted from the sandbox's start.
        at: the sandbox's moment when it came in.
        request: what came in.
        status: HTTP status of the answer, 0 where none was sent.
        answer: what went out, or would have gone out where the answer was lost.
        disturbed: the failures that were played on it.
        answered: the answer as JSON; empty when there is none.
        under_way: whether it is still being dealt with.
    """

    number: int
    at: datetime
    request: Request
    status: int = 0
    answer: bytes = b""
    disturbed: tuple[str, ...] = ()
    answered: Mapping[str, Any] = field(default_factory=dict)
    under_way: bool = True

    def finish(self, status: int, answer: bytes, disturbed: tuple[str, ...]) -> None:
        """Note what came of it."""
        self.status, self.answer, self.disturbed, self.under_way = status, answer, disturbed, False
        try:
            found = msgspec.json.decode(answer) if answer else {}
        except msgspec.MsgspecError:
            found = {}
        self.answered = found if isinstance(found, Mapping) else {}

    @property
    def infcode(self) -> int | None:
        """0 done, -1 refused; None without an answer of the interface."""
        found = self.answered.get("infcode")
        return found if isinstance(found, int) else None

    @property
    def err_msg(self) -> str:
        """Why it was refused."""
        return str(self.answered.get("err_msg") or "")

    @property
    def code(self) -> str:
        """The stable code at the end of the refusal's sentence, "" where none is."""
        text = self.err_msg
        return text[text.rfind("[") + 1 : -1] if text.endswith("]") and "[" in text else ""

    @property
    def output(self) -> Mapping[str, Any]:
        """The nodes of the answer."""
        found = self.answered.get("output")
        return found if isinstance(found, Mapping) else {}


class MessageLog:
    """The last `KEPT` messages; belongs to one event loop."""

    def __init__(self, kept: int = KEPT) -> None:
        self._messages: deque[Message] = deque(maxlen=kept)
        self._count = 0
        self._listeners: list[Callable[[Message], None]] = []

    def listen(self, listener: Callable[[Message], None]) -> None:
        """Have somebody told of each message once it is finished."""
        self._listeners.append(listener)

    def begin(self, at: datetime, request: Request) -> Message:
        """Take a message in."""
        self._count += 1
        message = Message(self._count, at, request)
        self._messages.append(message)
        return message

    def finished(self, message: Message) -> None:
        """Tell those who listen."""
        for listener in self._listeners:
            listener(message)

    def find(self, number: int) -> Message | None:
        """A message by its number, unless it is gone."""
        return next((message for message in self._messages if message.number == number), None)

    def recent(self, institution: str = "", infno: str = "") -> list[Message]:
        """The newest first, of an institution and a transaction where these are named."""
        return [
            message
            for message in reversed(self._messages)
            if institution in ("", message.request.text("fixmedins_code"))
            and infno in ("", message.request.text("infno"))
        ]

    def clear(self) -> None:
        """Forget all; the count goes on, so that a number never means two messages."""
        self._messages.clear()
