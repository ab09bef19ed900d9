"""Loading the pots that a batch, or whoever gives holds back, may move; the locks of their sharers' accounts are held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import psycopg

from gongji.foundation.arrays import Integers
from gongji.ledger.holds import Hold
from gongji.ledger.model import AccountKind, kind_of, person_of
from gongji.ledger.pot_store import load_drawn, load_parts
from gongji.rules.book import RuleBook
from gongji.rules.model import Clause
from gongji.settlement.books import Sharing
from gongji.settlement.pots import Pots

_IN_FORCE: Final = """
SELECT a.id FROM authorisation a JOIN unnest(%(wanted)b::bigint[]) AS k(id) ON a.bucket = (k.id & 1023)::smallint AND a.id = k.id
 WHERE upper_inf(a.in_force)
"""


def pots_for(
    connection: psycopg.Connection[Any],
    sharings: Mapping[int, Sequence[Sharing]],
    sources: Iterable[tuple[int, int, int]],
    rules: RuleBook,
    at: datetime,
) -> Pots:
    """The pots that a batch may spend from or bring money back to. Nothing is asked of the database where there is none.

    Args:
        connection: the batch's.
        sharings: by patient, the authorisations that are active or paused.
        sources: (journal, account, fen) that left accounts and may come back.
        rules: the rule book.
        at: the moment of settlement.
    """
    open_now = [one.authorisation for ones in sharings.values() for one in ones]
    clauses = {region: _clause(rules, region, at) for region in {one.region for one in open_now}}
    under = {one.id: clause for one in open_now if (clause := clauses[one.region]) is not None}
    drawn_from = [
        (journal, person_of(account)) for journal, account, _ in sources if kind_of(account) is AccountKind.POT
    ]
    if not under and not drawn_from:
        return Pots()
    sharers = {one.sharer_id for one in open_now if one.id in under} | {sharer for _, sharer in drawn_from}
    journals = {journal for journal, _ in drawn_from}
    drawn = load_drawn(connection, sharers, journals) if journals else {}
    return Pots(under, load_parts(connection, sharers), drawn, frozenset(one.id for one in open_now))


def _clause(rules: RuleBook, region: str, at: datetime) -> Clause | None:
    """What asks for allotment in a sharer's region; None where nothing does."""
    rule = rules.sharing(region, at.date())
    return rule.clauses["allotment_required"] if rule is not None and rule.allotment_required else None


def pots_of_holds(cursor: psycopg.Cursor[Any], holds: Iterable[Hold]) -> Pots:
    """The pots that money of holds goes back to; without a statement where none came out of a pot."""
    mine = [one for one in holds if any(kind_of(account) is AccountKind.POT for account, _ in one.sources)]
    if not mine:
        return Pots()
    sharers = {one.payer_id for one in mine}
    authorisations = {one.authorisation_id for one in mine if one.authorisation_id is not None}
    in_force = cursor.execute(_IN_FORCE, {"wanted": Integers(sorted(authorisations))}).fetchall()
    drawn = load_drawn(cursor, sharers, [one.id for one in mine])
    return Pots({}, load_parts(cursor, sharers), drawn, frozenset(row[0] for row in in_force))
