"""What is filed for a person: entered once, reviewed, withdrawn; the same days are not filed twice."""

from __future__ import annotations

from datetime import date

import pytest

from gongji.foundation.clock import MovableClock
from gongji.foundation.database import Database
from gongji.foundation.errors import NotFound, Refused
from gongji.registry.filings import (
    FilingKind,
    FilingState,
    NewFiling,
    add_filings,
    file,
    filings_of,
    grant,
    withdraw,
)
from gongji.registry.refusals import RowsRefused
from town import Town

SPECIAL = FilingKind.SPECIAL_DISEASE


def hypertension(person_id: int, since: date = date(2024, 1, 1), until: date | None = None) -> NewFiling:
    return NewFiling(person_id, SPECIAL, "M03900", since, until, name="高血压", details={"diag_dr_name": "周医生"})


def test_a_filing_is_reviewed_and_counts_once_it_is_granted(town: Town) -> None:
    li = town.person("李建国", "1960-03-09", "retired")
    database, at = town.database, town.clock.now()
    with database.transaction() as connection:
        filing_id = file(connection, database.serials, hypertension(li), at)
        (filed,) = filings_of(connection, li)
        assert (filed.id, filed.state, filed.word) == (filing_id, FilingState.FILED, "")
        assert filed.details == {"diag_dr_name": "周医生"}
        assert not filed.holds(date(2024, 6, 1))
        granted = grant(connection, li, filing_id, "hypertension")
        assert granted.holds(date(2024, 6, 1))
        assert not granted.holds(date(2023, 12, 31))
        assert granted.word == "hypertension"
        assert filings_of(connection, li, on=date(2023, 12, 31)) == []
        assert filings_of(connection, li, [FilingKind.TWO_DISEASES]) == []
        assert grant(connection, li, filing_id).word == "hypertension"
        with pytest.raises(Refused) as refusal:
            withdraw(connection, li, filing_id, "填错病种")
        assert refusal.value.code == "filing.granted"


def test_what_is_withdrawn_may_be_filed_again(town: Town) -> None:
    li = town.person("李建国", "1960-03-09", "retired")
    database, at = town.database, town.clock.now()
    with database.transaction() as connection:
        first = file(connection, database.serials, hypertension(li), at)
        assert withdraw(connection, li, first, "填错日期").state is FilingState.WITHDRAWN
        assert withdraw(connection, li, first, "again").details["withdrawn"] == "填错日期"
        second = file(connection, database.serials, hypertension(li), at)
        assert [one.id for one in filings_of(connection, li)] == [second]
        with pytest.raises(Refused) as refusal:
            grant(connection, li, first)
        assert refusal.value.code == "filing.withdrawn"


def test_the_same_is_not_filed_twice_for_a_day(town: Town) -> None:
    li, wang = (town.person(name, "1960-03-09", "retired") for name in ("李建国", "王秀兰"))
    database, at = town.database, town.clock.now()
    with database.transaction() as connection:
        file(connection, database.serials, hypertension(li, date(2024, 1, 1), date(2024, 6, 30)), at)
        rows = [
            hypertension(li, date(2024, 7, 1)),
            hypertension(li, date(2024, 6, 30), date(2024, 6, 30)),
            hypertension(wang),
        ]
        with pytest.raises(RowsRefused) as refused:
            add_filings(connection, database.serials, rows, at)
        assert refused.value.details["rows"] == [1]
        assert refused.value.code == "filing.overlap"
        assert filings_of(connection, wang) == [], "all or none"
        add_filings(connection, database.serials, rows[:1] + rows[2:], at)
        assert len(filings_of(connection, li)) == 2


def test_nobody_withdraws_somebody_elses_filing(database: Database, town: Town, clock: MovableClock) -> None:
    li, wang = (town.person(name, "1960-03-09", "retired") for name in ("李建国", "王秀兰"))
    with database.transaction() as connection:
        filing_id = file(connection, database.serials, hypertension(li), clock.now())
        with pytest.raises(NotFound) as refusal:
            withdraw(connection, wang, filing_id, "x")
        assert refusal.value.code == "filing.unknown"
