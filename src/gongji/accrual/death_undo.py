"""A death that was recorded by mistake is taken back: the person lives, and has the account as it was.

The person did nothing wrong, so it is never refused for want of money: the heirs' payables give back what they were to
get, also when the agency has paid it out; then they stand below zero, and the heir owes it. (Decision 0030.)
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import psycopg
import sqlalchemy as sa

from gongji.accrual import refusals, store, undo_store
from gongji.accrual.closing import ATTEMPTS, turned_first
from gongji.accrual.credit_undo import check_texts, may_undo
from gongji.accrual.model import DeathUndone
from gongji.family.service import lock_with_partners
from gongji.foundation import audit
from gongji.foundation.access import Caller
from gongji.foundation.clock import CHINA, Clock
from gongji.foundation.database import Database
from gongji.foundation.ids import Serials, bucket_of, compose
from gongji.foundation.replies import digest_of
from gongji.ledger.archived import refuse_archived_journal
from gongji.ledger.model import AccountKind, Journal, JournalKind, Transfer, personal_account
from gongji.ledger.service import PERSONAL, post, register_poster
from gongji.registry.service import births_of, record_death


def undo_death(
    database: Database, clock: Clock, person_id: int, *, reason: str, reference: str, caller: Caller
) -> DeathUndone:
    """Take back the last death that was recorded of a person: the day of death is taken away, the accounts open again,
    the balance comes back from the heirs' payables, and with it what came back while the account was closed.

    Authorisations that ended with the death stay ended: whoever wants them agrees anew.

    Args:
        database: where the books are.
        clock: tells the moment.
        person_id: who lives.
        reason: why, kept with it. reference: the agency's number of the case; the same again gives the same answer.
        caller: who does it; an officer only in the own region.

    Raises:
        InvalidInput: ``undo.reason``. NotFound: ``person.unknown``, ``closing.unknown``.
        Refused: ``closing.undone``, ``closing.moved_on``, ``key.other_content``.
    """
    check_texts(reason, reference)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with database.transaction() as connection:
                return _undo(connection, database.serials, clock.now(), person_id, reason, reference, caller)
        except sa.exc.OperationalError as problem:
            if attempt == ATTEMPTS or not isinstance(problem.orig, psycopg.errors.DeadlockDetected):
                raise
    raise AssertionError("the last attempt returns or raises")


def _undo(
    connection: sa.Connection,
    serials: Serials,
    at: datetime,
    person_id: int,
    reason: str,
    reference: str,
    caller: Caller,
) -> DeathUndone:
    if person_id not in births_of(connection, [person_id]):
        raise refusals.person_unknown()
    lock_with_partners(connection, person_id)
    digest = digest_of("undo", "death", reason)
    known = undo_store.undo_by_reference(connection, person_id, reference)
    if known is not None:
        if bytes(known.request_digest) != digest:
            raise refusals.other_content(reference)
        return _told(known)
    closing = undo_store.last_death(connection, person_id)
    if closing is None or not may_undo(caller, closing.region):
        raise refusals.no_death()
    if undo_store.is_undone(connection, closing.id, person_id):
        raise refusals.death_was_undone()
    refuse_archived_journal(connection, closing.id)
    journal_id, returned = _reopen(connection, serials, closing, at)
    record_death(connection, person_id, None)
    undo_store.write_closing_undo(
        connection,
        person_id,
        closing_id=closing.id,
        journal_id=journal_id,
        amount=closing.amount,
        returned=returned,
        reference=reference,
        reason=reason,
        request_digest=digest,
        at=at,
    )
    audit.record(
        connection,
        caller,
        "accrual.undo_death",
        at=at,
        person_id=person_id,
        reference=reference,
        fen=closing.amount,
        returned=returned,
    )
    written = undo_store.undo_by_reference(connection, person_id, reference)
    assert written is not None
    return _told(written)


def _reopen(connection: sa.Connection, serials: Serials, closing: sa.Row[Any], at: datetime) -> tuple[int, int]:
    """Open the accounts, and bring the money back: what was this year's then is historical now, when that year is over.

    Returns:
        The journal's id, and the fen that came back while the account was closed.
    """
    person_id = closing.person_id
    ids = [personal_account(kind, person_id) for kind in store.PAID_OUT]
    rows = store.lock_accounts(connection, ids)
    if not rows or any(row.closed_at != closing.at for row in rows.values()):
        raise refusals.account_moved_on()
    store.reopen_accounts(connection, rows)
    current, historical = (personal_account(kind, person_id) for kind in PERSONAL)
    store.open_accounts(connection, [current, historical])
    over = closing.at.astimezone(CHINA).year < at.astimezone(CHINA).year
    if over:
        turned_first(connection, serials, person_id, {}, at)  # nothing stands there: it only remembers the turn
    legs = [
        Transfer(leg.credit, historical if over and leg.debit == current else leg.debit, leg.amount)
        for leg in undo_store.legs_of(connection, closing.id)
    ]
    returned = undo_store.returned_since(connection, closing)
    if returned:
        owed = personal_account(AccountKind.PAYABLE_PERSON, person_id)
        legs.append(Transfer(owed, historical if over else current, returned))
    event = compose(serials.take(1, at)[0], bucket_of(person_id))
    journal = Journal(event, JournalKind.CLOSING_BACK, None, at, tuple(legs))
    post(connection, register_poster(connection, serials, at), [journal])
    return event, returned


def _told(row: sa.Row[Any]) -> DeathUndone:
    shares = {int(person): share for person, share in row.shares.items()}
    return DeathUndone(
        row.journal_id,
        row.closing_id,
        row.person_id,
        row.amount,
        row.returned,
        shares,
        row.authorisations,
        row.at.astimezone(CHINA),
    )
