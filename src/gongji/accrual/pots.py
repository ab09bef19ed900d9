"""What the turn of the year does to allotted money: it goes back to the sharer, or it stays and has become historical.

Which of the two is told by the part itself: by the rule under which it was last allotted.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime

import sqlalchemy as sa

from gongji.accrual import store
from gongji.family.store import in_force_of_sharers
from gongji.foundation.ids import Serials, bucket_of, compose
from gongji.foundation.inbox import Message, tell
from gongji.ledger import store as ledger
from gongji.ledger.model import AccountKind, Journal, JournalKind, person_of
from gongji.ledger.pot_store import load_parts
from gongji.ledger.pots import FOR_ALL, Part, Piece, PotMove, going_home, move_of, pieces_of


@dataclass(slots=True)
class PotTurns:
    """The journals and moves of pots at the turn of a year, and by person the fen that came into the current account."""

    journals: list[Journal] = field(default_factory=list)
    moves: list[PotMove] = field(default_factory=list)
    into_current: dict[int, int] = field(default_factory=dict)


def pots_over_the_year(
    connection: sa.Connection, serials: Serials, people: Collection[int], year: int, at: datetime
) -> PotTurns:
    """What the end of a year does to the pots of people, whose accounts are under lock; the caller posts and writes it.

    Args:
        connection: the transaction.
        serials: for the journals' ids.
        people: whose accounts see the end of the year.
        year: the year that ended.
        at: now.
    """
    with ledger.raw_cursor(connection) as cursor:
        found = load_parts(cursor, people)
    turns = PotTurns()
    ending: dict[int, list[Piece]] = {}
    staying: dict[int, list[tuple[int, Part]]] = {}
    for (person, number), part in found.items():
        if part.total and part.ends_with_year and part.year <= year:
            ending.setdefault(person, []).extend(pieces_of(number, part.historical, part.current))
        elif part.current:
            staying.setdefault(person, []).append((number, part))
    for person, pieces in ending.items():
        journal_id = compose(serials.take(1, at)[0], bucket_of(person))
        legs = going_home(person, pieces)
        turns.journals.append(Journal(journal_id, JournalKind.UNUSED_BACK, None, at, legs))
        turns.moves += [move_of(journal_id, person, piece, -1) for piece in pieces]
        current = [piece.amount for piece in pieces if piece.origin is AccountKind.PERSONAL_CURRENT]
        turns.into_current[person] = sum(current)
    # Of an account that only got its first money in the new year, nothing is of the old one.
    for person in store.with_earlier_money(connection, staying, date(year + 1, 1, 1)):
        event = compose(serials.take(1, at)[0], bucket_of(person))
        turns.moves += [PotMove(event, person, number, part.current, -part.current) for number, part in staying[person]]
    return turns


def tell_of_pots(
    connection: sa.Connection, journals: Collection[Journal], moves: Collection[PotMove], year: int, at: datetime
) -> None:
    """Tell sharers and their relatives that what was not used of a year went back, once.

    Args:
        connection: the transaction of the turn.
        journals, moves: of the turn; what went home is told from them.
        year: the year that ended.
        at: now.
    """
    back = {one.id: one for one in journals if one.kind == JournalKind.UNUSED_BACK}
    if not back:
        return
    told = [
        Message(
            person_of(journal.transfers[0].debit),
            "money.pot_year_end",
            {"amount": sum(leg.amount for leg in journal.transfers), "year": year},
            "allotment",
            str(year),
        )
        for journal in back.values()
    ]
    unused: dict[tuple[int, int], int] = {}
    for move in moves:
        if move.journal_id in back:
            place = move.sharer_id, move.part
            unused[place] = unused.get(place, 0) - move.historical - move.current
    for share in in_force_of_sharers(connection, {sharer for sharer, _ in unused}):
        for part, word in ((share.id, "pot_year_end"), (FOR_ALL, "pot_year_end_all")):
            if amount := unused.get((share.sharer_id, part)):
                facts = {"amount": amount, "year": year, "authorisation": share.id}
                once = f"{share.id}.{year}"
                told.append(Message(share.user_id, f"family.{word}.user", facts, f"sharings/{share.id}", once))
    tell(connection, told, at=at)
