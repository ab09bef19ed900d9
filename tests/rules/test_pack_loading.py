"""What a person who writes a pack is told when something in it is wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gongji.foundation.errors import NotFound
from gongji.rules.book import RuleBook
from gongji.rules.model import CareKind, Scheme, Tier
from gongji.rules.pack_files import SHIPPED
from gongji.rules.problems import PackError

TIERS = (Tier.TIER_1, Tier.TIER_2, Tier.TIER_3)

FUSHUN = """\
pack: cn/liaoning/fushun
region: "210400"
name: 抚顺市
inherits: cn/liaoning
scheme: employee.outpatient
sources:
  notice:
    title: 抚顺市职工门诊统筹通知
    publisher: 抚顺市医疗保障局
    reference: 抚医保发〔2024〕1号
    grade: A
counters:
  deductible_borne: {scope: person, reset: calendar_year}
  fund_paid: {scope: person, reset: calendar_year}
rules:
  - effective: 2024-01-01
    deductible: {shape: cumulative, counter: deductible_borne, by: [tier]}
    share: {shape: ratio, by: [status, tier], round: half_up}
    caps:
      - {limit: yearly_cap, counter: fund_paid, fund: fund.pool, by: [status]}
    source: {doc: notice, grade: A, quote: 按比例支付, checked: 2026-11-22}
values:
  deductible:
    - effective: 2024-01-01
      value: {tier_1: 200.00, tier_2: 200.00, tier_3: 300.00}
      source: {doc: notice, grade: A, quote: 起付线, checked: 2026-11-22}
  share:
    - effective: 2024-01-01
      value:
        active: {tier_1: 70 %, tier_2: 60 %, tier_3: 50 %}
        retired: {tier_1: 75 %, tier_2: 65 %, tier_3: 55 %}
      source: {doc: notice, grade: A, quote: 比例, checked: 2026-11-22}
  yearly_cap:
    - effective: 2024-01-01
      value: {active: 3000.00, retired: 3000.00}
      source: {doc: notice, grade: A, quote: 封顶线, checked: 2026-11-22}
"""


def line_of(text: str, fragment: str) -> int:
    """The line a fragment stands on."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if fragment in line)


def load_text(tmp_path: Path, text: str) -> RuleBook:
    """Load one pack file of the user's own, the shipped packs beside it."""
    file = tmp_path / "outpatient.yaml"
    file.write_text(text, encoding="utf-8")
    return RuleBook.load([file])


def problems_of(tmp_path: Path, text: str) -> list[tuple[str, int]]:
    """The codes and lines that a faulty pack is refused with."""
    with pytest.raises(PackError) as refused:
        load_text(tmp_path, text)
    return [(problem.code, problem.at.line) for problem in refused.value.problems]


def test_a_city_writes_its_own_pack_and_finds_its_numbers_as_integers(tmp_path: Path) -> None:
    book = load_text(tmp_path, FUSHUN)
    rule = book.benefit("210402", Scheme.EMPLOYEE, CareKind.OUTPATIENT, date(2024, 7, 1))
    assert rule is not None
    assert (rule.pack, rule.region) == ("cn/liaoning/fushun", "210400")
    assert [rule.deductible.amounts[(tier,)] for tier in TIERS] == [20_000, 20_000, 30_000]
    assert rule.clauses["share.retired.tier_3"].title == "抚顺市职工门诊统筹通知"
    assert book.name("210402") == "抚顺市"
    assert "211200" in book.regions()


