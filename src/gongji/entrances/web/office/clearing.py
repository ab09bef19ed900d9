"""Clearing between regions: a month's sheet, a statement with its lines, disputes, and the file for the other side."""

from __future__ import annotations

import io
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final

from starlette.responses import Response

from gongji.clearing.monthly import closing, files, refusals, statements, store
from gongji.clearing.monthly.decide import next_month, sheet
from gongji.clearing.monthly.gather import gather
from gongji.clearing.monthly.model import DisputeOutcome, DisputeReason, Line, Position, Statement, StatementState
from gongji.entrances.web.office.clearing_payments import (
    READERS,
    error_of,
    names_of,
    pay_statement,
    payment_fields,
)
from gongji.entrances.web.office.pages import area_prefix, for_duties, show
from gongji.entrances.web.visits import Visit, whole
from gongji.foundation import audit
from gongji.foundation.access import Duty
from gongji.foundation.errors import GongjiError
from gongji.foundation.money import yuan

#: Lines of a statement on one page.
LINES: Final = 50

#: In how a line is taken apart: its event and its kind.
_LINE: Final = "-"


@dataclass(frozen=True, slots=True)
class Pair:
    """A row of the month: the position and, once the month is closed, its statement."""

    position: Position
    statement: Statement | None


@for_duties(*READERS)
def month_page(visit: Visit) -> Response:
    """``GET /clearing?month=``: who owes whom for a month, by now; the sheet of all regions; what can be done."""
    return _month(visit)


@for_duties(Duty.CLEARING_CLERK)
def close(visit: Visit) -> Response:
    """``POST /clearing/close``: close a month that is over."""
    try:
        chosen = closing.read_month(visit.form.text("month"))
        platform = visit.platform
        closing.close_month(platform.database, platform.clearing_terms, chosen, visit.caller, visit.now)
    except GongjiError as problem:
        return _month(visit, problem)
    return visit.go(f"/clearing?month={chosen:%Y-%m}&notice=month_closed")


def _month(visit: Visit, problem: GongjiError | None = None) -> Response:
    gather(visit.platform.database)
    known = store.months(visit.connection)
    chosen = _chosen(visit, known[0][0] if known else visit.now.date().replace(day=1))
    closed_at = dict(known).get(chosen)
    positions = store.positions(visit.connection, chosen)
    by_number = {one.id: one for one in store.statements(visit.connection, chosen)}
    caller = visit.caller
    mine = [one for one in positions if caller.covers(one.debtor) or caller.covers(one.creditor)]
    pairs = [Pair(one, by_number.pop(one.statement_id or 0, None)) for one in mine]
    # A statement without lines hands on what the pair owes from before.
    pairs += [
        Pair(Position(chosen, one.debtor, one.creditor, {}, 0, 0, 0, 0, one.id), one)
        for one in by_number.values()
        if one.lines == 0 and (caller.covers(one.debtor) or caller.covers(one.creditor))
    ]
    audit.record(visit.connection, caller, "clearing.read_month", at=visit.now, month=f"{chosen:%Y-%m}")
    over = visit.now.date() >= next_month(chosen)
    return show(
        visit,
        "clearing.html",
        status=problem.status if problem else 200,
        months=[one for one, _ in known] or [chosen],
        chosen=chosen,
        closed_at=closed_at,
        pairs=pairs,
        sheet=sheet(positions),
        provinces=sheet(positions, 2),
        names=names_of(visit, {region for one in positions for region in _regions(one)}),
        may_close=over and closed_at is None and Duty.CLEARING_CLERK in caller.duties,
        waiting=len(store.payments_waiting(visit.connection, area_prefix(visit))),
        errors=error_of(visit, problem, "month"),
    )


def _regions(one: Position) -> tuple[str, ...]:
    """The two regions, and their provinces."""
    return one.debtor, one.creditor, f"{one.debtor[:2]}0000", f"{one.creditor[:2]}0000"


