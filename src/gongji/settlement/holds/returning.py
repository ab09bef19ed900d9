"""What was taken from a hold comes back: the tax office sends a premium back after it had booked it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from gongji.foundation.arrays import Integers
from gongji.foundation.distribution import is_spread
from gongji.foundation.ids import Serials, bucket_of, compose
from gongji.ledger import store as ledger
from gongji.ledger.archived import refuse_archived_journal
from gongji.ledger.holds import Hold, HoldState
from gongji.ledger.model import Journal, JournalKind, Transfer
from gongji.ledger.pot_store import write_moves
from gongji.ledger.service import post, register_poster
from gongji.settlement.books import Books, back_home, usage_periods
from gongji.settlement.holds import refusals, store
from gongji.settlement.holds.queries import find_hold
from gongji.settlement.pot_store import pots_of_holds

_LOCK_PERSON: Final = "SELECT FROM person WHERE bucket = %(bucket)s AND id = %(id)s FOR NO KEY UPDATE"

#: All of a hold's accounts are the payer's, and lie in one bucket.
_LOCK_ACCOUNTS: Final = """
SELECT a.id, a.balance, a.closed_at IS NULL FROM account a
 WHERE a.bucket = %(bucket)s AND a.id = ANY(%(accounts)b::bigint[])
 ORDER BY a.id FOR NO KEY UPDATE OF a
"""

#: Under the lock of the authorisation's user; when it was last used stays.
_LESS_USAGE: Final = """
UPDATE authorisation_usage SET used = used - %(amount)s
 WHERE bucket = %(bucket)s AND authorisation_id = %(id)s AND period = ANY(%(periods)s)
"""


def return_captured(connection: sa.Connection, serials: Serials, hold_id: int, source: int, at: datetime) -> int:
    """Give everything that was taken from a hold back to the accounts it came from, as they are today, and off the
    usage of the authorisation. The caller keeps that it happens once, in the same transaction.

    Args:
        connection: the caller's transaction.
        serials: where the journal's id comes from.
        hold_id: a hold that was captured whole.
        source: the open account to which it had been taken.
        at: now.

    Returns:
        The journal's id.

    Raises:
        NotFound: ``hold.unknown``. Refused: ``hold.ended`` when nothing of it stays taken; ``ledger.archived``.
    """
    hold = find_hold(connection, hold_id)
    if hold is None:
        raise refusals.unknown()
    if hold.state is not HoldState.CAPTURED or hold.captured != hold.amount:
        raise refusals.ended(hold.state)
    refuse_archived_journal(connection, hold.id)
    books = _lock(connection, hold)
    journal_id = compose(serials.take(1, at)[0], bucket_of(hold.account))
    legs = tuple(
        leg
        for account, amount in hold.sources
        for leg in back_home(
            Transfer(source, account, amount, hold.authorisation_id), books, hold.placed_at, journal_id, hold.id
        )
    )
    journal = Journal(journal_id, JournalKind.REFUND, None, at, legs)
    post(connection, register_poster(connection, serials, at), [journal])
    with ledger.raw_cursor(connection) as cursor:
        write_moves(cursor, books.pots.moves, at, spread=is_spread(connection))
    if hold.authorisation_id is not None:
        with ledger.raw_cursor(connection) as cursor:
            cursor.execute(
                _LESS_USAGE,
                {
                    "amount": hold.amount,
                    "bucket": bucket_of(hold.authorisation_id),
                    "id": hold.authorisation_id,
                    "periods": list(usage_periods(hold.placed_at)),
                },
            )
    return journal_id


def _lock(connection: sa.Connection, hold: Hold) -> Books:
    """Lock the person and the accounts in the order in which the desk does, and read what stands in them."""
    accounts = store.accounts_of(hold)
    with ledger.raw_cursor(connection) as cursor:
        cursor.execute(_LOCK_PERSON, {"bucket": bucket_of(hold.person_id), "id": hold.person_id})
        cursor.execute(_LOCK_ACCOUNTS, {"bucket": bucket_of(hold.account), "accounts": Integers(sorted(accounts))})
        books = Books({account: balance for account, balance, is_open in cursor.fetchall() if is_open})
        cursor.execute(store.TURNED, {"returning": Integers([hold.id])})
        books.turned = {person: (year, turned_at) for person, year, turned_at in cursor.fetchall()}
        books.pots = pots_of_holds(cursor, [hold])
    return books
