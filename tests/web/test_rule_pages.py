"""The rule pages as anybody's phone gets them: no log-in, no script, no database behind them."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from datetime import date
from html import unescape

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from gongji.entrances.app import build_app
from gongji.entrances.open_rules.known import known
from gongji.entrances.open_rules.provenance import provenance
from gongji.entrances.platform import Platform
from gongji.entrances.server import serving
from gongji.entrances.web.pages import STATIC
from gongji.entrances.web.rules import build_rule_pages
from gongji.foundation.clock import Clock
from gongji.foundation.database import Database
from gongji.foundation.personal import Vault
from gongji.foundation.settings import Settings
from gongji.rules.book import RuleBook
from gongji.rules.model import CareKind, Scheme

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
    with httpx.Client(base_url=rules_site, trust_env=False, timeout=60) as client:
        yield client


def said(answer: httpx.Response, status: int = 200) -> str:
    """The words of a page, without its tags."""
    assert answer.status_code == status
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.text)))


def test_the_tieling_example_through_the_form(reader: httpx.Client) -> None:
    words = said(reader.get("/rules/calculator", params=TIELING))

    for payer in (
        "医保报销（公共的医保基金付） ¥468.05",
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
    assert "医保报销（公共的医保基金付） ¥100.00" in words


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
    assert "医保报销（公共的医保基金付） ¥0.00 没有查到适用的报销规定" in words


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
        assert "找到 1 个地区" in words
        assert "铁岭市 211200" in words
    assert "没有找到" in said(reader.get("/rules/", params={"q": "<script>"}))


def test_two_regions_and_two_days_side_by_side(reader: httpx.Client) -> None:
    regions = said(reader.get("/rules/compare", params={"a": "211200", "b": "370800", "on": "2024-06-12"}))
    days = said(
        reader.get("/rules/compare", params={"a": "370800", "b": "370800", "on": "2023-06-12", "on_b": "2024-06-12"})
    )

    assert "怎样开始用 铁岭市 本人的不够时自动用 济宁市 要告诉收费员" in regions
    assert "一年最多报 · 退休 铁岭市 ¥3,000.00 济宁市 ¥4,500.00" in regions, "one cap there, one by status here"
    assert re.search(r"不一样的（\d+ 项）", days)
    assert "铁岭市：数字出自转载资料，还没有和官方原文核对。" in regions
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


def test_the_platform_serves_them_where_the_citizens_start_page_points(
    database: Database, vault: Vault, clock: Clock
) -> None:
    platform = Platform(Settings(), database, vault, clock, RuleBook.shipped())
    with (
        serving(build_app(platform), "127.0.0.1", 0) as base,
        httpx.Client(base_url=base, trust_env=False, timeout=60) as client,
    ):
        assert client.get("/rules").headers["location"] == "/rules/"
        assert "算一算：能报多少" in said(client.get("/rules/calculator"))
        assert client.get(re.findall(r'href="(/c/static/[^"]+)"', client.get("/rules/").text)[0]).status_code == 200
    platform.close()
    home = (STATIC.parent / "templates/citizen/home.html").read_text()
    assert 'href="/rules/calculator"' in home


def test_every_region_has_its_page_in_both_languages(reader: httpx.Client) -> None:
    for code in RuleBook.shipped().regions():
        for language in ("zh_CN", "en"):
            reader.cookies.set("gongji_language", language)
            assert reader.get(f"/rules/{code}").status_code == 200


def test_earlier_visits_of_the_year_count_and_the_year_is_added_up(reader: httpx.Client) -> None:
    """Li Yulan spent ¥150.00 in scope at the community in February: half of March's deductible is behind her."""
    before = {
        "before1_on": "2024-02-01",
        "before1_kind": "outpatient",
        "before1_tier": "tier_1",
        "before1_total": "150",
    }
    words = said(reader.get("/rules/calculator", params=TIELING | before))

    assert "2024 年 ¥300.00，这次付满最后的 ¥150.00" in words
    assert "医保报销 ¥550.55" in words
    assert "2024年2月1日 · 门诊 · 一级及以下 费用 ¥150.00 医保报 ¥0.00 账户和自己付 ¥150.00" in words
    assert "合计 费用 ¥1,418.50 医保报 ¥550.55 账户和自己付 ¥867.95" in words


def test_one_more_row_for_an_earlier_visit_asks_for_no_answer_yet(reader: httpx.Client) -> None:
    page = reader.get("/rules/calculator", params={"region": "211200", "total": "", "add": "1"})

    assert page.status_code == 200
    assert 'name="before1_total"' in page.text
    assert 'name="before2_total"' not in page.text