def _chosen(visit: Visit, otherwise: date) -> date:
    asked = visit.form.text("month") or visit.query("month")
    try:
        return closing.read_month(asked) if asked else otherwise
    except GongjiError:
        return otherwise


@for_duties(*READERS)
def statement(visit: Visit) -> Response:
    """``GET /clearing/statements/{number}``: its sums, its lines, its payments, and what can be done."""
    return _page(visit, _statement(visit))


@for_duties(Duty.CLEARING_CLERK)
def step(visit: Visit) -> Response:
    """``POST /clearing/statements/{number}``: accept it, or ask to pay it."""
    one, form = _statement(visit), visit.form
    try:
        if form.text("step") == "accept":
            statements.accept(visit.connection, one.id, caller=visit.caller, at=visit.now)
            return visit.go(f"/clearing/statements/{one.id}?notice=accepted")
        pay_statement(visit, one, payment_fields(visit))
    except GongjiError as problem:
        return _page(visit, one, problem)
    return visit.go(f"/clearing/statements/{one.id}?notice=asked")


@for_duties(*READERS)
def file(visit: Visit) -> Response:
    """``GET /clearing/statements/{number}/file``: for the other side."""
    one = _statement(visit)
    made = io.BytesIO()
    keys = visit.platform.settings.clearing_keys
    digest = files.write_statement(visit.connection, one, keys, visit.now, made)
    audit.record(visit.connection, visit.caller, "clearing.export", at=visit.now, statement=one.id, sm3=digest)
    _note_read(visit, one, store.people_in(visit.connection, one))
    name = f"clearing-{one.month:%Y-%m}-{one.debtor}-{one.creditor}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(made.getvalue(), media_type="application/zip", headers=headers)


@for_duties(*READERS)
def line(visit: Visit) -> Response:
    """``GET /clearing/statements/{number}/lines/{line}``: one line, its dispute, and what can be said of it."""
    one = _statement(visit)
    return _line_page(visit, one, _line(visit, one))


@for_duties(Duty.CLEARING_CLERK)
def dispute(visit: Visit) -> Response:
    """``POST /clearing/statements/{number}/lines/{line}``: dispute it, or answer its dispute."""
    one, form = _statement(visit), visit.form
    found = _line(visit, one)
    here = f"/clearing/statements/{one.id}/lines/{found.journal_id}{_LINE}{found.kind}"
    try:
        if found.dispute is not None and form.text("step") == "answer":
            statements.answer(
                visit.connection,
                found.dispute.id,
                outcome=form.text("outcome"),
                words=form.text("note"),
                caller=visit.caller,
                at=visit.now,
            )
            return visit.go(f"{here}?notice=dispute_answered_there")
        statements.dispute(
            visit.connection,
            one.id,
            journal_id=found.journal_id,
            kind=found.kind,
            reason=form.text("reason"),
            note=form.text("note"),
            caller=visit.caller,
            at=visit.now,
        )
    except GongjiError as problem:
        return _line_page(visit, one, found, problem)
    return visit.go(f"{here}?notice=disputed")


@for_duties(*READERS)
def to_check(visit: Visit) -> Response:
    """``GET /clearing/check``: where a file of the other side is handed in."""
    may = Duty.CLEARING_CLERK in visit.caller.duties
    return show(visit, "clearing_check.html", loaded=None, found=[], names={}, errors={}, may_check=may)


@for_duties(Duty.CLEARING_CLERK)
def check(visit: Visit) -> Response:
    """``POST /clearing/check``: hold a file of the other side against the books here; nothing is kept of it."""
    upload = visit.form.file("file")
    try:
        loaded = files.read_statement(
            io.BytesIO(upload.content if upload else b""), visit.platform.settings.clearing_keys
        )
        if not (visit.caller.covers(loaded.debtor) or visit.caller.covers(loaded.creditor)):
            raise refusals.other_regions(loaded.creditor)
    except GongjiError as problem:
        errors = {"file": visit.reader.sentence(problem)}
        nothing: dict[str, object] = {"loaded": None, "found": [], "names": {}}
        return show(visit, "clearing_check.html", status=problem.status, errors=errors, may_check=True, **nothing)
    gather(visit.platform.database)
    found = files.compare(visit.connection, loaded)
    month, pair = f"{loaded.month:%Y-%m}", f"{loaded.debtor}>{loaded.creditor}"
    audit.record(
        visit.connection, visit.caller, "clearing.check", at=visit.now, month=month, pair=pair, found=len(found)
    )
    names = names_of(visit, {loaded.debtor, loaded.creditor})
    return show(visit, "clearing_check.html", loaded=loaded, found=found, names=names, errors={}, may_check=True)


