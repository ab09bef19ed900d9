"""The eighteen things that stop a family, each met on the phone: what is wrong, what to do next, and from when it is possible."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from phone import serving_pages
from playwright.sync_api import Browser
from walk import Twin, Walk

from gongji.family.kinship_store import record_kinship
from gongji.family.model import FactKind, KinshipFact
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import Busy
from gongji.registry.certificate import check_certificate
from gongji.registry.entering import add_enrolments, add_people
from gongji.registry.entries import NewEnrolment, NewPerson
from gongji.registry.model import Enrolment
from gongji.registry.service import people_by_id
from gongji.rules.model import Scheme, Status
from gongji.wallet import answering
from gongji.wallet import service as wallet
from town import JINING, TIELING, Town

pytestmark = pytest.mark.browser


@pytest.fixture(params=["standard", "elder"])
def walk(request: pytest.FixtureRequest, chromium: Browser, twin: Twin, town: Town, tmp_path: Path) -> Iterator[Walk]:
    """Wednesday 2024-06-12, 10:30; standard type, then large."""
    with serving_pages(town, data=tmp_path, wallet_regions=[TIELING]) as pages:
        made = Walk(pages, chromium, request.param == "elder", twin, "failure")
        yield made
        made.close()
        pages.platform.close()


def zhang(town: Town) -> tuple[int, int]:
    """Zhang Li with ¥3,500.00, and her father, a resident."""
    daughter = town.person("张丽", "1978-11-05", "active", balance=350_000, region=JINING, gender=2, household="张")
    return daughter, town.person("张德福", "1952-01-17", "resident", region=JINING, household="张")


def stopped(walk: Walk, name: str, *says: str) -> None:
    """The screen says what is wrong in one heading, what to do next, and all of these words; it is looked at."""
    words = walk.words()
    assert "怎么办" in words, f"{name} says what to do next"
    for one in says:
        assert one in words, f"{name}: {one} is not in {words}"
    walk.seen(name)


def name_relative(walk: Walk, sharer: int, user: int, relation: str = "父母", name: str = "") -> None:
    """The sharer names a relative, and goes on as far as possible."""
    with walk.pages.town.database.transaction() as connection:
        known = people_by_id(connection, walk.pages.town.vault, [user])[user]
    walk.come_in(sharer)
    walk.open("/c/bind/who")
    walk.name_relative(name or known.name, known.certificate, relation)
    if walk.page.url.endswith("/bind/check"):
        # By commitment nothing is told of the relative before it was made.
        walk.page.get_by_label("我看过了，我承诺").check()
        walk.press("提交绑定申请")


def test_what_is_wrong_with_whom_one_has_named(walk: Walk) -> None:
    """1 not insured, 2 paused, 3 no near relative here, 4 insured elsewhere, 5 shared with already, 10 name and number differ."""
    town = walk.pages.town
    daughter, father = zhang(town)
    uncovered = town.person("张强", "2005-01-01", "resident", region=JINING)
    paused = town.person("张英", "1955-02-02", "resident", region=JINING)
    with town.database.transaction() as connection:
        during = "UPDATE enrolment SET during = '[2020-01-01,2024-01-01)' WHERE person_id = :id"
        connection.execute(sa.text(during), {"id": uncovered})
        connection.execute(sa.text("UPDATE enrolment SET standing = '2' WHERE person_id = :id"), {"id": paused})
    later = Enrolment(Scheme.RESIDENT, JINING, Status.RESIDENT, "15", "1", "", False, date(2024, 9, 1), None)
    name_relative(walk, daughter, uncovered, "子女")
    stopped(walk, "01_not_insured", "现在没有参加基本医保", "请先为家人参保", "家人参保后提醒我")
    walk.press("家人参保后提醒我")
    assert "提醒您：儿子 *强参保了，可以办理共济" in walk.words()
    walk.seen("01_reminded")
    with town.database.transaction() as connection:
        add_enrolments(connection, [NewEnrolment(uncovered, later)])
    name_relative(walk, daughter, uncovered, "子女")
    stopped(walk, "01_insured_from", "最早可以办的日期： 2024年9月1日", "到那天提醒我")
    name_relative(walk, daughter, paused)
    stopped(walk, "02_paused", "医保目前暂停", "12393")
    name_relative(walk, daughter, father, "子女")
    stopped(walk, "03_no_relative", "从出生日期看，这个关系不成立", "请检查关系")
    elsewhere = town.person("王秀兰", "1950-08-13", "retired", balance=0, gender=2, region=TIELING)
    name_relative(walk, daughter, elsewhere)
    stopped(walk, "04_elsewhere", "外省参保", "医保钱包")
    town.share(daughter, father, region=JINING, exclusive=True, procedure="commitment")
    sister = town.person("张敏", "1981-06-22", "active", balance=9_000, region=JINING, gender=2)
    name_relative(walk, sister, father)
    stopped(walk, "05_shared_already", "已由另一位家人共济", "怎样换人")
    name_relative(walk, daughter, father, name="张得福")
    stopped(walk, "10_name_differs", "姓名和证件号码对不上", "请对照证件")


def test_what_is_wrong_with_oneself(walk: Walk) -> None:
    """6 seven relatives, 7 no account, 8 nothing in it (which stops nobody), 9 frozen."""
    town = walk.pages.town
    daughter, father = zhang(town)
    for number in range(7):
        child = town.person(f"张小{'一二三四五六七'[number]}", "2010-01-01", "resident", region=JINING)
        town.share(daughter, child, relation="child", region=JINING)
    walk.come_in(daughter)
    walk.open("/c/bind")
    assert "您已绑定 7 人，本地最多 7 人" in walk.words()
    walk.seen("06_seven_can")
    walk.open("/c/bind/who")
    stopped(walk, "06_seven", "您已绑定 7 人，本地最多 7 人", "先解绑一位")
    walk.come_in(father)
    walk.open("/c/bind/who")
    stopped(walk, "07_no_account", "居民医保没有个人账户", "参加职工医保的家人给您共济")
    poor = town.person("张敏", "1981-06-22", "active", balance=0, region=JINING, gender=2)
    mother = town.person("李秀英", "1954-01-17", "resident", region=JINING, gender=2)
    walk.come_in(poor)
    assert "¥0.00" in walk.words()
    walk.seen("08_empty_home")
    walk.open("/c/bind")
    assert "账户余额 ¥0.00：现在就能绑定" in walk.words()
    walk.seen("08_empty_can")
    name_relative(walk, poor, mother)
    assert walk.heading() == "已经生效"
    assert "您的账户现在是 ¥0.00。绑定有效" in walk.words()
    walk.seen("08_empty_bound")
    frozen = town.person("张军", "1979-06-22", "active", balance=9_000, region=JINING)
    town.freeze(frozen, until=date(2024, 9, 30), region=JINING)
    walk.come_in(frozen)
    walk.open("/c/bind/who")
    stopped(walk, "09_frozen", "您的个人账户暂时冻结", "2024年10月1日", "12393", "到那天提醒我")


def test_what_has_a_page_of_its_own(walk: Walk) -> None:
    """12 no face recognised, 13 a newborn, 14 no date to choose, 15 the other product of that name, 4 the wallet, 5 how to change."""
    daughter, _ = zhang(walk.pages.town)
    walk.come_in(daughter)
    says = {
        "12_face": "短信验证码；带身份证到窗口；打 12393 约工作人员上门",
        "14_when": "不用选日期",
        "15_qinqing": "亲情账户不影响家庭共济",
        "04_wallet": "跨省要用医保钱包",
        "05_switch": "请他本人登录",
    }
    for name, words in says.items():
        walk.open(f"/c/about/{name.split('_')[1]}")
        assert words in walk.words()
        walk.seen(name)
    certificate = check_certificate("990201", "T370012345")
    town = walk.pages.town
    with town.database.transaction() as connection:
        new = NewPerson(certificate, "张小宝", "1", date(2024, 6, 1), JINING, household="张")
        (baby,) = add_people(connection, town.vault, town.database.serials, [new]).values()
        enrolment = Enrolment(Scheme.RESIDENT, JINING, Status.RESIDENT, "15", "1", "", False, date(2024, 6, 1), None)
        add_enrolments(connection, [NewEnrolment(baby, enrolment)])
    walk.open("/c/bind/who?newborn=yes")
    assert "出生医学证明编号" in walk.words()
    walk.seen("13_newborn")


def test_no_proof_too_early_and_a_platform_that_does_not_answer(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    """11 a document is asked for, 16 unbinding too early, 18 nothing of what was filled in is lost."""
    town = walk.pages.town
    son = town.person("李建国", "1980-03-01", "active", balance=500_000, household="李")
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=20_000, gender=2, household="王")

    def silent(*_: object, **__: object) -> None:
        raise Busy("platform.busy", "busy", "忙")

    with monkeypatch.context() as patched:
        patched.setattr("gongji.family.applications.send", silent)
        name_relative(walk, son, mother)
        stopped(walk, "18_busy", "不是您的问题", "已经保存")
    walk.open("/c/bind/check")
    walk.page.get_by_label("我看过了，我承诺").check()
    walk.press("提交绑定申请")
    assert walk.heading() == "已收到，还差一份证明"
    assert "居民户口簿" in walk.words()
    walk.seen("11_not_proven")
    daughter, father = zhang(town)
    one = town.share(daughter, father, region=JINING, since=town.clock.now(), unbind_after_days=90)
    walk.come_in(daughter)
    walk.open(f"/c/sharings/{one}/end")
    assert "2024年9月10日 起才能解绑" in walk.words()
    walk.seen("16_too_early")
    with walk.flow("unbinding later"):
        walk.press("2024年9月10日 替我解绑")
    assert "替您解绑父亲 **福" in walk.words()
    walk.seen("16_arranged")


def test_the_wallets_limits(walk: Walk) -> None:
    """17: not opened, not opened by the other, one that waits, the day's three, the night: each with the hour that clears it."""
    town = walk.pages.town
    town.clock.set(datetime(2025, 6, 11, 10, 30, tzinfo=CHINA))
    mother = town.person("孔母", "1955-08-13", "resident", region=JINING, gender=2)
    son = town.person("孔明", "1980-03-01", "active", balance=9_000_00, region=JINING)
    with town.database.transaction() as connection:
        fact = KinshipFact(FactKind.PARENT, mother, son, date(1980, 3, 1), None, "户口簿")
        record_kinship(connection, [fact], town.clock.now())
    callers = {person: Caller(Role.CITIZEN, "citizen", person) for person in (mother, son)}
    wallets = walk.pages.platform.wallets
    walk.come_in(son)

    def to_mother() -> None:
        walk.open("/c/wallet/who")
        walk.press("母亲（*母）")

    to_mother()
    stopped(walk, "17_not_opened", "请先开通您自己的医保钱包")
    wallet.open_wallet(wallets, person_id=son, area=JINING, caller=callers[son])
    to_mother()
    stopped(walk, "17_not_opened_by_her", "对方还没有开通医保钱包")
    wallet.open_wallet(wallets, person_id=mother, area=JINING, caller=callers[mother])

    def send(key: str) -> int:
        made = wallet.send(
            wallets, sender_id=son, receiver_id=mother, amount=1_00, key=f"transfer-{key}", caller=callers[son]
        )
        return made.id

    first = send("one")
    to_mother()
    stopped(walk, "17_waits", "还没有收下", "2025年6月12日 06:00", "到时候提醒我")
    for key in ("two", "three"):
        answering.accept(wallets, first, receiver_id=mother, caller=callers[mother])
        first = send(key)
    answering.accept(wallets, first, receiver_id=mother, caller=callers[mother])
    to_mother()
    stopped(walk, "17_three_a_day", "每天最多转 3 笔", "2025年6月12日 06:00")
    town.clock.advance(timedelta(hours=12))
    walk.come_in(son)
    to_mother()
    stopped(walk, "17_night", "不办转账", "2025年6月12日 06:00")
    walk.press("到时候提醒我")
    assert "2025年6月12日 06:00" in walk.words()
    walk.seen("17_reminded")
