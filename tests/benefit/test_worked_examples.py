"""The hand-computed examples beside each shipped pack come out to the fen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gongji.benefit.examples import replay
from gongji.rules.book import RuleBook
from gongji.rules.cases import Example, example_files, load_examples
from gongji.rules.model import CareKind
from gongji.rules.pack_files import SHIPPED
from gongji.rules.problems import PackError

EXAMPLES = [example for file in example_files(SHIPPED) for example in load_examples(file)]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_the_engine_agrees_with_the_hand_computation(example: Example) -> None:
    assert replay(RuleBook.shipped(), example) == ()


def test_both_seed_cities_and_every_tieling_reading_are_worked_out() -> None:
    assert {"2112", "3708"} <= {example.region[:4] for example in EXAMPLES}
    tieling = [example for example in EXAMPLES if example.region.startswith("2112")]
    readings = {example.readings.get("mixed_tiers", "one_counter") for example in tieling}
    assert readings == {"one_counter", "counter_per_tier", "higher_tops_up"}


def test_one_fen_of_difference_is_found_and_placed() -> None:
    """An example that expects 468.06 for 李玉兰's first visit is wrong by a fen, and so is not accepted."""
    example = next(example for example in EXAMPLES if "李玉兰" in example.name and example.kind is CareKind.OUTPATIENT)
    first = replace(example.visits[0], funds={"fund.pool": 46_806})
    (difference,) = replay(RuleBook.shipped(), replace(example, visits=(first,)))
    assert (difference.what, difference.expected, difference.got) == ("fund_pool", 46_806, 46_805)
    assert difference.at.line == first.at.line


def test_a_faulty_example_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "outpatient.cases.yaml"
    file.write_text('region: "211200"\nscheme: employee.outpatient\ncases:\n  - name: 无就诊\n    visit: []\n', "utf-8")
    with pytest.raises(PackError) as refused:
        load_examples(file)
    assert [(problem.code, problem.at.line) for problem in refused.value.problems] == [
        ("pack.missing_key", 4),
        ("pack.unknown_key", 5),
    ]