def _note_read(visit: Visit, one: Statement, people: Collection[int]) -> None:
    """Whose settlements an officer was shown is noted for each of them."""
    audit.record_each(visit.connection, visit.caller, "clearing.read_line", people, at=visit.now, statement=one.id)


def _statement(visit: Visit) -> Statement:
    return statements.statement_for(visit.connection, visit.number(), visit.caller)


def _line(visit: Visit, one: Statement) -> Line:
    journal, _, kind = visit.part("line").partition(_LINE)
    number = whole(journal) or 0
    found = statements.line_of(visit.connection, one, number, kind)
    audit.record(
        visit.connection,
        visit.caller,
        "clearing.read_line",
        at=visit.now,
        person_id=found.person_id,
        statement=one.id,
        journal=str(number),
    )
    return found


def _page(visit: Visit, one: Statement, problem: GongjiError | None = None) -> Response:
    first = ((whole(visit.query("page"), 5) or 1) - 1) * LINES
    found = store.lines(visit.connection, one.month, one.debtor, one.creditor, after=first, limit=LINES)
    (kinds,) = [
        position.kinds
        for position in store.positions(visit.connection, one.month)
        if (position.debtor, position.creditor) == (one.debtor, one.creditor)
    ] or [{}]
    other_way = store.statement_of(visit.connection, one.month, one.creditor, one.debtor)
    audit.record(visit.connection, visit.caller, "clearing.read", at=visit.now, statement=one.id)
    _note_read(visit, one, {line.person_id for line in found if line.person_id is not None})
    pays = Duty.CLEARING_CLERK in visit.caller.duties and visit.caller.covers(one.debtor)
    return show(
        visit,
        "clearing_statement.html",
        status=problem.status if problem else 200,
        one=one,
        left=yuan(one.left),
        today=visit.now.date().isoformat(),
        other_way=other_way,
        kinds=kinds,
        lines=found,
        page=first // LINES + 1,
        pages=-(-one.lines // LINES),
        disputes=store.disputes(visit.connection, one.id),
        payments=store.payments_of(visit.connection, "statement_id", one.id),
        names=names_of(visit, {one.debtor, one.creditor}),
        may_accept=pays and one.state is StatementState.DRAWN,
        may_pay=pays and one.checked_at is not None and one.left > 0,
        pay_ways=[(name, visit.reader.text(f"office.clearing.way.{name}"), "") for name in ("bank", "advance")],
        errors=error_of(visit, problem, "amount"),
        form=visit.form,
    )


def _line_page(visit: Visit, one: Statement, found: Line, problem: GongjiError | None = None) -> Response:
    text, clerk = visit.reader.text, Duty.CLEARING_CLERK in visit.caller.duties
    known = found.dispute
    return show(
        visit,
        "clearing_line.html",
        status=problem.status if problem else 200,
        one=one,
        line=found,
        names=names_of(visit, {one.debtor, one.creditor}),
        may_dispute=clerk
        and known is None
        and one.checked_at is None
        and found.amount > 0
        and visit.caller.covers(one.debtor),
        may_answer=clerk and known is not None and known.outcome is None and visit.caller.covers(one.creditor),
        reasons=[(reason.value, text(f"office.clearing.reason.{reason}"), "") for reason in DisputeReason],
        outcomes=[(outcome.value, text(f"office.clearing.outcome.{outcome}"), "") for outcome in DisputeOutcome],
        errors=error_of(visit, problem, "reason"),
        form=visit.form,
    )
