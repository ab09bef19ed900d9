"""Officers at their pages: a queue with clocks, a case decided and taken back, a second officer, and whoever is refused."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from office_house import Browser, House, hidden, open_house, settlement_number
from PIL import Image

from gongji.clearing.monthly import payments, statements, store
from gongji.clearing.monthly.closing import close_month
from gongji.clearing.monthly.terms import load_terms
from gongji.entrances.web.office.app import PAGES
from gongji.family import casework
from gongji.family import service as family
from gongji.family.model import AuthorisationState
from gongji.foundation import inbox
from gongji.foundation.access import Caller, Duty, Role
from gongji.foundation.audit import audit_entry
from gongji.foundation.clock import CHINA
from gongji.foundation.deliveries import message_delivery
from gongji.registry import filings
from gongji.registry.filings import FilingKind, NewFiling
from town import Town


@pytest.fixture
def house(town: Town, tmp_path: Path) -> Iterator[House]:
    """Monday 2025-03-03, 10:00 in Tieling."""
    town.clock.set(datetime(2025, 3, 3, 10, 0, tzinfo=CHINA))
    yield from open_house(town, tmp_path)


def audited(house: House, person: int) -> list[str]:
    """What was done with a person's data, in the order of the audit."""
    with house.town.database.transaction() as connection:
        rows = connection.execute(
            sa.select(audit_entry.c.action).where(audit_entry.c.person_id == person).order_by(audit_entry.c.id)
        )
        return list(rows.scalars())


def state(house: House, number: int) -> AuthorisationState:
    """How a case stands for the family."""
    with house.town.database.transaction() as connection:
        return family.authorisation(connection, number).state


def test_an_officer_takes_a_case_decides_and_the_next_one_opens(house: House) -> None:
    """Two cases: the first is approved; ten minutes later the mother may use the account, and she can read who looked."""
    first, second = house.request(), house.request("赵梅")
    zhou = house.officer("0210")
    queue = zhou.get("/office/")
    assert "还剩 3 个工作日" in queue.text
    assert queue.text.index(f"/cases/{first.id}") < queue.text.index(f"/cases/{second.id}")
    before = zhou.get(f"/office/cases/{first.id}")
    assert "王秀兰" not in before.text
    assert "<img" not in before.text
    assert "登记里没有这层关系" in before.text
    case = zhou.follow(f"/office/cases/{first.id}/claim")
    assert "王秀兰" in case.text
    picture = zhou.get(re.findall(r'<img src="([^"]+)"', case.text)[0])
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.headers["x-content-type-options"] == "nosniff"
    assert Image.open(io.BytesIO(picture.content)).size == (600, 420)
    shown = zhou.post(f"/office/cases/{first.id}/decide", choice="approve")
    assert "已通过：**兰 从现在起可以用您的个人账户。" in shown.text
    after = zhou.follow(f"/office/cases/{first.id}/decide", choice="approve", sure=hidden_sure(shown))
    assert "上一件已决定，10 分钟内可以撤回" in after.text
    assert f"/office/cases/{second.id}/claim" in after.text
    assert f'href="/office/cases/{first.id}"' in after.text
    assert state(house, first.id) is AuthorisationState.UNDER_REVIEW
    assert house.ten_minutes_later() == 1
    assert state(house, first.id) is AuthorisationState.ACTIVE
    assert {"case.read", "evidence.read", "case.decide_approve"} <= set(audited(house, first.sharer_id))
    told = house.citizen(first.sharer_id).get("/c/readers")
    assert "经办人员，工号 0210" in told.text
    assert "看了证明" in told.text


def hidden_sure(shown: httpx.Response) -> str:
    """The button that confirms what is shown."""
    assert 'name="sure" value="yes"' in shown.text
    return "yes"