def test_what_is_wrong_with_an_earlier_visit_is_said_at_its_row(reader: httpx.Client) -> None:
    later = TIELING | {"before1_on": "2024-05-01", "before1_total": "150"}
    assert "以前第 1 次 · 日期：以前看病的日期不能晚于这一次" in said(
        reader.get("/rules/calculator", params=later), 422
    )
    assert "请只写数字" in said(reader.get("/rules/calculator", params=TIELING | {"before1_total": "much"}), 422)


def test_the_short_link_gives_the_same_answer(reader: httpx.Client) -> None:
    page = reader.get("/rules/calculator", params=TIELING | {"borne": "", "r.mixed_tiers": "counter_per_tier"})
    (address,) = re.findall(r'href="([^"]+)">这次结果的网址', page.text)

    assert "borne" not in address
    assert "¥468.05" in said(reader.get(unescape(address)))


def test_every_reading_says_what_insurance_pays_under_it(reader: httpx.Client) -> None:
    before = {"before1_on": "2024-02-01", "before1_tier": "tier_1", "before1_total": "150"}
    words = said(reader.get("/rules/calculator", params=TIELING | before))

    assert "现在按这一种算 医保报 ¥550.55" in words
    assert "每级医院各算各的起付线（先由自己付的一段） 医保报 ¥468.05" in words


def test_where_a_kind_of_care_has_no_rule_the_others_are_offered(reader: httpx.Client) -> None:
    page = reader.get("/rules/calculator", params=TIELING | {"kind": "emergency"})

    assert "这里这一天有规则的是" in said(page)
    assert re.search(r'<a class="link" href="/rules/calculator\?[^"]*">职工医保 · 门诊</a>', page.text)


def test_the_page_of_a_value_has_its_document_and_grade(reader: httpx.Client) -> None:
    result = reader.get("/rules/calculator", params=TIELING)
    address = "/rules/clause/cn/liaoning/tieling/outpatient.share.retired.tier_3"
    assert f'href="{address}"' in result.text
    words = said(reader.get(address))

    assert "铁岭市：这个数字的依据" in words
    assert "退休 · 三级 55%" in words
    assert "来源：转载资料，还没有核对（C）" in words
    assert "没有编号为" in said(reader.get("/rules/clause/cn/liaoning/tieling/outpatient.share.moon"), 404)


def test_an_admission_after_which_nothing_changes_is_told_once(reader: httpx.Client) -> None:
    """Tieling asks 300, 200 and from the third on 100 yuan at tier 1; later ones are not told one by one."""
    words = said(reader.get("/rules/211200", params={"on": "2025-06-12"}))
    assert "一级及以下 · 第 3 次住院（以后各次一样） ¥100.00" in words
    assert "一级及以下 · 第 4 次住院" not in words
    assert "三级 · 第 8 次住院（以后各次一样） ¥100.00" in words


def test_a_later_admission_of_a_region_that_tells_fewer_is_its_last(reader: httpx.Client) -> None:
    """Tianjin tells two admissions, 1700 and 500 at tier 3: its third stands at 500 beside Tieling's 600."""
    words = said(reader.get("/rules/compare", params={"a": "211200", "b": "120000", "on": "2025-06-12"}))
    assert "三级 · 第 3 次住院 铁岭市 ¥600.00 天津市 ¥500.00" in words


def test_one_region_on_two_days_is_compared_without_naming_it_twice(reader: httpx.Client) -> None:
    words = said(reader.get("/rules/compare", params={"a": "370700", "on": "2023-06-12", "on_b": "2024-06-12"}))
    assert "潍坊市 2023年6月12日 70% 潍坊市 2024年6月12日 80%" in words
    assert "在职的人每月记入账户" in words, "what is known beside benefits is compared too"


def test_several_states_of_a_year_say_of_what_they_are(reader: httpx.Client) -> None:
    words = said(reader.get("/rules/", params={"q": "北京"}))
    assert re.search(r"职工医保 · 门诊：\d{4} 年的规则只有转载来源 职工医保 · 住院：\d{4} 年的规则齐全", words)


def test_a_long_page_names_its_parts_at_its_top(reader: httpx.Client) -> None:
    page = reader.get("/rules/211200", params={"on": "2026-06-12"}).text
    for part in ("310-outpatient", "390-inpatient", "sharing", "known-wallet", "readings", "history"):
        assert f'href="#{part}"' in page
        assert f'id="{part}"' in page


