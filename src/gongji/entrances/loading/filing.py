"""Writing the records of one file, in the caller's transaction: all of them, or none with the reason for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from gongji.entrances.loading.balances import no_employee_scheme, regions_of
from gongji.entrances.loading.records import (
    BalanceRecord,
    EnrolmentRecord,
    FileKind,
    FilingRecord,
    InstitutionRecord,
    KinshipRecord,
    PersonRecord,
)
from gongji.family.model import KinshipFact
from gongji.family.service import record_kinship
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import GongjiError, NotFound, Refused
from gongji.foundation.ids import Serials
from gongji.foundation.personal import Vault
from gongji.foundation.sheet import RowProblem
from gongji.foundation.tabular import TypedRow
from gongji.ledger.model import personal_account
from gongji.ledger.service import open_balances, opened_already, opened_before, register_poster
from gongji.registry import service as registry
from gongji.registry.decided_filings import enter_filings
from gongji.registry.entries import NewCatalogueItem, NewEnrolment
from gongji.registry.keys import add_institution_key
from gongji.registry.refusals import RowsRefused

#: "loading" as a number, so that no other program's lock collides.
_ONE_LOAD_AT_A_TIME: Final = 0x6C6F6164696E67


class FileRefused(Exception):
    """A file cannot be loaded; leaving the transaction with it takes back what was written."""

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Filing:
    """The writing of one file.

    Attributes:
        connection: the transaction.
        serials: for new ids.
        vault: seals personal data.
        at: the moment of loading.
        file: the file's name, for the problems.
        progress: told how many rows more are written.
    """

    connection: sa.Connection
    serials: Serials
    vault: Vault
    at: datetime
    file: str
    progress: Callable[[int], None]

    def ids(self, keys: Iterable[str]) -> dict[str, int]:
        """Ids of registered people by `certificate_key`."""
        return registry.person_ids_by_certificate(self.connection, self.vault, set(keys))

    def problem(self, line: int, error: GongjiError) -> RowProblem:
        """What an error says of a line."""
        return RowProblem.of(self.file, line, error)

    def unknown(self, line: int, field: str) -> RowProblem:
        """``person.unknown``: the certificate in a field is nobody's."""
        return self.problem(
            line,
            NotFound(
                "person.unknown",
                "nobody with this certificate is in the registry",
                "没有登记过该证件号码的人员",
                field=field,
                accepted="the certificate of a registered person: load the people first",
            ),
        )

    @contextmanager
    def naming(self, rows: Sequence[TypedRow[Any]]) -> Iterator[None]:
        """Turn the registry's refusal of rows by position into problems of the file's lines."""
        try:
            yield
        except RowsRefused as error:
            raise FileRefused([self.problem(rows[at].line, why) for at, why in error.refusals.items()]) from error


def write(filing: Filing, kind: FileKind, rows: Sequence[TypedRow[Any]]) -> None:
    """Write the rows of a file of a kind.

    Raises:
        FileRefused: with every row that cannot be written.
    """
    # Two loads at once could wait for each other's rows in opposite order.
    filing.connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ONE_LOAD_AT_A_TIME)))
    _WRITERS[kind](filing, rows)


def _institutions(filing: Filing, rows: Sequence[TypedRow[InstitutionRecord]]) -> None:
    institutions = [row.value.institution for row in rows]
    with filing.naming(rows):
        ids = registry.add_institutions(filing.connection, institutions, progress=filing.progress)
    problems = []
    for row in rows:
        record = row.value
        if record.paasid is None or record.secret is None:
            continue
        institution_id = ids[record.institution.code]
        try:
            add_institution_key(
                filing.connection, filing.vault, institution_id, record.paasid, record.secret, filing.at
            )
        except Refused as refusal:
            problems.append(filing.problem(row.line, refusal))
    _stop_at(problems)


def _catalogue(filing: Filing, rows: Sequence[TypedRow[NewCatalogueItem]]) -> None:
    with filing.naming(rows):
        registry.add_catalogue(filing.connection, [row.value for row in rows], progress=filing.progress)