def test_the_coded_reason_is_what_the_family_reads_and_a_decision_can_be_taken_back(house: House) -> None:
    asked = house.request()
    zhou = house.officer("0210")
    zhou.follow(f"/office/cases/{asked.id}/claim")
    nothing = zhou.post(f"/office/cases/{asked.id}/decide")
    assert (nothing.status_code, "请选一个决定" in nothing.text) == (422, True)
    half = zhou.post(f"/office/cases/{asked.id}/decide", choice="return", sure="yes")
    assert half.status_code == 422
    assert "请选要补哪一份证明" in half.text
    said = {"choice": "return", "item": "household_book", "return_reason": "unreadable", "note": "第二页"}
    shown = zhou.post(f"/office/cases/{asked.id}/decide", **said)
    assert "请补交“居民户口簿”：照片看不清，请在亮处重新拍一张。" in shown.text
    assert hidden(shown.text, "note") == "第二页"
    zhou.follow(f"/office/cases/{asked.id}/decide", **said, sure="yes")
    back = zhou.follow(f"/office/cases/{asked.id}/take-back")
    assert "决定已撤回" in back.text
    zhou.follow(f"/office/cases/{asked.id}/decide", **said, sure="yes")
    assert house.ten_minutes_later() == 1
    assert state(house, asked.id) is AuthorisationState.RETURNED
    late = zhou.post(f"/office/cases/{asked.id}/take-back")
    assert (late.status_code, "决定已经执行，不能撤回了" in late.text) == (409, True)


def test_a_false_document_goes_to_a_second_officer(house: House) -> None:
    asked = house.request()
    zhou, chen = house.officer("0210"), house.officer("0211", Duty.SECOND_REVIEWER)
    zhou.follow(f"/office/cases/{asked.id}/claim")
    said = {"choice": "refuse", "refuse_reason": "document_false", "note": "印章不符"}
    after = zhou.follow(f"/office/cases/{asked.id}/decide", **said, sure="yes")
    assert "已交复审。没有别的等着办了。" in after.text
    assert f'href="/office/cases/{asked.id}">查看上一件' in after.text
    assert f"/cases/{asked.id}" in chen.get("/office/?show=second").text
    case = chen.get(f"/office/cases/{asked.id}")
    assert "证明经核实不真实" in case.text
    assert "<img" in case.text
    empty = chen.post(f"/office/cases/{asked.id}/second", opinion="disagree", note="")
    assert (empty.status_code, "不同意时请写明原因" in empty.text) == (422, True)
    assert zhou.post(f"/office/cases/{asked.id}/second", opinion="agree").status_code == 403
    chen.follow(f"/office/cases/{asked.id}/second", opinion="agree")
    assert house.ten_minutes_later() == 1
    assert state(house, asked.id) is AuthorisationState.REFUSED


def test_a_case_in_one_pair_of_hands_is_closed_to_the_others(house: House) -> None:
    asked = house.request()
    zhou, wu = house.officer("0210"), house.officer("0212")
    page = zhou.follow(f"/office/cases/{asked.id}/claim")
    picture = re.findall(r'<img src="([^"]+)"', page.text)[0]
    assert wu.get(picture).status_code == 409
    for step in ("claim", "release", "take-back"):
        assert wu.post(f"/office/cases/{asked.id}/{step}").status_code == 409
    decided = wu.post(f"/office/cases/{asked.id}/decide", choice="approve", sure="yes")
    assert (decided.status_code, "这件不在您手上" in decided.text) == (409, True)
    assert "工号 0210 的同事在办" in wu.post(f"/office/cases/{asked.id}/claim").text
    zhou.follow(f"/office/cases/{asked.id}/release")
    assert zhou.get(picture).status_code == 409
    wu.follow(f"/office/cases/{asked.id}/claim")


def test_the_applicant_sees_what_they_handed_in_and_nobody_else_in_the_family_does(house: House) -> None:
    asked = house.request()
    with house.town.database.transaction() as connection:
        (item,) = family.evidence_list(connection, asked.id)
    path = f"/c/documents/{asked.id}/{item.id}/1"
    picture = house.citizen(asked.sharer_id).get(path)
    assert Image.open(io.BytesIO(picture.content)).size == (600, 420)
    assert audited(house, asked.user_id)[-1] == "evidence.read"
    assert house.citizen(asked.user_id).get(path).status_code == 404
    other = house.request("赵梅")
    assert house.citizen(other.sharer_id).get(f"/c/documents/{other.id}/{item.id}/1").status_code == 404
    for odd in ("x/1/1", f"{asked.id}/{item.id}/2", f"{asked.id}/{item.id}/0", f"{asked.id}/x/1"):
        assert house.citizen(asked.sharer_id).get(f"/c/documents/{odd}").status_code == 404


