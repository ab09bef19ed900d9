"""The rule pages as anybody's phone gets them: no log-in, no script, no database behind them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from gongji.entrances.app import build_app
from gongji.entrances.platform import Platform
from gongji.entrances.server import serving
from gongji.entrances.web.pages import STATIC
from gongji.entrances.web.rules import build_rule_pages
from gongji.foundation.clock import Clock
from gongji.foundation.settings import Settings
from gongji.rules.book import RuleBook

#: Li Yulan of Tieling, 68, retired, at a tier-3 hospital; ¥200.00 of her own, a daughter with ¥1,000.00.
TIELING = {
    "region": "211202",
    "on": "2024-03-05",
    "status": "retired",
    "kind": "outpatient",
    "tier": "tier_3",
    "total": "1268.50",
    "self_paid": "68.50",
    "over_limit": "10",
    "first_self_pay": "39",
    "own": "200",
    "relative": "1000",
    "use": "2",
}
JINING = TIELING | {"region": "370800", "on": "2024-06-12", "own": ""}


@pytest.fixture
def rules_site(clock: Clock) -> Iterator[str]:
    """The pages served without any database; gives their address."""
    platform = Platform(Settings(), None, None, clock, RuleBook.shipped())  # type: ignore[arg-type]
    routes = [Mount("/c/static", StaticFiles(directory=STATIC)), Mount("/rules", build_rule_pages(platform))]
    with serving(Starlette(routes=routes), "127.0.0.1", 0) as base:
        yield base


@pytest.fixture
def reader(rules_site: str) -> Iterator[httpx.Client]:
    """Anybody's phone."""
    with httpx.Client(base_url=rules_site, trust_env=False) as client:
        yield client


def said(answer: httpx.Response, status: int = 200) -> str:
    """The words of a page, without its tags."""
    assert answer.status_code == status
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.text)))


def test_the_tieling_example_through_the_form(reader: httpx.Client) -> None:
    words = said(reader.get("/rules/calculator", params=TIELING))

    for payer in (
        "医保报销（统筹基金付） ¥468.05",
        "本人的个人账户 ¥200.00",
        "家人的个人账户（家庭共济） ¥521.95",
        "自己付（现金、手机支付） ¥78.50",
    ):
        assert payer in words
    assert "加起来正好等于总费用。" in words
    assert "按 55% 报销，是 ¥468.05" in words
    assert "数字出自转载资料" in words
    assert "规则编号：cn/liaoning/tieling#outpatient.share.retired.tier_3" in words


def test_the_form_keeps_what_was_filled_in(reader: httpx.Client) -> None:
    page = reader.get("/rules/calculator", params=TIELING | {"with": "family_doctor"}).text

    assert 'name="total" type="text" value="1268.50"' in page
    assert '<option value="211202" selected>铁岭市 211202</option>' in page
    assert 'value="family_doctor" checked' in page


def test_what_was_borne_and_paid_before_counts(reader: httpx.Client) -> None:
    words = said(reader.get("/rules/calculator", params=TIELING | {"borne": "300", "paid": "2,900"}))

    assert "已经付满，这次不用再付" in words
    assert "医保报销（统筹基金付） ¥100.00" in words


def test_in_jining_the_relatives_account_pays_only_when_asked_for(reader: httpx.Client) -> None:
    asked = said(reader.get("/rules/calculator", params=JINING))
    silent = said(reader.get("/rules/calculator", params=JINING | {"use": "1"}))

    assert "家人授权共济，从家人的个人账户里付。" in asked
    assert "家人的个人账户（家庭共济） ¥0.00 要用家庭共济，请在付款时告诉收费员。" in silent


def test_another_reading_is_an_address_away(reader: httpx.Client) -> None:
    page = reader.get("/rules/calculator", params=TIELING).text
    (address,) = re.findall(r'href="(/rules/calculator\?[^"]*r\.mixed_tiers=counter_per_tier)"', page)
    words = said(reader.get(unescape(address)))

    assert "每级医院各算各的起付线（先由自己付的一段） 现在按这一种算" in words
    assert "¥468.05" in words


