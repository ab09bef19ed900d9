"""However a file is written and sorted and wherever it is cut, every claim comes out as the reference settles it."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from gongji.simulation import sources, spill, texts
from gongji.simulation.engine import Options, assess_file
from simulation.district import District, expected

Rows = list[dict[str, Any]]
Write = Callable[[Rows, Path], Path]


def in_yuan(rows: Rows) -> Rows:
    """The same rows with amounts in yuan."""

    def turned(name: str, value: Any) -> tuple[str, Any]:
        if not name.endswith("_fen"):
            return name, value
        return name.removesuffix("_fen"), None if value is None else Decimal(value) / 100

    return [dict(turned(name, value) for name, value in row.items()) for row in rows]


def as_parquet(rows: Rows, folder: Path) -> Path:
    """Whole fen, small row groups."""
    pq.write_table(pa.Table.from_pylist(rows), folder / "claims.parquet", row_group_size=7)
    return folder / "claims.parquet"


def as_parquet_of_texts(rows: Rows, folder: Path) -> Path:
    """Ids are texts, words are numbers of a list, amounts are yuan as decimals."""
    table = pa.Table.from_pylist(
        [{**row, "person": f"p{row['person']:03}", "sharer": sharer(row)} for row in in_yuan(rows)]
    )
    for name in ("region", "status", "tier", "disease"):
        table = table.set_column(table.schema.get_field_index(name), name, table.column(name).dictionary_encode())
    pq.write_table(table, folder / "claims.parquet")
    return folder / "claims.parquet"


def sharer(row: dict[str, Any]) -> str | None:
    """A sharer's id as text."""
    return None if row["sharer"] is None else f"p{row['sharer']:03}"


def as_csv(rows: Rows, folder: Path) -> Path:
    """Yuan with two decimals."""
    lines = [",".join(in_yuan(rows)[0])]
    lines += [",".join("" if value is None else str(value) for value in row.values()) for row in in_yuan(rows)]
    (folder / "claims.csv").write_text("\n".join(lines) + "\n")
    return folder / "claims.csv"


def as_jsonl(rows: Rows, folder: Path) -> Path:
    """Yuan as numbers."""
    path = folder / "claims.jsonl"
    path.write_text(
        "\n".join(
            json.dumps(row, default=lambda one: float(one) if isinstance(one, Decimal) else str(one))
            for row in in_yuan(rows)
        )
    )
    return path


def read_back(path: Path) -> Rows:
    """Results with amounts in fen, whatever the format."""
    if path.suffix == ".parquet":
        rows = pq.read_table(path).to_pylist()
    elif path.suffix == ".csv":
        types = {"note": pa.string(), "digest": pa.string()}
        rows = pacsv.read_csv(path, convert_options=pacsv.ConvertOptions(column_types=types)).to_pylist()
    else:
        rows = [json.loads(line) for line in path.read_text().splitlines()]
    if "total" not in rows[0]:
        return rows
    money = (
        "total",
        "deductible",
        "fund_pool",
        "fund_large",
        "patient",
        "deductible_used",
        "cap_used",
        "own",
        "shared",
        "cash",
    )
    for row in rows:
        for name in money:
            if row.get(name) is not None:
                row[name + "_fen"] = int((Decimal(str(row[name])) * 100).to_integral_exact())
    return rows


def check(district: District, results: Rows) -> None:
    """Every claim is there once, and every number is the reference's."""
    wanted = expected(district)
    assert sorted(int(row["claim"]) for row in results) == sorted(wanted)
    for row in results:
        right = wanted[int(row["claim"])]
        for name, value in right.items():
            if name == "counters":
                got = {counter: row.get(f"counter_{counter}") for counter in value}
                # A counter that nothing moved and that no number of the rule reads is not kept.
                assert {counter: fen or 0 for counter, fen in got.items()} == value
            else:
                assert (row.get(name) or 0) == (value or 0) if name != "note" else (row.get(name) or "") == value, (
                    name,
                    row,
                )


@pytest.mark.parametrize("write", [as_parquet, as_parquet_of_texts, as_csv, as_jsonl])
@pytest.mark.parametrize("sorting", ["sorted", "shuffled", "by day"])
@pytest.mark.parametrize("seed", range(5))
def test_every_format_and_every_order_agrees_with_the_reference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Write, sorting: str, seed: int
) -> None:
    """Seven rows a batch, so that families are cut in their middle."""
    monkeypatch.setattr(sources, "BATCH_ROWS", 7)
    monkeypatch.setattr(texts, "BLOCK_BYTES", 1_000)
    monkeypatch.setattr(spill, "PART_ROWS", 8)
    district = District(seed)
    rows = district.rows()
    if sorting == "shuffled":
        Random(seed).shuffle(rows)
        rows.sort(key=lambda row: row["date"]) if write is as_csv else None
    elif sorting == "by day":
        rows.sort(key=lambda row: row["date"])
    source = write(rows, tmp_path)
    target = tmp_path / f"out{source.suffix}"
    receipt = assess_file(
        source, target, district.book.as_book(), Options(counters=True, in_order_rows=20 if seed % 2 else 10_000)
    )
    assert (receipt.tally.read, receipt.tally.rejected) == (len(rows), 0)
    assert receipt.families_apart == (sorting != "sorted")
    results = read_back(target)
    if receipt.in_order:
        assert [int(row["claim"]) for row in results] == [row["claim"] for row in rows]
    else:
        first = 1 if source.suffix == ".parquet" else 2 if source.suffix == ".csv" else 1
        assert all(rows[row["row"] - first]["claim"] == int(row["claim"]) for row in results)
    if sorting == "shuffled" and not _days_unique(district):
        return
    check(district, results)


def _days_unique(district: District) -> bool:
    """Whether no family has two claims on one day: their order is the file's then."""
    days = [(visit.family, visit.claim.person.on) for visit in district.visits]
    return len(set(days)) == len(days)