@pytest.mark.parametrize(
    ("good", "bad", "code"),
    [
        ("tier_3: 300.00}", "tier_3: 300}", "pack.bad_value"),
        ("tier_3: 300.00}", "tier_3: 300.0}", "pack.bad_value"),
        ("tier_3: 300.00}", "tier_3: 3e2}", "pack.bad_value"),
        ("tier_3: 300.00}", "tier_3: 30 %}", "pack.bad_value"),
        ("tier_3: 300.00}", "tier_3: 1000000000.00}", "pack.bad_value"),
        ("tier_3: 300.00}", "tier_4: 300.00}", "pack.unknown_key"),
        ("{tier_1: 70 %, tier_2", "{tier_1: 170 %, tier_2", "pack.ratio_over_100"),
        ("{tier_1: 75 %, tier_2", "{tier_1: 69 %, tier_2", "pack.retired_below_active"),
        ("tier_3: 50 %}", "tier_3: 49.99 %}", "pack.out_of_bounds"),
        ("{doc: notice, grade: A, quote: 起付线", "{doc: notise, grade: A, quote: 起付线", "pack.unknown_document"),
        (
            "{doc: notice, grade: A, quote: 起付线",
            "{doc: seed-national, grade: A, quote: 起",
            "pack.grade_above_document",
        ),
        ("quote: 起付线, checked", "checked", "pack.missing_source"),
        ("{active: 3000.00, retired", "{actve: 3000.00, retired", "pack.unknown_key"),
        ("limit: yearly_cap", "limit: yearly_caps", "pack.unknown_key"),
        ("counter: fund_paid, fund", "counter: fund_payed, fund", "pack.unknown_key"),
        ("round: half_up", "round: half_even", "pack.bad_value"),
        ("by: [status, tier]", "by: [status, teir]", "pack.bad_value"),
        ("scheme: employee.outpatient", "scheme: employee.outpatent", "pack.bad_value"),
        ('region: "210400"', "region: 2104", "pack.bad_value"),
        ('region: "210400"', 'region: "211200"', "pack.duplicate_key"),
        ("counters:", "countres:", "pack.unknown_key"),
        ("pack: cn/liaoning/fushun", "pack: [", "pack.unreadable"),
    ],
)
def test_every_slip_is_refused_with_its_code_and_line(tmp_path: Path, good: str, bad: str, code: str) -> None:
    text = FUSHUN.replace(good, bad, 1)
    assert text != FUSHUN
    found = problems_of(tmp_path, text)
    assert code in [one for one, _ in found]
    if code not in ("pack.unreadable", "pack.duplicate_key"):
        assert (code, FUSHUN[: FUSHUN.index(good)].count("\n") + 1) in found


def test_a_slip_of_the_pen_is_answered_with_the_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(PackError) as refused:
        load_text(
            tmp_path, FUSHUN.replace("  - effective: 2024-01-01\n    deduct", "  - efective: 2024-01-01\n    deduct")
        )
    first = refused.value.problems[0]
    assert first.en == "unknown key 'efective'; did you mean 'effective'?"
    assert "effective" in first.zh
    assert str(first).startswith(f"{tmp_path / 'outpatient.yaml'}:16: pack.unknown_key")


def test_all_problems_of_a_pack_are_told_at_once(tmp_path: Path) -> None:
    text = FUSHUN.replace("tier_1: 70 %", "tier_1: 170 %").replace("3000.00, retired", "3000, retired")
    text = text.replace("title: 抚顺市职工门诊统筹通知", "titel: 抚顺市职工门诊统筹通知")
    codes = [code for code, _ in problems_of(tmp_path, text)]
    assert {"pack.ratio_over_100", "pack.bad_value", "pack.unknown_key", "pack.missing_key"} <= set(codes)
    with pytest.raises(PackError) as refused:
        load_text(tmp_path, text)
    assert refused.value.code == "pack.invalid"
    assert all(str(problem) in refused.value.en for problem in refused.value.problems)


def test_a_value_without_any_source_is_refused(tmp_path: Path) -> None:
    text = FUSHUN.replace("      source: {doc: notice, grade: A, quote: 封顶线, checked: 2026-11-22}\n", "")
    assert ("pack.missing_source", line_of(text, "value: {active: 3000.00") - 1) in problems_of(tmp_path, text)


