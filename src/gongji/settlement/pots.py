"""Pots at the desk: what a sharer has allotted, as a batch works on it.

In a region whose rule asks for it (划拨) a sharer's step of the waterfall draws on the sharer's pot only. What is taken
back comes into the pot again as long as the sharing goes on, each fen with the origin that it had; afterwards it goes to
the account that it had come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from gongji.family.model import Authorisation
from gongji.ledger.model import AccountKind, Transfer, kind_of, person_of, personal_account
from gongji.ledger.pots import FOR_ALL, Part, Piece, PotMove, between, move_of, spending_order
from gongji.rules.model import Clause
from gongji.settlement.waterfall import Purse


class Pots(msgspec.Struct):
    """The pots that a batch works on; empty where nobody involved has allotted and nobody must.

    Attributes:
        under: by authorisation whose region asks for allotment, the clause that does.
        parts: what is left, by (sharer, part).
        drawn: what earlier journals took out, by (journal, sharer), in the order in which it was spent.
        takes: authorisations that are in force: money that comes back goes into the pot again.
        moves: how the decisions of this batch moved the parts.
    """

    under: dict[int, Clause] = {}
    parts: dict[tuple[int, int], Part] = {}
    drawn: dict[tuple[int, int], list[Piece]] = {}
    takes: frozenset[int] = frozenset()
    moves: list[PotMove] = []

    def copy(self) -> Pots:
        """Pots that may be changed without these changing."""
        if not self.parts:
            return self
        parts = {
            place: Part(one.historical, one.current, one.year, one.ends_with_year) for place, one in self.parts.items()
        }
        return Pots(self.under, parts, dict(self.drawn), self.takes, list(self.moves))

    def left_for(self, sharer_id: int, authorisation_id: int) -> list[Piece]:
        """What may be spent under an authorisation, in the order in which it is."""
        found = ((part, self.parts.get((sharer_id, part))) for part in (authorisation_id, FOR_ALL))
        return spending_order((part, one.historical, one.current) for part, one in found if one is not None)

    def purse(self, authorisation: Authorisation) -> Purse:
        """The pot as what a sharer can give under an authorisation."""
        left = sum(piece.amount for piece in self.left_for(authorisation.sharer_id, authorisation.id))
        return Purse(((personal_account(AccountKind.POT, authorisation.sharer_id), left),))

    def why_empty(self, authorisation: Authorisation) -> str | None:
        """Which zero it is that may be spent under an authorisation: nothing was allotted yet, or it was used or taken back
        since; None where there is something."""
        if self.left_for(authorisation.sharer_id, authorisation.id):
            return None
        known = any((authorisation.sharer_id, part) in self.parts for part in (authorisation.id, FOR_ALL))
        return "shared.none.allotted_used" if known else "shared.none.not_allotted"

    def covers(self, transfer: Transfer) -> bool:
        """Whether a transfer out of a pot finds its amount there; true of every other transfer."""
        if kind_of(transfer.debit) is not AccountKind.POT:
            return True
        assert transfer.authorisation_id is not None, "a pot is spent under an authorisation"
        left = self.left_for(person_of(transfer.debit), transfer.authorisation_id)
        return sum(piece.amount for piece in left) >= transfer.amount

    def spend(self, journal_id: int, transfers: Iterable[Transfer]) -> None:
        """Take what transfers take out of pots from the parts."""
        if not self.parts:
            return
        for transfer in transfers:
            if kind_of(transfer.debit) is not AccountKind.POT:
                continue
            sharer_id, under = person_of(transfer.debit), transfer.authorisation_id
            assert under is not None, "a pot is spent under an authorisation"
            pieces = between(self.left_for(sharer_id, under), 0, transfer.amount)
            assert sum(piece.amount for piece in pieces) == transfer.amount, "a pot is never overdrawn"
            self.drawn[journal_id, sharer_id] = pieces
            self._move(journal_id, sharer_id, pieces, -1)

    def come_back(
        self,
        journal_id: int,
        transfer: Transfer,
        pieces: Sequence[Piece],
        *,
        turned: bool,
    ) -> tuple[Transfer, ...]:
        """Bring money that was spent out of a pot back: into its parts, or to the accounts that it had come from.

        Args:
            journal_id: the journal that brings it.
            transfer: the opposite of the one by which it left.
            pieces: what had left, as far as it comes back.
            turned: whether the sharer's account has seen the turn of a year since.

        Returns:
            The transfers, to the pot or to personal accounts as these were then.
        """
        sharer_id = person_of(transfer.credit)
        if transfer.authorisation_id not in self.takes or (turned and self._ended_with_year(sharer_id, pieces)):
            return tuple(
                Transfer(
                    transfer.debit, personal_account(piece.origin, sharer_id), piece.amount, transfer.authorisation_id
                )
                for piece in pieces
            )
        later = [Piece(one.part, AccountKind.PERSONAL_HISTORICAL, one.amount) if turned else one for one in pieces]
        self._move(journal_id, sharer_id, later, 1)
        return (transfer,)

    def _ended_with_year(self, sharer_id: int, pieces: Sequence[Piece]) -> bool:
        return any(self.parts[sharer_id, piece.part].ends_with_year for piece in pieces)

    def _move(self, journal_id: int, sharer_id: int, pieces: Sequence[Piece], sign: int) -> None:
        for piece in pieces:
            move = move_of(journal_id, sharer_id, piece, sign)
            part = self.parts[sharer_id, piece.part]
            part.historical += move.historical
            part.current += move.current
            self.moves.append(move)
