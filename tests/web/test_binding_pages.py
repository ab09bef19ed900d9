"""Binding on the phone, from the first question to the end, and everything that can stop it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from phone import Pages, serving_pages
from PIL import Image

from gongji.family import service as family
from gongji.family.model import FactKind, KinshipFact
from gongji.foundation.errors import Busy
from gongji.foundation.outbox import send_waiting
from gongji.registry.certificate import check_digit
from gongji.rules.book import RuleBook
from strict_region import stricter_shandong
from town import JINING, TIELING, Town


@pytest.fixture
def pages(town: Town, tmp_path: Path) -> Iterator[Pages]:
    with serving_pages(town, data=tmp_path) as served:
        yield served


def picture(shade: int = 200) -> dict[str, tuple[str, bytes, str]]:
    """A photographed page, as a form sends it."""
    buffer = io.BytesIO()
    image = Image.effect_noise((1200, 900), 90).convert("RGB")
    image.paste((shade, shade, shade), (100, 100, 400, 300))
    image.save(buffer, "JPEG", quality=85)
    return {"file": ("page.jpg", buffer.getvalue(), "image/jpeg")}


def tieling(town: Town) -> tuple[int, int]:
    """Li Jianguo, active, ¥5,000.00, and his mother Wang Xiulan, retired."""
    son = town.person("李建国", "1980-03-01", "active", balance=500_000, household="李")
    return son, town.person("王秀兰", "1955-08-13", "retired", balance=20_000, gender=2, household="李")


def jining(town: Town) -> tuple[int, int]:
    """Zhang Li, active in Jining, ¥3,500.00; her father Zhang Defu, a resident."""
    daughter = town.person("张丽", "1978-11-05", "active", balance=350_000, region=JINING, gender=2, household="张")
    return daughter, town.person("张德福", "1952-01-17", "resident", region=JINING, household="张")


def test_li_jianguo_binds_his_mother_with_a_document_that_comes_back_once(pages: Pages) -> None:
    town = pages.town
    son, mother = tieling(town)
    phone = pages.phone(son)
    assert "三样东西，别弄混" in phone.open("/c/start")
    assert phone.open("/c/bind").count("✓ 符合") == 5

    # full-width digits, blanks and a small x are taken as they are meant
    number = pages.number(mother)
    typed = f"{number[:6]} {number[6:14]} {number[14:].lower()}".translate({48 + n: 0xFF10 + n for n in range(10)})
    phone.send("/c/bind/who", kind="01", relation="parent", name=" 王秀兰 ", number=typed)
    assert phone.path == "/c/bind/check"
    assert "系统没查到你们的关系" in phone.words
    assert number in phone.words
    assert "生效那天开始，一直有效" in phone.words
    assert 'type="date"' not in phone.last.text, "nobody is asked for a date"

    assert "请先看完承诺，再打勾" in phone.send("/c/bind/check")
    phone.send("/c/bind/check", commitment="yes")
    tracker = phone.path
    assert re.fullmatch(r"/c/applications/20240612\d{6}", tracker)
    assert phone.heading == "已收到，还差一份证明"
    assert "正在办理：给 王秀兰" in phone.open("/c/")

    phone.send(f"{tracker}/evidence", kind="household_book", files=picture())
    assert phone.heading == "已收到，正在审核", phone.words
    case = authorisation_of(pages, son)
    with town.database.transaction() as connection:
        family.review(
            connection,
            pages.platform.rules,
            case,
            "return",
            item="household_book",
            reason="unreadable",
            actor="0210",
            at=town.clock.now(),
        )
    phone.open(tracker)
    assert phone.heading == "退回补正：只补一样"
    assert "这次只要：居民户口簿" in phone.words
    assert "照片看不清" in phone.words
    assert "结婚证" not in phone.words
    wrong = phone.send(f"{tracker}/evidence", kind="birth_certificate", files=picture(90))
    assert "请选择证明的种类" in wrong, "nothing but the named document is taken"
    assert "请先拍照" in phone.send(f"{tracker}/evidence", kind="household_book")
    phone.send(f"{tracker}/evidence", kind="household_book", files=picture(30))
    assert phone.heading == "已收到，正在审核"
    with town.database.transaction() as connection:
        family.review(connection, pages.platform.rules, case, "approve", actor="0210", at=town.clock.now())
    phone.open(tracker)
    assert phone.heading == "已经生效"
    assert "退回补正" in phone.words, "what happened is told"


def authorisation_of(pages: Pages, sharer: int) -> int:
    with pages.town.database.transaction() as connection:
        return family.authorisations_of_sharer(connection, sharer)[-1].id


def test_what_is_in_the_registers_needs_no_document(pages: Pages) -> None:
    son, mother = tieling(pages.town)
    with pages.town.database.transaction() as connection:
        fact = KinshipFact(FactKind.PARENT, mother, son, date(1980, 3, 1), None, "register")
        family.record_kinship(connection, [fact], pages.town.clock.now())
    phone = pages.phone(son)
    phone.send("/c/bind/who", kind="01", relation="parent", name="王秀兰", number=pages.number(mother))
    assert "系统查到了你们的关系，不用交证明" in phone.words
    phone.send("/c/bind/check", commitment="yes")
    assert phone.heading == "已收到，正在审核"
    assert "请交一份证明" not in phone.words


def test_zhang_li_binds_by_commitment_with_a_limit_and_goes_on_on_another_phone(pages: Pages) -> None:
    daughter, father = jining(pages.town)
    phone = pages.phone(daughter)
    phone.send("/c/bind/who", kind="01", relation="parent", name="张德福", number=pages.number(father))
    assert "提交以后马上生效" in phone.words
    assert "请填金额" in phone.send("/c/bind/terms", limit="五百", purposes=["care"])
    assert "请至少选一样" in phone.send("/c/bind/terms", limit="500")
    assert "五百" not in phone.words
    phone.send("/c/bind/terms", limit="５００.50", purposes=["care", "pharmacy"])
    other = pages.phone(daughter)
    assert "您上次填到一半：给 张德福 办理" in other.open("/c/bind")
    other.open("/c/bind/check")
    assert "¥500.50" in other.words
    other.send("/c/bind/check", commitment="yes")
    assert other.heading == "已经生效"
    assert other.send("/c/bind/check", commitment="yes") != "", "sent twice, it is sent once"
    assert len(authorisations(pages, daughter)) == 1


def authorisations(pages: Pages, sharer: int) -> list[int]:
    with pages.town.database.transaction() as connection:
        return [one.id for one in family.authorisations_of_sharer(connection, sharer)]


def test_names_with_a_dot_are_taken_however_the_dot_is_typed(pages: Pages) -> None:
    daughter, _ = jining(pages.town)
    husband = pages.town.person("阿卜杜拉·买买提", "1976-02-02", "resident", region=JINING)
    phone = pages.phone(daughter)
    phone.send("/c/bind/who", kind="01", relation="spouse", name="阿卜杜拉•买买提", number=pages.number(husband))
    assert phone.path == "/c/bind/check"


@pytest.fixture
def strict(town: Town, tmp_path: Path) -> Iterator[Pages]:
    """Shandong where relatives have to agree and nobody unbinds within ninety days."""
    with serving_pages(town, stricter_shandong(tmp_path / "packs"), data=tmp_path) as served:
        yield served


def ask(pages: Pages, way: str) -> tuple[Pages, int, int, str]:
    daughter, father = jining(pages.town)
    phone = pages.phone(daughter)
    phone.send("/c/bind/who", kind="01", relation="parent", name="张德福", number=pages.number(father))
    assert phone.path == "/c/bind/consent"
    assert "刷脸没通过" in phone.words
    assert "请选择一种确认办法" in phone.send("/c/bind/consent")
    phone.send("/c/bind/consent", way=way)
    phone.send("/c/bind/check", commitment="yes")
    assert phone.heading == "已收到，等家人确认"
    assert "2024年6月27日" in phone.words
    return pages, daughter, father, phone.path


def test_the_father_agrees_in_his_own_log_in(strict: Pages) -> None:
    pages, daughter, father, tracker = ask(strict, "own_log_in")
    his = pages.phone(father)
    assert "*丽 想给您共济，等您确认" in his.open("/c/")
    consent = tracker.replace("applications", "consents")
    assert "看不到病情和药品" in his.open(consent)
    assert "您已经同意" in his.send(consent, answer="yes")
    assert "不再等家人确认" in his.send(consent, answer="no")
    hers = pages.phone(daughter)
    hers.open(tracker)
    assert hers.heading == "已经生效"


def test_the_father_says_no(strict: Pages) -> None:
    pages, daughter, father, tracker = ask(strict, "own_log_in")
    his = pages.phone(father)
    assert "您没有同意" in his.send(tracker.replace("applications", "consents"), answer="no")
    hers = pages.phone(daughter)
    hers.open(tracker)
    assert hers.heading == "家人没有同意"
    assert authorisations(pages, daughter) == []


def test_the_father_reads_a_code_from_his_phone_and_guessing_it_stops_after_five(strict: Pages) -> None:
    pages, daughter, _, tracker = ask(strict, "sms")
    hers = pages.phone(daughter)
    assert "手机号不对" in hers.send(f"{tracker}/send-code", phone="138")
    assert "验证码已经发出" in hers.send(f"{tracker}/send-code", phone="138 0013 8000")
    sent: list[str] = []
    now = pages.town.clock.now()
    send_waiting(pages.town.database, pages.town.vault, lambda _, text: sent.append(text), at=now)
    code = re.findall(r"\d{6}", sent[0])[0]
    for _ in range(4):
        assert "验证码不对" in hers.send(f"{tracker}/code", code="000000" if code != "000000" else "000001")
    assert hers.send(f"{tracker}/code", code=code)
    assert hers.heading == "已经生效"


def test_six_wrong_codes_wait_an_hour(strict: Pages) -> None:
    pages, daughter, _, tracker = ask(strict, "sms")
    hers = pages.phone(daughter)
    hers.send(f"{tracker}/send-code", phone="13800138000")
    for _ in range(5):
        hers.send(f"{tracker}/code", code="x")
    assert "尝试次数太多" in hers.send(f"{tracker}/code", code="x")
    assert hers.status == 429


# ---- What stops it: one page a cause, with the next step and, where time matters, the date.


def stop(pages: Pages, sharer: int, user: int, relation: str = "parent", name: str = "", **typed: str) -> str:
    """Go as far as one gets; gives the words of the page that stops it."""
    phone = pages.phone(sharer)
    with pages.town.database.transaction() as connection:
        from gongji.registry.service import people_by_id

        known = people_by_id(connection, pages.town.vault, [user])[user]
    form = {"kind": "01", "relation": relation, "name": name or known.name, "number": known.certificate} | typed
    phone.send("/c/bind/who", **form)
    if phone.path == "/c/bind/check":
        phone.send("/c/bind/check", commitment="yes")
    assert "怎么办" in phone.words, phone.words
    assert len(re.findall(r"<h1>", phone.last.text if phone.last else "")) == 1
    return phone.words


def test_stop_1_not_enrolled_and_2_paused(pages: Pages) -> None:
    town = pages.town
    daughter, father = jining(town)
    uncovered = town.person("张强", "2005-01-01", "resident", region=JINING)
    with town.database.transaction() as connection:
        connection.execute(
            sa.text("UPDATE enrolment SET during = '[2020-01-01,2024-01-01)' WHERE person_id = :id"), {"id": uncovered}
        )
        connection.execute(sa.text("UPDATE enrolment SET standing = '2' WHERE person_id = :id"), {"id": father})
    assert "现在没有参加基本医保 怎么办 请先为家人参保" in stop(pages, daughter, uncovered, "child")
    assert "医保目前暂停 怎么办 请先补缴或续保" in stop(pages, daughter, father)


def test_stop_3_no_near_relative_here_and_a_relation_the_wrong_way_round(pages: Pages) -> None:
    daughter, father = jining(pages.town)
    assert "这里的账户只能给" in stop(pages, daughter, father, "sibling")
    assert "从出生日期看，这个关系不成立" in stop(pages, daughter, father, "child")


def test_stop_4_insured_in_another_province(pages: Pages) -> None:
    daughter, _ = jining(pages.town)
    mother = pages.town.person("王秀兰", "1950-08-13", "retired", balance=0, gender=2, region=TIELING)
    words = stop(pages, daughter, mother)
    assert "外省参保" in words
    assert "看看医保钱包" in words


def test_stop_5_another_shares_already_and_nobody_says_who(pages: Pages) -> None:
    daughter, father = jining(pages.town)
    sister = pages.town.person("张敏", "1981-06-22", "active", balance=9_000, region=JINING, gender=2)
    pages.town.share(daughter, father, region=JINING, exclusive=True, procedure="commitment")
    words = stop(pages, sister, father)
    assert "已由另一位家人共济" in words
    assert "怎样换人" in words
    assert "丽" not in words
    assert "请他本人登录" in pages.phone(sister).open("/c/about/switch")


def test_stop_6_seven_relatives_are_the_most(pages: Pages) -> None:
    daughter, father = jining(pages.town)
    for number in range(7):
        child = pages.town.person(f"张小{'一二三四五六七'[number]}", "2010-01-01", "resident", region=JINING)
        pages.town.share(daughter, child, relation="child", region=JINING)
    phone = pages.phone(daughter)
    assert "✗ 不符合 您已绑定 7 人，本地最多 7 人 先解绑一位" in phone.open("/c/bind")
    assert "您已绑定 7 人" in stop(pages, daughter, father)


def test_stop_7_a_resident_has_no_account(pages: Pages) -> None:
    daughter, father = jining(pages.town)
    phone = pages.phone(father)
    assert "居民医保没有个人账户" in phone.open("/c/bind")
    assert "现在还不能办" in phone.words
    phone.send("/c/bind/who", kind="01", relation="child", name="张丽", number=pages.number(daughter))
    assert "居民医保没有个人账户" in phone.words


def test_8_an_empty_account_may_be_bound(pages: Pages) -> None:
    town = pages.town
    poor = town.person("张敏", "1981-06-22", "active", balance=0, region=JINING, gender=2)
    _, father = jining(town)
    phone = pages.phone(poor)
    assert "账户余额 ¥0.00：现在就能绑定" in phone.open("/c/bind")
    phone.send("/c/bind/who", kind="01", relation="parent", name="张德福", number=pages.number(father))
    phone.send("/c/bind/check", commitment="yes")
    assert phone.heading == "已经生效"


def test_stop_9_a_frozen_account_says_until_when(pages: Pages) -> None:
    daughter, _ = jining(pages.town)
    pages.town.freeze(daughter, until=date(2024, 9, 30), region=JINING)
    phone = pages.phone(daughter)
    assert "您的个人账户暂时冻结" in phone.open("/c/bind")
    assert "2024-10-01" in phone.words


def test_stop_10_name_and_number_and_what_is_no_number(pages: Pages) -> None:
    daughter, father = jining(pages.town)
    assert "姓名和证件号码对不上" in stop(pages, daughter, father, name="张得福")
    assert "姓名和证件号码对不上" in stop(
        pages, daughter, father, number="11010119900307663" + check_digit("11010119900307663")
    )
    phone = pages.phone(daughter)
    phone.send("/c/bind/who", kind="01", relation="", name="", number="370811195201170015")
    assert phone.status == 422
    assert "填写有误，请改正 请选择家人和您的关系 请填写姓名" in phone.words
    for _ in range(8):
        stop(pages, daughter, father, name="错名")
    assert "尝试次数太多" in stop(pages, daughter, father), "whoever tries names is stopped"


@pytest.mark.parametrize(
    ("topic", "words"),
    [
        ("face", "短信验证码；带身份证到窗口；打 12393 约工作人员上门"),
        ("qinqing", "亲情账户不影响家庭共济"),
        ("when", "不用选日期"),
        ("wallet", "跨省要用医保钱包"),
    ],
)
def test_12_14_15_questions_with_a_page_of_their_own(pages: Pages, topic: str, words: str) -> None:
    daughter, _ = jining(pages.town)
    assert words in pages.phone(daughter).open(f"/c/about/{topic}")
    assert pages.phone(daughter).open("/c/about/nothing")


def test_13_a_newborn_is_named_by_the_certificate_of_birth(pages: Pages) -> None:
    from gongji.registry.certificate import check_certificate
    from gongji.registry.entering import add_enrolments, add_people
    from gongji.registry.entries import NewEnrolment, NewPerson
    from gongji.registry.model import Enrolment
    from gongji.rules.model import Scheme, Status

    town = pages.town
    daughter, _ = jining(town)
    certificate = check_certificate("990201", "T370012345")
    with town.database.transaction() as connection:
        new = NewPerson(certificate, "张小宝", "1", date(2024, 6, 1), JINING, household="张")
        (baby,) = add_people(connection, town.vault, town.database.serials, [new]).values()
        enrolment = Enrolment(Scheme.RESIDENT, JINING, Status.RESIDENT, "15", "1", "", False, date(2024, 6, 1), None)
        add_enrolments(connection, [NewEnrolment(baby, enrolment)])
    phone = pages.phone(daughter)
    assert "出生医学证明编号" in phone.open("/c/bind/who?newborn=yes")
    assert "父母" not in phone.words
    phone.send("/c/bind/who", kind="990201", relation="child", name="张小宝", number="t 3700 12345")
    phone.send("/c/bind/check", commitment="yes")
    assert phone.heading == "已经生效"


def test_stop_16_unbinding_too_early_says_from_when_and_what_can_be_done_now(strict: Pages) -> None:
    pages, daughter, father, tracker = ask(strict, "own_log_in")
    pages.phone(father).send(tracker.replace("applications", "consents"), answer="yes")
    case = authorisation_of(pages, daughter)
    hers = pages.phone(daughter)
    assert "2024年9月10日 起才能解绑" in hers.open(f"/c/sharings/{case}/end")
    assert "确定解绑" not in hers.words
    words = hers.send(f"/c/sharings/{case}/end", sure="yes")
    assert "最早可以办的日期： 2024年9月10日" in words
    assert "暂停以后马上停止支付" in words or "先暂停" in words
    assert "已暂停" in hers.send(f"/c/sharings/{case}/pause", step="pause")
    pages.town.clock.advance(timedelta(days=90))
    later = pages.phone(daughter)
    later.open(f"/c/sharings/{case}/end")
    assert "确定解绑" in later.words


def test_stop_18_nothing_is_lost_when_the_platform_does_not_answer(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    daughter, father = jining(pages.town)
    phone = pages.phone(daughter)
    phone.send("/c/bind/who", kind="01", relation="parent", name="张德福", number=pages.number(father))

    def silent(*_: object, **__: object) -> None:
        raise Busy("platform.busy", "busy", "忙")

    with monkeypatch.context() as patched:
        patched.setattr("gongji.family.applications.send", silent)
        assert "不是您的问题" in phone.send("/c/bind/check", commitment="yes")
        assert phone.status == 503
        assert "已经保存" in phone.words
    phone.send("/c/bind/check", commitment="yes")
    assert phone.heading == "已经生效"


def test_every_application_is_closed_to_everybody_else(pages: Pages) -> None:
    daughter, father = jining(pages.town)
    phone = pages.phone(daughter)
    phone.send("/c/bind/who", kind="01", relation="parent", name="张德福", number=pages.number(father))
    phone.send("/c/bind/check", commitment="yes")
    tracker = phone.path
    stranger = pages.phone(pages.town.person("钱多", "1990-01-01", "active", balance=0))
    for path in (tracker, tracker.replace("applications", "consents")):
        stranger.open(path)
        assert stranger.status == 404
    assert pages.phone(father).open(tracker)


# ---- Changing and ending.


@pytest.fixture
def shared(pages: Pages) -> tuple[Pages, int, int, int]:
    daughter, father = jining(pages.town)
    case = pages.town.share(daughter, father, region=JINING, procedure="commitment", exclusive=True)
    return pages, daughter, father, case


def test_pause_resume_limit_and_purposes(shared: tuple[Pages, int, int, int]) -> None:
    pages, daughter, father, case = shared
    hers = pages.phone(daughter)
    assert "查看" not in hers.open(f"/c/sharings/{case}")
    assert "已暂停，现在起不再付钱" in hers.send(f"/c/sharings/{case}/pause", step="pause")
    assert "已恢复" in hers.send(f"/c/sharings/{case}/pause", step="resume")
    assert "已保存" in hers.send(f"/c/sharings/{case}/limits", limit="300", purposes=["pharmacy"])
    assert "每月最多 ¥300.00" in hers.words
    assert "药店买药" in hers.words
    his = pages.phone(father)
    his.send(f"/c/sharings/{case}/pause", step="pause")
    assert "只能由" in his.words
    his.open(f"/c/sharings/{case}/limits")
    assert his.status == 404


def test_the_effect_of_the_end_is_told_first(shared: tuple[Pages, int, int, int]) -> None:
    pages, daughter, father, case = shared
    hospital = pages.town.institution("H37080000001")
    pages.town.visit(father, hospital, ("C-A", 1, "300.00"))
    hers = pages.phone(daughter)
    hers.send(f"/c/sharings/{case}/limits", limit="300", purposes=["care"])
    words = hers.open(f"/c/sharings/{case}/end")
    assert "马上生效" in words
    assert "没有住院" in words
    assert "还有 1 次看病没有结算" in words
    assert "¥300.00" in words
    assert "也可以 暂停" in words
    hers.send(f"/c/sharings/{case}/end")
    assert "确定解绑" in hers.words, "without the confirmation nothing ends"
    assert "已结束" in hers.send(f"/c/sharings/{case}/end", sure="yes")


def test_the_father_leaves_by_himself(shared: tuple[Pages, int, int, int]) -> None:
    pages, _, father, case = shared
    his = pages.phone(father)
    assert "想换成另一位家人" in his.open(f"/c/sharings/{case}/end")
    assert "已结束" in his.send(f"/c/sharings/{case}/end", sure="yes")


def test_three_figures_that_add_up(shared: tuple[Pages, int, int, int]) -> None:
    pages, daughter, _, _ = shared
    hers = pages.phone(daughter)
    assert "¥3,500.00 = ¥0.00 + ¥3,500.00" in hers.open("/c/keep")
    assert "¥3,500.00 = ¥2,000.00 + ¥1,500.00" in hers.send("/c/keep", kept="2000")
    assert "请填金额" in hers.send("/c/keep", kept="-1")


def test_the_mother_says_whose_money_first(pages: Pages) -> None:
    town = pages.town
    mother = town.person("王秀兰", "1955-08-13", "resident")
    first = town.share(town.person("李梅", "1978-01-01", "active", balance=0, gender=2), mother)
    second = town.share(town.person("李婷", "1982-01-01", "active", balance=0, gender=2), mother, rank=2)
    hers = pages.phone(mother)
    assert hers.open("/c/order").index("女儿 *梅") < hers.words.index("女儿 *婷")
    hers.send("/c/order", first=str(second))
    assert hers.words.index("女儿 *婷") < hers.words.index("女儿 *梅")
    hers.send("/c/order", first="1")
    assert hers.status == 404
    assert first != second


def test_rules_book_of_the_tests_differs_only_where_it_should(tmp_path: Path) -> None:
    on = date(2024, 6, 12)
    strict, shipped = stricter_shandong(tmp_path).sharing(JINING, on), RuleBook.shipped().sharing(JINING, on)
    assert strict is not None
    assert shipped is not None
    assert (strict.user_consent, strict.unbind_after_days) == (True, 90)
    assert (strict.relations, strict.max_relatives) == (shipped.relations, shipped.max_relatives)
