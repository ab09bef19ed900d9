"""What each member of the family sees on their phone, and what they do not."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta
from html import unescape

import httpx
import pytest
import sqlalchemy as sa
from web_family import Family, address, csrf, enter

from gongji.foundation.audit import audit_entry
from gongji.settlement.model import wire_id


def words(answer: httpx.Response) -> str:
    """The page as its reader sees it: without tags, blanks drawn together."""
    body = answer.text[answer.text.index("<main") : answer.text.index("</main>")]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body))).strip()


def audited(family: Family) -> list[tuple[str, int | None, int | None]]:
    """What the audit holds: (action, who, whose data)."""
    columns = audit_entry.c.action, audit_entry.c.actor_person_id, audit_entry.c.person_id
    with family.town.database.transaction() as connection:
        return [tuple(row) for row in connection.execute(sa.select(*columns).order_by(audit_entry.c.id))]


def test_the_mother_sees_her_money_who_shares_with_her_and_her_visits(visitor: httpx.Client, family: Family) -> None:
    enter(visitor, family, family.mother)

    page = words(visitor.get("/c/"))

    assert "王秀兰，您好" in page
    assert "职工医保 · 铁岭" in page
    assert "女儿 *婷 生效中 每月最多 ¥1,000.00 · 2024年1月1日 开始 可以用来：看门诊、药店买药" in page
    assert "您现在没有把账户共济给家人" in page
    assert page.index("退费") < page.index("已退费") < page.index("¥1,268.50"), (
        "newest first, both halves of the refund"
    )
    assert "5,310" not in page
    assert "4,1" not in page, "a user never sees the sharer's balance"


def test_a_zero_says_which_zero_it_is(visitor: httpx.Client, family: Family) -> None:
    enter(visitor, family, family.son_in_law)
    assert "现在可用 ¥0.00 居民医保没有个人账户" in words(visitor.get("/c/"))

    enter(visitor, family, family.stranger)
    assert "现在可用 ¥0.00 账户里的钱已经用完" in words(visitor.get("/c/"))


def test_the_daughter_sees_her_balance_whom_she_shares_with_and_what_that_cost(
    visitor: httpx.Client, family: Family
) -> None:
    enter(visitor, family, family.daughter)

    page = words(visitor.get("/c/"))

    left = family.town.balance(family.daughter)
    assert f"现在可用 ¥{left // 100:,}.{left % 100:02d}" in page
    assert "母亲 **兰 生效中" in page
    assert "丈夫 *磊 已暂停 一共最多 ¥1,000.00" in page
    shared = family.visit.shared
    assert shared > 0
    assert f"母亲 **兰 · 铁岭市中心医院 2024年6月12日 11:10 我的账户付了 ¥{shared // 100}.{shared % 100:02d}" in page
    assert "退回我的账户" in page
    assert "1,268.50" not in page, "of a relative's visit: person, place, time and what her account paid"


def test_the_patient_reads_who_paid_what_and_why(visitor: httpx.Client, family: Family) -> None:
    enter(visitor, family, family.mother)

    page = words(visitor.get(address(family.visit)))

    order = [
        "医保报销（公共的医保基金付）",
        "本人的个人账户",
        "女儿 *婷的个人账户（家庭共济）",
        "医保钱包",
        "自己付（现金、手机支付）",
    ]
    assert [page.index(label) for label in order] == sorted(page.index(label) for label in order)
    assert "= ¥1,268.50 加起来正好等于总费用。" in page
    assert "起付线（先由自己付的一段）2024 年 ¥300.00，这次一次付满。" in page
    assert "按 55% 报销" in page
    assert "这次没有用医保钱包" in page, "a payer who paid nothing says why"
    assert "规则编号：" in page
    steps = visitor.get(address(family.visit)).text.split('<ol class="steps">')[1].split("</ol>")[0]
    assert 1 <= steps.count("<li>") <= 4


def test_the_sharer_sees_only_what_her_account_paid_for_the_same_visit(visitor: httpx.Client, family: Family) -> None:
    enter(visitor, family, family.daughter)

    answer = visitor.get(address(family.visit))
    page = words(answer)

    assert answer.status_code == 200
    assert f"我的账户付了 ¥{family.visit.shared // 100}.{family.visit.shared % 100:02d}" in page
    assert "母亲 **兰" in page
    assert "铁岭市中心医院" in page
    for hidden in ("1,268.50", "报销", "统筹", "起付线"):
        assert hidden not in page
    assert ("settlement.read_as_sharer", family.daughter, family.mother) in audited(family)


def test_a_refund_is_shown_on_both_pages_to_both_of_them(visitor: httpx.Client, family: Family) -> None:
    enter(visitor, family, family.mother)
    bought, back = visitor.get(address(family.purchase)), visitor.get(address(family.refund))
    assert "已经在 2024年6月12日 11:45 全部退费" in words(bought)
    assert address(family.refund) in bought.text
    assert "退费：钱退回了哪里" in words(back)
    assert "女儿 *婷的个人账户（家庭共济） ¥68.50" in words(back)
    assert address(family.purchase) in back.text

    enter(visitor, family, family.daughter)
    assert "¥68.50 已退回您的账户" in words(visitor.get(address(family.purchase)))
    assert "退回我的账户 ¥68.50" in words(visitor.get(address(family.refund)))


@pytest.mark.parametrize("number", ["", "1", "x" * 22, "0" * 22, "2112000000000000999999"])
def test_a_number_that_is_no_settlement_is_not_found_in_words(
    visitor: httpx.Client, family: Family, number: str
) -> None:
    enter(visitor, family, family.mother)

    answer = visitor.get(f"/c/settlements/{number}")

    assert answer.status_code == 404
    assert "没有找到这一页" in words(answer)


def test_a_stranger_finds_neither_the_visit_nor_that_it_exists(visitor: httpx.Client, family: Family) -> None:
    enter(visitor, family, family.stranger)
    theirs = visitor.get(address(family.visit))
    nobodys = visitor.get(f"/c/settlements/{wire_id('211200', 999 << 10)}")

    assert theirs.status_code == nobodys.status_code == 404
    assert words(theirs) == words(nobodys)


def test_the_son_in_law_whose_account_paid_nothing_does_not_see_it_either(
    visitor: httpx.Client, family: Family
) -> None:
    enter(visitor, family, family.son_in_law)
    assert visitor.get(address(family.visit)).status_code == 404


def test_every_look_at_a_relative_stands_in_the_audit(visitor: httpx.Client, family: Family) -> None:
    enter(visitor, family, family.daughter)
    visitor.get("/c/")

    assert sorted(audited(family)) == sorted(
        ("person.read_masked", family.daughter, relative) for relative in (family.mother, family.son_in_law)
    )


def test_the_link_becomes_a_session_of_its_own(visitor: httpx.Client, family: Family) -> None:
    token = family.token(family.mother)

    answer = visitor.get("/c/enter", params={"token": token}, follow_redirects=False)

    cookie = answer.headers["set-cookie"]
    assert answer.status_code == 303
    assert answer.headers["location"] == "/c/"
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Max-Age=43200" in cookie
    assert token not in cookie
    family.town.clock.advance(timedelta(hours=12, minutes=1))
    over = visitor.get("/c/")
    assert over.status_code == 401
    assert "链接已过期，或登录时间已到" in words(over)


def test_leaving_ends_the_session_even_for_whoever_kept_the_cookie(visitor: httpx.Client, family: Family) -> None:
    enter(visitor, family, family.mother)
    kept = visitor.cookies["gongji_session"]

    assert "已退出登录" in words(visitor.post("/c/leave", data={"csrf": csrf(visitor)}))

    assert visitor.get("/c/", headers={"Cookie": f"gongji_session={kept}"}).status_code == 401


@pytest.mark.parametrize("token", ["", "nonsense", "%00", "'; DROP TABLE person;--"])
def test_a_link_that_does_not_hold_is_answered_in_words(visitor: httpx.Client, token: str) -> None:
    answer = visitor.get(f"/c/enter?token={token}")

    assert answer.status_code == 401
    assert "请重新打开链接" in words(answer)
    assert "退出登录" not in answer.text


def test_an_expired_link_and_an_officers_are_refused(visitor: httpx.Client, family: Family) -> None:
    short = family.token(family.mother, lasts=timedelta(minutes=5))
    family.town.clock.advance(timedelta(minutes=6))
    assert visitor.get("/c/enter", params={"token": short}).status_code == 401

    officer = visitor.get("/c/enter", params={"token": family.officer_token()})
    assert officer.status_code == 403
    assert "这里是参保人自己的页面" in words(officer)


def test_large_type_and_the_other_language_stay_and_lead_back(visitor: httpx.Client, family: Family) -> None:
    enter(visitor, family, family.mother)
    back = address(family.visit)

    elder = visitor.post("/c/mode", data={"back": back}, follow_redirects=True)
    assert elder.url.path == back
    assert '<html lang="zh-CN" class="elder">' in elder.text
    english = visitor.post("/c/language", data={"back": back}, follow_redirects=True)
    assert '<html lang="en" class="elder">' in english.text
    assert "Who paid what, and why" in words(english)
    assert "The parts add up to the total." in words(english)
    assert 'class="elder"' not in visitor.post("/c/mode", data={"back": back}, follow_redirects=True).text


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/c/../admin", "/c//evil.example", "/x", ""]
)
def test_a_switch_never_leads_to_another_site(visitor: httpx.Client, family: Family, back: str) -> None:
    answer = visitor.post("/c/mode", data={"back": back}, follow_redirects=False)

    assert answer.status_code == 303
    assert answer.headers["location"] in ("/c/", back if back.startswith("/c//") else "/c/")


def test_pages_are_chinese_until_the_reader_asks_for_english(visitor: httpx.Client, family: Family) -> None:
    """An elder's phone that says it prefers English is not believed; the switch on every page is."""
    enter(visitor, family, family.mother)
    assert "您好" in words(visitor.get("/c/", headers={"Accept-Language": "en-GB"}))
    visitor.post("/c/language", data={"back": "/c/"})
    page = words(visitor.get("/c/"))
    assert "Hello, 王秀兰" in page
    assert "daughter *婷" in page