SECOND_CAP = """\
    - effective: {effective}
      value: {{active: {cap}, retired: {cap}}}
      source: {{doc: notice, grade: A, quote: 封顶线, checked: 2026-11-22}}
"""


def test_two_values_that_claim_the_same_day_are_refused(tmp_path: Path) -> None:
    assert "pack.overlap" in dict(
        problems_of(tmp_path, FUSHUN + SECOND_CAP.format(effective="2024-01-01", cap="3500.00"))
    )


def test_an_end_that_reaches_into_the_next_value_is_refused(tmp_path: Path) -> None:
    ended = FUSHUN.replace("      value: {active: 3000.00", "      until: 2025-01-01\n      value: {active: 3000.00")
    assert "pack.overlap" in dict(
        problems_of(tmp_path, ended + SECOND_CAP.format(effective="2025-01-01", cap="3500.00"))
    )


def test_a_value_that_ends_leaves_the_pack_incomplete_and_says_so(tmp_path: Path) -> None:
    ended = FUSHUN.replace("      value: {active: 3000.00", "      until: 2024-12-31\n      value: {active: 3000.00")
    assert dict(problems_of(tmp_path, ended)) == {"pack.missing_value": line_of(ended, "rules:") + 1}


def test_a_cap_may_only_fall_with_a_note_that_says_why(tmp_path: Path) -> None:
    lower = FUSHUN + SECOND_CAP.format(effective="2025-01-01", cap="2500.00")
    assert "pack.cap_falls" in dict(problems_of(tmp_path, lower))
    book = load_text(tmp_path, lower + "      note: 2025 年起基金收支压力下调\n")
    rule = book.benefit("210400", Scheme.EMPLOYEE, CareKind.OUTPATIENT, date(2025, 1, 1))
    assert rule is not None
    assert set(rule.layers[0].caps[0].limits.numbers.values()) == {250_000}


def test_the_province_binds_its_cities_on_the_days_its_bound_holds(tmp_path: Path) -> None:
    """Liaoning asked for at least 300.00 in 2023: a deductible of 200.00 is only possible from 2024."""
    backdated = FUSHUN.replace("effective: 2024-01-01", "effective: 2023-01-01")
    found = problems_of(tmp_path, backdated)
    assert [code for code, _ in found] == ["pack.out_of_bounds", "pack.out_of_bounds"]
    assert load_text(tmp_path, FUSHUN).benefit("210400", Scheme.EMPLOYEE, CareKind.OUTPATIENT, date(2024, 1, 1))


def test_a_bound_does_not_reach_back_before_its_day(tmp_path: Path) -> None:
    """The nation asks for 50 % from the end of 2021: 40 % in 2020 is history, 40 % that runs on is a fault."""
    text = FUSHUN.replace("effective: 2024-01-01", "effective: 2020-01-01").replace("200.00", "300.00")
    share = text[text.index("  share:\n") + len("  share:\n") : text.index("  yearly_cap:\n")]
    early = share.replace("tier_3: 50 %", "tier_3: 40 %")
    assert "pack.out_of_bounds" in dict(problems_of(tmp_path, text.replace(share, early)))
    late = share.replace("2020-01-01", "2021-12-31").replace("tier_1: 75 %", "tier_1: 100 %")
    rule = load_text(tmp_path, text.replace(share, early + late)).benefit(
        "210400", Scheme.EMPLOYEE, CareKind.OUTPATIENT, date(2021, 12, 30)
    )
    assert rule is not None
    assert min(rule.share.ratios.numbers.values()) == 4_000


