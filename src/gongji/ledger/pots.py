"""Pots: money that a sharer has allotted (划拨) to relatives, who can spend no other in regions whose rule asks for it.

A pot is one bounded account of the sharer. It is divided into parts: one for all relatives, or one for each authorisation.
Of every part it is known how many of its fen came from the historical and how many from the current account, so that
what is not used goes back where it came from. The savings are spent first, as they are from an account that is shared
without allotment.

Whoever changes a pot holds the locks of the sharer's two personal accounts; the pot's rows need none of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from gongji.ledger.model import AccountKind, Transfer, personal_account

#: The part that is for all relatives of the sharer.
FOR_ALL: Final = 0


class Part(msgspec.Struct):
    """What is left of a part of a pot, in fen, by the account that it came from.

    Attributes:
        historical, current: fen.
        year: of the last allotment to it.
        ends_with_year: whether what is left goes back at the turn of that year.
    """

    historical: int
    current: int
    year: int = 0
    ends_with_year: bool = False

    @property
    def total(self) -> int:
        """All that is left, in fen."""
        return self.historical + self.current


class Piece(msgspec.Struct, frozen=True, gc=False):
    """Fen (above zero) of a part, and the kind of account that they came from."""

    part: int
    origin: AccountKind
    amount: int


class PotMove(msgspec.Struct, frozen=True, gc=False):
    """How a journal moves a part: fen by origin, below zero when they leave it."""

    journal_id: int
    sharer_id: int
    part: int
    historical: int
    current: int


def move_of(journal_id: int, sharer_id: int, piece: Piece, sign: int) -> PotMove:
    """The move that brings a piece into its part (`sign` 1) or takes it out (−1)."""
    amount = sign * piece.amount
    historical = piece.origin is AccountKind.PERSONAL_HISTORICAL
    return PotMove(journal_id, sharer_id, piece.part, amount if historical else 0, 0 if historical else amount)


def pieces_of(part: int, historical: int, current: int) -> list[Piece]:
    """The pieces of a part in the order in which they are spent: the savings first."""
    both = ((AccountKind.PERSONAL_HISTORICAL, historical), (AccountKind.PERSONAL_CURRENT, current))
    return [Piece(part, origin, amount) for origin, amount in both if amount]


def spending_order(parts: Iterable[tuple[int, int, int]]) -> list[Piece]:
    """The pieces of several parts (part, historical, current) in the order in which they are spent: what is for one
    relative alone before what is for all."""
    ordered = sorted(parts, key=lambda one: one[0] == FOR_ALL)
    return [piece for part, historical, current in ordered for piece in pieces_of(part, historical, current)]


def between(pieces: Sequence[Piece], start: int, end: int) -> list[Piece]:
    """What lies between two marks (fen) of pieces that are laid end to end."""
    found = []
    begins = 0
    for piece in pieces:
        overlap = min(end, begins + piece.amount) - max(start, begins)
        if overlap > 0:
            found.append(Piece(piece.part, piece.origin, overlap))
        begins += piece.amount
    return found


def going_home(sharer_id: int, pieces: Iterable[Piece]) -> tuple[Transfer, ...]:
    """The transfers that bring pieces from the pot back to the accounts they came from, one for each account."""
    amounts = {AccountKind.PERSONAL_HISTORICAL: 0, AccountKind.PERSONAL_CURRENT: 0}
    for piece in pieces:
        amounts[piece.origin] += piece.amount
    pot = personal_account(AccountKind.POT, sharer_id)
    return tuple(Transfer(pot, personal_account(kind, sharer_id), fen) for kind, fen in amounts.items() if fen)


def merged(moves: Iterable[PotMove]) -> list[PotMove]:
    """Moves with one row for each journal and part."""
    sums: dict[tuple[int, int, int], tuple[int, int]] = {}
    for one in moves:
        place = one.journal_id, one.sharer_id, one.part
        historical, current = sums.get(place, (0, 0))
        sums[place] = historical + one.historical, current + one.current
    return [PotMove(*place, *fen) for place, fen in sums.items() if any(fen)]
