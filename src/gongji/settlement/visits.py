"""Visits before they are settled: registered, described, their fee lines uploaded and withdrawn.

Everything here locks the visit's row, so that lines never change while a settlement of the same visit reads them: the
desk locks the patient's row, and so do we.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from gongji.foundation.clock import CHINA
from gongji.foundation.database import Database
from gongji.foundation.errors import NotFound
from gongji.foundation.ids import Serials, bucket_of, compose
from gongji.registry.model import Institution
from gongji.registry.tables import person
from gongji.rules.model import Scheme
from gongji.settlement import refusals
from gongji.settlement.admission_refusals import is_a_stay
from gongji.settlement.lines import keep
from gongji.settlement.model import FeeLine, PricedLine, RegisterVisit, Visit
from gongji.settlement.once import made_once
from gongji.settlement.tables import fee_line, visit

#: chrg_bchno 0000 withdraws every unsettled line (2205).
EVERY_BATCH = "0000"


def register_visit(database: Database, command: RegisterVisit, at: datetime) -> Visit:
    """2201: register a visit; the same message again gives the same visit.

    Raises:
        Refused: ``key.other_content`` when the msgid was used for another registration.
        NotFound: ``person.unknown``.
    """
    with database.transaction() as connection:
        return register_in(connection, database.serials, command, at)


def register_in(connection: sa.Connection, serials: Serials, command: RegisterVisit, at: datetime) -> Visit:
    """Register a visit in a transaction, which locks the patient; as `register_visit`."""
    lock_patient(connection, command.person_id)
    visit_id = made_once(connection, command.key, lambda: new_visit(connection, serials, command, "11", at).id)
    made = find_visit(connection, visit_id)
    assert made is not None, "what a registration made is a visit"
    return made


def new_visit(
    connection: sa.Connection, serials: Serials, command: RegisterVisit, med_type: str, at: datetime
) -> Visit:
    """A visit of a patient who is locked, without its key: whether it was made before is the caller's to know."""
    values = {
        "bucket": bucket_of(command.person_id),
        "id": compose(serials.take(1, at)[0], bucket_of(command.person_id)),
        "person_id": command.person_id,
        "institution_id": command.key.institution_id,
        "number": command.number,
        "scheme": str(command.scheme),
        "med_type": med_type,
        "began_at": command.began_at,
        "details": dict(command.details),
    }
    return visit_from(connection.execute(visit.insert().values(values).returning(visit)).one())


def find_visit(connection: sa.Connection, visit_id: int) -> Visit | None:
    """A visit by its id."""
    row = connection.execute(
        sa.select(visit).where(visit.c.bucket == bucket_of(visit_id), visit.c.id == visit_id)
    ).one_or_none()
    return visit_from(row) if row else None


def find_visits(connection: sa.Connection, visit_ids: Sequence[int]) -> dict[int, Visit]:
    """Visits by their ids."""
    keys = sa.tuple_(visit.c.bucket, visit.c.id).in_([(bucket_of(one), one) for one in visit_ids])
    rows = connection.execute(sa.select(visit).where(keys)) if visit_ids else ()
    return {row.id: visit_from(row) for row in rows}


def cancel_visit(connection: sa.Connection, institution_id: int, person_id: int, visit_id: int, number: str) -> None:
    """2202: cancel a registration that has no fee lines.

    Raises:
        NotFound: ``visit.unknown``.
        Refused: ``visit.has_lines``; cancelling twice changes nothing and is not refused.
    """
    known = _own_visit(connection, institution_id, person_id, visit_id, even_cancelled=True)
    if number and known.number != number:
        raise refusals.visit_unknown()
    if connection.execute(sa.select(sa.exists().where(*lines_of(visit_id)))).scalar_one():
        raise refusals.visit_settled()
    change(connection, visit_id, state="cancelled")


def record_diagnoses(
    connection: sa.Connection,
    institution_id: int,
    person_id: int,
    visit_id: int,
    med_type: str,
    details: Mapping[str, str],
    diagnoses: Sequence[Mapping[str, str]],
) -> None:
    """2203: what the visit is for. A diagnosis sent again with vali_flag 0 is struck off; the rest is replaced by code.

    Raises:
        NotFound: ``visit.unknown``.
        Refused: ``visit.cancelled``.
    """
    known = _own_visit(connection, institution_id, person_id, visit_id)
    kept = {str(diagnosis.get("diag_code")): dict(diagnosis) for diagnosis in known.diagnoses}
    for diagnosis in diagnoses:
        code = str(diagnosis.get("diag_code"))
        if diagnosis.get("vali_flag") in ("0", "00"):
            kept.pop(code, None)
        else:
            kept[code] = dict(diagnosis)
    change(
        connection,
        visit_id,
        med_type=med_type or known.med_type,
        details={**known.details, **details},
        diagnoses=list(kept.values()),
    )


