"""A draft of a change to the rules: what it moves, from when, and what it may not break."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gongji.rules.book import RuleBook
from gongji.rules.draft import Draft, Enacted, draft_of_settings, enact, read_draft
from gongji.rules.model import CareKind, Scheme, Status, Tier
from gongji.rules.problems import PackError

BOOK = RuleBook.shipped()
TIELING = "cn/liaoning/tieling"
FROM = date(2025, 7, 1)

RAISED = """\
draft: 退休人员二级医院报销比例提高到 75 %
pack: cn/liaoning/tieling
effective: 2025-07-01
values:
  employee.outpatient:
    share.retired.tier_2: 75 %
    yearly_cap.*: +1000.00
sharing:
  retained_floor: 500.00
"""


def raised(tmp_path: Path, text: str = RAISED) -> Draft:
    """The draft as a file."""
    path = tmp_path / "raised.yaml"
    path.write_text(text, encoding="utf-8")
    return read_draft(path)


def settings(*changes: str, effective: date = FROM, pack: str = TIELING) -> Enacted:
    """Tieling's rules with some changes."""
    return enact(BOOK, draft_of_settings("试算", pack, effective, changes))


def share(book: RuleBook, on: date, *key: str) -> int:
    """The ratio of employees' outpatient care in Tieling on a day, per ten thousand."""
    rule = book.benefit("211200", Scheme.EMPLOYEE, CareKind.OUTPATIENT, on)
    assert rule is not None
    return rule.share.ratios[key]


def problems(error: PackError) -> list[tuple[str, str]]:
    """The codes with their places."""
    return [(problem.code, str(problem.at)) for problem in error.problems]


def test_it_holds_from_its_first_day_and_leaves_the_day_before_alone(tmp_path: Path) -> None:
    enacted = enact(BOOK, raised(tmp_path))
    assert share(enacted.book, date(2025, 6, 30), Status.RETIRED, Tier.TIER_2) == 6_500
    assert share(enacted.book, FROM, Status.RETIRED, Tier.TIER_2) == 7_500
    assert share(enacted.book, FROM, Status.ACTIVE, Tier.TIER_2) == 6_000
    assert share(BOOK, FROM, Status.RETIRED, Tier.TIER_2) == 6_500, "today's rules were changed"


def test_it_tells_each_number_before_and_after(tmp_path: Path) -> None:
    moved = [(".".join(one.path), one.before, one.after) for one in enact(BOOK, raised(tmp_path)).moved]
    assert moved == [
        ("share.retired.tier_2", 6_500, 7_500),
        ("yearly_cap.active", 300_000, 400_000),
        ("yearly_cap.retired", 300_000, 400_000),
    ]


def test_a_term_of_sharing_that_only_the_nation_tells_is_the_citys_own_then(tmp_path: Path) -> None:
    book = enact(BOOK, raised(tmp_path)).book
    before, after = BOOK.sharing("211200", FROM), book.sharing("211200", FROM)
    assert before is not None
    assert after is not None
    assert (before.retained_floor, after.retained_floor) == (0, 50_000)
    untouched = book.sharing("370800", FROM)
    assert untouched is not None
    assert untouched.retained_floor == 0


def test_pharmacies_that_are_paid_by_the_outpatient_rule_are_paid_by_the_draft() -> None:
    """What follows from a rule follows from its draft: emergencies in Shenyang, where the text says 门急诊."""
    following = [
        (region, kind)
        for region in BOOK.regions()
        for kind in (CareKind.PHARMACY, CareKind.EMERGENCY)
        if (rule := BOOK.benefit(region, Scheme.EMPLOYEE, kind, FROM)) is not None
        and BOOK.lineage(region).own.benefits.get((Scheme.EMPLOYEE, kind)) is None
        and rule.share.ratios.numbers
    ]
    assert following, "no shipped pack pays anything by its outpatient rule any more"
    for region, kind in following:
        pack = BOOK.lineage(region).own
        shape = pack.benefits[Scheme.EMPLOYEE, CareKind.OUTPATIENT].values["share"]
        levels = {len(path) for path in shape[-1].value}
        words = ".".join("*" * max(levels))
        enacted = settings(f"employee.outpatient.share.{words}=+1 %", pack=pack.id)
        before = BOOK.benefit(region, Scheme.EMPLOYEE, kind, FROM)
        after = enacted.book.benefit(region, Scheme.EMPLOYEE, kind, FROM)
        assert before is not None
        assert after is not None
        assert before.share.ratios.numbers != after.share.ratios.numbers, (region, kind)


