"""A wrong monthly credit is taken back: whole out of the region's income, from the accounts as far as it is there.

What was spent by then the person owes: it stands in the ledger as a payable of the person below zero, and is collected
from what comes into the accounts later, on an officer's word or when the account is closed. (Decision 0030.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa

from gongji.accrual import refusals, store, undo_store
from gongji.accrual.decide import collect, pay_out
from gongji.accrual.model import Collected, CreditKind, CreditUndone
from gongji.accrual.store import AccountRow
from gongji.foundation import audit
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA, Clock
from gongji.foundation.database import Database
from gongji.foundation.ids import Serials, bucket_of, compose
from gongji.foundation.replies import digest_of
from gongji.ledger.model import AccountKind, Journal, JournalKind, Transfer, open_account, personal_account
from gongji.ledger.service import PERSONAL, post, register_poster
from gongji.registry.service import births_of

LONGEST_TEXT: Final = 200


@dataclass(slots=True)
class Collections:
    """What is collected in a transaction: its journals, fen taken, and what is then left by account."""

    journals: list[Journal] = field(default_factory=list)
    taken: int = 0
    left: dict[int, int] = field(default_factory=dict)


def undo_credit(
    database: Database,
    clock: Clock,
    person_id: int,
    month: date,
    kind: CreditKind,
    *,
    reason: str,
    reference: str,
    caller: Caller,
) -> CreditUndone:
    """Take a credit back. The month can then be credited anew, with the right amount.

    Args:
        database: where the books are.
        clock: tells the moment.
        person_id: whose. month, kind: which credit; the month by its first day.
        reason: why, kept with it. reference: the agency's number of the case; the same again gives the same answer.
        caller: who does it; an officer only in the own region.

    Raises:
        InvalidInput: ``undo.reason``. NotFound: ``person.unknown``, ``credit.unknown``.
        Refused: ``credit.undone``, ``account.closed`` (the money is with the heirs, or with another region),
            ``key.other_content``.
    """
    check_texts(reason, reference)
    digest = digest_of("undo", month.isoformat(), str(kind), reason)
    with database.transaction() as connection:
        at = clock.now()
        rows = _locked(connection, person_id)
        takings = undo_store.takings_of(connection, person_id)
        credit = undo_store.last_credit(connection, person_id, month, kind)
        known = _known(takings, reference, digest)
        if known:
            return _stored(connection, known[0])
        if credit is None or not may_undo(caller, credit.region):
            raise refusals.nothing_credited(month)
        steps = [row for row in takings if (row.month, row.kind, row.round) == (month, str(kind), credit.round)]
        if steps:
            raise refusals.credit_was_undone(month, steps[-1].owed)
        _check_open(rows)
        done = _take_back(connection, database.serials, credit, rows, at)
        undo_store.write_taking(
            connection,
            person_id,
            month=month,
            kind=str(kind),
            round=credit.round,
            step=0,
            amount=done.taken,
            owed=done.owed,
            journal_id=done.id,
            reference=reference,
            reason=reason,
            request_digest=digest,
            at=at,
        )
        _note(connection, caller, "accrual.undo_credit", at, person_id, reference, done.taken, done.owed)
        return done


def _take_back(
    connection: sa.Connection, serials: Serials, credit: sa.Row[Any], rows: Mapping[int, AccountRow], at: datetime
) -> CreditUndone:
    """The whole credit back into the region's income: from the account in which it would stand now, then from the
    other one, and for the rest the person owes."""
    person_id, bucket = credit.person_id, bucket_of(credit.person_id)
    income = open_account(AccountKind.INCOME, int(credit.region), bucket)
    over = credit.month.year <= store.turned_years(connection, [person_id]).get(person_id, 0)
    order = [personal_account(one, person_id) for one in (reversed(PERSONAL) if over else PERSONAL)]
    balances = [(account, rows[account].balance) for account in order if account in rows]
    legs = [Transfer(*leg) for leg in pay_out(balances, [(income, credit.amount)])]
    taken = sum(leg.amount for leg in legs)
    if taken < credit.amount:
        owing = personal_account(AccountKind.PAYABLE_PERSON, person_id)
        legs.append(Transfer(owing, income, credit.amount - taken))
    event = compose(serials.take(1, at)[0], bucket)
    journal = Journal(event, JournalKind.ACCRUAL_BACK, None, at, tuple(legs))
    post(connection, register_poster(connection, serials, at), [journal])
    return CreditUndone(
        event,
        person_id,
        credit.month,
        CreditKind(credit.kind),
        credit.region,
        credit.amount,
        taken,
        credit.amount - taken,
        at,
    )


def owing(database: Database, clock: Clock, region: str, *, caller: Caller) -> list[tuple[int, int]]:
    """Who still owes something of credits that were taken back, the most first: (person, fen). The reading is audited.

    Args:
        database, clock, caller: as `undo_credit`.
        region: six digits: whose income the credits came from; a province takes in its cities.

    Raises:
        InvalidInput: ``region.invalid``.
    """
    if len(region) != 6 or not (region.isascii() and region.isdigit()):
        raise refusals.region_shape()
    with database.transaction() as connection:
        found = undo_store.owing_in(connection, store.area_pattern(region))
        audit.record(connection, caller, "accrual.owing", at=clock.now(), region=region, people=len(found))
        return found


def collect_debts(database: Database, clock: Clock, person_id: int, *, reference: str, caller: Caller) -> Collected:
    """Collect from a person's accounts what they still owe of credits that were taken back, as far as there is money.

    Args:
        database, clock, person_id, caller: as `undo_credit`.
        reference: the agency's number; the same again takes nothing more and tells what was taken under it.

    Raises:
        InvalidInput: ``undo.reason``. NotFound: ``person.unknown``.
        Refused: ``debt.none``, ``debt.no_money``, ``account.closed``, ``key.other_content``.
    """
    check_texts(reference, reference)
    digest = digest_of("collect")
    with database.transaction() as connection:
        at = clock.now()
        rows = _locked(connection, person_id)
        takings = undo_store.takings_of(connection, person_id)
        owed = sum(debt.owed for debt in undo_store.debts_of(takings))
        known = _known(takings, reference, digest)
        if known:
            return Collected(person_id, sum(row.amount for row in known), owed)
        if not owed or not all(may_undo(caller, region) for region in undo_store.regions_of(connection, takings)):
            raise refusals.nothing_owed()
        _check_open(rows)
        balances = {account: row.balance for account, row in rows.items()}
        done = _collect(connection, database.serials, person_id, balances, at, reference, digest)
        if not done.taken:
            raise refusals.nothing_to_collect(owed)
        post(connection, register_poster(connection, database.serials, at), done.journals)
        _note(connection, caller, "accrual.collect", at, person_id, reference, done.taken, owed - done.taken)
        return Collected(person_id, done.taken, owed - done.taken)


def collect_first(
    connection: sa.Connection, serials: Serials, person_id: int, balances: Mapping[int, int], at: datetime
) -> Collections:
    """What a person owes is collected before the account is closed; the caller, who holds the locks, posts the journals."""
    reference = f"closing {at.isoformat()}"
    return _collect(connection, serials, person_id, balances, at, reference, digest_of("closing", reference))


def _collect(
    connection: sa.Connection,
    serials: Serials,
    person_id: int,
    balances: Mapping[int, int],
    at: datetime,
    reference: str,
    digest: bytes,
) -> Collections:
    """Write what is collected of each debt, and prepare its journal."""
    paid, left = collect(undo_store.debts_of(undo_store.takings_of(connection, person_id)), balances)
    owing = personal_account(AccountKind.PAYABLE_PERSON, person_id)
    done = Collections(left=left)
    for number, (debt, parts) in zip(serials.take(len(paid), at), paid, strict=True):
        amount = sum(parts.values())
        legs = tuple(Transfer(account, owing, part) for account, part in parts.items())
        journal = Journal(compose(number, bucket_of(person_id)), JournalKind.ACCRUAL_BACK, None, at, legs)
        done.journals.append(journal)
        done.taken += amount
        undo_store.write_taking(
            connection,
            person_id,
            month=debt.month,
            kind=str(debt.kind),
            round=debt.round,
            step=debt.step + 1,
            amount=amount,
            owed=debt.owed - amount,
            journal_id=journal.id,
            reference=reference,
            reason="",
            request_digest=digest,
            at=at,
        )
    return done


def check_texts(reason: str, reference: str) -> None:
    """Refuse to take something back without a reason or a number.

    Raises:
        InvalidInput: ``undo.reason``.
    """
    if not all(text.strip() and len(text) <= LONGEST_TEXT and text.isprintable() for text in (reason, reference)):
        raise refusals.reason_missing()


def may_undo(caller: Caller, region: str) -> bool:
    """Whether the books of a region are the caller's to correct: an officer's own, an operator's all."""
    return caller.role is not Role.OFFICER or caller.covers(region)