def upload_lines(
    connection: sa.Connection, institution: Institution, person_id: int, visit_id: int, lines: Sequence[PricedLine]
) -> list[FeeLine]:
    """2204: check, split and keep fee lines; all of them or none. The same line sent again is kept once.

    Returns:
        The lines with their split, in the order sent.

    Raises:
        NotFound: ``visit.unknown``. Refused: ``visit.cancelled``, ``fee_line.exists``.
        InvalidInput: ``fee_line.amount``.
    """
    _own_visit(connection, institution.id, person_id, visit_id)
    kept = [keep(line) for line in lines]
    known = {
        row.sn: row
        for row in connection.execute(
            sa.select(fee_line).where(*lines_of(visit_id), fee_line.c.sn.in_([line.sn for line in lines]))
        )
    }
    fresh: dict[str, dict[str, Any]] = {}
    for one in kept:
        row = line_values(visit_id, one)
        before = known[one.line.sn]._mapping if one.line.sn in known else fresh.get(one.line.sn)
        if before is None:
            fresh[one.line.sn] = row
        elif any(before[name] != row[name] for name in ("batch", "item_code", "count", "price", "total")):
            raise refusals.line_exists(one.line.sn)
    if fresh:
        connection.execute(fee_line.insert(), list(fresh.values()))
    return kept


def drop_lines(connection: sa.Connection, institution_id: int, person_id: int, visit_id: int, batch: str) -> None:
    """2205: withdraw the unsettled lines of a charging batch; ``0000`` all of the visit.

    Raises:
        NotFound: ``visit.unknown``. Refused: ``fee_line.settled`` when lines of the batch named are settled.
    """
    _own_visit(connection, institution_id, person_id, visit_id)
    chosen = list(lines_of(visit_id))
    if batch != EVERY_BATCH:
        chosen.append(fee_line.c.batch == batch)
        settled = sa.exists().where(*chosen, fee_line.c.settlement_id.is_not(None))
        if connection.execute(sa.select(settled)).scalar_one():
            raise refusals.lines_settled()
    connection.execute(fee_line.delete().where(*chosen, fee_line.c.settlement_id.is_(None)))


def lock_patient(connection: sa.Connection, person_id: int) -> None:
    """Lock a patient's row: nothing of theirs is settled meanwhile.

    Raises:
        NotFound: ``person.unknown``.
    """
    found = connection.execute(
        sa.select(person.c.id)
        .where(person.c.bucket == bucket_of(person_id), person.c.id == person_id)
        .with_for_update(key_share=True)
    ).one_or_none()
    if found is None:
        raise NotFound("person.unknown", "there is no such person", "没有这位参保人，请核对人员编号", field="psn_no")


def _own_visit(
    connection: sa.Connection, institution_id: int, person_id: int, visit_id: int, *, even_cancelled: bool = False
) -> Visit:
    """The visit, with the patient locked, if it is this patient's at this institution."""
    lock_patient(connection, person_id)
    known = find_visit(connection, visit_id)
    if known is None or known.institution_id != institution_id or known.person_id != person_id:
        raise refusals.visit_unknown()
    if known.state == "stay":
        raise is_a_stay()
    if known.state != "open" and not even_cancelled:
        raise refusals.visit_cancelled()
    return known


def lines_of(visit_id: int) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """The condition that a fee line is of a visit."""
    return fee_line.c.bucket == bucket_of(visit_id), fee_line.c.visit_id == visit_id


def change(connection: sa.Connection, visit_id: int, **values: object) -> None:
    """Change columns of a visit whose patient is locked."""
    connection.execute(
        visit.update().where(visit.c.bucket == bucket_of(visit_id), visit.c.id == visit_id).values(**values)
    )


def line_values(visit_id: int, kept: FeeLine) -> dict[str, Any]:
    """A fee line as a row."""
    line = kept.line
    return {
        "bucket": bucket_of(visit_id),
        "visit_id": visit_id,
        "sn": line.sn,
        "batch": line.batch,
        "item_code": line.item_code,
        "own_code": line.own_code,
        "occurred_at": line.occurred_at,
        "count": line.count,
        "price": line.price,
        "total": line.total,
        "self_paid": kept.self_paid,
        "over_limit": kept.over_limit,
        "first_self_pay": kept.first_self_pay,
        "in_scope": kept.in_scope,
        "item": msgspec.to_builtins(line.item),
        "takes_back": line.takes_back or None,
    }


def visit_from(row: Any) -> Visit:
    """A visit from its row."""
    return Visit(
        id=row.id,
        person_id=row.person_id,
        institution_id=row.institution_id,
        number=row.number,
        scheme=Scheme(row.scheme),
        med_type=row.med_type,
        began_at=row.began_at.astimezone(CHINA),
        details=row.details,
        diagnoses=tuple(row.diagnoses),
        state=row.state,
    )
