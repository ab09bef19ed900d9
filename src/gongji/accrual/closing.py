"""Closing an account at death or with a move to another region, and taking one over from there.

The person's row is locked first, then those of everybody they share with, then the accounts: in the order in which the
desk locks them, so a settlement that waits finds the account closed and one that was first is paid out of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, Final

import psycopg
import sqlalchemy as sa

from gongji.accrual import refusals, store, undo_store
from gongji.accrual.credit_undo import collect_first
from gongji.accrual.decide import pay_out, share_out
from gongji.accrual.model import Closed, Closing, Heir
from gongji.accrual.tables import account_closing
from gongji.accrual.year_end import turns_of, write_turns
from gongji.family.service import end_everything_of, lock_with_partners
from gongji.family.words import EndReason
from gongji.foundation import audit
from gongji.foundation.access import Caller
from gongji.foundation.clock import CHINA, Clock
from gongji.foundation.database import Database
from gongji.foundation.ids import Serials, bucket_of, compose
from gongji.foundation.replies import digest_of
from gongji.ledger.model import (
    AccountKind,
    Journal,
    JournalKind,
    Transfer,
    clearing_holder,
    open_account,
    personal_account,
)
from gongji.ledger.service import PERSONAL, post, register_poster
from gongji.registry.service import (
    births_of,
    end_enrolment,
    enrolments_of,
    record_death,
    region_of_account,
)
from gongji.wallet.quotas.ending import end_quotas_of_giver
from gongji.wallet.quotas.model import QuotaEnd

#: Decides and posts, in the transaction, at a moment.
Decide = Callable[[sa.Connection, datetime], Closed]

#: Whoever binds a family meanwhile may lock the same people in another order; the loser of the two tries again.
ATTEMPTS: Final = 3


def close_at_death(
    database: Database,
    clock: Clock,
    person_id: int,
    died_on: date,
    heirs: Sequence[Heir],
    *,
    caller: Caller,
    reference: str = "death",
) -> Closed:
    """Record a death: authorisations end, the accounts are paid out to the heirs by their parts, to the fen, and closed.

    Without heirs all of it is owed to the deceased, for the estate. What open holds keep stays held; once released it
    is owed to the deceased too. Paying out what is owed (`payable.person`) is the agency's.

    Args:
        database: where the books are.
        clock: tells the moment.
        person_id: who died.
        died_on: the day.
        heirs: registered people with their parts.
        caller: who does it, for the audit.
        reference: the agency's number of the case; the same again gives the same answer.

    Raises:
        NotFound: ``person.unknown``, ``account.none``. InvalidInput: ``closing.died_on``, ``closing.heirs``.
        Refused: ``account.closed``, ``key.other_content``.
    """
    content = (died_on.isoformat(), *(f"{heir.person_id}:{heir.parts}" for heir in heirs))

    def decide(connection: sa.Connection, at: datetime) -> Closed:
        _check_death(connection, person_id, died_on, heirs, at)
        record_death(connection, person_id, died_on)
        return _pay_and_close(
            connection, database.serials, person_id, Closing.DEATH, None, tuple(heirs) or (Heir(person_id, 1),), at
        )

    return _once(database, clock, person_id, Closing.DEATH, reference, content, caller, decide)


def transfer_out(
    database: Database,
    clock: Clock,
    person_id: int,
    to_region: str,
    *,
    caller: Caller,
    reference: str,
) -> Closed:
    """Move a person's account to another region: what stands in it is owed to that region (`clearing`), the account is
    closed, the employee enrolment ends today, authorisations end.

    Args:
        database, clock, person_id, caller: as `close_at_death`.
        to_region: six-digit region that takes the account over.
        reference: number of the transfer form.

    Raises:
        as `close_at_death`; InvalidInput: ``region.invalid``, ``closing.same_region``; Refused: ``account.no_region``.
    """
    _check_region(to_region)

    def decide(connection: sa.Connection, at: datetime) -> Closed:
        done = _pay_and_close(connection, database.serials, person_id, Closing.TRANSFER_OUT, to_region, (), at)
        end_enrolment(connection, person_id, at.astimezone(CHINA).date())
        return done

    return _once(database, clock, person_id, Closing.TRANSFER_OUT, reference, (to_region,), caller, decide)


def transfer_in(
    database: Database,
    clock: Clock,
    person_id: int,
    from_region: str,
    current: int,
    historical: int,
    *,
    caller: Caller,
    reference: str,
) -> Closed:
    """Take over what another region sends with a person: from `clearing` into the accounts, which are opened (again).

    Args:
        database, clock, person_id, caller, reference: as `transfer_out`.
        from_region: six-digit region that sends it.
        current, historical: fen for each account.

    Raises:
        as `transfer_out`; InvalidInput: ``credit.zero`` when nothing comes.
    """
    _check_region(from_region)
    if min(current, historical) < 0 or current + historical == 0:
        raise refusals.not_above_zero("amount")

    def decide(connection: sa.Connection, at: datetime) -> Closed:
        region = _region(connection, person_id, at)
        if region == from_region:
            raise refusals.same_region(region)
        ids = [personal_account(kind, person_id) for kind in PERSONAL]
        rows = store.lock_accounts(connection, ids)
        store.open_accounts(connection, ids)
        store.reopen_accounts(connection, ids)
        balances = {account: row.balance for account, row in rows.items()}
        journals = turned_first(connection, database.serials, person_id, balances, at)
        bucket = bucket_of(person_id)
        source = open_account(AccountKind.CLEARING, clearing_holder(from_region, region), bucket)
        legs = tuple(
            Transfer(source, account, amount)
            for account, amount in zip(ids, (current, historical), strict=True)
            if amount
        )
        event = compose(database.serials.take(1, at)[0], bucket)
        journal = Journal(event, JournalKind.TRANSFER_IN, None, at, legs)
        post(connection, register_poster(connection, database.serials, at), [*journals, journal])
        return Closed(event, person_id, Closing.TRANSFER_IN, region, from_region, current + historical, 0, {}, 0, at)

    content = (from_region, str(current), str(historical))
    return _once(database, clock, person_id, Closing.TRANSFER_IN, reference, content, caller, decide)


def turned_first(
    connection: sa.Connection, serials: Serials, person_id: int, balances: dict[int, int], at: datetime
) -> list[Journal]:
    """Turn last year's money before this year's comes in."""
    year = at.astimezone(CHINA).year - 1
    if store.turned_years(connection, [person_id]).get(person_id, 0) >= year:
        return []
    turns = turns_of(connection, serials, [person_id], balances, year, at)
    write_turns(connection, year, turns, at)
    return turns.journals


def _once(
    database: Database,
    clock: Clock,
    person_id: int,
    kind: Closing,
    reference: str,
    content: tuple[str, ...],
    caller: Caller,
    decide: Decide,
) -> Closed:
    """Do it in one transaction, unless it was done under this reference before."""
    digest = digest_of(str(kind), *content)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with database.transaction() as connection:
                at = clock.now()
                if person_id not in births_of(connection, [person_id]):
                    raise refusals.person_unknown()
                lock_with_partners(connection, person_id)
                known = store.find_closing(connection, person_id, kind, reference)
                if known is not None:
                    if undo_store.is_undone(connection, known.id, person_id):
                        raise refusals.case_was_undone(reference)
                    if bytes(known.request_digest) != digest:
                        raise refusals.other_content(reference)
                    return _stored(known)
                done = decide(connection, at)
                _write(connection, done, reference, digest)
                audit.record(
                    connection,
                    caller,
                    f"accrual.{kind}",
                    at=at,
                    person_id=person_id,
                    reference=reference,
                    fen=done.amount,
                )
                return done
        except sa.exc.OperationalError as problem:
            if attempt == ATTEMPTS or not isinstance(problem.orig, psycopg.errors.DeadlockDetected):
                raise
    raise AssertionError("the last attempt returns or raises")


def _check_death(connection: sa.Connection, person_id: int, died_on: date, heirs: Sequence[Heir], at: datetime) -> None:
    births = births_of(connection, {person_id, *(heir.person_id for heir in heirs)})
    if not births[person_id] <= died_on <= at.astimezone(CHINA).date():
        raise refusals.died_ahead(died_on)
    if any(heir.person_id not in births for heir in heirs):
        raise refusals.person_unknown()
    if any(heir.person_id == person_id for heir in heirs):
        raise refusals.heir_is_deceased()


def _pay_and_close(
    connection: sa.Connection,
    serials: Serials,
    person_id: int,
    kind: Closing,
    to_region: str | None,
    heirs: Sequence[Heir],
    at: datetime,
) -> Closed:
    """Empty and close a person's accounts, for the heirs or for another region; authorisations end with them. What the
    person still owes of a credit that was taken back is collected first."""
    region, bucket = _region(connection, person_id, at), bucket_of(person_id)
    if region == to_region:
        raise refusals.same_region(region)
    reason = EndReason.DEATH if kind is Closing.DEATH else EndReason.INSURANCE_CHANGED
    ended = end_everything_of(connection, person_id, reason=reason, actor="agency", at=at)
    # What relatives have not used of their wallets' quotas is paid out with the rest.
    ending = QuotaEnd.DEATH if kind is Closing.DEATH else QuotaEnd.INSURANCE
    end_quotas_of_giver(connection, serials, person_id, ending, at)
    held_account = personal_account(AccountKind.PERSONAL_HELD, person_id)
    rows = store.lock_accounts(
        connection, [held_account, *(personal_account(one, person_id) for one in store.PAID_OUT)]
    )
    held = rows.pop(held_account, None)
    if not rows:
        raise refusals.no_account()
    closed = [row.closed_at for row in rows.values() if row.closed_at is not None]
    if closed:
        raise refusals.account_closed(max(closed).astimezone(CHINA).date())
    collected = collect_first(connection, serials, person_id, {one: row.balance for one, row in rows.items()}, at)
    balances = list(collected.left.items())
    amount = sum(balance for _, balance in balances)
    shares = share_out(amount, heirs) if heirs else {}
    if to_region is None:
        owed = [(personal_account(AccountKind.PAYABLE_PERSON, heir), share) for heir, share in shares.items()]
    else:
        owed = [(open_account(AccountKind.CLEARING, clearing_holder(region, to_region), bucket), amount)]
    legs = tuple(Transfer(*leg) for leg in pay_out(balances, owed))
    event = compose(serials.take(1, at)[0], bucket)
    post(
        connection,
        register_poster(connection, serials, at),
        [*collected.journals, Journal(event, JournalKind.CLOSING, None, at, legs)],
    )
    store.close_accounts(connection, rows, at)
    kept = held.balance if held is not None else 0
    return Closed(event, person_id, kind, region, to_region, amount, kept, shares, ended, at)


def _region(connection: sa.Connection, person_id: int, at: datetime) -> str:
    region = region_of_account(enrolments_of(connection, person_id), at.astimezone(CHINA).date())
    if region is None:
        raise refusals.not_in_employee_scheme()
    return region


def _check_region(region: str) -> None:
    if len(region) != 6 or not (region.isascii() and region.isdigit()):
        raise refusals.region_shape()


def _write(connection: sa.Connection, done: Closed, reference: str, digest: bytes) -> None:
    connection.execute(
        account_closing.insert().values(
            bucket=bucket_of(done.id),
            id=done.id,
            person_id=done.person_id,
            kind=str(done.kind),
            region=done.region,
            other_region=done.other_region,
            amount=done.amount,
            held=done.held,
            reference=reference,
            request_digest=digest,
            shares={str(person): share for person, share in done.shares.items()},
            authorisations=done.authorisations,
            at=done.at,
        )
    )


def _stored(row: sa.Row[Any]) -> Closed:
    shares = {int(person): share for person, share in row.shares.items()}
    at = row.at.astimezone(CHINA)
    kind = Closing(row.kind)
    return Closed(
        row.id, row.person_id, kind, row.region, row.other_region, row.amount, row.held, shares, row.authorisations, at
    )