def _locked(connection: sa.Connection, person_id: int) -> dict[int, AccountRow]:
    if person_id not in births_of(connection, [person_id]):
        raise refusals.person_unknown()
    return store.lock_accounts(connection, [personal_account(kind, person_id) for kind in PERSONAL])


def _check_open(rows: Mapping[int, AccountRow]) -> None:
    closed = [row.closed_at for row in rows.values() if row.closed_at is not None]
    if closed:
        raise refusals.account_closed(max(closed).astimezone(CHINA).date())


def _known(takings: list[sa.Row[Any]], reference: str, digest: bytes) -> list[sa.Row[Any]]:
    """What was taken under a reference before."""
    known = [row for row in takings if row.reference == reference]
    if any(bytes(row.request_digest) != digest for row in known):
        raise refusals.other_content(reference)
    return known


def _stored(connection: sa.Connection, row: sa.Row[Any]) -> CreditUndone:
    region = undo_store.regions_of(connection, [row]).pop()
    return CreditUndone(
        row.journal_id,
        row.person_id,
        row.month,
        CreditKind(row.kind),
        region,
        row.amount + row.owed,
        row.amount,
        row.owed,
        row.at.astimezone(CHINA),
    )


def _note(
    connection: sa.Connection,
    caller: Caller,
    action: str,
    at: datetime,
    person_id: int,
    reference: str,
    taken: int,
    owed: int,
) -> None:
    audit.record(connection, caller, action, at=at, person_id=person_id, reference=reference, fen=taken, owed=owed)