def test_an_officer_cannot_take_a_relatives_case(house: House) -> None:
    asked = house.request()
    with house.town.database.transaction() as connection:
        casework.know_officer(connection, "0210", asked.user_id, house.town.clock.now())
    refused = house.officer("0210").post(f"/office/cases/{asked.id}/claim")
    assert (refused.status_code, "本人或亲属的申请，请由其他同事办理" in refused.text) == (409, True)


def test_clocks_run_by_working_days_and_say_so_in_words(house: House) -> None:
    """Asked on Monday 10:00, three working days: Thursday 17:00. A holiday on Wednesday makes it Friday."""
    house.request()
    zhou = house.officer("0210")
    for at, css, words in (
        (datetime(2025, 3, 6, 10, 0, tzinfo=CHINA), "soon", "快到期，还剩 7 个工作小时"),
        (datetime(2025, 3, 7, 9, 30, tzinfo=CHINA), "late", "已超时 30 分钟"),
    ):
        house.town.clock.set(at)
        zhou = house.officer("0210")
        assert f'<span class="tag {css}">{words}</span>' in zhou.get("/office/").text
    assert "没有符合条件" not in zhou.get("/office/?show=late").text
    house.platform.settings = house.platform.settings.model_copy(update={"holidays": [date(2025, 3, 5)]})
    assert "快到期，还剩 7 个工作小时" in zhou.get("/office/").text
    assert "没有符合条件的申请" in zhou.get("/office/?show=late").text


def test_filters_show_what_they_say(house: House) -> None:
    asked = house.request()
    zhou, wu = house.officer("0210"), house.officer("0212")
    zhou.follow(f"/office/cases/{asked.id}/claim")
    there = f"/cases/{asked.id}"
    assert there in zhou.get("/office/?show=mine").text
    assert there not in wu.get("/office/?show=mine").text
    assert there not in wu.get("/office/").text
    assert there in wu.get("/office/?show=all&relation=parent").text
    assert there not in wu.get("/office/?show=all&relation=spouse").text
    odd = wu.get("/office/?show=%3Cscript%3E&relation=9")
    assert (odd.status_code, "<script>" in odd.text) == (200, False)


def test_a_disputed_line_pauses_the_sharing_and_is_answered(house: House) -> None:
    """A son sees ¥50.00 that neither he nor his mother knows of: one form pauses and disputes; the agency answers."""
    mother = house.town.person("王秀兰", "1955-08-13", "retired", balance=0, gender=2)
    son = house.town.person("赵军", "1980-02-02", "active", balance=1_000_00, household="另一家")
    under = house.town.share(son, mother)
    bought = house.purchase(mother)
    number = settlement_number(bought)
    phone = house.citizen(son)
    line = phone.get(f"/c/settlements/{number}")
    assert f"/c/settlements/{number}/dispute" in line.text
    assert "马上暂停" in phone.get(f"/c/settlements/{number}/dispute").text
    wrong = phone.post(f"/c/settlements/{number}/dispute", ground="mood")
    assert (wrong.status_code, "请选一项：哪里不对" in wrong.text) == (422, True)
    assert state(house, under) is AuthorisationState.ACTIVE
    words = "那天我们都在外地"
    sent = phone.follow(f"/c/settlements/{number}/dispute", ground="not_mine", words=words)
    assert "已提交" in sent.text
    assert state(house, under) is AuthorisationState.PAUSED
    again = phone.post(f"/c/settlements/{number}/dispute", ground="amount")
    assert (again.status_code, "您已经提交过这笔的异议" in again.text) == (409, True)
    assert (
        house.citizen(house.town.person("路人", "1990-01-01", "active", balance=0))
        .get(f"/c/settlements/{number}/dispute")
        .status_code
        == 404
    )
    zhou = house.officer("0210")
    (path,) = re.findall(r'href="(/office/disputes/\d+)"', zhou.get("/office/disputes").text)
    page = zhou.get(path)
    assert words in page.text
    assert "家人账户 ¥50.00" in page.text
    short = zhou.post(path, outcome="misuse", answer="好")
    assert short.status_code == 422
    zhou.follow(path, outcome="misuse", answer="经查是他人冒用，已立案，请放心。")
    assert zhou.post(path, outcome="correct", answer="再答复一次").status_code == 409
    told = phone.get("/c/disputes").text
    assert "有人违规使用，已立案" in told
    assert "经查是他人冒用，已立案，请放心。" in told
    assert "没有等答复的异议" in zhou.get("/office/disputes").text


