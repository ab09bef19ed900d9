"""Setting money aside and giving it back within the caller's own transaction, for rooms whose own row has to say the same as
the holds do. The people are locked by the caller; the payer's accounts are locked here, after them, as the desk does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from gongji.foundation.arrays import Integers
from gongji.foundation.distribution import is_spread
from gongji.foundation.ids import Serials, bucket_of, compose
from gongji.ledger import store as ledger
from gongji.ledger.holds import Hold, HoldPurpose, HoldState
from gongji.ledger.model import AccountKind, personal_account
from gongji.ledger.service import post, register_poster
from gongji.settlement.books import Books
from gongji.settlement.holds import queries, refusals, store
from gongji.settlement.holds.decide import release, set_aside
from gongji.settlement.holds.model import HoldBooks, HoldDecision, HoldKey, ReleaseHold
from gongji.settlement.waterfall import SHARED_ORDER, purse_of

_KINDS: Final = (AccountKind.PERSONAL_CURRENT, AccountKind.PERSONAL_HISTORICAL, AccountKind.PERSONAL_HELD)

_LOCK_ACCOUNTS: Final = """
SELECT a.id, a.balance, a.frozen_until >= %(today)s FROM account a
 WHERE a.bucket = %(bucket)s AND a.id = ANY(%(accounts)b::bigint[]) AND a.closed_at IS NULL
 ORDER BY a.id FOR NO KEY UPDATE OF a
"""

_LAST_TURN: Final = """
SELECT y.year, y.turned_at FROM year_turn y WHERE y.bucket = %(bucket)s AND y.person_id = %(person)s
 ORDER BY y.year DESC LIMIT 1
"""


def set_aside_within(
    connection: sa.Connection,
    serials: Serials,
    *,
    payer_id: int,
    person_id: int,
    amount: int,
    purpose: HoldPurpose,
    reference: str,
    digest: bytes,
    expires_at: datetime,
    at: datetime,
) -> int:
    """Set a payer's money aside for somebody: the savings first, as what is shared.

    Args:
        connection: the caller's transaction, in which both people are locked.
        serials: where the hold's id comes from.
        payer_id: whose money.
        person_id: in whose favour.
        amount: fen, above zero.
        purpose, reference, expires_at: of the hold.
        digest: of what the caller was asked for.
        at: now.

    Returns:
        The hold's id.

    Raises:
        Refused: ``hold.account_frozen``, ``hold.not_enough``.
    """
    books = _lock(connection, payer_id, at)
    if payer_id in books.frozen:
        raise refusals.account_frozen()
    purse = purse_of(payer_id, SHARED_ORDER, books.balances)
    if purse.total < amount:
        raise refusals.not_enough(amount, purse.total)
    hold_id = compose(serials.take(1, at)[0], bucket_of(payer_id))
    hold = Hold(
        id=hold_id,
        person_id=person_id,
        account=personal_account(AccountKind.PERSONAL_HELD, payer_id),
        amount=amount,
        captured=0,
        released=0,
        state=HoldState.OPEN,
        purpose=purpose,
        reference=reference,
        authorisation_id=None,
        placed_at=at,
        expires_at=expires_at,
        sources=tuple((draw.account, draw.amount) for draw in purse.draw(amount)),
    )
    holds = HoldBooks()
    _write(connection, serials, [set_aside(hold, _key(reference, hold_id, digest), holds, books)], holds, at)
    return hold_id


def give_back_within(
    connection: sa.Connection,
    serials: Serials,
    *,
    payer_id: int,
    reference: str,
    amount: int | None,
    digest: bytes,
    at: datetime,
) -> int:
    """Give back what stands aside under a reference, the newest first.

    Args:
        connection, serials, payer_id, digest, at: as `set_aside_within`.
        reference: of the holds.
        amount: fen, above zero; None for all that is left.

    Returns:
        Fen that went back; less than `amount`, and nothing done, when less is left.
    """
    books = _lock(connection, payer_id, at)
    mine = [one for one in queries.open_holds_of(connection, payer_id) if one.reference == reference]
    left = sum(one.remaining for one in mine)
    wanted = left if amount is None else amount
    if wanted > left or not mine:
        return min(wanted, left)
    holds = HoldBooks({one.id: one for one in mine})
    decisions = []
    for one in reversed(mine):
        part = min(one.remaining, wanted)
        if part:
            step_id = compose(serials.take(1, at)[0], bucket_of(payer_id))
            command = ReleaseHold(_key(reference, step_id, digest), one.person_id, one.id, part)
            decisions.append(release(command, holds, books, at, step_id))
            wanted -= part
    _write(connection, serials, decisions, holds, at)
    return sum(decision.receipt.released for decision in decisions)


def _key(reference: str, step_id: int, digest: bytes) -> HoldKey:
    return HoldKey(f"within:{reference}:{step_id}", digest)


def _lock(connection: sa.Connection, payer_id: int, at: datetime) -> Books:
    """Lock the payer's accounts in the order of their ids, and read what stands in them."""
    bucket = bucket_of(payer_id)
    accounts = Integers(sorted(personal_account(kind, payer_id) for kind in _KINDS))
    with ledger.raw_cursor(connection) as cursor:
        rows = cursor.execute(_LOCK_ACCOUNTS, {"bucket": bucket, "accounts": accounts, "today": at.date()}).fetchall()
        turned = cursor.execute(_LAST_TURN, {"bucket": bucket, "person": payer_id}).fetchone()
    books = Books({account: balance for account, balance, _ in rows})
    if any(frozen for *_, frozen in rows):
        books.frozen.add(payer_id)
    if turned is not None:
        books.turned = {payer_id: (turned[0], turned[1])}
    return books


def _write(
    connection: sa.Connection, serials: Serials, decisions: Sequence[HoldDecision], holds: HoldBooks, at: datetime
) -> None:
    journals = [decision.journal for decision in decisions if decision.journal is not None]
    with ledger.raw_cursor(connection) as cursor:
        cursor.execute(ledger.OPEN_ACCOUNTS, {"accounts": store.held_accounts(decisions, holds)})
    post(connection, register_poster(connection, serials, at), journals)
    with ledger.raw_cursor(connection) as cursor:
        store.WRITE_HOLDS.run(cursor, store.write_parameters(decisions, holds), spread=is_spread(connection))
