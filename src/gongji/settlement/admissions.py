"""Stays in hospital before they are settled: admitted, changed, discharged; discharge and admission undone.

As with outpatient visits, everything locks the patient's row, as the desk does, so that nothing changes while a settlement
reads it. The visit's row carries number, scheme, doctors and diagnoses; the admission's row the life of the stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import psycopg
import sqlalchemy as sa

from gongji.foundation.clock import CHINA
from gongji.foundation.database import Database
from gongji.foundation.ids import bucket_of
from gongji.registry.model import Institution, InstitutionKind
from gongji.settlement import admission_refusals as refusals
from gongji.settlement import visits
from gongji.settlement.admission_tables import admission
from gongji.settlement.model import RegisterVisit, Visit, is_inpatient
from gongji.settlement.stays import AdmissionState
from gongji.settlement.tables import fee_line


class Admission(msgspec.Struct, frozen=True):
    """A stay and the visit that it is.

    Attributes:
        visit: number, scheme, med_type, details and diagnoses.
        state: see `AdmissionState`.
        admitted_at, discharged_at: its ends; None while the patient is there.
    """

    visit: Visit
    state: AdmissionState
    admitted_at: datetime
    discharged_at: datetime | None

    @property
    def id(self) -> int:
        """The visit's id."""
        return self.visit.id

    @property
    def awaits_settlement(self) -> bool:
        """Whether it is neither settled nor cancelled, so that there is something to hold a deposit for."""
        return self.state in (AdmissionState.ADMITTED, AdmissionState.DISCHARGED)


def admit(
    database: Database,
    command: RegisterVisit,
    institution: Institution,
    med_type: str,
    diagnoses: Sequence[Mapping[str, str]],
    at: datetime,
) -> Admission:
    """2401: admit a patient; the same message again gives the same stay.

    Args:
        database: where it is kept.
        command: who, from when on, and what else 2401 tells.
        institution: the hospital.
        med_type: which kind of stay.
        diagnoses: with which the patient comes.
        at: now.

    Raises:
        Refused: ``key.other_content``, ``admission.institution``, ``admission.overlaps`` when the person is in hospital
            at that time, here or elsewhere.
        InvalidInput: ``admission.med_type``, ``admission.in_future``. NotFound: ``person.unknown``.
    """
    if institution.kind is not InstitutionKind.HOSPITAL:
        raise refusals.not_a_hospital()
    if not is_inpatient(med_type):
        raise refusals.not_inpatient(med_type)
    _check_day(command.began_at, at, "begntime")
    with database.transaction() as connection:
        made = visits.register_in(connection, database.serials, command, at)
        known = find_admission(connection, made.id)
        if known is not None:
            return known
        values = {"state": "stay", "med_type": med_type, "diagnoses": [dict(one) for one in diagnoses]}
        visits.change(connection, made.id, **values)
        row = {
            "bucket": bucket_of(made.id),
            "visit_id": made.id,
            "person_id": command.person_id,
            "institution_id": institution.id,
            "admitted_at": command.began_at,
            "changed_at": at,
        }
        _write(connection, admission.insert().values(row), command.began_at)
        return _found(connection, made.id)


def find_admission(connection: sa.Connection, visit_id: int) -> Admission | None:
    """A stay by its visit's id."""
    row = connection.execute(
        sa.select(admission).where(admission.c.bucket == bucket_of(visit_id), admission.c.visit_id == visit_id)
    ).one_or_none()
    known = visits.find_visit(connection, visit_id) if row else None
    return _admission(row, known) if row and known else None


def own_admission(connection: sa.Connection, institution_id: int, person_id: int, visit_id: int) -> Admission:
    """The stay, with the patient locked, if it is this patient's at this institution.

    Raises:
        NotFound: ``admission.unknown``. Refused: ``admission.outpatient`` when it is no stay.
    """
    visits.lock_patient(connection, person_id)
    known = visits.find_visit(connection, visit_id)
    if known is None or known.institution_id != institution_id or known.person_id != person_id:
        raise refusals.unknown()
    found = find_admission(connection, visit_id)
    if found is None:
        raise refusals.is_no_stay()
    return found


