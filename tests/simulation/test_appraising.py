"""Drafts held against today's rules: every sum is what assessing the file under each would give, and nobody is told of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gongji.foundation.errors import InvalidInput
from gongji.rules.book import RuleBook
from gongji.rules.draft import draft_of_settings, enact
from gongji.simulation import sources, spill
from gongji.simulation.appraisal import AGES, BURDENS, CHANGES, COSTS, UNTOLD, Appraisal, Bills
from gongji.simulation.appraising import MOST_DRAFTS, appraise_file
from gongji.simulation.cube import EXACT, Cube, Dimension
from gongji.simulation.engine import assess_file
from gongji.simulation.invented import INVENTED, invented_claims, told_as_invented
from gongji.simulation.passage import Reading

TODAY = RuleBook.shipped()
CHANGED = (
    ["employee.outpatient.share.retired.*=+10 %"],
    ["employee.outpatient.deductible.*=+100.00", "employee.inpatient.share.*.*=+2 %"],
    ["employee.outpatient.yearly_cap.*=500.00", "sharing.retained_floor=300.00"],
)


def drafted(*settings: str, on: date = date(2025, 4, 1)) -> RuleBook:
    """Tieling's rules as a draft would have them."""
    return enact(TODAY, draft_of_settings("试算", "cn/liaoning/tieling", on, settings)).book


DRAFTS = [drafted(*settings) for settings in CHANGED]


def city(people: int = 300, seed: int = 3) -> list[dict[str, Any]]:
    """An invented city's claims, some of them without an age or of nobody who can be assessed."""
    rows = invented_claims(people, "211200", 2025, seed).to_pylist()
    for row in rows:
        row["date"] = row["date"].date() if hasattr(row["date"], "date") else row["date"]
    for row in rows[::17]:
        row["age"] = None
    for row in rows[5::40]:
        row["tier"] = None  # the rule asks for it: rejected
    return rows


def write(rows: list[dict[str, Any]], path: Path) -> Path:
    """The claims as a file."""
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def results(source: Path, book: RuleBook) -> list[dict[str, Any]]:
    """Every claim assessed under some rules; those that cannot be are left out."""
    target = source.with_name("out.parquet")
    assess_file(source, target, book)
    return [row for row in pq.read_table(target).to_pylist() if row["fund_pool_fen"] is not None]


def bills_of(rows: list[dict[str, Any]]) -> Bills:
    """Some assessed claims summed."""
    names = ("total_fen", "fund_pool_fen", "fund_large_fen", "own_fen", "shared_fen", "cash_fen")
    return Bills(len(rows), *(sum(row[name] for row in rows) for name in names))


def age_of(age: int | None) -> str:
    """The class of an age."""
    return UNTOLD if age is None else str(max(edge for edge in AGES if edge <= age))


@pytest.mark.parametrize("sorting", ["sorted", "apart, in memory", "apart, on disk"])
def test_every_sum_is_what_assessing_under_each_draft_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sorting: str
) -> None:
    monkeypatch.setattr(sources, "BATCH_ROWS", 64)
    monkeypatch.setattr(spill, "PART_ROWS", 100)
    rows = city()
    if sorting != "sorted":
        Random(1).shuffle(rows)
    source = write(rows, tmp_path / "claims.parquet")
    reading = Reading(in_order_rows=10_000 if sorting == "apart, in memory" else 50)
    appraisal = appraise_file(source, TODAY, DRAFTS, reading)
    variants = [results(source, book) for book in (TODAY, *DRAFTS)]
    assert appraisal.tally.read == len(rows)
    assert appraisal.tally.rejected == len(rows) - len(variants[0]) > 0
    for number, assessed in enumerate(variants):
        assert appraisal.bills(number) == bills_of(assessed)
        for name in ("kind", "tier", "status"):
            along = appraisal.bills_along(name, number)
            words = {str(row[name]) if row[name] is not None else UNTOLD for row in assessed}
            assert set(along) == words
            for word in words:
                of_word = [row for row in assessed if (UNTOLD if row[name] is None else str(row[name])) == word]
                assert along[word] == bills_of(of_word), (name, word)
        months = {f"{row['date']:%Y-%m}" for row in assessed}
        assert set(appraisal.bills_along("month", number)) == months
    for number in range(1, len(variants)):
        check_people(appraisal, number, variants[0], variants[number])