def test_the_residents_catastrophic_insurance_is_told_band_by_band(reader: httpx.Client) -> None:
    """丁桂芳's stay of 200,800 in Tieling: the fund's limit, then 60 % and 65 % and 75 % of what is left above 14,000."""
    stay = {"region": "211200", "on": "2025-03-02", "scheme": "390", "kind": "inpatient", "status": "resident"}
    words = said(reader.get("/rules/calculator", params=stay | {"tier": "tier_3", "age": "59", "total": "200800"}))
    assert "医保基金最多付 ¥100,000.00，这次一次付满" in words
    assert "大额医疗补助也要先由自己付 ¥14,000.00，这次付 ¥14,000.00" in words
    assert "¥50,000.00 以内的部分有 ¥36,000.00，按 60% 付，是 ¥21,600.00" in words
    assert "再往上的 ¥800.00 按 75% 付，是 ¥600.00" in words
    assert "大额医疗补助一共付 ¥54,700.00" in words


def test_every_clause_of_every_rule_has_its_page(reader: httpx.Client) -> None:
    book = RuleBook.shipped()
    for region in book.regions():
        spans = [span for scheme in Scheme for kind in CareKind for span in book.timeline(region, scheme, kind)]
        for clause in {clause.rule for span in spans for clause in span.rule.clauses.values()}:
            assert provenance(book, clause).region == region


def test_waiting_joining_and_the_wallet_stand_on_the_regions_page_and_have_their_sources(
    reader: httpx.Client,
) -> None:
    words = said(reader.get("/rules/210700", params={"on": "2025-02-01"}))
    assert "居民医保：集中缴费期以外才参保，等几个月才能报 3" in words
    assert "居民医保集中缴费到哪天 2025年3月31日" in words
    assert "新生儿出生后多少天内参保 90" in words
    assert "一天最多转几次 3" in words
    assert "钱包里的钱能退回个人账户 否" in words

    clause = said(reader.get("/rules/clause/cn/liaoning/jinzhou/enrolment.newborn"))
    assert "新生儿出生后多少天内参保 90" in clause
    assert "锦州市 2025 年度居民医保缴费公告" in clause
    assert "没有编号为" in said(reader.get("/rules/clause/cn/liaoning/jinzhou/enrolment.newborn.moon"), 404)


def test_every_value_beside_the_benefits_has_its_page(reader: httpx.Client) -> None:
    book = RuleBook.shipped()
    for region in book.regions():
        for one in known(book.lineage(region), date(2025, 6, 1), with_terms=True):
            assert provenance(book, one.clause.rule).held


def test_what_the_readings_change_stands_on_the_regions_page_in_numbers(reader: httpx.Client) -> None:
    words = said(reader.get("/rules/211200", params={"on": "2024-06-12"}))

    assert re.search(r"试算 \d+ 种常见情况，有 \d+ 种报得不一样", words)
    assert re.search(r"（以前在[^）]+看过一次） 按第 1 种 ¥[\d,.]+ 按第 2 种 ¥[\d,.]+", words)


def test_a_weak_number_among_good_ones_is_marked_where_it_stands(reader: httpx.Client) -> None:
    assert "来源 C 级" in said(reader.get("/rules/211200", params={"on": "2024-06-12"}))


def test_the_map_has_every_province_with_its_grade_in_words(reader: httpx.Client) -> None:
    page = reader.get("/rules/").text

    assert len(re.findall(r'class="short"', page)) == 34
    assert re.search(r'<a href="#p21" aria-label="辽宁：\d+ 个地区有报销规则，最可靠的来源：', page)
    assert 'aria-label="青海：没有查到报销规则"' in page
    for code in re.findall(r'<a href="#(p\d\d)"', page):
        assert f'id="{code}"' in page


def test_english_pages_name_regions_in_letters_and_mark_what_stays_chinese(reader: httpx.Client) -> None:
    reader.cookies.set("gongji_language", "en")
    listed, region = said(reader.get("/rules/", params={"q": "tiel"})), reader.get("/rules/211200")

    assert "Tieling 211200" in listed
    assert "Medical rules of Tieling" in said(region) or "Tieling" in said(region)
    for text in re.findall(r"<(?:p|li|dd)>([^<]*[一-鿿]{4}[^<]*)<", region.text):
        raise AssertionError(f"Chinese without its mark: {text}")


@pytest.mark.parametrize(
    "path", ["/rules/", "/rules/370800", "/rules/110000", "/rules/compare?a=211200&b=370800", "/rules/calculator"]
)
def test_no_page_is_heavy(reader: httpx.Client, path: str) -> None:
    assert len(gzip.compress(reader.get(path).content)) <= 30_000
