"""What cannot be assessed is told with its line and column, never with a traceback, and leaves nothing half-written."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gongji.foundation.errors import GongjiError, InvalidInput
from gongji.rules.book import RuleBook
from gongji.simulation.chunk import Defaults
from gongji.simulation.engine import Options, assess_file
from gongji.simulation.receipt import Receipt

BOOK = RuleBook.shipped()

#: A claim of a retired person in Tieling, 800.00 yuan at a hospital of the third tier.
GOOD: dict[str, str] = {
    "claim": "c1",
    "person": "wang",
    "family": "F1",
    "date": "2024-03-01",
    "region": "211200",
    "scheme": "310",
    "kind": "outpatient",
    "status": "retired",
    "tier": "3",
    "age": "70",
    "months_covered": "400",
    "offsite": "local",
    "grade_2": "0",
    "days": "1",
    "total": "800.00",
    "self_paid": "0",
    "first_self_pay": "0",
    "in_scope": "800.00",
    "current_account": "100.00",
    "sharer": "li",
    "sharer_current_account": "50.00",
}


def write_csv(path: Path, rows: list[dict[str, str]]) -> Path:
    """A CSV file with the columns of the first row."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def run(source: Path, **options: Any) -> tuple[Receipt, list[dict[str, str]], Path]:
    """Assess a file; its receipt, its rejects and where its results are."""
    rejects, target = source.with_name("rejects.csv"), source.with_name("results" + source.suffix)
    receipt = assess_file(source, target, BOOK, Options(rejects=rejects, **options))
    with rejects.open(encoding="utf-8-sig", newline="") as file:
        return receipt, list(csv.DictReader(file)), target


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("person", "", "cell.empty"),
        ("family", "", "cell.empty"),
        ("date", "", "cell.empty"),
        ("date", "2024-02-30", "date.invalid"),
        ("date", "1999-12-31", "date.out_of_range"),
        ("date", "yesterday", "date.invalid"),
        ("region", "21120", "region.invalid"),
        ("region", "铁岭", "region.invalid"),
        ("scheme", "999", "word.unknown"),
        ("kind", "dentist", "word.unknown"),
        ("status", "dead", "word.unknown"),
        ("status", "resident", "status.not_insured"),
        ("tier", "9", "word.unknown"),
        ("tier", "", "tier.needed"),
        ("age", "-1", "number.invalid"),
        ("age", "151", "number.out_of_range"),
        ("age", "seventy", "number.invalid"),
        ("months_covered", "99999", "number.out_of_range"),
        ("offsite", "abroad", "word.unknown"),
        ("grade_2", "maybe", "word.unknown"),
        ("days", "0", "number.out_of_range"),
        ("total", "", "cell.empty"),
        ("total", "-3", "amount.negative"),
        ("total", "3.005", "amount.invalid"),
        ("total", "1e3", "amount.invalid"),
        ("total", "NaN", "amount.invalid"),
        ("total", "99999999999999", "amount.out_of_range"),
        ("total", "99999999999999999999", "amount.invalid"),
        ("total", "900.00", "bill.parts"),
        ("first_self_pay", "0.0001", "amount.invalid"),
        ("current_account", "-1", "amount.negative"),
        ("claim", "c0", "claim.twice"),
        ("current_account", "99.99", "account.differs"),
    ],
)
def test_a_bad_cell_is_told_with_its_line_and_column(tmp_path: Path, column: str, value: str, code: str) -> None:
    """Line 2 is right; line 3 has the bad cell and nothing else."""
    first, second = {**GOOD, "claim": "c0"}, {**GOOD, column: value}
    receipt, rejects, target = run(write_csv(tmp_path / "claims.csv", [first, second]))
    assert [(one["line"], one["column"], one["value"], one["code"]) for one in rejects] == [("3", column, value, code)]
    assert all(one["reason"] and one["原因"] and one["accepted"] for one in rejects)
    assert (receipt.tally.read, receipt.tally.assessed, receipt.tally.rejected) == (2, 1, 1)
    # 800.00 - 300.00 deductible, of the rest 55 %; what is left takes 100.00 own and 50.00 of Li's.
    with target.open() as file:
        (row,) = csv.DictReader(file)
    paid = {name: row[name] for name in ("deductible", "fund_pool", "patient", "own", "shared", "cash", "note")}
    assert paid == {
        "deductible": "300.00",
        "fund_pool": "275.00",
        "patient": "525.00",
        "own": "100.00",
        "shared": "50.00",
        "cash": "375.00",
        "note": "",
    }


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"c2,wang,F1", "line.cells"),
        (b'"c2,wang', "line.quotes"),
        (b"c2,wang\xff\xfe\xff,F1", "line.encoding"),
        (b"c2,wang,F1" + b"," * 40, "line.cells"),
    ],
)
def test_a_line_that_is_no_row_is_told(tmp_path: Path, line: bytes, code: str) -> None:
    source = write_csv(tmp_path / "claims.csv", [GOOD])
    source.write_bytes(
        source.read_bytes() + line + b"\n\n\n" + b",".join(one.encode() for one in {**GOOD, "claim": "c9"}.values())
    )
    receipt, rejects, _ = run(source)
    assert [(one["line"], one["code"]) for one in rejects] == [("3", code)]
    assert receipt.tally.assessed == 2