def change_admission(
    connection: sa.Connection,
    known: Admission,
    *,
    began_at: datetime,
    med_type: str,
    number: str,
    details: Mapping[str, str],
    diagnoses: Sequence[Mapping[str, str]],
    at: datetime,
) -> None:
    """2403: correct what was told at admission. Diagnoses with a known diag_srt_no replace it, others are added.

    Args:
        connection: the transaction in which `own_admission` found the stay.
        known: the stay.
        began_at, med_type, number, details, diagnoses: what holds from now on; an empty number stays as it was.
        at: now.

    Raises:
        Refused: ``admission.state`` once it is settled or cancelled, ``admission.overlaps``,
            ``admission.lines_outside`` when an uploaded line would lie before the new beginning.
        InvalidInput: ``admission.med_type``, ``admission.in_future``, ``admission.endtime``.
    """
    if not known.awaits_settlement:
        raise refusals.wrong_state(known.state)
    if not is_inpatient(med_type):
        raise refusals.not_inpatient(med_type)
    _check_day(began_at, at, "begntime")
    if known.discharged_at is not None and known.discharged_at < began_at:
        raise refusals.leaves_before_coming(began_at)
    _check_lines(connection, known.id, sa.func.min(fee_line.c.occurred_at), lambda on: on.date() < began_at.date())
    visits.change(
        connection,
        known.id,
        med_type=med_type,
        number=number or known.visit.number,
        began_at=began_at,
        details={**known.visit.details, **details},
        diagnoses=merged(known.visit.diagnoses, diagnoses),
    )
    _change(connection, known.id, began_at, admitted_at=began_at, changed_at=at)


def discharge(
    connection: sa.Connection,
    known: Admission,
    ended_at: datetime,
    details: Mapping[str, str],
    diagnoses: Sequence[Mapping[str, str]],
    at: datetime,
) -> None:
    """2402: the patient leaves. The same discharge again changes nothing.

    Raises:
        InvalidInput: ``admission.endtime``, ``admission.in_future``.
        Refused: ``admission.state``; ``admission.lines_outside`` when a line was uploaded for a later day.
    """
    if known.state is AdmissionState.DISCHARGED and known.discharged_at == ended_at:
        return
    if known.state is not AdmissionState.ADMITTED:
        raise refusals.wrong_state(known.state)
    _check_day(ended_at, at, "endtime")
    # A day without an hour stands for the whole day; it may be that of the admission.
    if ended_at.date() == known.admitted_at.date():
        ended_at = max(ended_at, known.admitted_at)
    if ended_at < known.admitted_at:
        raise refusals.leaves_before_coming(known.admitted_at)
    _check_lines(connection, known.id, sa.func.max(fee_line.c.occurred_at), lambda on: on.date() > ended_at.date())
    visits.change(
        connection,
        known.id,
        details={**known.visit.details, **details},
        diagnoses=merged(known.visit.diagnoses, diagnoses),
    )
    state = str(AdmissionState.DISCHARGED)
    _change(connection, known.id, known.admitted_at, state=state, discharged_at=ended_at, changed_at=at)


def undo_discharge(connection: sa.Connection, known: Admission, at: datetime) -> None:
    """2405: the patient is back in bed; for a patient who was never discharged it changes nothing.

    Raises:
        Refused: ``admission.state`` when the stay is settled (2305 first) or cancelled; ``admission.overlaps`` when the
            person has been admitted elsewhere since.
    """
    if known.state is AdmissionState.ADMITTED:
        return
    if known.state is not AdmissionState.DISCHARGED:
        raise refusals.wrong_state(known.state)
    state = str(AdmissionState.ADMITTED)
    _change(connection, known.id, known.admitted_at, state=state, discharged_at=None, changed_at=at)


