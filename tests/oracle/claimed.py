"""A claim as the model has it: what was told, who decided, what the bank carried."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

Items = tuple[tuple[str, int, int], ...]


@dataclass
class Decided:
    """A decision that stands: what the funds pay, how it moved the counters, and who decided."""

    funds: int
    moves: list[tuple[str, str, int]]
    by: str
    second: str | None


@dataclass
class Proposed:
    """What waits for a second officer: lines that are taken out, or that all is refused."""

    by: str
    out: tuple[int, ...] = ()
    refuses: bool = False


@dataclass
class Claimed:
    """A claim and how it stands."""

    n: int
    patient: int
    place: str
    on: date
    items: Items
    invoice: int
    state: str = "received"
    returned: str = ""
    mended: bool = False
    officer: str | None = None
    officer_since: int = 0
    #: Whoever decided on it so far: alone, as one of two, upholding, or taking back.
    deciders: set[str] = field(default_factory=set)
    decided_at: int | None = None
    refused: bool = False
    appealed: bool = False
    proposal: Proposed | None = None
    stands: Decided | None = None
    ever_decided: bool = False
    #: What the bank carried: kind, fen, reference.
    payments: list[tuple[str, int, str]] = field(default_factory=list)

    @property
    def due(self) -> int:
        """What is owed to the person, fen; below zero when the person owes it."""
        return (self.stands.funds if self.stands else 0) - self.carried

    @property
    def carried(self) -> int:
        """What the bank carried to the person, less what came back."""
        return sum(fen if kind == "paid" else -fen for kind, fen, _ in self.payments)

    def out(self) -> list[tuple[int, str]]:
        """The payments that no bank sent back, fen and reference, oldest first."""
        found: list[tuple[int, str]] = []
        for kind, fen, reference in self.payments:
            if kind == "paid":
                found.append((fen, reference))
            elif kind == "bounced":
                found.remove(sent_back(found, reference))
        return found


def sent_back(out: list[tuple[int, str]], reference: str) -> tuple[int, str]:
    """What comes back under a reference: the payment of that reference, else the last."""
    return next((one for one in out if one[1] == reference), out[-1])