def test_a_chinese_file_from_a_spreadsheet_is_read(tmp_path: Path) -> None:
    """GB18030, Chinese column names and words, quoted cells, dates with slashes, Windows line ends."""
    source = tmp_path / "费用.csv"
    text = '人员,日期,统筹区,身份,级别,总费用\r\n"王,1",2024/3/1,211200,退休,三级,800\r\n"王,2",2024/3/1,211200,在职,一级,"300.5"\r\n'
    source.write_bytes(text.encode("gb18030"))
    receipt, rejects, _ = run(source)
    assert (rejects, receipt.tally.sums["total"], receipt.tally.sums["fund_pool"]) == ([], 110_050, 34_535)


def test_a_region_without_a_rule_is_assessed_at_nothing_and_noted(tmp_path: Path) -> None:
    rows = [GOOD, {**GOOD, "claim": "c2", "region": "540100"}, {**GOOD, "claim": "c3", "offsite": "unfiled"}]
    receipt, _, _ = run(write_csv(tmp_path / "claims.csv", rows))
    assert receipt.tally.notes == {"no_rule": 1, "offsite_unknown": 1}
    assert receipt.tally.sums["fund_pool"] == 27_500


def test_defaults_stand_for_missing_columns_and_empty_cells(tmp_path: Path) -> None:
    rows = [{"person": "a", "region": "", "total": "800"}, {"person": "b", "region": "370800", "total": "800"}]
    defaults = Defaults(region="211200", status="退休", tier="3", date="2024-03-01")
    receipt, rejects, _ = run(write_csv(tmp_path / "claims.csv", rows), defaults=defaults)
    assert rejects == []
    assert set(receipt.digests) == {"211200", "370800"}


