"""The sandbox's pages as their reader gets them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import httpx
import pytest
from vendor import Vendor

from gongji.entrances.national.transactions import TRANSACTIONS
from gongji.entrances.sandbox.institutions import INSTITUTIONS
from gongji.entrances.sandbox.page import MENU
from gongji.entrances.sandbox.people import BY_KEY, PEOPLE
from gongji.entrances.sandbox.record import Message, MessageLog, Request

SIGN_ON = {"opter_no": "0053", "mac": "00-16-3E", "ip": "10.1.1.1"}


def said(answer: httpx.Response, status: int = 200) -> str:
    """The words of a page, without its tags."""
    assert answer.status_code == status
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.text)))


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("name", ["", *MENU])
def test_every_page_opens_in_both_languages_and_shows_the_clock(
    browser: httpx.Client, name: str, language: str
) -> None:
    browser.cookies.set("gongji_language", language)
    words = said(browser.get(f"/{name}"))
    assert ("沙箱时间" if language == "zh_CN" else "Sandbox time") in words


def test_the_front_door_leads_to_the_sandbox(address: str) -> None:
    assert httpx.get(f"{address}/", trust_env=False, timeout=60).headers["location"] == "/sandbox/"


def test_people_and_institutions_are_told_with_their_numbers(browser: httpx.Client) -> None:
    people, institutions = said(browser.get("/people")), said(browser.get("/institutions"))
    for person in PEOPLE:
        assert person.certificate.number in people
        assert person.case[0] in people
    for institution in INSTITUTIONS:
        assert institution.secret in institutions


def test_every_transaction_has_its_field_tables(browser: httpx.Client) -> None:
    words = said(browser.get("/fields"))
    for infno, transaction in TRANSACTIONS.items():
        assert transaction.title in words
        assert "报文头" in said(browser.get(f"/fields/{infno}"))
    assert "acct_used_flag 个人账户使用标志" in said(browser.get("/fields/2207"))
    assert "没有这个交易" in said(browser.get("/fields/9999"), 404)


def test_a_message_stands_beside_its_table_with_what_is_wrong(hospital: Vendor, browser: httpx.Client) -> None:
    hospital.answer("2201", data={"insutype": "999", "begntime": "昨天", "ipt_otp_no": "MZ1", "colour": "red"})
    page = browser.get("/messages")
    (number,) = re.findall(r'href="/sandbox/messages/(\d+)"', page.text)[:1]
    words = said(browser.get(f"/messages/{number}"))
    assert "input.data.psn_no 人员编号：必填，但没有值" in words
    assert "insutype 取值 999 不支持" in words
    assert "不是日期时间" in words
    assert "字段表中没有的字段（不报错，也不使用）： colour" in words
    assert "国家接口要求填写，本平台没有也能结算" in words
    assert "input.data.psn_no（人员编号）不能为空[field.missing]" in words
    assert '"colour":"red"' in browser.get(f"/messages/{number}/request.txt").text.replace(": ", ":")
    assert browser.get(f"/messages/{number}/answer.txt").json()["infcode"] == -1


def test_messages_are_filtered_by_institution_and_transaction(hospital: Vendor, browser: httpx.Client) -> None:
    hospital.identified(BY_KEY["plain"])
    hospital.answer("9001", signIn=SIGN_ON)
    both = browser.get("/messages", params={"institution": hospital.code, "infno": "9001"})
    assert hospital.sent[-1]["msgid"] in both.text
    assert hospital.sent[-2]["msgid"] not in both.text
    assert hospital.sent[-1]["msgid"] not in browser.get("/messages", params={"institution": "P21129900004"}).text


def test_what_is_no_message_is_kept_too(address: str, browser: httpx.Client) -> None:
    answer = httpx.post(f"{address}/fsi/api/callService", content=b"<xml>\xff</xml>", trust_env=False, timeout=60)
    assert answer.status_code == 200
    words = said(browser.get("/messages/" + re.findall(r"messages/(\d+)", browser.get("/messages").text)[0]))
    assert "交易编号不认识" in words
    assert "<xml>" in words


def test_another_site_s_form_does_nothing(browser: httpx.Client, hospital: Vendor) -> None:
    hospital.answer("9001", signIn=SIGN_ON)
    refused = browser.post("/reset", headers={"sec-fetch-site": "cross-site"})
    assert refused.status_code == 403
    assert hospital.sent[-1]["msgid"] in browser.get("/messages").text


@pytest.mark.parametrize("path", ["/messages/999999", "/nowhere", "/messages/1/secret.txt"])
def test_what_is_not_there_is_told(browser: httpx.Client, path: str) -> None:
    assert "无法完成" in said(browser.get(path), 404)


def test_the_log_keeps_the_last_and_forgets_the_oldest() -> None:
    log, heard = MessageLog(kept=3), list[Message]()
    log.listen(heard.append)
    for number in range(5):
        message = log.begin(datetime(2026, 1, 1, tzinfo=UTC), Request.of("/", (), b'{"infno":"9001"}'))
        message.finish(200, b'{"infcode":0,"err_msg":"no [code.here]"}', ())
        log.finished(message)
        assert message.number == number + 1
    assert [message.number for message in log.recent()] == [5, 4, 3]
    assert (log.find(1), heard[-1].code) == (None, "code.here")


def test_citizens_log_in_at_the_sandbox_s_own_provider(address: str) -> None:
    with httpx.Client(trust_env=False, follow_redirects=True, timeout=30) as phone:
        assert "沙平安" in phone.get(f"{address}/login/go", params={"back": "/c/"}).text