def test_an_auditor_sees_who_looked_and_nothing_else_is_theirs(house: House) -> None:
    asked = house.request()
    house.officer("0210").get(f"/office/cases/{asked.id}")
    auditor = house.officer("2101", Duty.AUDITOR, region="210000")
    with house.town.database.transaction() as connection:
        number = connection.execute(
            sa.text("SELECT psn_no FROM person WHERE id = :id"), {"id": asked.sharer_id}
        ).scalar_one()
    trail = auditor.get(f"/office/trail?person={number}")
    assert "经办人员，工号 0210" in trail.text
    assert "打开了您的审核件" in trail.text
    assert audited(house, asked.sharer_id)[-1] == "audit.read"
    assert "没有这个人员编号" in auditor.get("/office/trail?person=37080000000000000000").text
    assert "您的岗位只能查看" in auditor.get(f"/office/cases/{asked.id}").text
    assert auditor.post(f"/office/cases/{asked.id}/claim").status_code == 403


def addresses(house: House) -> list[tuple[str, str]]:
    """Every page of the office, filled with things that are there: a case in Tieling, a dispute, an order in Jining."""
    asked = house.request()
    mother = house.town.person("李母", "1955-08-13", "retired", balance=0, gender=2)
    son = house.town.person("李军", "1980-02-02", "active", balance=1_000_00, household="李")
    house.town.share(son, mother)
    bought = house.purchase(mother)
    house.citizen(son).follow(f"/c/settlements/{settlement_number(bought)}/dispute", ground="amount")
    _, payer, under = house.season()
    payer_phone = house.citizen(payer)
    check = payer_phone.get(f"/c/premiums/new?for={under}&year=2025")
    fields = {name: hidden(check.text, name) for name in ("for", "year", "key")}
    order = payer_phone.post("/c/premiums/new", **fields).headers["location"].rsplit("/", 1)[1]
    with house.town.database.transaction() as connection:
        dispute = connection.execute(sa.text("SELECT id FROM dispute")).scalar_one()
        item = family.evidence_list(connection, asked.id)[0].id
        filing = filings.file(
            connection,
            house.town.database.serials,
            NewFiling(asked.sharer_id, FilingKind.ELSEWHERE, "370800", date(2025, 1, 1)),
            house.town.clock.now(),
        )
    _, psn_no = house.numbers_of(asked.sharer_id)
    freeze = str(house.town.freeze(asked.sharer_id, "misuse_check"))
    with house.town.database.transaction() as connection:
        told = inbox.messages_of(connection, asked.sharer_id, 1)[0].id
        given_up = message_delivery.insert().values(
            message_id=told, channel="sms", subscriber_id=0, problem="no network"
        )
        delivery = connection.execute(given_up.returning(message_delivery.c.id)).scalar_one()
    number = {
        "takers": str(house.town.institution("H21120200001").id),
        "differences": str(difference(house)),
        "messages": str(delivery),
        "people": str(filing),
        "cases": str(asked.id),
        "disputes": str(dispute),
        "tax": order,
        "freezes": freeze,
        "alerts": str(alert_case(house, asked.sharer_id)),
        "claims": "1",
        **cleared(house),
    }
    filled = []
    for path, method, _ in PAGES:
        first, *more = path.split("/")[1:]
        room = f"clearing/{more[0]}" if first == "clearing" and more else first
        filled.append(
            (
                method,
                "/office"
                + path.replace("{number}", number.get(room, ""))
                .replace("{document}", str(item))
                .replace("{psn_no}", psn_no)
                .replace("{page}", "1")
                .replace("{letter}", "1")
                .replace("{step}", "pay")
                .replace("{line}", "1-own")
                .replace("{rule}", "over_volume"),
            )
        )
    return filled