@pytest.mark.parametrize(
    ("defaults", "field"),
    [
        ({"region": "x"}, "region"),
        ({"status": "x"}, "status"),
        ({"date": "2024-13-01"}, "date"),
        ({"tier": "x"}, "tier"),
    ],
)
def test_a_default_that_is_none_is_refused(tmp_path: Path, defaults: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        run(write_csv(tmp_path / "claims.csv", [GOOD]), defaults=Defaults(**defaults))
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("person,date,region,status", "columns.missing"),
        ("person,date,region,status,total,total_fen", "columns.twice"),
        ("person,date,region,status,total,self_paid_fen", "columns.units"),
        ("person,date,region,status,total,ofsite", "columns.misspelt"),
        ("person,date,region,status,total,total", "columns.twice"),
        ("person,date,region,status,total,", "columns.unnamed"),
        ("person,date,region,status,total,sharer_current_account", "columns.missing"),
    ],
)
def test_a_header_that_is_wrong_is_refused_and_nothing_is_written(tmp_path: Path, header: str, code: str) -> None:
    (tmp_path / "claims.csv").write_text(header + "\n")
    with pytest.raises(InvalidInput, match=code):
        run(tmp_path / "claims.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["claims.csv"]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("claims.csv", b"", "file.empty"),
        ("claims.csv", b"\n\n \n", "file.empty"),
        ("claims.jsonl", b"[1, 2]\nnothing\n", "file.jsonl"),
        ("claims.parquet", b"PAR1 and nothing more", "file.parquet"),
        ("claims.parquet", b"not at all", "file.parquet"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidInput, match=code):
        run(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_missing_file_and_paths_that_are_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"file\.missing"):
        run(tmp_path / "nowhere.csv")
    source = write_csv(tmp_path / "claims.csv", [GOOD])
    with pytest.raises(InvalidInput, match=r"out\.same_file"):
        assess_file(source, source, BOOK)
    with pytest.raises(InvalidInput, match=r"out\.unwritable"):
        assess_file(source, tmp_path / "no" / "folder.csv", BOOK)


def test_a_file_with_a_header_only_comes_back_with_a_header_only(tmp_path: Path) -> None:
    source = tmp_path / "claims.csv"
    source.write_text(",".join(GOOD) + "\n")
    receipt, _, target = run(source)
    assert receipt.tally.read == 0
    assert "fund_pool" in target.read_text().splitlines()[0]


def typed(**columns: pa.Array) -> pa.Table:
    """Two claims in Parquet, fen, with some columns of other types."""
    plain: dict[str, pa.Array] = {
        "person": pa.array([1, 2]),
        "date": pa.array([date(2024, 3, 1)] * 2),
        "region": pa.array([211200, 370800]),
        "status": pa.array(["active", "retired"]),
        "tier": pa.array([3, 1], pa.int8()),
        "total_fen": pa.array([80_000, 90_000]),
    }
    return pa.table({**plain, **columns})


@pytest.mark.parametrize(
    ("columns", "codes"),
    [
        ({"total_fen": pa.array([2**62, 90_000])}, ["amount.out_of_range"]),
        ({"total_fen": pa.array([2**64 - 1, 90_000], pa.uint64())}, ["amount.invalid"]),
        ({"total_fen": pa.array([-5, 90_000])}, ["amount.out_of_range"]),
        ({"total_fen": pa.array([float("nan"), 90_000.0])}, ["cell.empty"]),
        ({"total_fen": pa.array([float("inf"), 90_000.5])}, ["amount.invalid"] * 2),
        ({"total_fen": pa.array([None, 90_000])}, ["cell.empty"]),
        ({"total_fen": pa.nulls(2)}, ["cell.empty"] * 2),
        ({"person": pa.array([None, 2])}, ["cell.empty"]),
        ({"date": pa.array([None, 20240301])}, ["cell.empty"]),
        ({"date": pa.array([20240230, 20240301])}, ["date.invalid"]),
        ({"region": pa.array([2112000, -5])}, ["region.out_of_range"] * 2),
        ({"tier": pa.array([300, -1])}, ["word.unknown"] * 2),
        ({"tier": pa.array([3.0, 1.5])}, ["word.unknown"]),
        ({"age": pa.array([40.5, float("nan")])}, ["number.invalid"]),
        ({"claim": pa.array([7, 7])}, []),
        ({"claim": pa.array([7, 7]), "family": pa.array([1, 1])}, ["claim.twice"]),
    ],
)
def test_odd_values_in_parquet_are_told_by_row(tmp_path: Path, columns: dict[str, pa.Array], codes: list[str]) -> None:
    pq.write_table(typed(**columns), tmp_path / "claims.parquet")
    receipt, rejects, target = run(tmp_path / "claims.parquet")
    assert [one["code"] for one in rejects] == codes
    assert receipt.tally.assessed == pq.read_table(target).num_rows == 2 - len({one["line"] for one in rejects})


@pytest.mark.parametrize(
    "columns",
    [
        {"total_fen": pa.array([80_000.0, 90_000.0], pa.float32())},
        {"total_fen": pa.array([[1], [2]])},
        {"total_fen": pa.array([True, False])},
        {"person": pa.array([b"a", b"b"])},
        {"date": pa.array([{"a": 1}, {"a": 2}])},
        {"status": pa.array([b"active", b"active"])},
    ],
)
def test_columns_of_a_type_that_holds_nothing_of_the_kind_are_refused(
    tmp_path: Path, columns: dict[str, pa.Array]
) -> None:
    pq.write_table(typed(**columns), tmp_path / "claims.parquet")
    with pytest.raises(InvalidInput, match=r"columns\.type") as refusal:
        run(tmp_path / "claims.parquet")
    assert refusal.value.field in columns
    assert [path.name for path in tmp_path.iterdir()] == ["claims.parquet"]


@pytest.mark.parametrize(
    "columns",
    [
        {"date": pa.array([date(2024, 3, 1)] * 2).cast(pa.timestamp("us"))},
        {"date": pa.array(["2024-03-01", "20240301"])},
        {"person": pa.array([-1, -2])},
        {"person": pa.array([2**63, 2**63 + 1], pa.uint64())},
        {"person": pa.array(["a", "b"]).dictionary_encode()},
        {"region": pa.array(["211200", "370800"])},
        {"tier": pa.array(["三级", "tier_1"])},
        {"total_fen": pa.array([80_000, 90_000], pa.int32())},
        {"total_fen": pa.array([80_000.0, 90_000.0])},
        {"total_fen": pa.array(["80000", "90000"])},
    ],
)
def test_the_same_claims_in_other_types_come_to_the_same(tmp_path: Path, columns: dict[str, pa.Array]) -> None:
    pq.write_table(typed(**columns), tmp_path / "claims.parquet")
    receipt, rejects, _ = run(tmp_path / "claims.parquet")
    # Tieling, active, tier 3: (800.00 - 300.00) of which 50 %; Jining, retired, tier 1.
    assert rejects == []
    assert receipt.tally.sums["total"] == 170_000
    assert receipt.tally.sums["fund_pool"] == assess_plain(tmp_path)


def assess_plain(folder: Path) -> int:
    """What the funds pay for the plain claims."""
    pq.write_table(typed(), folder / "plain.parquet")
    return assess_file(folder / "plain.parquet", folder / "plain.csv", BOOK).tally.sums["fund_pool"]


def test_results_of_an_earlier_run_are_replaced(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "claims.csv", [GOOD])
    _, _, once = run(source)
    (tmp_path / "again.csv").write_bytes(once.read_bytes())
    _, _, twice = run(tmp_path / "again.csv")
    assert once.read_text() == twice.read_text()


CELLS = st.one_of(
    st.sampled_from(["", "0", "-1", "NaN", "1e99", "2024-02-30", "退休", "９", "\t", '"', "310", "tier_3", "9" * 30]),
    st.text(max_size=12),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(list(GOOD)), CELLS, max_size=4), min_size=1, max_size=8))
