"""A small day over HTTP: lost replies, undone and refunded settlements, tills that number alike. `make hospital-day` lives a
large one."""

from __future__ import annotations

from pathlib import Path

from hospital_day.day import live
from town import Town


def test_in_the_evening_the_books_agree_to_the_fen(town: Town, tmp_path: Path) -> None:
    evening = live(town, tmp_path, 90, threads=6, seed=7)
    assert evening.problems == []
    assert len(evening.planted) == 4
    seen = evening.seen
    assert seen["settled"] + seen.get("undone", 0) + seen.get("undone before it came", 0) == 90
    assert seen["settled"] > 70
    assert seen["replies lost"] > 5
    assert seen["refunded"] > 0
    assert seen["numbers used by another till"] > 0