def test_older_payments_come_page_by_page_and_none_is_lost(visitor: httpx.Client, family: Family) -> None:
    town = family.town
    pharmacy = town.institution("P21120200003")
    for number in range(1, 25):
        town.clock.advance(timedelta(minutes=5 if number % 3 else 0))
        town.settled(town.purchase(family.mother, pharmacy, ("C-C", 1, f"{number}.00"), use="0"))
    enter(visitor, family, family.mother)

    seen: list[str] = []
    where: str | None = "/c/"
    pages = 0
    while where:
        text = visitor.get(where).text
        seen += re.findall(r'href="(/c/settlements/\d+)"', text)
        older = re.search(r'href="(/c/\?before=[^"]+)"', text)
        where = unescape(older[1]) if older else None
        pages += 1
    assert pages == 3
    assert len(seen) == len(set(seen)) == 24 + 3
    assert visitor.get("/c/?before=yesterday").status_code == 422
    assert "没有看懂这个请求" in words(visitor.get("/c/?before=yesterday"))


def test_pages_are_light_private_and_without_script(visitor: httpx.Client, family: Family) -> None:
    enter(visitor, family, family.mother)
    for path in ("/c/", address(family.visit), "/c/nowhere", "/c/settlements/1"):
        answer = visitor.get(path)
        style = visitor.get(re.findall(r'href="(/c/static/[^"]+)"', answer.text)[0])
        assert len(gzip.compress(answer.content)) + len(gzip.compress(style.content)) < 30_000
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-frame-options"] == "DENY"
        assert "<script" not in answer.text
        assert not re.search(r'(?:src|href|action)="(?!/c/|/login/|/rules/|#|data:,)', answer.text), (
            "nothing comes from elsewhere"
        )
    assert len(gzip.compress(style.content)) < 4_096
    assert "immutable" in style.headers["cache-control"]


def test_a_failure_of_ours_gives_a_number_and_no_traceback(
    visitor: httpx.Client, family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(visitor, family, family.mother)
    monkeypatch.setattr("gongji.entrances.web.citizen.reading.home", lambda *_: 1 // 0)

    answer = visitor.get("/c/")

    assert answer.status_code == 500
    assert "不是您的问题，您的钱没有变动" in words(answer)
    assert re.search(r"问题编号：[0-9a-f]{8}", words(answer))
    assert "ZeroDivision" not in answer.text
    assert answer.headers["x-frame-options"] == "DENY"