def test_a_city_cannot_allow_more_relatives_than_its_province(tmp_path: Path) -> None:
    text = """\
pack: cn/liaoning/fushun
region: "210400"
name: 抚顺市
inherits: cn/liaoning
sharing:
  max_relatives:
    - effective: 2025-01-01
      value: {count}
      source: {doc: seed-liaoning-tieling, grade: C, quote: 可绑定, checked: 2026-11-22}
"""
    assert problems_of(tmp_path, text.replace("{count}", "11")) == [("pack.above_parent", 7)]
    assert load_text(tmp_path, text.replace("{count}", "10")).name("210400") == "抚顺市"
    rule = load_text(tmp_path, text.replace("{count}", "6")).sharing("210400", date(2025, 1, 1))
    assert rule is not None
    assert rule.max_relatives == 6
    assert rule.clauses["max_relatives"].rule == "cn/liaoning/fushun#sharing.max_relatives"
    assert rule.clauses["procedure"].rule == "cn/liaoning#sharing.procedure"


def test_a_reading_that_nothing_computes_is_refused(tmp_path: Path) -> None:
    text = FUSHUN.replace("reset: calendar_year}\n  fund", "reset: calendar_year, interpretation: mixed_tiers}\n  fund")
    text += "interpretations:\n  mixed_tiers: {default: one_counter, options: [one_counter, by_mood], why: 未写明}\n"
    with pytest.raises(PackError, match="unknown reading 'by_mood'"):
        load_text(tmp_path, text)


def test_a_pack_without_its_parent_is_refused(tmp_path: Path) -> None:
    assert ("pack.unknown_parent", 1) in problems_of(
        tmp_path, FUSHUN.replace("inherits: cn/liaoning", "inherits: cn/x")
    )


def test_a_pack_cannot_inherit_from_itself(tmp_path: Path) -> None:
    text = FUSHUN.replace("inherits: cn/liaoning", "inherits: cn/liaoning/fushun")
    assert ("pack.unknown_parent", 1) in problems_of(tmp_path, text)


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        RuleBook.load([tmp_path / "nowhere"])


def test_a_pack_of_the_users_own_replaces_the_shipped_one(tmp_path: Path) -> None:
    """An agency that corrects Tieling's numbers keeps province and nation, and the digest shows the difference."""
    text = (
        FUSHUN.replace("cn/liaoning/fushun", "cn/liaoning/tieling")
        .replace("210400", "211200")
        .replace("300.00}", "350.00}")
    )
    book = load_text(tmp_path, text)
    rule = book.benefit("211200", Scheme.EMPLOYEE, CareKind.OUTPATIENT, date(2024, 3, 1))
    assert rule is not None
    assert max(rule.deductible.amounts.numbers.values()) == 35_000
    assert rule.digest == book.digest("211202") != RuleBook.shipped().digest("211202")
    assert book.digest("370800") == RuleBook.shipped().digest("370800")


def test_a_digest_covers_what_is_inherited_but_not_comments(tmp_path: Path) -> None:
    plain = load_text(tmp_path, FUSHUN).digest("210400")
    assert load_text(tmp_path, "# 注释不算内容\n" + FUSHUN).digest("210400") == plain
    province = (SHIPPED / "cn/liaoning/pack.yaml").read_text(encoding="utf-8")
    changed = tmp_path / "liaoning.yaml"
    changed.write_text(province.replace("value: 10\n", "value: 9\n"), encoding="utf-8")
    assert RuleBook.load([tmp_path]).digest("210400") != plain


def test_a_correction_published_later_is_not_held_before(tmp_path: Path) -> None:
    """On 1 March nobody could know the cap that was published on 15 March, effective back to 1 January."""
    later = SECOND_CAP.format(effective="2024-01-01", cap="3500.00") + "      published: 2024-03-15\n"
    book = load_text(tmp_path, FUSHUN + later)

    def cap(held: RuleBook) -> int:
        rule = held.benefit("210400", Scheme.EMPLOYEE, CareKind.OUTPATIENT, date(2024, 1, 10))
        assert rule is not None
        return max(rule.layers[0].caps[0].limits.numbers.values())

    assert cap(book) == 350_000
    assert cap(book.as_held_on(date(2024, 3, 1))) == 300_000
    assert cap(book.as_held_on(date(2024, 3, 15))) == 350_000
    assert book.as_held_on(date(2024, 3, 1)).digest("210400") != book.digest("210400")
