"""What two regions do with a statement: the one that owes accepts it or disputes lines, the other answers."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from gongji.clearing.monthly import refusals, store
from gongji.clearing.monthly.model import Dispute, DisputeOutcome, DisputeReason, Line, LineKind, Statement
from gongji.clearing.monthly.tables import clearing_dispute, clearing_statement
from gongji.foundation import audit
from gongji.foundation.access import Caller, Duty, Role

#: Most characters of a note.
MOST_WORDS: Final = 200


def acts_for(caller: Caller, region: str) -> bool:
    """Whether a caller acts for a region: its officers do, and who runs the installation at its command line."""
    return caller.role is Role.OPERATOR or caller.covers(region)


def require_clerk(caller: Caller) -> None:
    """Let clearing clerks and who runs the installation go on.

    Raises:
        NotAllowed: ``access.duty``.
    """
    if caller.role is not Role.OPERATOR:
        caller.require_duty(Duty.CLEARING_CLERK)


def statement_for(connection: sa.Connection, number: int, caller: Caller, *, lock: bool = False) -> Statement:
    """A statement that concerns the caller's region, on either side.

    Raises:
        NotFound: ``clearing.unknown``.
    """
    one = store.statement(connection, number, lock=lock)
    if one is None or not (acts_for(caller, one.debtor) or acts_for(caller, one.creditor)):
        raise refusals.unknown("statement")
    return one


def line_of(connection: sa.Connection, one: Statement, journal_id: int, kind: str) -> Line:
    """One line of a statement.

    Raises:
        NotFound: ``clearing.line``.
    """
    of_kind = next((one for one in LineKind if one == kind), None)
    found = store.line(connection, one, journal_id, of_kind) if of_kind else None
    if found is None:
        raise refusals.line_unknown()
    return found


def accept(connection: sa.Connection, number: int, *, caller: Caller, at: datetime) -> Statement:
    """The owing region has checked a statement: all but the disputed lines may be paid. Accepting again changes nothing.

    Raises:
        NotFound: ``clearing.unknown``. NotAllowed: ``access.duty``, ``clearing.other_region``.
    """
    one = _to_check(connection, number, caller)
    if one.checked_at is None:
        checked = clearing_statement.update().where(clearing_statement.c.id == number)
        connection.execute(checked.values(checked_at=at, checked_by=caller.holder))
        audit.record(connection, caller, "clearing.accept", at=at, statement=number)
    return statement_for(connection, number, caller)


def dispute(
    connection: sa.Connection,
    number: int,
    *,
    journal_id: int,
    kind: str,
    reason: str,
    note: str,
    caller: Caller,
    at: datetime,
) -> Dispute:
    """The owing region does not accept a line: it is left out of what is due until the other region answers.

    Args:
        connection: the transaction.
        number: the statement.
        journal_id, kind: which of its lines.
        reason: a `DisputeReason`.
        note: what was found, 4 to 200 characters.
        caller: an officer of the owing region.
        at: now.

    Raises:
        InvalidInput: ``clearing.reason``, ``clearing.note``. NotFound: ``clearing.unknown``, ``clearing.line``.
        NotAllowed: ``access.duty``, ``clearing.other_region``. Refused: ``clearing.checked``, ``clearing.line_disputed``.
    """
    one = _to_check(connection, number, caller)
    if one.checked_at is not None:
        raise refusals.checked_before()
    chosen = next((one for one in DisputeReason if one == reason), None)
    if chosen is None:
        raise refusals.reason_unknown(DisputeReason)
    _check_note(note)
    line = line_of(connection, one, journal_id, kind)
    if line.amount < 0 or line.dispute is not None:
        raise refusals.line_not_disputable()
    made = connection.execute(
        clearing_dispute.insert()
        .values(
            statement_id=number,
            journal_id=journal_id,
            debtor=one.debtor,
            creditor=one.creditor,
            kind=line.kind,
            amount=line.amount,
            reason=chosen,
            note=note,
            asked_by=caller.holder,
            asked_at=at,
        )
        .returning(clearing_dispute.c.id)
    ).scalar_one()
    audit.record(connection, caller, "clearing.dispute", at=at, statement=number, dispute=made, reason=str(chosen))
    return _known(store.dispute(connection, made))


def answer(
    connection: sa.Connection, number: int, *, outcome: str, words: str, caller: Caller, at: datetime
) -> Dispute:
    """The region that is owed says that a disputed line stands, which is due then, or gives it up.

    Raises:
        InvalidInput: ``clearing.outcome``, ``clearing.note``. NotFound: ``clearing.unknown``.
        NotAllowed: ``access.duty``, ``clearing.other_region``. Refused: ``clearing.answered``.
    """
    require_clerk(caller)
    known = store.dispute(connection, number)
    if known is None:
        raise refusals.unknown("dispute")
    of = statement_for(connection, known.statement_id, caller, lock=True)
    if not acts_for(caller, of.creditor):
        raise refusals.other_regions(of.creditor)
    chosen = next((one for one in DisputeOutcome if one == outcome), None)
    if chosen is None:
        raise refusals.outcome_unknown(DisputeOutcome)
    _check_note(words)
    if _known(store.dispute(connection, number, lock=True)).outcome is not None:
        raise refusals.answered_before()
    connection.execute(
        clearing_dispute.update()
        .where(clearing_dispute.c.id == number)
        .values(outcome=chosen, answer=words, answered_by=caller.holder, answered_at=at)
    )
    audit.record(connection, caller, "clearing.answer", at=at, dispute=number, outcome=str(chosen))
    return _known(store.dispute(connection, number))


def _to_check(connection: sa.Connection, number: int, caller: Caller) -> Statement:
    require_clerk(caller)
    one = statement_for(connection, number, caller, lock=True)
    if not acts_for(caller, one.debtor):
        raise refusals.other_regions(one.debtor)
    return one


def _check_note(note: str) -> None:
    if not 4 <= len(note) <= MOST_WORDS:
        raise refusals.note_length(MOST_WORDS)


def _known(one: Dispute | None) -> Dispute:
    assert one is not None, "disputes are never deleted"
    return one
