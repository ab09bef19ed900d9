"""Holds: money set aside in two phases. First it moves from the payer's accounts into their `personal.held`; later it
is taken (captured) in part or whole, given back (released), or goes back by itself when its time is over.

Where each fen of a hold came from is told by its first journal. A capture takes from the front of those sources, a
release gives back from their end, so whatever is taken and given back in whatever order, the sources add up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gongji.ledger.model import Transfer, person_of


class HoldPurpose(StrEnum):
    """What money is set aside for: an inpatient deposit, a wallet quota, a transfer that the receiver has not accepted
    yet, a premium that the tax office has not booked yet."""

    DEPOSIT = "deposit"
    WALLET = "wallet"
    TRANSFER = "transfer"
    PREMIUM = "premium"


class HoldState(StrEnum):
    """Open while something remains; else by what ended it: captured (and perhaps the rest released with it), released,
    or expired (perhaps after captures)."""

    OPEN = "open"
    CAPTURED = "captured"
    RELEASED = "released"
    EXPIRED = "expired"


class StepKind(StrEnum):
    """The steps of a hold."""

    HOLD = "hold"
    CAPTURE = "capture"
    RELEASE = "release"
    EXPIRE = "expire"


@dataclass(frozen=True, slots=True)
class Hold:
    """An amount that is set aside.

    Attributes:
        id: our id, in the bucket of the money; the first journal has the same.
        person_id: in whose favour (the patient, the premium's person); the payer themself when it is their own money.
        account: the payer's `personal.held`.
        amount, captured, released: fen.
        state: see `HoldState`.
        purpose: what for.
        reference: the caller's own number for it (an admission, an order).
        authorisation_id: under which a sharer's money is held; None for own money.
        placed_at, expires_at: when it was made, and from when on it goes back by itself.
        sources: (account, fen) in the order in which the money was drawn.
    """

    id: int
    person_id: int
    account: int
    amount: int
    captured: int
    released: int
    state: HoldState
    purpose: HoldPurpose
    reference: str
    authorisation_id: int | None
    placed_at: datetime
    expires_at: datetime
    sources: tuple[tuple[int, int], ...]

    @property
    def remaining(self) -> int:
        """What is still held, in fen."""
        return self.amount - self.captured - self.released

    @property
    def payer_id(self) -> int:
        """Whose money it is."""
        return person_of(self.account)

    def placing(self) -> tuple[Transfer, ...]:
        """The transfers that set it aside."""
        return tuple(Transfer(source, self.account, amount, self.authorisation_id) for source, amount in self.sources)

    def taking(self, amount: int, credit: int) -> tuple[Transfer, ...]:
        """The transfer that takes `amount` fen (above zero, at most what remains) to an account."""
        return (Transfer(self.account, credit, amount, self.authorisation_id),)

    def drawn_between(self, start: int, end: int) -> list[tuple[int, int]]:
        """The accounts from which the fen between two marks of what was captured came: (account, fen above zero)."""
        return _piece(self.sources, start, end)

    def giving_back(self, amount: int) -> tuple[Transfer, ...]:
        """The transfers that give `amount` fen (at most what remains) back to the accounts they came from."""
        last = self.amount - self.released
        pieces = _piece(self.sources, last - amount, last)
        return tuple(Transfer(self.account, source, part, self.authorisation_id) for source, part in pieces)


@dataclass(frozen=True, slots=True)
class HoldReceipt:
    """What one step of a hold came to; a repeated command gets the same again.

    Attributes:
        step_id: the step's id and its journal's; for the first step the hold's.
        hold_id: the hold.
        kind: which step.
        captured, released: what this step took and gave back, fen.
        remaining: what was still held after it, fen.
        at: when.
    """

    step_id: int
    hold_id: int
    kind: StepKind
    captured: int
    released: int
    remaining: int
    at: datetime


def _piece(sources: tuple[tuple[int, int], ...], start: int, end: int) -> list[tuple[int, int]]:
    """The part of the sources, laid end to end, between two marks: (account, fen above zero)."""
    pieces = []
    begins = 0
    for account, amount in sources:
        overlap = min(end, begins + amount) - max(start, begins)
        if overlap > 0:
            pieces.append((account, overlap))
        begins += amount
    return pieces