def test_where_no_rule_is_known_the_answer_says_so(reader: httpx.Client) -> None:
    words = said(reader.get("/rules/calculator", params=TIELING | {"region": "210300"}))

    assert "意思是“不知道”，不是“不报销”" in words
    assert "医保报销（统筹基金付） ¥0.00 没有查到适用的报销规定" in words


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"total": ""}, "total", "请填写总费用"),
        ({"total": "一千"}, "total", "请只写数字"),
        ({"total": "12.345"}, "total", "请只写数字"),
        ({"total": "-5"}, "total", "请只写数字"),
        ({"total": "50"}, "total", "各部分加起来超过了总费用"),
        ({"own": "abc"}, "own", "请只写数字"),
        ({"region": "999999"}, "region", "还没有收录这个地区"),
        ({"region": ""}, "region", "还没有收录这个地区"),
        ({"on": "2024-02-30"}, "on", "请填写日期"),
        ({"tier": "moon"}, "tier", "请从列出的里面选一个"),
        ({"age": "200"}, "age", "请写整数，从 0 到 150"),
        ({"status": "resident"}, "own", "居民医保没有个人账户"),
        ({"region": "110000"}, "age", "请填写年龄"),
        ({"r.mixed_tiers": "moon"}, "region", "这里没有这一种读法"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_on_top(
    reader: httpx.Client, changed: dict[str, str], field: str, sentence: str
) -> None:
    answer = reader.get("/rules/calculator", params=TIELING | changed)
    page = answer.text

    assert answer.status_code == 422
    assert "<title>填写有误：" in page
    assert f'href="#{field}"' in page
    assert re.search(rf'id="{field}-error">[^<]*{sentence}', page)
    assert re.search(rf'id="{field}"[^>]*aria-describedby="[^"]*{field}-error" aria-invalid="true"', page)
    assert 'id="result"' not in page


def test_a_regions_page_has_numbers_sources_history_and_what_is_not_known(reader: httpx.Client) -> None:
    words = said(reader.get("/rules/211200"))

    assert "铁岭市的医保规则" in words
    assert "报销比例 · 退休 · 三级 55%" in words
    assert "一年最多报 ¥3,000.00" in words
    assert "原文：“" in words
    assert "2024年1月1日 · 职工医保 · 门诊 · 开始有规定" in words
    assert "本人的不够时自动用" in words
    assert "数字出自转载资料，还没有和官方原文核对。" in words
    assert "铁岭职工门诊统筹 2024 年以前的起付线、比例与限额未见可靠资料" in words
    assert "汇编称 2023-01-01 起不分级别均为 300 元" in words


def test_a_former_day_shows_former_rules_and_the_history_what_changed(reader: httpx.Client) -> None:
    before, now = (said(reader.get("/rules/370800", params={"on": on})) for on in ("2023-06-12", "2024-06-12"))

    assert "从 2023年1月1日 起执行 · 到 2023年12月31日 为止" in before
    assert "从 2024年1月1日 起执行" in now
    assert "2024年1月1日 · 职工医保 · 门诊 · 有变化" in now
    assert re.search("报销比例 · 退休 · 三级： ?55% → 65%", now)
    assert re.search("一年最多报 · 退休： ?¥2,000.00 → ¥4,500.00", now)


def test_a_rule_that_ended_is_said_to_have_ended(reader: httpx.Client) -> None:
    words = said(reader.get("/rules/371000", params={"on": "2024-06-12"}))

    assert "这一天没有查到报销规定。不知道，不等于不报销。" in words
    assert "2024年1月1日 · 职工医保 · 门诊 · 从这天起没有查到规定" in words


def test_the_list_of_regions_and_the_search(reader: httpx.Client) -> None:
    everything = said(reader.get("/rules/"))
    assert f"找到 {len(RuleBook.shipped().regions())} 个地区" in everything
    assert "来源：转载资料，还没有核对" in everything
    for searched in ("铁岭", "2112"):
        words = said(reader.get("/rules/", params={"q": searched}))
        assert "找到 1 个地区 铁岭市 211200" in words
    assert "没有找到" in said(reader.get("/rules/", params={"q": "<script>"}))


def test_two_regions_and_two_days_side_by_side(reader: httpx.Client) -> None:
    regions = said(reader.get("/rules/compare", params={"a": "211200", "b": "370800", "on": "2024-06-12"}))
    days = said(
        reader.get("/rules/compare", params={"a": "370800", "b": "370800", "on": "2023-06-12", "on_b": "2024-06-12"})
    )

    assert "怎样开始用 铁岭市 本人的不够时自动用 济宁市 要告诉收费员" in regions
    assert "一年最多报 · 退休 铁岭市 ¥3,000.00 济宁市 ¥4,500.00" in regions, "one cap there, one by status here"
    assert re.search(r"不一样的（\d+ 项）", days)
    wrong = said(reader.get("/rules/compare", params={"a": "211200", "b": "", "on": "soon"}), 422)
    assert "第二个地区：还没有收录这个地区" in wrong


def test_a_page_that_is_not_there_and_a_region_that_nobody_knows(reader: httpx.Client) -> None:
    assert "还没有收录 999999 这个地区的规则" in said(reader.get("/rules/999999"), 404)
    assert "没有找到这一页" in said(reader.get("/rules/a/b"), 404)
    assert "不是统筹区" in said(reader.get("/rules/tieling"), 422)


def test_language_and_type_are_switched_and_the_question_stays(reader: httpx.Client) -> None:
    page = reader.get("/rules/calculator", params=TIELING)
    back = unescape(re.findall(r'name="back" value="([^"]*)"', page.text)[0])
    english = reader.post("/rules/language", data={"back": back}, follow_redirects=True)

    assert str(english.url).endswith(back)
    assert "Paid at the till (cash or phone) ¥78.50" in said(english)
    elder = reader.post("/rules/mode", data={"back": back}, follow_redirects=True)
    assert '<html lang="en" class="elder">' in elder.text
    away = reader.post("/rules/mode", data={"back": "https://elsewhere.example/"})
    assert away.headers["location"] == "/rules/"


@pytest.mark.parametrize("path", ["/rules/", "/rules/211200", "/rules/compare", "/rules/calculator", "/rules/999999"])
def test_every_page_is_safe_plain_html(reader: httpx.Client, path: str) -> None:
    answer = reader.get(path)

    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text
    assert "退出登录" not in answer.text
    assert len(answer.content) < 60_000


def test_the_platform_serves_them_where_the_citizens_start_page_points(clock: Clock) -> None:
    platform = Platform(Settings(), None, None, clock, RuleBook.shipped())  # type: ignore[arg-type]
    with serving(build_app(platform), "127.0.0.1", 0) as base, httpx.Client(base_url=base, trust_env=False) as client:
        assert client.get("/rules").headers["location"] == "/rules/"
        assert "算一算：能报多少" in said(client.get("/rules/calculator"))
        assert client.get(re.findall(r'href="(/c/static/[^"]+)"', client.get("/rules/").text)[0]).status_code == 200
    home = (STATIC.parent / "templates/citizen/home.html").read_text()
    assert 'href="/rules/calculator"' in home


def test_every_region_has_its_page_in_both_languages(reader: httpx.Client) -> None:
    for code in RuleBook.shipped().regions():
        for language in ("zh_CN", "en"):
            reader.cookies.set("gongji_language", language)
            assert reader.get(f"/rules/{code}").status_code == 200