def test_whatever_the_cells_hold_every_row_is_assessed_or_told(
    tmp_path_factory: pytest.TempPathFactory, changes: list[dict[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("cells")
    rows = [{**GOOD, "claim": f"c{number}", **change} for number, change in enumerate(changes)]
    source = folder / "claims.jsonl"
    source.write_text("\n".join(json.dumps(row) for row in rows))
    receipt, rejects, target = run(source)
    assert receipt.tally.read == len(rows)
    assert receipt.tally.assessed == target.read_bytes().count(b"\n")
    assert len({one["line"] for one in rejects}) == receipt.tally.rejected


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([".csv", ".jsonl", ".parquet"]))
def test_whatever_the_bytes_are_there_is_a_result_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, seed: int, suffix: str
) -> None:
    """Good files with some bytes changed, cut out or doubled."""
    folder, random = tmp_path_factory.mktemp("bytes"), Random(seed)
    rows = [{**GOOD, "claim": f"c{number}"} for number in range(5)]
    source = folder / f"claims{suffix}"
    if suffix == ".csv":
        write_csv(source, rows)
    elif suffix == ".jsonl":
        source.write_text("\n".join(json.dumps(row) for row in rows))
    else:
        pq.write_table(pa.Table.from_pylist(rows), source)
    content = bytearray(source.read_bytes())
    for _ in range(random.randint(1, 6)):
        place = random.randrange(len(content))
        match random.randrange(3):
            case 0:
                content[place] = random.randrange(256)
            case 1:
                del content[place : place + random.randint(1, 20)]
            case _:
                content[place:place] = content[place : place + 9]
    source.write_bytes(content)
    try:
        receipt, _, target = run(source)
        assert receipt.tally.read == receipt.tally.assessed + receipt.tally.rejected
        assert target.exists()
    except GongjiError:
        assert [path.name for path in folder.iterdir()] == [source.name]