def check_people(appraisal: Appraisal, number: int, today: list[dict[str, Any]], after: list[dict[str, Any]]) -> None:
    """People counted one by one from the rows are those of the appraisal."""
    bears: Mapping[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    ages: dict[int, str] = {}
    for before, then in zip(today, after, strict=True):
        person = bears[before["person"]]
        for place, row in ((0, before), (1, then)):
            person[place] += row["patient_fen"]
        person[2] += before["total_fen"]
        ages.setdefault(before["person"], age_of(before["age"]))
    moved = {person: then - before for person, (before, then, _) in bears.items()}
    moves = appraisal.moves(number)
    assert moves.people == len(bears)
    assert (moves.less, moves.more) == (sum(one < 0 for one in moved.values()), sum(one > 0 for one in moved.values()))
    assert moves.less_fen == -sum(one for one in moved.values() if one < 0)
    assert moves.more_fen == sum(one for one in moved.values() if one > 0)
    assert moves.same == sum(one == 0 for one in moved.values())
    for low, high in zip(CHANGES, (*CHANGES[1:], 10**18), strict=True):
        counts = (sum(low <= -one < high for one in moved.values()), sum(low <= one < high for one in moved.values()))
        assert moves.by[low] == counts
    for edge in BURDENS:
        heavy = tuple(sum(person[place] >= edge for person in bears.values()) for place in (0, 1))
        assert moves.heavy[edge] == heavy
    for word, group in appraisal.moves_along("age", number).items():
        assert group.people == sum(one == word for one in ages.values()), word
    for word, group in appraisal.moves_along("cost", number).items():
        of_class = [total for *_, total in bears.values() if str(max(edge for edge in COSTS if edge <= total)) == word]
        assert group.people == len(of_class)


def test_a_family_whose_mother_goes_to_the_second_tier(tmp_path: Path) -> None:
    """Wang, 70, has spent her deductible: 200.00 at a hospital of the second tier leave her 70.00 today, 50.00 with 75 %;
    her daughter, who is at work, is paid 60 % of hers as before."""
    visit = {"region": 211200, "tier": "tier_2", "self_paid_fen": 0}
    rows = [
        {"person": 1, "family": 1, "date": date(2025, 5, 6), "status": "retired", "age": 70, "total_fen": 20_000}
        | visit,
        {"person": 1, "family": 1, "date": date(2025, 5, 9), "status": "retired", "age": 70, "total_fen": 20_000}
        | visit,
        {"person": 2, "family": 1, "date": date(2025, 5, 9), "status": "active", "age": 45, "total_fen": 50_000}
        | visit,
    ]
    draft = drafted("employee.outpatient.share.retired.tier_2=75 %")
    appraisal = appraise_file(write(rows, tmp_path / "claims.parquet"), TODAY, [draft])
    today, after = appraisal.bills(0), appraisal.bills(1)
    assert (today.funds, after.funds) == (13_000 + 18_000, 15_000 + 18_000)
    assert (today.borne, after.borne) == (90_000 - 31_000, 90_000 - 33_000)
    assert not appraisal.accounts
    moves = appraisal.moves_along("status", 1)
    assert (moves["retired"].less, moves["retired"].less_fen, moves["retired"].more) == (1, 2_000, 0)
    assert (moves["active"].people, moves["active"].less, moves["active"].more) == (1, 0, 0)


def test_a_persons_claims_before_the_first_day_fill_the_counters_and_stay_as_they_were(tmp_path: Path) -> None:
    """A deductible of 300.00 instead of 200.00 from 1 April: who has met 200.00 in March meets 100.00 more."""
    visit = {"person": 1, "region": 211200, "status": "active", "age": 45, "tier": "tier_1", "total_fen": 30_000}
    rows = [visit | {"date": date(2025, 3, 3)}, visit | {"date": date(2025, 4, 3)}]
    draft = drafted("employee.outpatient.deductible.*=+100.00")
    appraisal = appraise_file(write(rows, tmp_path / "claims.parquet"), TODAY, [draft])
    paid = {month: bills.funds for month, bills in appraisal.bills_along("month", 1).items()}
    assert paid == {"2025-03": 7_000, "2025-04": 14_000}
    assert appraisal.bills(0).funds == 7_000 + 21_000


def test_the_accounts_of_each_draft_are_its_own(tmp_path: Path) -> None:
    """Of 400.00 the fund leaves 250.00 to the father. His daughter's 500.00 pay it today; under the draft she keeps 300.00
    of them, and he pays 50.00 in cash."""
    row = {
        **{"person": 1, "family": 1, "date": date(2025, 5, 6), "region": 211200, "status": "retired", "tier": "tier_1"},
        **{"age": 70, "total_fen": 40_000, "current_account_fen": 0, "sharer": 2},
        **{"sharer_current_account_fen": 50_000},
    }
    appraisal = appraise_file(
        write([row], tmp_path / "claims.parquet"), TODAY, [drafted("sharing.retained_floor=300.00")]
    )
    today, after = appraisal.bills(0), appraisal.bills(1)
    assert appraisal.accounts
    assert (today.borne, today.shared, today.cash) == (25_000, 25_000, 0)
    assert (after.borne, after.shared, after.cash) == (25_000, 20_000, 5_000)


def test_each_regions_rules_are_told_by_their_digests(tmp_path: Path) -> None:
    rows = [
        {
            "person": number,
            "date": date(2025, 5, 6),
            "region": region,
            "status": "active",
            "tier": "tier_1",
            "total": 1.0,
        }
        for number, region in enumerate((370800, 211200, 211202))
    ]
    appraisal = appraise_file(write(rows, tmp_path / "claims.parquet"), TODAY, DRAFTS[:1])
    tieling, changed = TODAY.digest("211200")[:12], DRAFTS[0].digest("211200")[:12]
    jining = TODAY.digest("370800")[:12]
    assert appraisal.regions == {
        "211200": (tieling, changed),
        "211202": (tieling, changed),
        "370800": (jining, jining),
    }


@pytest.mark.parametrize("count", [0, MOST_DRAFTS + 1])
def test_no_drafts_or_too_many_are_refused(tmp_path: Path, count: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        appraise_file(tmp_path / "claims.parquet", TODAY, DRAFTS[:1] * count)
    assert refused.value.code == "drafts.number"


def test_a_file_without_a_row_that_can_be_assessed_gives_zeros(tmp_path: Path) -> None:
    rows = [{"person": 1, "date": "someday", "region": 211200, "status": "active", "tier": "tier_1", "total": "1.00"}]
    appraisal = appraise_file(write(rows, tmp_path / "claims.parquet"), TODAY, DRAFTS[:1])
    assert appraisal.tally.rejected == 1
    assert appraisal.bills(1) == Bills(0, 0, 0, 0, 0, 0, 0)
    assert appraisal.moves(1).people == 0


def test_a_cube_tells_the_same_along_every_dimension() -> None:
    random = np.random.default_rng(5)
    dimensions = [Dimension("a", ("x", "y")), Dimension("b", ("p", "q", "r"))]
    classes = [random.integers(0, 2, 500), random.integers(0, 3, 500)]
    values = [random.integers(-(10**12), 10**12, 500) for _ in range(2)]
    whole, halves = Cube(dimensions, ("one", "other")), Cube(dimensions, ("one", "other"))
    whole.count(classes, values)
    for part in (slice(0, 250), slice(250, 500)):
        half = Cube(dimensions, ("one", "other"))
        half.count([one[part] for one in classes], [one[part] for one in values])
        halves.add(half)
    assert whole.whole() == halves.whole() == {"one": int(values[0].sum()), "other": int(values[1].sum())}
    for place, dimension in enumerate(dimensions):
        assert whole.along(dimension.name) == halves.along(dimension.name)
        for word, sums in whole.along(dimension.name).items():
            chosen = classes[place] == dimension.words.index(word)
            assert sums["one"] == values[0][chosen].sum()


def test_a_sum_that_would_not_be_exact_is_refused() -> None:
    cube = Cube([Dimension("a", ("x",))], ("one",))
    with pytest.raises(OverflowError):
        cube.count([np.zeros(2, np.int64)], [np.array([EXACT // 2 + 1, EXACT // 2 + 1])])


def test_an_invented_city_says_so_and_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    first, again, other = (invented_claims(200, "211200", 2025, seed) for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)
    path = tmp_path / "city.parquet"
    pq.write_table(first.replace_schema_metadata({INVENTED: "200 people"}), path)
    assert told_as_invented(path) == "200 people"
    assert told_as_invented(write(city(20), tmp_path / "own.parquet")) == ""
    (tmp_path / "own.csv").write_text("person,total\n")
    assert told_as_invented(tmp_path / "own.csv") == ""
