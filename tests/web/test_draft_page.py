"""What if a rule were another: numbers changed on a phone, and what the funds would pay for common visits."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from test_rule_pages import reader, rules_site, said

from gongji.rules.book import RuleBook
from gongji.rules.draft import enact, read_draft
from gongji.rules.model import CareKind, Scheme, Status, Tier

__all__ = ["reader", "rules_site"]

RATIO = "employee.outpatient.share.retired.tier_2"
CAP = "employee.outpatient.yearly_cap.active"
TIELING = {"region": "211200", "on": "2025-07-01"}


def tried(reader: httpx.Client, status: int = 200, **changes: str) -> str:
    """The page after some numbers were changed."""
    answer = reader.get("/rules/draft", params=TIELING | changes)
    return said(answer, status)


def test_a_region_is_chosen_first(reader: httpx.Client) -> None:
    page = said(reader.get("/rules/draft"))
    assert "如果改规则，会怎样" in page
    assert "铁岭市" in page
    assert "试算" in page


def test_every_number_stands_there_with_what_it_is_today(reader: httpx.Client) -> None:
    answer = reader.get("/rules/draft", params=TIELING)
    page = said(answer)
    assert "现在是 65%" in page
    assert "现在是 ¥3,000.00" in page
    assert f'name="{RATIO}"' in answer.text
    assert f'name="{CAP}"' in answer.text


def test_numbers_from_a_weak_source_say_so(reader: httpx.Client) -> None:
    weak, good = (
        said(reader.get("/rules/draft", params={"region": one, "on": "2025-07-01"})) for one in ("211200", "370800")
    )
    caution = "数字出自转载资料，还没有和官方原文核对"
    assert caution in weak
    assert caution not in good.partition("居民医保")[0]


@pytest.mark.parametrize("typed", ["75 %", "75%", "75", "+10", "＋10％"])
def test_a_number_is_read_as_people_type_it(reader: httpx.Client, typed: str) -> None:
    """75 % instead of 65 %: of 1,500.00 at the second tier, 1,300.00 after the deductible: 975.00 instead of 845.00."""
    page = tried(reader, **{RATIO: typed})
    assert "¥845.00" in page
    assert "¥975.00" in page
    assert "+¥130.00" in page


@pytest.mark.parametrize("typed", ["4000", "4,000.00", "¥4000", "+1000", "4000.0"])
def test_so_is_an_amount(reader: httpx.Client, typed: str) -> None:
    """Of 30,000.00 an employee's fund pays up to the limit of the year: 1,000.00 more."""
    page = tried(reader, **{CAP: typed})
    assert "+¥1,000.00" in page


def test_the_draft_as_a_file_is_the_one_that_was_tried(reader: httpx.Client, tmp_path: Path) -> None:
    answer = reader.get("/rules/draft", params={**TIELING, RATIO: "75", CAP: "+1000"})
    file = answer.text.partition("<pre>")[2].partition("</pre>")[0]
    path = tmp_path / "draft.yaml"
    path.write_text(file, encoding="utf-8")
    rule = enact(RuleBook.shipped(), read_draft(path)).book.benefit(
        "211200", Scheme.EMPLOYEE, CareKind.OUTPATIENT, date(2025, 7, 1)
    )
    assert rule is not None
    assert rule.share.ratios[Status.RETIRED, Tier.TIER_2] == 7_500


def test_what_breaks_a_law_is_said_at_its_number(reader: httpx.Client) -> None:
    answer = reader.get("/rules/draft", params={**TIELING, RATIO: "40"})
    page = said(answer, 422)
    assert "报销比例 · 退休 · 二级：退休的人不能比在职的人报得少" in page
    assert f'href="#{RATIO}"' in answer.text
    assert 'value="40"' in answer.text
    assert "变化最大的几次" not in page


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"region": "211200", "on": "someday"}, "日期"),
        ({"region": "999999"}, "地区"),
        ({"region": "211200", "on": "2025-07-01", RATIO: "much"}, "请填一个数"),
        ({"region": "211200", "on": "2025-07-01", RATIO: "1\x002"}, "请填一个数"),
        ({"region": "211200", "on": "2025-07-01", CAP: "9" * 400}, "请填一个数"),
    ],
)
def test_what_is_wrong_is_said(reader: httpx.Client, asked: dict[str, Any], words: str) -> None:
    assert words in said(reader.get("/rules/draft", params=asked), 422)


def test_a_name_that_is_no_number_of_the_region_changes_nothing(reader: httpx.Client) -> None:
    page = tried(reader, **{"employee.outpatient.share.nobody": "75", "sharing.retained_floor": "1.00"})
    assert "变化最大的几次" not in page


def test_a_change_that_no_common_visit_meets_says_so(reader: httpx.Client) -> None:
    assert "医保付的都一样" in tried(reader, **{RATIO: "65"})


def test_every_region_can_be_tried_in_both_languages(reader: httpx.Client) -> None:
    for language in ("zh_CN", "en"):
        reader.cookies.set("gongji_language", language)
        for region in RuleBook.shipped().regions():
            said(reader.get("/rules/draft", params={"region": region, "on": "2025-07-01"}))
