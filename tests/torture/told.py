"""What was answered under torture, as whoever asked has heard it."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Told:
    """The answers that were given: by settlement id its msgid and figures."""

    answers: dict[int, tuple[str, tuple[Any, ...]]] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    #: Answers that are not compared with the books yet.
    fresh: list[int] = field(default_factory=list)
    #: What sons have allotted or taken back.
    deeds: list[int] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def hear(self, line: str) -> None:
        """Take in a line; one that a kill cut off was never heard by anybody."""
        if not line.endswith("\n"):
            return
        with self._lock:
            self._take(line)

    def take_fresh(self) -> list[int]:
        """The answers that nobody has looked for in the books yet; from now on somebody has."""
        with self._lock:
            fresh, self.fresh = self.fresh, []
        return fresh

    def _take(self, line: str) -> None:
        if line.startswith('["deed"'):
            self.deeds.append(json.loads(line)[1])
            return
        if not line.startswith('["ack"'):
            self.wrong.append(line.strip())
            return
        _, msgid, identifier, *figures = json.loads(line)
        if self.ids.setdefault(msgid, identifier) != identifier:
            self.wrong.append(f"{msgid} was answered with {self.ids[msgid]} and with {identifier}")
        known = self.answers.setdefault(identifier, (msgid, tuple(figures)))
        if known != (msgid, tuple(figures)):
            self.wrong.append(f"{identifier} was told as {known} and as {(msgid, figures)}")
        self.fresh.append(identifier)