def alert_case(house: House, person_id: int) -> int:
    """A case of supervision on somebody of Tieling."""
    with house.town.database.transaction() as connection:
        number: int = connection.execute(
            sa.text(
                "INSERT INTO alert_case (subject_kind, subject_id, region, opened_at, due_on)"
                " VALUES ('person', :person, '211200', :at, '2025-04-02') RETURNING id"
            ),
            {"person": person_id, "at": house.town.clock.now()},
        ).scalar_one()
    return number


def difference(house: House) -> int:
    """A settlement that a hospital of Tieling does not have."""
    with house.town.database.transaction() as connection:
        number: int = connection.execute(
            sa.text(
                "WITH s AS (INSERT INTO statement (institution_id, kind, since, until, scheme, clearing_type, agency,"
                " told_total, told_funds, told_count, our_total, our_funds, our_accounts, our_cash, our_count, agrees,"
                " differences, made_at) VALUES (:place, 'detail', '2025-02-01', '2025-02-28', '', '', '', 0, 0, 0, 5000,"
                " 0, 5000, 0, 1, false, 1, '2025-03-01T09:00+08:00') RETURNING id)"
                " INSERT INTO statement_difference (institution_id, difference, setl_id, our_total, our_funds,"
                " our_accounts, memo, owner, since, until, found_at, first_statement_id, last_statement_id)"
                " SELECT :place, 'missing_there', '211200000000000001', 5000, 0, 5000, '机构端没有这笔结算', 'institution',"
                " '2025-02-01', '2025-02-28', '2025-03-01T09:00+08:00', s.id, s.id FROM s RETURNING id"
            ),
            {"place": house.town.institution("H21120200001").id},
        ).scalar_one()
    return number


def cleared(house: House) -> dict[str, str]:
    """October is closed: a statement of Tieling to Jining with a payment that waits, and a bill of Tieling's pharmacy."""
    town, later = house.town, datetime(2024, 11, 2, 9, tzinfo=CHINA)
    clerk = Caller(Role.OFFICER, "0213", None, "211200", frozenset({Duty.CLEARING_CLERK}))
    hospital, man = town.institution("H37080000001"), town.person("赵德柱", "1960-05-01", "retired", balance=50_00)
    visit, total = town.visit(man, hospital, ("C-A", 1, "50.00"))
    town.settled(town.settle_visit(man, hospital, visit, total))
    for month in (date(2024, 10, 1), date(2025, 3, 1)):
        close_month(town.database, load_terms(), month, clerk, max(later, datetime(2025, 4, 2, tzinfo=CHINA)))
    with town.database.transaction() as connection:
        (one,) = store.statements(connection, date(2024, 10, 1))
        statements.accept(connection, one.id, caller=clerk, at=later)
        asked = payments.pay_statement(
            connection, one.id, amount=10_00, reference="YH-1001", paid_on=date(2024, 11, 1), caller=clerk, at=later
        )
        (bill,) = store.bills(connection, date(2025, 3, 1), "2112")
    return {
        "clearing/statements": str(one.id),
        "clearing/payments": str(asked.id),
        "clearing/bills": str(bill.id),
    }


def test_every_page_refuses_who_has_no_business_there(house: House) -> None:
    """Nobody, a citizen, an officer without duty, and officers of another region with every duty: none sees or does
    anything on any page that is about somebody."""
    pages = addresses(house)
    assert len(pages) == len(PAGES)
    stranger = httpx.Client(base_url=house.base, trust_env=False, timeout=60)
    house.opened.append(stranger)
    citizen = house.citizen(house.town.person("路人", "1990-01-01", "active", balance=0))
    citizen.client.cookies.set("gongji_office", citizen.client.cookies["gongji_session"])
    idle = Browser(house.officer("0299").client, "gongji_office")
    idle.client.cookies.set("gongji_office", house.token(no_duty()))
    elsewhere = house.officer("1101", *Duty, region="110000")
    for method, path in pages:

        def ask(one: Browser, path: str, method: str = method) -> httpx.Response:
            return one.get(path) if method == "GET" else one.post(path, step="confirm")

        assert stranger.request(method, path, data={"x": "1"} if method == "POST" else None).status_code == 401, path
        assert ask(Browser(citizen.client, "gongji_office"), path).status_code == 403, path
        assert ask(idle, path).status_code == 403, path
        answer = ask(elsewhere, path)
        if any(part.isdigit() for part in path.split("/")):
            assert answer.status_code == 404, path
        else:
            assert not re.search(r"/office/(cases|disputes|tax/orders)/\d", answer.text), path