def cancel_admission(connection: sa.Connection, known: Admission, at: datetime) -> None:
    """2404, and the undoing of 2401: the stay never was. Cancelling twice changes nothing.

    Open deposits are given back by whoever called (see `gongji.settlement.deposits.open_deposits`).

    Raises:
        Refused: ``admission.state`` once the patient was discharged (2405 first); ``admission.has_lines``.
    """
    if known.state is AdmissionState.CANCELLED:
        return
    if known.state is not AdmissionState.ADMITTED:
        raise refusals.wrong_state(known.state)
    lines = sa.exists().where(fee_line.c.bucket == bucket_of(known.id), fee_line.c.visit_id == known.id)
    if connection.execute(sa.select(lines)).scalar_one():
        raise refusals.has_lines()
    visits.change(connection, known.id, state="cancelled")
    _change(connection, known.id, known.admitted_at, state=str(AdmissionState.CANCELLED), changed_at=at)


def in_house(
    connection: sa.Connection, institution_id: int, since: datetime, until: datetime, person_id: int | None = None
) -> list[Admission]:
    """5303: the patients who are in a hospital now and came in a span, oldest first.

    Args:
        connection: a connection.
        institution_id: the hospital.
        since, until: the span in which they were admitted, both ends in it.
        person_id: only this patient.
    """
    wanted = sa.select(admission).where(
        admission.c.institution_id == institution_id,
        admission.c.state == str(AdmissionState.ADMITTED),
        admission.c.admitted_at.between(since, until),
    )
    if person_id is not None:
        wanted = wanted.where(admission.c.bucket == bucket_of(person_id), admission.c.person_id == person_id)
    rows = connection.execute(wanted.order_by(admission.c.admitted_at, admission.c.visit_id)).all()
    found = visits.find_visits(connection, [row.visit_id for row in rows])
    return [_admission(row, found[row.visit_id]) for row in rows]


def merged(known: Sequence[Mapping[str, str]], told: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Diagnoses by diag_srt_no, those of admission and of discharge apart: what is told replaces what had the number, and
    is added where nothing had."""
    kept = {_place(one): dict(one) for one in (*known, *told)}
    return list(kept.values())


def _place(diagnosis: Mapping[str, str]) -> tuple[str, str]:
    number = diagnosis.get("diag_srt_no") or diagnosis.get("diag_code", "")
    return diagnosis.get("inout_diag_type", ""), number


def _check_day(moment: datetime, at: datetime, field: str) -> None:
    if moment.date() > at.date():
        raise refusals.in_future(moment, field)


def _check_lines(connection: sa.Connection, visit_id: int, edge: sa.ColumnElement[Any], outside: Any) -> None:
    """Refuse when the line at an edge of the stay would lie outside it."""
    mine = (fee_line.c.bucket == bucket_of(visit_id), fee_line.c.visit_id == visit_id)
    furthest = connection.execute(sa.select(edge).where(*mine)).scalar_one()
    if furthest is not None and outside(furthest.astimezone(CHINA)):
        found = sa.select(fee_line.c.sn).where(*mine, fee_line.c.occurred_at == furthest).limit(1)
        raise refusals.lines_outside(connection.execute(found).scalar_one(), furthest.astimezone(CHINA).date())


def _change(connection: sa.Connection, visit_id: int, begins: datetime, **values: object) -> None:
    row = (admission.c.bucket == bucket_of(visit_id), admission.c.visit_id == visit_id)
    _write(connection, admission.update().where(*row).values(**values), begins)


def _write(connection: sa.Connection, statement: sa.Insert | sa.Update, begins: datetime) -> None:
    """Write, and tell the database's refusal of two stays at once in our words."""
    try:
        connection.execute(statement)
    except sa.exc.IntegrityError as problem:
        if isinstance(problem.orig, psycopg.errors.ExclusionViolation):
            raise refusals.elsewhere(begins.date()) from problem
        raise


def _found(connection: sa.Connection, visit_id: int) -> Admission:
    found = find_admission(connection, visit_id)
    assert found is not None, "the admission was written in this transaction"
    return found


def _admission(row: Any, known: Visit) -> Admission:
    discharged_at = row.discharged_at
    return Admission(
        visit=known,
        state=AdmissionState(row.state),
        admitted_at=row.admitted_at.astimezone(CHINA),
        discharged_at=discharged_at.astimezone(CHINA) if discharged_at else None,
    )
