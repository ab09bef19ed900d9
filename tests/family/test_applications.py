"""A request from its first answer to what comes of it; and what families set beside limits."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from gongji.family import applications, consent_codes, service, wishes
from gongji.family.application_questions import waiting_question
from gongji.family.applications import Application, ApplicationState, ConsentWay
from gongji.family.model import Authorisation
from gongji.foundation.errors import GongjiError
from gongji.foundation.outbox import outbox_message, send_waiting
from gongji.foundation.questions import ask
from gongji.rules.book import RuleBook
from gongji.rules.model import Purpose, Relation
from strict_region import stricter_shandong
from town import JINING, Town


@pytest.fixture
def strict(tmp_path: Path) -> RuleBook:
    return stricter_shandong(tmp_path)


@pytest.fixture
def jining(town: Town) -> tuple[int, int]:
    """Zhang Li, active in Jining, ¥3,500.00; her father Zhang Defu, a resident."""
    daughter = town.person("张丽", "1978-11-05", "active", balance=350_000, region=JINING, gender=2)
    father = town.person("张德福", "1952-01-17", "resident", region=JINING)
    return daughter, father


def named(town: Town, sharer: int, user: int) -> Application:
    with town.database.transaction() as connection:
        application = applications.begin(connection, town.vault, sharer, town.clock.now())
        applications.name_user(
            connection,
            town.vault,
            application,
            relation=Relation.PARENT,
            certificate_kind="01",
            certificate="370811195201170014",
            name="张德福",
            user_id=user,
            at=town.clock.now(),
        )
        found = applications.draft_of(connection, town.vault, sharer)
    assert found is not None
    return found


def send(town: Town, book: RuleBook, application: Application, *, commitment: bool = True) -> Application:
    with town.database.transaction() as connection:
        applications.send(
            connection,
            book,
            application,
            commitment=commitment,
            actor="citizen",
            at=town.clock.now(),
            serials=town.database.serials,
        )
        return applications.find(connection, town.vault, application.number)


def agree(town: Town, book: RuleBook, application: Application, by: str = "user") -> Authorisation:
    with town.database.transaction() as connection:
        applications.consent(connection, book, application, by=by, at=town.clock.now(), serials=town.database.serials)
        after = applications.find(connection, town.vault, application.number)
        assert after.authorisation_id is not None
        return service.authorisation(connection, after.authorisation_id)


def test_a_draft_is_there_again_on_another_day_and_what_was_typed_is_sealed(
    town: Town, jining: tuple[int, int]
) -> None:
    draft = named(town, *jining)
    town.clock.advance(timedelta(days=3))
    with town.database.transaction() as connection:
        again = applications.begin(connection, town.vault, jining[0], town.clock.now())
        raw = connection.execute(sa.text("SELECT binding_application::text FROM binding_application")).scalar_one()
    assert again == draft
    assert (again.name, again.certificate, again.number) == ("张德福", "370811195201170014", f"20240612{draft.id:06d}")
    assert "370811195201170014" not in raw
    assert "张德福" not in raw


def test_by_commitment_it_is_in_force_at_once(town: Town, jining: tuple[int, int]) -> None:
    draft = named(town, *jining)
    with pytest.raises(GongjiError, match="commitment_missing"):
        send(town, RuleBook.shipped(), draft, commitment=False)
    sent = send(town, RuleBook.shipped(), draft)
    assert sent.state is ApplicationState.SENT
    with pytest.raises(GongjiError, match=r"application\.over"):
        send(town, RuleBook.shipped(), draft)


def test_where_the_user_has_to_agree_nothing_is_shared_before(
    town: Town, jining: tuple[int, int], strict: RuleBook
) -> None:
    daughter, father = jining
    waiting = send(town, strict, named(town, daughter, father))
    assert (waiting.state, waiting.authorisation_id) == (ApplicationState.WAITING_CONSENT, None)
    assert waiting.finish_by == date(2024, 6, 27)
    with town.database.transaction() as connection:
        (asked,) = ask(connection, waiting_question(town.vault, father, date(2024, 6, 20)))
        assert asked == waiting
        assert ask(connection, waiting_question(town.vault, daughter, date(2024, 6, 20))) == []
    made = agree(town, strict, waiting)
    assert made.state == "active"
    with pytest.raises(GongjiError, match="consent_over"):
        agree(town, strict, waiting)


def test_no_other_way_leads_round_the_consent(town: Town, jining: tuple[int, int], strict: RuleBook) -> None:
    daughter, father = jining
    with town.database.transaction() as connection, pytest.raises(GongjiError, match="consent_missing"):
        service.bind(
            connection,
            strict,
            sharer_id=daughter,
            user_id=father,
            relation=Relation.PARENT,
            commitment=True,
            actor="citizen",
            at=town.clock.now(),
            serials=town.database.serials,
        )


def test_a_father_who_says_no_and_one_who_does_not_answer(
    town: Town, jining: tuple[int, int], strict: RuleBook
) -> None:
    waiting = send(town, strict, named(town, *jining))
    with town.database.transaction() as connection:
        applications.decline(connection, waiting, town.clock.now())
        assert applications.find(connection, town.vault, waiting.number).state is ApplicationState.DECLINED
    second = send(town, strict, named(town, *jining))
    town.clock.advance(timedelta(days=16))
    with pytest.raises(GongjiError, match="consent_over"):
        agree(town, strict, second)


def test_a_code_goes_to_the_phone_and_comes_back_once_within_ten_minutes(
    town: Town, jining: tuple[int, int], strict: RuleBook
) -> None:
    waiting = send(town, strict, named(town, *jining))
    phone = consent_codes.check_phone("１３８ 0013-8000")
    assert phone == "13800138000"
    with town.database.transaction() as connection:
        applications.choose_consent_way(connection, waiting, ConsentWay.SMS, town.clock.now())
        consent_codes.send_code(connection, town.vault, waiting, phone, "验证码 {code}", at=town.clock.now())
        raw = connection.execute(sa.select(outbox_message.c.text_sealed)).scalar_one()
    assert b"\xe9\xaa\x8c" not in bytes(raw), "the text is sealed"
    sent: list[tuple[str, str]] = []
    assert send_waiting(town.database, town.vault, lambda to, text: sent.append((to, text)), at=town.clock.now()) == 1
    assert send_waiting(town.database, town.vault, lambda to, text: sent.append((to, text)), at=town.clock.now()) == 0
    ((to, text),) = sent
    code = re.findall(r"\d{6}", text)[0]
    assert to == phone
    with town.database.transaction() as connection:
        wrong = f"{(int(code) + 1) % 10**6:06d}"
        with pytest.raises(GongjiError, match="consent_code"):
            consent_codes.check_code(connection, waiting, wrong, at=town.clock.now())
        consent_codes.check_code(connection, waiting, f" {code} ", at=town.clock.now())
        with pytest.raises(GongjiError, match="consent_code"):
            consent_codes.check_code(connection, waiting, code, at=town.clock.now() + timedelta(minutes=11))


@pytest.mark.parametrize("phone", ["", "1380013800", "23800138000", "138001380001"])
def test_what_is_no_mobile_number_is_refused(phone: str) -> None:
    with pytest.raises(GongjiError, match=r"phone\.invalid"):
        consent_codes.check_phone(phone)


def test_within_ninety_days_she_may_pause_but_not_unbind(town: Town, jining: tuple[int, int], strict: RuleBook) -> None:
    daughter, father = jining
    made = agree(town, strict, send(town, strict, named(town, daughter, father)))
    who = {"person_id": daughter, "actor": "citizen"}
    with town.database.transaction() as connection:
        with pytest.raises(GongjiError) as refusal:
            service.unbind(connection, made.id, **who, at=town.clock.now())
        assert refusal.value.details["possible_from"] == date(2024, 9, 10)
        service.pause(connection, made.id, **who, at=town.clock.now())
        service.leave(connection, made.id, person_id=father, actor="citizen", at=town.clock.now())


def test_nothing_of_the_father_is_told_before_the_commitment(town: Town, jining: tuple[int, int]) -> None:
    daughter, father = jining
    sister = town.person("张敏", "1981-06-22", "active", balance=90_000, region=JINING, gender=2)
    send(town, RuleBook.shipped(), named(town, daughter, father))
    draft = named(town, sister, father)
    with town.database.transaction() as connection:
        assert not applications.outlook(connection, RuleBook.shipped(), draft, town.clock.now()).proven
    with pytest.raises(GongjiError, match="already_bound"):
        send(town, RuleBook.shipped(), draft)


def test_a_frozen_account_is_not_bound_nor_resumed_until_its_last_day_is_over(
    town: Town, jining: tuple[int, int]
) -> None:
    daughter, father = jining
    sent = send(town, RuleBook.shipped(), named(town, daughter, father))
    assert sent.authorisation_id is not None
    now = town.clock.now()
    with town.database.transaction() as connection:
        service.pause(connection, sent.authorisation_id, person_id=daughter, actor="citizen", at=now)
    town.freeze(daughter, until=date(2024, 9, 30), region=JINING)
    with town.database.transaction() as connection:
        with pytest.raises(GongjiError, match="account_frozen"):
            service.resume(connection, sent.authorisation_id, person_id=daughter, actor="citizen", at=now)
        checks = applications.eligibility(connection, RuleBook.shipped(), daughter, now)
    (failed,) = [check for check in checks if check.refusal]
    assert failed.name == "not_frozen"
    assert failed.refusal is not None
    assert failed.refusal.details["possible_from"] == date(2024, 10, 1)
    town.clock.set(town.clock.now().replace(month=10, day=1))
    with town.database.transaction() as connection:
        after = service.resume(
            connection, sent.authorisation_id, person_id=daughter, actor="citizen", at=town.clock.now()
        )
    assert after.state == "active"


def test_what_she_keeps_for_herself_is_never_spent_on_him(town: Town, jining: tuple[int, int]) -> None:
    daughter, father = jining
    sent = send(town, RuleBook.shipped(), named(town, daughter, father))
    assert sent.authorisation_id is not None
    with town.database.transaction() as connection:
        wishes.keep(
            connection, RuleBook.shipped(), sharer_id=daughter, amount=345_000, actor="citizen", at=town.clock.now()
        )
        assert wishes.kept_by(connection, daughter) == 345_000
    hospital = town.institution("H37080000001")
    done = town.settled(
        town.settle_visit(
            father, hospital, *town.visit(father, hospital, ("C-C", 1, "68.50"), ("C-A", 1, "300.00")), use="2"
        )
    )
    assert done.shared == 5_000
    assert town.balance(daughter) == 345_000


def test_the_father_says_which_daughter_pays_first(town: Town) -> None:
    mother = town.person("王秀兰", "1955-08-13", "resident", household="王")
    elder = town.person("李梅", "1978-01-01", "active", balance=10_000, gender=2, household="王")
    younger = town.person("李婷", "1982-01-01", "active", balance=10_000, gender=2, household="王")
    first, second = town.share(elder, mother), town.share(younger, mother, rank=2)
    now = town.clock.now()
    with town.database.transaction() as connection:
        wishes.put_in_order(connection, user_id=mother, order=[second, first], actor="citizen", at=now)
        with pytest.raises(GongjiError, match=r"authorisation\.unknown"):
            wishes.put_in_order(connection, user_id=mother, order=[second], actor="citizen", at=now)
    pharmacy = town.institution("P21120200003")
    town.settled(town.purchase(mother, pharmacy, ("C-A", 1, "60.00"), use="2"))
    assert (town.balance(elder), town.balance(younger)) == (10_000, 4_000)


def test_purposes_can_be_changed_within_what_the_region_allows(town: Town, jining: tuple[int, int]) -> None:
    daughter, father = jining
    sent = send(town, RuleBook.shipped(), named(town, daughter, father))
    assert sent.authorisation_id is not None
    who = {"person_id": daughter, "actor": "citizen", "at": town.clock.now()}
    with town.database.transaction() as connection:
        only = wishes.change_purposes(
            connection, RuleBook.shipped(), sent.authorisation_id, purposes=[Purpose.PHARMACY], **who
        )
        assert only.purposes == {Purpose.PHARMACY}
        for purposes in ([], [Purpose.LTC_PREMIUM]):
            with pytest.raises(GongjiError, match="purpose_not_allowed"):
                wishes.change_purposes(connection, RuleBook.shipped(), sent.authorisation_id, purposes=purposes, **who)