def test_a_value_that_changes_later_anyway_is_changed_there_too() -> None:
    """Jining's deductible falls in 2024: a step from 2023 on is a step from both."""
    pack = BOOK.lineage("370800").own
    values = pack.benefits[Scheme.EMPLOYEE, CareKind.OUTPATIENT].values
    name, entries = next((name, entries) for name, entries in values.items() if len(entries) > 1)
    first, later = entries[0], entries[-1]
    path = next(path for path in later.value if path in first.value)
    step = "+1 %" if later.value[path].is_ratio else "+10.00"
    key = ".".join(("employee.outpatient", name, *path))
    enacted = settings(f"{key}={step}", effective=first.effective, pack=pack.id)
    changed = enacted.book.lineage("370800").own.benefits[Scheme.EMPLOYEE, CareKind.OUTPATIENT].values[name]
    added = 100 if later.value[path].is_ratio else 1_000
    assert [one.value[path].amount for one in changed] == [one.value[path].amount + added for one in entries]
    assert [one.effective for one in changed] == [one.effective for one in entries]


def test_the_digest_is_another_for_the_city_and_the_same_elsewhere() -> None:
    enacted, other = settings("employee.outpatient.share.*.*=+1 %"), settings("employee.outpatient.share.*.*=+2 %")
    digests = {BOOK.digest("211200"), enacted.book.digest("211200"), other.book.digest("211200")}
    assert len(digests) == 3
    assert enacted.book.digest("370800") == BOOK.digest("370800")


def test_what_rests_on_a_draft_says_so() -> None:
    rule = settings("employee.outpatient.share.retired.tier_2=75 %").book.benefit(
        "211200", Scheme.EMPLOYEE, CareKind.OUTPATIENT, FROM
    )
    assert rule is not None
    clause = rule.share.ratios.clauses[Status.RETIRED, Tier.TIER_2]
    assert (clause.title, clause.grade, clause.effective) == ("试算", "K", FROM)


@pytest.mark.parametrize(
    ("change", "code", "hint"),
    [
        ("employee.outpatient.share.retired.tier_3=45 %", "pack.retired_below_active", "45%"),
        ("employee.outpatient.share.*.*=+60 %", "pack.ratio_over_100", "130%"),
        ("employee.outpatient.share.retired.tier2=75 %", "pack.unknown_key", "retired.tier_2"),
        ("employee.outpatient.shares.retired.tier_2=75 %", "pack.unknown_key", "employee.outpatient.share"),
        ("employee.outpatients.share.retired.tier_2=75 %", "pack.unknown_key", "employee.outpatient"),
        ("employee.outpatient.share.retired.tier_2=75.00", "pack.bad_value", "another unit"),
        ("employee.outpatient.share.retired.tier_2=much", "pack.bad_value", "much"),
        ("employee.outpatient.share.retired.tier_2", "pack.bad_value", "'='"),
        ("sharing.retained_flor=1.00", "pack.unknown_key", "sharing.retained_floor"),
    ],
)
def test_a_change_that_cannot_be_is_refused_with_what_is_wrong(change: str, code: str, hint: str) -> None:
    with pytest.raises(PackError) as refused:
        settings(change)
    assert {problem.code for problem in refused.value.problems} == {code}
    assert any(hint in problem.en for problem in refused.value.problems)


def test_a_bound_that_the_nation_sets_binds_the_draft_too() -> None:
    """普通门诊费用从 50% 起步支付 (国办发〔2021〕14号): 49 % is refused, as a city's pack would be."""
    with pytest.raises(PackError) as refused:
        settings("employee.outpatient.share.active.tier_3=49 %")
    assert [(problem.code, problem.en.split()[0]) for problem in refused.value.problems] == [
        ("pack.out_of_bounds", "share.active.tier_3")
    ]


def test_a_day_before_anything_holds_is_refused() -> None:
    with pytest.raises(PackError) as refused:
        settings("employee.outpatient.share.retired.tier_2=75 %", effective=date(2019, 1, 1))
    assert problems(refused.value)[0][0] == "pack.missing_value"


def test_a_pack_that_there_is_not_is_refused_with_the_nearest() -> None:
    with pytest.raises(PackError) as refused:
        settings("employee.outpatient.share.*.*=+1 %", pack="cn/liaoning/teiling")
    assert "cn/liaoning/tieling" in refused.value.problems[0].en


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (RAISED.replace("75 %\n", "75 %\nfoo: bar\n", 1), "pack.unknown_key", 2),
        (RAISED.replace("effective: 2025-07-01", "effective: soon"), "pack.bad_value", 3),
        (RAISED.replace("share.retired.tier_2: 75 %", "share.retired.tier_2: [75 %]"), "pack.bad_value", 6),
        ("draft: x\npack: cn/liaoning/tieling\neffective: 2025-07-01\n", "pack.missing_key", 1),
        ("", "pack.unreadable", 1),
        ("draft: [", "pack.unreadable", 2),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_line(tmp_path: Path, text: str, code: str, line: int) -> None:
    with pytest.raises(PackError) as refused:
        raised(tmp_path, text)
    path = tmp_path / "raised.yaml"
    assert (code, f"{path}:{line}") in problems(refused.value)
