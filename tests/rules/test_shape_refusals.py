"""A slip in a shape is refused with its word and place."""

from __future__ import annotations

from pathlib import Path

import pytest
from shapes import (
    BAND_COUNTERS,
    BAND_VALUES,
    BANDED,
    MODIFIED,
    MODIFIERS,
    NO_CAPS,
    NONE,
    OPEN_MEASURE,
    RATIO,
    load,
    pack,
    rule_of,
)

from gongji.rules.problems import PackError

CAP = "caps:\n  - {limit: cap, counter: paid, fund: fund.pool, by: [status]}"
CAPPED = {"share": "50 %", "cap": "{active: 100.00, retired: 200.00}"}


@pytest.mark.parametrize(
    ("good", "bad", "code", "words"),
    [
        ("{active: 100.00, retired: 200.00}", "{active: 100.00}", "pack.missing_key", "cap has no retired"),
        ("{active: 100.00, retired", "{active: 100.00, from_70: 1.00, retired", "pack.unknown_key", "from_70"),
        ("{active: 100.00, retired: 200.00}", "{active: 1 %, retired: 2 %}", "pack.bad_value", "cap takes yuan"),
        ("value: 50 %", "value: {active: 50 %, retired: 60 %}", "pack.unknown_key", "active"),
        ("value: 50 %", "value: 150 %", "pack.ratio_over_100", "150%"),
        ("by: [status]}", "by: [band]}", "pack.bad_value", "band"),
        ("by: [status]}", "by: [statis]}", "pack.bad_value", "did you mean 'status'"),
        ("shape: none", "shape: cumulativ, counter: paid, by: []", "pack.bad_value", "did you mean 'cumulative'"),
        ("shape: none", "shape: none, by: []", "pack.unknown_key", "by"),
        ("shape: none", "shape: cumulative, by: []", "pack.missing_key", "'counter' is missing"),
        ("shape: none", "shape: by_admission, counter: paid, by: []", "pack.missing_key", "'admission' among 'by'"),
        ("{shape: ratio, by: []", "{shape: banded, by: [], edges: cap, on: net", "pack.bad_value", "keyed by band"),
        (
            "{shape: ratio, by: []",
            "{shape: banded, by: [band], edges: cap",
            "pack.missing_key",
            "edges are measured on",
        ),
        ("fund: fund.pool, by", "fund: fund.pool, on: grosss, by", "pack.bad_value", "did you mean 'gross'"),
        ("fund: fund.pool, by", "fund: fund.pool, each: disease, by", "pack.missing_key", "'disease' among 'by'"),
        ("reset: calendar_year", "reset: insurance_year", "pack.missing_key", "'starts'"),
        ("reset: calendar_year", "reset: calendar_yeer", "pack.bad_value", "did you mean 'calendar_year'"),
        ("limit: cap", "limit: kap", "pack.unknown_key", "did you mean 'cap'"),
    ],
)
def test_a_slip_in_a_shape_is_refused_with_the_word_that_is_wrong(
    tmp_path: Path, good: str, bad: str, code: str, words: str
) -> None:
    text = pack(NONE + RATIO + CAP, CAPPED)
    assert rule_of(tmp_path, text).layers[0].caps[0].limits[("retired",)] == 20_000
    with pytest.raises(PackError) as refused:
        load(tmp_path, text.replace(good, bad, 1))
    assert (code, True) in [(problem.code, words in problem.en) for problem in refused.value.problems]


def test_a_modifier_for_nobody_known_is_refused(tmp_path: Path) -> None:
    text = pack(NONE + RATIO + MODIFIERS.replace("[grade_2]", "[grade_3]") + NO_CAPS, MODIFIED)
    with pytest.raises(PackError, match="did you mean 'grade_2'"):
        load(tmp_path, text)


def test_a_counter_cannot_count_two_things(tmp_path: Path) -> None:
    shape = "deductible: {shape: cumulative, counter: paid, by: []}\n"
    with pytest.raises(PackError, match="counts both cumulative and the fund of caps"):
        load(tmp_path, pack(shape + RATIO + CAP, {**CAPPED, "deductible": "100.00"}))


def test_two_caps_cannot_count_on_one_counter_at_once(tmp_path: Path) -> None:
    twice = CAP + "\n  - {limit: other_cap, counter: paid, fund: fund.pool, by: []}"
    with pytest.raises(PackError, match="two caps count on 'paid' at once"):
        load(tmp_path, pack(NONE + RATIO + twice, {**CAPPED, "other_cap": "50.00"}))


def test_a_value_that_no_shape_reads_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="unknown value that no shape reads 'capp'; did you mean 'cap'"):
        load(tmp_path, pack(NONE + RATIO + CAP, {**CAPPED, "capp": "1.00"}))


@pytest.mark.parametrize(
    ("edges", "words"),
    [("{band_1: 200.00, band_2: 100.00}", "do not rise"), ("{band_1: 100.00}", "make 2 bands")],
)
def test_bands_that_do_not_fit_their_edges_are_refused(tmp_path: Path, edges: str, words: str) -> None:
    values = {**BAND_VALUES, "share": "{band_1: 70 %, band_2: 60 %, band_3: 50 %}", "band_edges": edges}
    with pytest.raises(PackError, match=words):
        load(tmp_path, pack(BANDED, values, BAND_COUNTERS, OPEN_MEASURE))
