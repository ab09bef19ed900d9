"""What a page says is not possible yet, it offers to do then, or to remind of: once, whatever happens, and as long as it is wanted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from phone import Pages, Phone, serving_pages

from gongji.entrances.reminding import carry_out_reminders
from gongji.family import service as family
from gongji.family.kinship_store import record_kinship
from gongji.family.model import AuthorisationState, FactKind, KinshipFact
from gongji.foundation import reminders
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import GongjiError
from gongji.foundation.inbox import messages_of
from gongji.foundation.reminders import Outcome, reminder
from gongji.registry.entering import add_enrolments
from gongji.registry.entries import NewEnrolment
from gongji.registry.model import Enrolment
from gongji.registry.service import end_enrolment
from gongji.rules.model import Scheme, Status
from gongji.wallet import service as wallet
from gongji.wallet.service import Wallets
from town import JINING, TIELING, Town


@pytest.fixture
def pages(town: Town, tmp_path: Path) -> Iterator[Pages]:
    """Wednesday 2024-06-12, 10:30."""
    with serving_pages(town, data=tmp_path, sms_url="log", wallet_regions=[TIELING]) as served:
        yield served


def at(month: int, day: int, hour: int = 8) -> datetime:
    """A moment of 2024."""
    return datetime(2024, month, day, hour, tzinfo=CHINA)


def shared(pages: Pages) -> tuple[int, int, int, Phone]:
    """A daughter shares with her mother since today, where unbinding is possible after thirty days: on 12 July."""
    town = pages.town
    mother = town.person("王秀兰", "1953-03-08", "retired", balance=3_520, gender=2)
    daughter = town.person("李婷", "1980-05-20", "active", balance=531_045, gender=2)
    one = town.share(daughter, mother, since=town.clock.now(), unbind_after_days=30)
    return daughter, mother, one, pages.phone(daughter)


def told(pages: Pages, person: int) -> list[str]:
    """The kinds of what somebody was told, oldest first."""
    with pages.town.database.transaction() as connection:
        return [one.kind for one in messages_of(connection, person, 50)][::-1]


def outcomes(pages: Pages) -> list[str | None]:
    """How all reminders ended, in the order in which they were asked for."""
    with pages.town.database.transaction() as connection:
        return list(connection.execute(sa.select(reminder.c.outcome).order_by(reminder.c.id)).scalars())


def state(pages: Pages, one: int) -> AuthorisationState:
    """How a sharing stands."""
    with pages.town.database.transaction() as connection:
        return family.authorisation(connection, one).state


def test_unbound_on_the_first_possible_day_as_arranged(pages: Pages) -> None:
    """Arranged on 12 June for 12 July: it stands in the list and on the page; nothing the evening before, done once that day,
    both are told."""
    daughter, _, one, phone = shared(pages)
    page = phone.open(f"/c/sharings/{one}/end")
    assert "2024年7月12日 替我解绑" in page
    assert "确定解绑" not in page
    listed = phone.send(f"/c/sharings/{one}/end", later="do")
    assert "替您解绑母亲 **兰" in listed
    assert "2024年7月12日 00:00" in listed
    assert "已经约好：2024年7月12日，替您解绑母亲 **兰" in phone.open(f"/c/sharings/{one}/end")
    pages.town.clock.set(at(7, 11, 23))
    assert carry_out_reminders(pages.platform) == 0
    assert state(pages, one) is AuthorisationState.ACTIVE
    pages.town.clock.set(at(7, 12, 0))
    assert carry_out_reminders(pages.platform) == 1
    assert state(pages, one) is AuthorisationState.ENDED
    assert "family.reminder.unbound" in told(pages, daughter)
    assert carry_out_reminders(pages.platform) == 0
    assert outcomes(pages) == [Outcome.DONE]
    phone = pages.phone(daughter)
    assert "今天已经替您解绑母亲 **兰" in phone.open("/c/messages")
    assert "没有等着的提醒" in phone.open("/c/reminders")


def test_sixteen_processes_do_it_once(pages: Pages) -> None:
    """Two arrangements and sixteen rounds at once: each is done and told once."""
    daughter, _, one, phone = shared(pages)
    husband = pages.town.person("赵磊", "1979-01-15", "resident")
    other = pages.town.share(daughter, husband, relation="spouse", since=pages.town.clock.now(), unbind_after_days=30)
    for each in (one, other):
        phone.send(f"/c/sharings/{each}/end", later="do")
    pages.town.clock.set(at(7, 12, 9))
    with ThreadPoolExecutor(16) as pool:
        done = list(pool.map(lambda _: carry_out_reminders(pages.platform), range(16)))
    assert sum(done) == 2
    assert [kind for kind in told(pages, daughter) if kind.startswith("family.reminder")] == [
        "family.reminder.unbound"
    ] * 2
    assert outcomes(pages) == [Outcome.DONE] * 2


def test_what_breaks_in_the_middle_is_done_in_the_next_round(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message cannot be written: the sharing has not ended either, and the next round does both."""
    daughter, _, one, phone = shared(pages)
    phone.send(f"/c/sharings/{one}/end", later="do")
    pages.town.clock.set(at(7, 12, 9))
    with monkeypatch.context() as broken:
        broken.setattr("gongji.entrances.reminding.tell", lambda *_args, **_named: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            carry_out_reminders(pages.platform)
    assert state(pages, one) is AuthorisationState.ACTIVE
    assert carry_out_reminders(pages.platform) == 1
    assert state(pages, one) is AuthorisationState.ENDED
    assert told(pages, daughter).count("family.reminder.unbound") == 1


def test_only_told_called_off_or_needless(pages: Pages) -> None:
    """First only a reminder, then the arrangement in its place; called off; the relative leaves before it is due."""
    daughter, mother, one, phone = shared(pages)
    assert "可以解绑母亲 **兰了" in phone.send(f"/c/sharings/{one}/end", later="tell")
    assert "2024年7月12日 08:00" in phone.words
    phone.send(f"/c/sharings/{one}/end", later="do")
    assert "可以解绑" not in phone.words
    number = re.findall(r"/c/reminders/(\d+)/cancel", phone.last.text if phone.last else "")[0]
    stranger = pages.phone(pages.town.person("钱多", "1990-01-01", "active", balance=0, household="别家"))
    stranger.send(f"/c/reminders/{number}/cancel")
    assert stranger.status == 404
    assert "没有等着的提醒" in phone.send(f"/c/reminders/{number}/cancel")
    phone.send(f"/c/sharings/{one}/end", later="tell")
    pages.town.clock.set(at(7, 12))
    with pages.town.database.transaction() as connection:
        family.leave(connection, one, person_id=mother, actor="citizen", at=pages.town.clock.now())
    carry_out_reminders(pages.platform)
    assert outcomes(pages) == [Outcome.VOID, Outcome.CANCELLED, Outcome.VOID]
    assert not [kind for kind in told(pages, daughter) if kind.startswith("family.reminder")]


def test_told_of_the_day_leads_to_the_end(pages: Pages) -> None:
    daughter, _, one, phone = shared(pages)
    phone.send(f"/c/sharings/{one}/end", later="tell")
    pages.town.clock.set(at(7, 12))
    assert carry_out_reminders(pages.platform) == 1
    phone = pages.phone(daughter)
    assert "今天起可以解绑母亲 **兰了" in phone.open("/c/messages")
    phone.send(f"/c/sharings/{one}/end", sure="yes")
    assert state(pages, one) is AuthorisationState.ENDED


def test_unbinding_by_hand_first_leaves_nothing_to_do(pages: Pages) -> None:
    """It has become possible and she is quicker than the round."""
    daughter, _, one, phone = shared(pages)
    phone.send(f"/c/sharings/{one}/end", later="do")
    pages.town.clock.set(at(7, 12))
    phone = pages.phone(daughter)
    phone.send(f"/c/sharings/{one}/end", sure="yes")
    assert outcomes(pages) == [Outcome.VOID]
    assert carry_out_reminders(pages.platform) == 0


def test_an_arrangement_that_cannot_be_kept_says_so(pages: Pages) -> None:
    """By then the rule that it was bound under says another day: it is told, and nothing was done."""
    daughter, _, one, phone = shared(pages)
    phone.send(f"/c/sharings/{one}/end", later="do")
    with pages.town.database.transaction() as connection:
        connection.execute(sa.text("UPDATE authorisation SET unbind_after_days = 90 WHERE id = :id"), {"id": one})
    pages.town.clock.set(at(7, 12))
    assert carry_out_reminders(pages.platform) == 1
    assert (state(pages, one), outcomes(pages)) == (AuthorisationState.ACTIVE, [Outcome.REFUSED])
    assert told(pages, daughter)[-1] == "family.reminder.unbind_refused"


def test_a_relative_who_is_not_insured_yet(pages: Pages) -> None:
    """No day is known: looked at once a day, told on the day on which she is insured, and it leads on to the request."""
    town = pages.town
    daughter = town.person("李婷", "1980-05-20", "active", balance=100, gender=2)
    mother = town.person("王秀兰", "1955-08-13", "resident", gender=2)
    with town.database.transaction() as connection:
        end_enrolment(connection, mother, date(2024, 6, 1))
    phone = pages.phone(daughter)
    phone.send("/c/bind/who", kind="01", relation="parent", name="王秀兰", number=pages.number(mother))
    assert "现在没有参加基本医保" in phone.heading
    assert "家人参保后提醒我" in phone.words
    assert "提醒您：母亲 **兰参保了，可以办理共济" in phone.send("/c/reminders", kind="bind")
    town.clock.set(at(6, 13))
    assert carry_out_reminders(pages.platform) == 0
    assert carry_out_reminders(pages.platform) == 0
    with town.database.transaction() as connection:
        again = Enrolment(Scheme.RESIDENT, TIELING, Status.RESIDENT, "15", "1", "", False, date(2024, 7, 1), None)
        add_enrolments(connection, [NewEnrolment(mother, again)])
    town.clock.set(at(6, 30))
    assert carry_out_reminders(pages.platform) == 0
    town.clock.set(at(7, 1))
    assert carry_out_reminders(pages.platform) == 1
    assert told(pages, daughter) == ["family.reminder.enrolled"]
    phone = pages.phone(daughter)
    assert "母亲 **兰已经参保" in phone.open("/c/messages")
    assert "提交绑定申请" in phone.open("/c/bind/check")


def test_a_year_without_news_ends_it(pages: Pages) -> None:
    town = pages.town
    daughter = town.person("李婷", "1980-05-20", "active", balance=100, gender=2)
    mother = town.person("王秀兰", "1955-08-13", "resident", gender=2)
    with town.database.transaction() as connection:
        end_enrolment(connection, mother, date(2024, 6, 1))
    phone = pages.phone(daughter)
    phone.send("/c/bind/who", kind="01", relation="parent", name="王秀兰", number=pages.number(mother))
    phone.send("/c/reminders", kind="bind")
    town.clock.set(datetime(2025, 6, 14, 8, tzinfo=CHINA))
    assert carry_out_reminders(pages.platform) == 1
    assert (outcomes(pages), told(pages, daughter)) == ([Outcome.VOID], [])


def test_a_day_that_a_refusal_names(pages: Pages) -> None:
    """Her own employee insurance begins on 1 September: the page names the day and reminds of it."""
    town = pages.town
    daughter = town.person("李婷", "1980-05-20", "active", balance=100, gender=2, since=date(2024, 9, 1))
    mother = town.person("王秀兰", "1955-08-13", "resident", gender=2)
    phone = pages.phone(daughter)
    phone.send("/c/bind/who", kind="01", relation="parent", name="王秀兰", number=pages.number(mother))
    assert "2024年9月1日" in phone.words
    assert "到那天提醒我" in phone.words
    assert "2024年9月1日 08:00" in phone.send("/c/reminders", kind="bind")
    assert "2024年9月1日 08:00" in phone.send("/c/reminders", kind="bind")
    assert len(re.findall("可以办理给家人共济了", phone.words)) == 1
    town.clock.set(at(9, 1))
    assert carry_out_reminders(pages.platform) == 1
    assert told(pages, daughter) == ["family.reminder.bind"]


def test_what_does_not_stop_anybody_reminds_of_nothing(pages: Pages) -> None:
    """A form that was sent without any stop behind it keeps no reminder; nor does one that no day clears."""
    daughter = pages.town.person("李婷", "1980-05-20", "active", balance=100, gender=2)
    phone = pages.phone(daughter)
    for kind in ("bind", "wallet", "other"):
        assert "没有等着的提醒" in phone.send("/c/reminders", kind=kind)
    phone.send("/c/reminders", kind="wallet", to="1-parent-0")
    assert phone.status == 404


def test_at_night_he_is_reminded_of_the_hour_when_money_can_be_sent(pages: Pages) -> None:
    """At 22:30 the page says six o'clock; at six he is told that money can be sent."""
    town = pages.town
    town.clock.set(datetime(2025, 6, 11, 10, 30, tzinfo=CHINA))
    mother = town.person("孔母", "1955-08-13", "resident", region=JINING, gender=2)
    son = town.person("孔明", "1980-03-01", "active", balance=9_000_00, region=JINING)
    wallets: Wallets = pages.platform.wallets
    with town.database.transaction() as connection:
        fact = KinshipFact(FactKind.PARENT, mother, son, date(1980, 3, 1), None, "户口簿")
        record_kinship(connection, [fact], town.clock.now())
    for person in (son, mother):
        wallet.open_wallet(wallets, person_id=person, area=JINING, caller=Caller(Role.CITIZEN, "citizen", person))
    town.clock.set(datetime(2025, 6, 11, 22, 30, tzinfo=CHINA))
    phone = pages.phone(son)
    phone.open("/c/wallet/who")
    where = re.findall(r'href="(/c/wallet/send\?to=[^"]+)"', phone.last.text if phone.last else "")[0]
    assert "到时候提醒我" in phone.open(where)
    listed = phone.send("/c/reminders", kind="wallet", to=where.split("to=")[1])
    assert "2025年6月12日 06:00" in listed
    town.clock.set(datetime(2025, 6, 12, 6, tzinfo=CHINA))
    assert carry_out_reminders(pages.platform) == 1
    assert told(pages, son) == ["wallet.reminder.send"]


def test_thirty_wait_at_most(pages: Pages) -> None:
    person = pages.town.person("李婷", "1980-05-20", "active", balance=100, gender=2)
    now = pages.town.clock.now()
    with pages.town.database.transaction() as connection:
        for number in range(reminders.MOST_WAITING):
            reminders.ask(
                connection,
                person_id=person,
                kind="bind",
                subject=str(number),
                facts={},
                asked_by="citizen",
                at=now,
                due_at=now + timedelta(days=1),
            )
        with pytest.raises(GongjiError) as refused:
            reminders.ask(
                connection,
                person_id=person,
                kind="wallet",
                subject="",
                facts={},
                asked_by="citizen",
                at=now,
                due_at=now + timedelta(days=1),
            )
    assert refused.value.code == "reminder.too_many"