def no_duty() -> Caller:
    """An officer of Tieling who may do nothing."""
    return Caller(Role.OFFICER, "0299", None, "211200", frozenset())


def test_each_duty_sees_its_own_pages_only(house: House) -> None:
    pages = [path for method, path in addresses(house) if method == "GET"]
    at_people = {"filings", "people", "people/filings", "people/messages", "messages", "takers"}
    on_cases = {"", "cases", "disputes", "people/freeze", "freezes", "claims", "claims/documents", *at_people}
    duties = {
        Duty.CLERK: {*at_people, "people/assist", "people/filings/new", "counter", "claims"},
        Duty.REVIEWER: {*on_cases, "counter", "people/filings/new"},
        Duty.SECOND_REVIEWER: {*on_cases, "counter", "clearing"},
        Duty.AUDITOR: {*on_cases, "trail", "alerts", "differences", "clearing"},
        Duty.TAX_CLERK: {"tax"},
        Duty.CLEARING_CLERK: {"differences", "clearing", "claims"},
        Duty.INSPECTOR: {"alerts"},
    }
    assert duties.keys() == set(Duty)
    first = {Duty.CLERK: "people", Duty.TAX_CLERK: "tax", Duty.CLEARING_CLERK: "claims", Duty.INSPECTOR: "alerts"}
    for duty, rooms in duties.items():
        for region in ("211200", "370800"):
            officer = house.officer("0909", duty, region=region)
            for path in pages:
                answer = officer.get(path)
                if path == "/office/" and "" not in rooms:
                    assert answer.headers["location"] == f"/office/{first[duty]}"
                else:
                    assert (answer.status_code == 403) is (room(path) not in rooms), (duty, path)


def room(path: str) -> str:
    """Which pages an address belongs to; of what is done for one person, also what."""
    first, *more = [part for part in path.split("/")[2:] if not part.isdigit()]
    return "/".join([first, *more]) if first in ("people", "claims") else first


def test_a_form_without_its_token_does_nothing(house: House) -> None:
    asked = house.request()
    zhou = house.officer("0210")
    bare = zhou.client.post(f"/office/cases/{asked.id}/claim", data={"csrf": "0" * 64})
    assert bare.status_code == 403
    with house.town.database.transaction() as connection:
        assert casework.in_charge(connection, asked.id) == (None, None)


def test_no_form_of_the_office_is_taken_from_another_site(house: House) -> None:
    """Every form, sent by an officer with every duty and without the session's token: refused before anything is read."""
    zhou = house.officer("0210", *Duty)
    forms = [path for method, path in addresses(house) if method == "POST"]
    for path in forms:
        bare = zhou.client.post(path, data={"csrf": "0" * 64, "step": "clear", "reason": "holder_asked"})
        assert (bare.status_code, "没有提交" in bare.text) == (403, True), path


def test_a_photo_of_20_mb_is_refused_in_words(house: House) -> None:
    phone = house.citizen(house.town.person("赵军", "1980-02-02", "active", balance=0))
    huge = {"file": ("photo.jpg", b"\xff\xd8\xff" + bytes(20 * 1024 * 1024), "image/jpeg")}
    refused = phone.client.post("/c/settlements/1/dispute", data={"csrf": "x"}, files=huge)
    assert refused.status_code == 422
    assert "照片太大，请缩小后再交（每张不超过 5 MB）" in refused.text
    assert "一页一页分开交" in refused.text


def test_wrong_addresses_are_told_as_missing(house: House) -> None:
    zhou = house.officer("0210", *Duty)
    for path in (
        "/office/cases/x",
        "/office/cases/99999999999999999999",
        "/office/cases/1",
        "/office/cases/1/documents/1/1",
        "/office/disputes/x",
        "/office/disputes/0",
        "/office/tax/orders/x",
        "/office/tax/orders/1",
        "/office/nowhere",
    ):
        assert zhou.get(path).status_code == 404, path
    house.town.clock.advance(timedelta(hours=1))
    assert zhou.get("/office/").status_code == 401
