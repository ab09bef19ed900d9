"""Who may join when, which years count, and the wallet's further terms: what a pack may say and how it is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gongji.rules.book import RuleBook
from gongji.rules.pack import Pack, in_force
from gongji.rules.particulars import particulars
from gongji.rules.problems import PackError
from gongji.rules.vocabulary import BackPayment

FUSHUN = """\
pack: cn/liaoning/fushun
region: "210400"
name: 抚顺市
inherits: cn/liaoning
sources:
  notice:
    title: 抚顺市居民医保缴费公告
    publisher: 抚顺市医疗保障局
    reference: 抚医保发〔2024〕2号
    grade: A
"""
SOURCE = "source: {doc: notice, grade: A, quote: 公告, checked: 2026-11-29}"


def shipped(region: str) -> Pack:
    """The pack of a region as it was read."""
    return RuleBook.shipped().lineage(region).own


def test_a_child_born_in_jinzhou_has_90_days_and_one_born_in_qingdao_six_months() -> None:
    jinzhou = in_force(shipped("210700").enrolment["newborn"], date(2025, 4, 1))
    qingdao = in_force(shipped("370200").enrolment["newborn"], date(2025, 4, 1))
    assert jinzhou is not None
    assert qingdao is not None
    assert (jinzhou.value, qingdao.value) == ({"within_days": 90}, {"within_months": 6})


def test_shandongs_window_for_2025_is_of_the_autumn_before_and_of_no_other_year() -> None:
    entries = shipped("370000").enrolment["window"]
    held = in_force(entries, date(2025, 6, 1))
    assert held is not None
    assert held.value == {"opens": date(2024, 9, 1), "closes": date(2024, 12, 31)}
    assert in_force(entries, date(2026, 1, 1)) is None, "what nobody published is not carried on"


def test_what_paying_for_a_gap_counts_for_is_the_nations_and_of_grade_d() -> None:
    held = in_force(shipped("100000").enrolment["back_payment"], date(2026, 1, 1))
    assert held is not None
    assert held.value is BackPayment.YEARS_ONLY
    assert held.source.grade == "D"


def test_the_two_regimes_of_the_wallet_stand_apart_by_date() -> None:
    """Until January 2026 money is really sent and cannot go back; then nothing moves and what is not used returns."""
    wallet = shipped("100000").wallet
    back = in_force(wallet["goes_back"], date(2025, 7, 4))
    assert back is not None
    assert back.value is False
    assert in_force(wallet["quota"], date(2026, 1, 8)) is None
    quota = in_force(wallet["quota"], date(2026, 1, 9))
    assert quota is not None
    assert particulars(quota.value)["unused_returns",] is True


def test_the_wallet_is_open_in_dalian_and_not_known_to_be_in_tieling() -> None:
    book = RuleBook.shipped()
    assert book.wallet_is_open("210200", date(2025, 6, 1))
    assert not book.wallet_is_open("210200", date(2025, 5, 1))
    assert not book.wallet_is_open("211200", date(2026, 6, 1))


def test_a_city_writes_its_own_and_the_rest_comes_from_above(tmp_path: Path) -> None:
    text = FUSHUN + f"enrolment:\n  newborn:\n    - {{effective: 2025-01-01, value: {{within_days: 28}}, {SOURCE}}}\n"
    lineage = load(tmp_path, text).lineage("210400")
    assert lineage.own.enrolment["newborn"][0].value == {"within_days": 28}
    assert "years_add_up" in lineage.packs[-1].enrolment


@pytest.mark.parametrize(
    ("section", "name", "value", "code"),
    [
        ("enrolment", "window", "{opens: 2024-12-31, closes: 2024-09-01}", "pack.bad_value"),
        ("enrolment", "window", "{opens: 2024-12-31}", "pack.missing_key"),
        ("enrolment", "newborn", "{within_days: 90, within_months: 3}", "pack.missing_key"),
        ("enrolment", "newborn", "{}", "pack.missing_key"),
        ("enrolment", "newborn", "{within_weeks: 12}", "pack.unknown_key"),
        ("enrolment", "back_payment", "everything", "pack.bad_value"),
        ("enrolment", "years_add_up", "yes", "pack.bad_value"),
        ("enrolment", "retirement_years", "{men: 25}", "pack.missing_key"),
        ("enrolment", "transfer", "{sending_days: ten, receiving_days: 5, total_days: 15}", "pack.bad_value"),
        ("enrolment", "windows", "{closes: 2024-12-31}", "pack.unknown_key"),
        ("wallet", "quota", "{freezes: true}", "pack.missing_key"),
        ("wallet", "goes_back", "perhaps", "pack.bad_value"),
    ],
)
def test_what_is_not_such_a_term_is_refused_where_it_stands(
    tmp_path: Path, section: str, name: str, value: str, code: str
) -> None:
    entry = f"{section}:\n  {name}:\n    - {{effective: 2025-01-01, value: {value}, {SOURCE}}}\n"
    with pytest.raises(PackError) as refused:
        load(tmp_path, FUSHUN + entry)
    lines = FUSHUN.count("\n")
    assert code in {one.code for one in refused.value.problems}
    assert all(lines < one.at.line <= lines + 3 for one in refused.value.problems)


def load(tmp_path: Path, text: str) -> RuleBook:
    """One pack file of the user's own beside the shipped ones."""
    file = tmp_path / "fushun.yaml"
    file.write_text(text, encoding="utf-8")
    return RuleBook.load([file])