def _people(filing: Filing, rows: Sequence[TypedRow[PersonRecord]]) -> None:
    people = [row.value.person for row in rows]
    with filing.naming(rows):
        ids = registry.add_people(filing.connection, filing.vault, filing.serials, people, progress=filing.progress)
    enrolments = [
        NewEnrolment(ids[row.value.person.certificate.key], row.value.enrolment)
        for row in rows
        if row.value.enrolment is not None
    ]
    # Everybody is new and stands in one row, so no enrolment can meet another.
    registry.add_enrolments(filing.connection, enrolments)


def _enrolments(filing: Filing, rows: Sequence[TypedRow[EnrolmentRecord]]) -> None:
    ids = filing.ids(row.value.key for row in rows)
    problems = [filing.unknown(row.line, "certificate") for row in rows if row.value.key not in ids]
    known = [row for row in rows if row.value.key in ids]
    enrolments = [NewEnrolment(ids[row.value.key], row.value.enrolment) for row in known]
    try:
        with filing.naming(known):
            registry.add_enrolments(filing.connection, enrolments, progress=filing.progress)
    except FileRefused as refused:
        problems.extend(refused.problems)
    _stop_at(problems)


def _filings(filing: Filing, rows: Sequence[TypedRow[FilingRecord]]) -> None:
    ids = filing.ids(row.value.key for row in rows)
    codes = {row.value.institution for row in rows if row.value.institution}
    places = registry.institutions_by_code(filing.connection, codes)
    problems = [filing.unknown(row.line, "certificate") for row in rows if row.value.key not in ids]
    problems += [
        filing.problem(row.line, _no_institution())
        for row in rows
        if row.value.institution and row.value.institution not in places
    ]
    _stop_at(problems)
    filings = [
        replace(
            row.value.filing,
            person_id=ids[row.value.key],
            institution_id=places[row.value.institution].id if row.value.institution else None,
        )
        for row in rows
    ]
    with filing.naming(rows):
        enter_filings(filing.connection, filing.serials, filings, filing.at, progress=filing.progress)


def _no_institution() -> NotFound:
    return NotFound(
        "institution.unknown",
        "no institution with this code is in the registry",
        "没有登记过该编码的定点医药机构",
        field="institution",
        accepted="the code of a registered institution: load the institutions first",
    )


def _kinship(filing: Filing, rows: Sequence[TypedRow[KinshipRecord]]) -> None:
    ids = filing.ids(key for row in rows for key in (row.value.one, row.value.other))
    _stop_at(
        [
            filing.unknown(row.line, field)
            for row in rows
            for field, key in (("one_certificate", row.value.one), ("other_certificate", row.value.other))
            if key not in ids
        ]
    )
    records = [row.value for row in rows]
    facts = [KinshipFact(r.kind, ids[r.one], ids[r.other], r.since, r.until, r.evidence) for r in records]
    record_kinship(filing.connection, facts, filing.at)
    filing.progress(len(rows))


def _balances(filing: Filing, rows: Sequence[TypedRow[BalanceRecord]]) -> None:
    ids = filing.ids(row.value.key for row in rows)
    today = filing.at.astimezone(CHINA).date()
    regions = regions_of(registry.enrolments_by_person(filing.connection, ids.values()), today)
    seen = opened_already(filing.connection, ids.values())
    problems, balances = [], []
    for row in rows:
        record = row.value
        person_id = ids.get(record.key)
        if person_id is None:
            problems.append(filing.unknown(row.line, "certificate"))
        elif person_id not in regions:
            problems.append(filing.problem(row.line, no_employee_scheme()))
        elif (account := personal_account(record.account, person_id)) in seen:
            problems.append(filing.problem(row.line, opened_before()))
        else:
            seen.add(account)
            balances.append((record.account, person_id, record.balance, regions[person_id]))
    _stop_at(problems)
    writer = register_poster(filing.connection, filing.serials, filing.at)
    open_balances(filing.connection, writer, filing.serials, balances, filing.at)
    filing.progress(len(rows))


_WRITERS: Final[Mapping[FileKind, Callable[[Filing, Sequence[TypedRow[Any]]], None]]] = {
    FileKind.INSTITUTIONS: _institutions,
    FileKind.CATALOGUE: _catalogue,
    FileKind.PEOPLE: _people,
    FileKind.ENROLMENTS: _enrolments,
    FileKind.FILINGS: _filings,
    FileKind.KINSHIP: _kinship,
    FileKind.BALANCES: _balances,
}


def _stop_at(problems: Sequence[RowProblem]) -> None:
    if problems:
        raise FileRefused(problems)
