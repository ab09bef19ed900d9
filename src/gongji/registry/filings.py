"""Filings (备案): what is filed for a person for a span of days and changes how their care is settled.

A filing is *filed* until the agency grants or refuses it, unless the region grants at once; only one that is granted
counts in a settlement. One that is filed can be withdrawn by whoever filed it; one that was granted ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from gongji.foundation.ids import Serials, bucket_of, compose
from gongji.registry import refusals, store
from gongji.registry.refusals import RowsRefused
from gongji.registry.tables import enrolment, filing


class FilingKind(StrEnum):
    """What is filed: 门诊慢特病, 两病, 就医定点, 签约家庭医生, 转诊, 异地长期居住."""

    SPECIAL_DISEASE = "special_disease"
    TWO_DISEASES = "two_diseases"
    PROVIDER = "provider"
    FAMILY_DOCTOR = "family_doctor"
    REFERRAL = "referral"
    ELSEWHERE = "elsewhere"


class FilingState(StrEnum):
    """How far a filing has come."""

    FILED = "filed"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


#: States in which the same cannot be filed again.
_STANDS: Final = (FilingState.FILED.value, FilingState.GRANTED.value)


class Filed(msgspec.Struct, frozen=True, array_like=True):
    """What a settlement needs to know of a filing; attributes as in `Filing`."""

    kind: FilingKind
    subject: str
    word: str
    institution_id: int | None
    state: FilingState
    since: date
    until: date | None

    def holds(self, on: date) -> bool:
        """Whether it is granted and takes in a day."""
        return _holds(self.state, self.since, self.until, on)


class Filing(msgspec.Struct, frozen=True):
    """A filing as it is kept.

    Attributes:
        id: our id.
        kind: what is filed.
        subject: what tells it from others of its kind: a disease's code (opsp_dise_code), the rank of an institution
            chosen (fix_srt_no), the code of the institution referred to, the admdvs where the person lives.
        name: the disease's or institution's name as it was told.
        word: the disease in the words of the region's rules; empty where they set none apart.
        institution_id: the institution that a person chose or is referred to.
        state: only a granted one counts.
        since, until: first and last day, the last None while open.
        details: what else was told when it was filed, by the interface's names.
    """

    id: int
    person_id: int
    kind: FilingKind
    subject: str
    name: str
    word: str
    institution_id: int | None
    state: FilingState
    since: date
    until: date | None
    details: Mapping[str, Any]
    filed_at: datetime

    def holds(self, on: date) -> bool:
        """Whether it is granted and takes in a day."""
        return _holds(self.state, self.since, self.until, on)


def _holds(state: FilingState, since: date, until: date | None, on: date) -> bool:
    return state is FilingState.GRANTED and since <= on and (until is None or on <= until)


@dataclass(frozen=True, slots=True)
class NewFiling:
    """A filing to be entered; attributes as in `Filing`."""

    person_id: int
    kind: FilingKind
    subject: str
    since: date
    until: date | None = None
    name: str = ""
    word: str = ""
    institution_id: int | None = None
    state: FilingState = FilingState.FILED
    details: Mapping[str, Any] = field(default_factory=dict)


def add_filings(
    connection: sa.Connection,
    serials: Serials,
    rows: Sequence[NewFiling],
    at: datetime,
    *,
    progress: Callable[[int], None] = lambda count: None,
) -> list[int]:
    """Enter filings of people who are known, all or none.

    Returns:
        Their ids, in order.

    Raises:
        RowsRefused: ``filing.overlap``, naming every row that meets another filing of the same kind and subject.
    """
    numbers = serials.take(len(rows))
    ids = [compose(number, bucket_of(row.person_id)) for number, row in zip(numbers, rows, strict=True)]
    values = [
        {
            "bucket": bucket_of(row.person_id),
            "id": filing_id,
            "person_id": row.person_id,
            "kind": row.kind.value,
            "subject": row.subject,
            "name": row.name,
            "word": row.word,
            "institution_id": row.institution_id,
            "state": row.state.value,
            "during": store.during(row.since, row.until),
            "details": dict(row.details),
            "filed_at": at,
        }
        for row, filing_id in zip(rows, ids, strict=True)
    ]
    with connection.begin_nested():
        left_out = store.insert_unless_there(
            connection, filing, values, [(filing_id,) for filing_id in ids], [filing.c.id], progress
        )
        if left_out:
            raise RowsRefused({position: refusals.filing_overlaps() for position in left_out})
    return ids


def file(connection: sa.Connection, serials: Serials, row: NewFiling, at: datetime) -> int:
    """Enter one filing.

    Returns:
        Its id.

    Raises:
        Refused: ``filing.overlap``.
    """
    return add_filings(connection, serials, [row], at)[0]


def filings_of(
    connection: sa.Connection,
    person_id: int,
    kinds: Iterable[FilingKind] = tuple(FilingKind),
    on: date | None = None,
    *,
    undone: bool = False,
) -> list[Filing]:
    """A person's filings of some kinds, those that begin latest first.

    Args:
        connection: the transaction.
        person_id: whose.
        kinds: which kinds.
        on: only those that take in this day; None for all.
        undone: whether those that were withdrawn or refused are told, too.
    """
    conditions = [
        filing.c.bucket == bucket_of(person_id),
        filing.c.person_id == person_id,
        filing.c.kind.in_([kind.value for kind in kinds]),
    ]
    if not undone:
        conditions.append(filing.c.state.in_(_STANDS))
    if on is not None:
        conditions.append(filing.c.during.contains(on))
    rows = connection.execute(
        sa.select(filing).where(*conditions).order_by(sa.func.lower(filing.c.during).desc(), filing.c.id)
    )
    return [filing_from(row) for row in rows]


def filing_of(connection: sa.Connection, person_id: int, filing_id: int) -> Filing:
    """One filing of a person.

    Raises:
        NotFound: ``filing.unknown``.
    """
    row = connection.execute(sa.select(filing).where(*_of(person_id, filing_id))).one_or_none()
    if row is None:
        raise refusals.filing_unknown()
    return filing_from(row)


def waiting_in(
    connection: sa.Connection,
    region_prefix: str,
    on: date,
    kind: FilingKind | None = None,
    limit: int = 200,
    after: int | None = None,
) -> list[Filing]:
    """Filings under review of people who are insured in an area on a day, those that wait longest first.

    Args:
        connection: the transaction.
        region_prefix: the first digits of the regions that insure them.
        on: the day.
        kind: only these; None for all.
        limit: most rows.
        after: the id of the filing behind which to go on, also when it waits no more; None from the first.
    """
    insured_there = sa.exists().where(
        enrolment.c.bucket == filing.c.bucket,
        enrolment.c.person_id == filing.c.person_id,
        enrolment.c.during.contains(on),
        enrolment.c.region.startswith(region_prefix, autoescape=True),
    )
    conditions = [filing.c.state == FilingState.FILED.value, insured_there]
    if kind is not None:
        conditions.append(filing.c.kind == kind.value)
    if after is not None:
        last = connection.execute(
            sa.select(filing.c.filed_at).where(filing.c.bucket == bucket_of(after), filing.c.id == after)
        ).scalar_one_or_none()
        if last is None:
            raise refusals.filing_unknown()
        conditions.append(sa.tuple_(filing.c.filed_at, filing.c.id) > sa.tuple_(last, after))
    rows = connection.execute(
        sa.select(filing).where(*conditions).order_by(filing.c.filed_at, filing.c.id).limit(limit)
    )
    return [filing_from(row) for row in rows]


def withdraw(
    connection: sa.Connection, person_id: int, filing_id: int, why: str, by: str | None = None, note: str = ""
) -> Filing:
    """Withdraw a filing that the agency has not decided on yet; the same again changes nothing.

    Args:
        connection: the transaction.
        person_id: whose filing the caller says it is.
        filing_id: which.
        why: the reason told (memo), kept in its details.
        by: the institution that asks; what another one filed (``filed_by`` of its details) is not known to it.
        note: for colleagues.

    Raises:
        NotFound: ``filing.unknown``. Refused: ``filing.granted``, ``filing.refused``.
    """
    known = _locked(connection, person_id, filing_id)
    if by is not None and known.details.get("filed_by") != by:
        raise refusals.filing_unknown()
    if known.state is FilingState.WITHDRAWN:
        return known
    if known.state is not FilingState.FILED:
        raise refusals.filing_decided(known.state)
    return _close(connection, known, FilingState.WITHDRAWN, why, note)


def grant(connection: sa.Connection, person_id: int, filing_id: int, word: str | None = None) -> Filing:
    """The agency grants a filing; granting again changes at most the word.

    Args:
        connection: the transaction.
        person_id: whose.
        filing_id: which.
        word: the disease in the words of the region's rules; None leaves it as it was told.

    Raises:
        NotFound: ``filing.unknown``. Refused: ``filing.withdrawn``, ``filing.refused``.
    """
    known = _locked(connection, person_id, filing_id)
    if known.state not in _STANDS:
        raise refusals.filing_decided(known.state)
    return _update(connection, known, state=FilingState.GRANTED.value, word=known.word if word is None else word)


def refuse(connection: sa.Connection, person_id: int, filing_id: int, why: str, note: str = "") -> Filing:
    """The agency does not grant what is under review; the same again changes nothing.

    Args:
        connection: the transaction.
        person_id: whose.
        filing_id: which.
        why: the reason, kept in its details.
        note: for colleagues.

    Raises:
        NotFound: ``filing.unknown``. Refused: ``filing.withdrawn``, ``filing.granted``.
    """
    known = _locked(connection, person_id, filing_id)
    if known.state is FilingState.REFUSED:
        return known
    if known.state is not FilingState.FILED:
        raise refusals.filing_decided(known.state)
    return _close(connection, known, FilingState.REFUSED, why, note)


def end(connection: sa.Connection, person_id: int, filing_id: int, last_day: date, why: str, note: str = "") -> Filing:
    """The agency ends a filing that it granted; what was settled under it stays.

    Args:
        connection: the transaction.
        person_id: whose.
        filing_id: which.
        last_day: the last day on which it holds, on which it holds now.
        why: the reason, kept in its details.
        note: for colleagues.

    Raises:
        NotFound: ``filing.unknown``. Refused: ``filing.not_granted``. InvalidInput: ``filing.last_day``.
    """
    known = _locked(connection, person_id, filing_id)
    if known.state is not FilingState.GRANTED:
        raise refusals.filing_not_granted()
    if not known.holds(last_day):
        raise refusals.last_day_outside(known.since, known.until)
    during = store.during(known.since, last_day)
    return _update(connection, known, during=during, details=_told(known, "ended", why, note))


def _close(connection: sa.Connection, known: Filing, state: FilingState, why: str, note: str) -> Filing:
    return _update(connection, known, state=state.value, details=_told(known, state.value, why, note))


def _told(known: Filing, what: str, why: str, note: str) -> dict[str, Any]:
    return {**known.details, what: why, **({"note": note} if note else {})}


def _of(person_id: int, filing_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return filing.c.bucket == bucket_of(person_id), filing.c.id == filing_id, filing.c.person_id == person_id


def _locked(connection: sa.Connection, person_id: int, filing_id: int) -> Filing:
    row = connection.execute(sa.select(filing).where(*_of(person_id, filing_id)).with_for_update()).one_or_none()
    if row is None:
        raise refusals.filing_unknown()
    return filing_from(row)


def _update(connection: sa.Connection, known: Filing, **values: object) -> Filing:
    row = connection.execute(
        filing.update()
        .where(filing.c.bucket == bucket_of(known.id), filing.c.id == known.id)
        .values(**values)
        .returning(filing)
    ).one()
    return filing_from(row)


def filing_from(row: sa.Row[Any]) -> Filing:
    """A row of the table as a filing."""
    return Filing(
        id=row.id,
        person_id=row.person_id,
        kind=FilingKind(row.kind),
        subject=row.subject,
        name=row.name,
        word=row.word,
        institution_id=row.institution_id,
        state=FilingState(row.state),
        since=row.during.lower,
        until=store.last_day(row.during),
        details=row.details,
        filed_at=row.filed_at,
    )
