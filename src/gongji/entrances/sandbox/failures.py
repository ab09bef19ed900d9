"""Failures on demand: which are planned, and for which messages."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gongji.foundation.errors import InvalidInput

#: Longest delay in seconds: beyond, a browser or a proxy gives up by itself.
LONGEST_DELAY: Final = 120

#: A clock is wrong by at most a day.
LARGEST_SKEW: Final = 24 * 60

#: Most messages that one plan is for.
MOST_TIMES: Final = 1000


class FailureKind(StrEnum):
    """What goes wrong. Each says what its sender sees, and whether the platform did what was asked."""

    DELAY = "delay"  # done, answered late
    LOST_REPLY = "lost_reply"  # done, the connection closes without an answer
    LOST_REQUEST = "lost_request"  # not done, the connection closes without an answer
    RESET = "reset"  # not done, the connection is reset at once
    REFUSE = "refuse"  # not done, infcode -1 with the chosen text
    BAD_GATEWAY = "bad_gateway"  # not done, HTTP 502 with a page in HTML
    DUPLICATE = "duplicate"  # delivered twice, the second delivery is answered
    SKEW = "skew"  # judged as if the sender's clock were wrong by so many minutes


@dataclass(slots=True)
class Failure:
    """A planned failure.

    Attributes:
        number: names it, to take it back.
        kind: what goes wrong.
        institution, infno, msgid: for which messages; "" for any.
        times: how many messages more.
        seconds: of a delay, or how long a sender waits before the connection closes.
        minutes: by how much the sender's clock is behind (negative: ahead).
        text: err_msg of a refusal.
    """

    number: int
    kind: FailureKind
    institution: str = ""
    infno: str = ""
    msgid: str = ""
    times: int = 1
    seconds: int = 0
    minutes: int = 0
    text: str = ""

    def meets(self, institution: str, infno: str, msgid: str) -> bool:
        """Whether it is for such a message."""
        return self.institution in ("", institution) and self.infno in ("", infno) and self.msgid in ("", msgid)


class Failures:
    """All that is planned; belongs to one event loop."""

    def __init__(self) -> None:
        self._planned: dict[int, Failure] = {}
        self._numbers = itertools.count(1)

    def plan(
        self,
        kind: FailureKind,
        *,
        institution: str = "",
        infno: str = "",
        msgid: str = "",
        times: int = 1,
        seconds: int = 0,
        minutes: int = 0,
        text: str = "",
    ) -> Failure:
        """Plan a failure for the next messages that meet it.

        Raises:
            InvalidInput: ``sandbox.failure`` when a figure is out of range.
        """
        for name, value, lowest, highest in (
            ("times", times, 1, MOST_TIMES),
            ("seconds", seconds, 0, LONGEST_DELAY),
            ("minutes", minutes, -LARGEST_SKEW, LARGEST_SKEW),
        ):
            if not lowest <= value <= highest:
                raise InvalidInput(
                    "sandbox.failure",
                    f"{name} has to lie between {lowest} and {highest}",
                    f"{name} 应在 {lowest} 到 {highest} 之间",
                    field=name,
                    accepted=f"{lowest}…{highest}",
                )
        planned = Failure(next(self._numbers), kind, institution, infno, msgid, times, seconds, minutes, text)
        self._planned[planned.number] = planned
        return planned

    def take(self, institution: str, infno: str, msgid: str) -> list[Failure]:
        """What is played on a message that came in; one time less remains of each."""
        met = [each for each in self._planned.values() if each.meets(institution, infno, msgid)]
        for each in met:
            each.times -= 1
            if not each.times:
                del self._planned[each.number]
        return met

    def planned(self) -> list[Failure]:
        """What is still to come."""
        return list(self._planned.values())

    def drop(self, number: int) -> None:
        """Take one back; one that was played already is no matter."""
        self._planned.pop(number, None)

    def clear(self) -> None:
        """Take all back."""
        self._planned.clear()
