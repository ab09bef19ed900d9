"""What the funds would pay of a visit that was paid in cash: worked out and counted as at the desk, under the same lock.

The rules and the insurance are those of the day of the visit; the counters are those of its period as they stand now.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace

from gongji.benefit.model import Assessment, Bill, CounterMove
from gongji.foundation.arrays import Integers, Texts, columns
from gongji.foundation.clock import CHINA
from gongji.foundation.distribution import is_spread
from gongji.foundation.ids import bucket_of
from gongji.foundation.shards import buckets_of
from gongji.ledger.model import AccountKind, personal_account
from gongji.ledger.service import balances_of
from gongji.ledger.store import raw_cursor
from gongji.registry.filings import Filed
from gongji.registry.model import Enrolment, Institution
from gongji.registry.service import enrolment_on
from gongji.rules.book import RuleBook
from gongji.rules.model import Tier
from gongji.settlement import refusals
from gongji.settlement.assessing import Visited, assess_visit
from gongji.settlement.books import Books, CounterValue, PatientFacts, VisitFacts, apply_moves, counter_periods
from gongji.settlement.fund_lines import fund_lines
from gongji.settlement.lines import bill_of
from gongji.settlement.load_statements import ALONE, COUNTERS, LOCK_PATIENTS
from gongji.settlement.model import FeeLine, PayerLine, is_inpatient
from gongji.settlement.stays import AdmissionState, Stay
from gongji.settlement.tables import benefit_counter
from gongji.settlement.visits import lock_patient
from gongji.settlement.write import COUNTER_COLUMNS, USAGE_COLUMNS, WRITE_COUNTERS

_filings: Final = msgspec.json.Decoder(tuple[Filed, ...])


class PastVisit(msgspec.Struct, frozen=True):
    """A visit that no institution settled.

    Attributes:
        institution: where; of one that is not in the register what is known of it, with the number 0.
        med_type: the category of care.
        began_on, ended_on: its first and last day; the rules of the last one hold.
        lines: the fee lines with their split.
        disease: dise_codg, for a special disease.
        prescriber: tier of the hospital whose prescription a pharmacy filled.
    """

    person_id: int
    institution: Institution
    med_type: str
    began_on: date
    ended_on: date
    lines: tuple[FeeLine, ...]
    disease: str = ""
    prescriber: Tier | None = None


class Afterwards(msgspec.Struct, frozen=True):
    """What the funds pay of such a visit.

    Attributes:
        enrolment: the insurance on the day of the visit.
        bill: what the lines add up to, fen.
        assessment: payments and steps.
        payers: the funds' lines of the explanation.
        moves: what it adds to the counters, under the names that they are stored by.
    """

    enrolment: Enrolment
    bill: Bill
    assessment: Assessment
    payers: tuple[PayerLine, ...]
    moves: tuple[CounterMove, ...]


def assess_afterwards(
    connection: sa.Connection, rules: RuleBook, past: PastVisit, without: Sequence[CounterMove] = ()
) -> Afterwards:
    """Lock the patient as the desk does, and work out what the funds pay; nothing is written.

    Args:
        connection: the transaction; no settlement of the patient goes through until it ends.
        rules: the rule book.
        past: the visit.
        without: how an earlier decision on this very visit moved the counters: they are looked at as if it had not.

    Raises:
        NotFound: ``person.unknown``.
        Refused: ``settlement.not_insured``, ``settlement.patient_died``, and those of
            `gongji.settlement.assessing.assess_visit`.
    """
    on = past.ended_on
    lock_patient(connection, past.person_id)
    enrolment = enrolment_on(connection, past.person_id, on)
    if enrolment is None or not enrolment.holds(on):
        raise refusals.not_insured(on)
    patient, books = _facts(connection, past.person_id, enrolment, on)
    apply_moves(books, past.person_id, taken_back(without), {}, _moment(on))
    if patient.died_on is not None and patient.died_on < past.began_on:
        raise refusals.patient_died()
    bill = bill_of(past.lines)
    visited = Visited(patient, _visit(past, enrolment, bill), past.institution, past.med_type)
    assessment = assess_visit(visited, enrolment, bill, books, rules, on)
    moves = tuple(replace(move, counter=f"{enrolment.scheme}.{move.counter}") for move in assessment.moves)
    return Afterwards(enrolment, bill, assessment, tuple(fund_lines(bill, assessment)), moves)


def move_counters(connection: sa.Connection, person_id: int, moves: Sequence[CounterMove], at: datetime) -> None:
    """Count what was decided, or take it back where `CounterMove.added` is below zero; the patient is locked.

    Raises:
        sqlalchemy.exc.IntegrityError: when a counter would pass its cap: the database does not let it.
    """
    if not moves:
        return
    counter = benefit_counter.c
    places = [(move.counter, move.period) for move in moves]
    rows = connection.execute(
        sa.select(counter.counter, counter.period, counter.value, counter.cap).where(
            counter.bucket == bucket_of(person_id),
            counter.person_id == person_id,
            sa.tuple_(counter.counter, counter.period).in_(places),
        )
    )
    books = Books(counters={(person_id, row.counter, row.period): CounterValue(row.value, row.cap) for row in rows})
    apply_moves(books, person_id, tuple(moves), {}, at)
    values = [(*place, one.value, one.cap) for place, one in books.counters.items()]
    with raw_cursor(connection) as cursor:
        parameters = columns(COUNTER_COLUMNS, values) | columns(USAGE_COLUMNS, [])
        WRITE_COUNTERS.run(cursor, parameters, spread=is_spread(connection))


def taken_back(moves: Sequence[CounterMove]) -> tuple[CounterMove, ...]:
    """The moves that bring counters back to where they were."""
    return tuple(CounterMove(move.counter, move.period, -move.added, None) for move in moves)


def _visit(past: PastVisit, enrolment: Enrolment, bill: Bill) -> VisitFacts:
    stay = None
    if is_inpatient(past.med_type):
        stay = Stay(AdmissionState.DISCHARGED, _moment(past.began_on), _moment(past.ended_on), enrolment)
    return VisitFacts(
        id=0,
        person_id=past.person_id,
        institution_id=past.institution.id,
        med_type=past.med_type,
        open=True,
        unsettled={"": bill},
        disease=past.disease,
        prescriber=past.prescriber,
        essential_drugs=all(one.line.item is not None and one.line.item.essential_drug for one in past.lines),
        stay=stay,
    )


def _facts(connection: sa.Connection, person_id: int, enrolment: Enrolment, on: date) -> tuple[PatientFacts, Books]:
    spread = is_spread(connection)
    asked: dict[str, Any] = {
        "patients": Integers([person_id]),
        "patients_buckets": buckets_of([person_id]),
        "today": on,
        "counted": Texts(counter_periods(on)),
        "reversed_patients": Integers([]),
    }
    with raw_cursor(connection) as cursor:
        ((_, born_on, died_on, filed, _),) = LOCK_PATIENTS.take(cursor, asked, spread=spread)
        counters = cursor.execute(ALONE[COUNTERS] if spread else COUNTERS, asked).fetchall()
    balances = balances_of(connection, person_id)
    patient = PatientFacts(
        person_id,
        born_on,
        died_on,
        enrolment,
        AccountKind.PERSONAL_CURRENT in balances,
        _filings.decode(filed) if filed else (),
    )
    books = Books(
        balances={personal_account(kind, person_id): fen for kind, fen in balances.items()},
        counters={(row[0], row[1], row[2]): CounterValue(row[3], row[4]) for row in counters},
    )
    return patient, books


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(12), CHINA)
