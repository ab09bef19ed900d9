"""A text to a daughter's phone did not go out: officers see where it stands and send it again; not what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from office_house import House, open_house

from gongji.entrances.messaging.loop import Round, carry_messages
from gongji.foundation import delivery_book
from gongji.foundation.access import Duty
from gongji.foundation.clock import CHINA
from gongji.foundation.deliveries import message_delivery
from gongji.foundation.inbox import Message, messages_of, tell
from gongji.foundation.message_choices import message_preference
from gongji.foundation.outbox import Send
from town import Town


@pytest.fixture
def house(town: Town, tmp_path: Path) -> Iterator[House]:
    """Monday 2025-03-03, 10:00 in Tieling."""
    town.clock.set(datetime(2025, 3, 3, 10, 0, tzinfo=CHINA))
    yield from open_house(town, tmp_path)


@pytest.fixture
def daughter(house: House) -> int:
    """Li Ting, who wants texts of money, and was told of one payment."""
    daughter = house.town.person("李婷", "1980-05-20", "active", balance=500_00, gender=2)
    with house.town.database.transaction() as connection:
        connection.execute(
            message_preference.insert().values(
                person_id=daughter,
                phone_sealed=house.town.vault.seal("13800138000"),
                topics=["money"],
                quiet=False,
                language="zh_CN",
                changed_at=house.town.clock.now(),
            )
        )
        tell(connection, [Message(daughter, "money.freed", {}, "account")], at=house.town.clock.now())
    return daughter


def carry(house: House, send: Send | None) -> Round:
    with httpx.Client(trust_env=False, timeout=60) as client:
        return carry_messages(house.platform, client, send)


def refuse(phone: str, text: str) -> None:
    raise ConnectionError("the network is down")


def delivery(house: House) -> sa.Row[tuple[object, ...]]:
    with house.town.database.transaction() as connection:
        return connection.execute(sa.select(message_delivery)).one()


def test_it_is_retried_for_three_days_then_a_person_sends_it_again(house: House, daughter: int) -> None:
    _, psn_no = house.numbers_of(daughter)
    clerk = house.officer("0212", Duty.CLERK)
    assert carry(house, refuse).failed == 1
    page = clerk.get("/office/messages?show=retried")
    assert "*婷" in page.text
    assert "账户的钱" in page.text
    assert "ConnectionError: the network is down" in page.text
    assert "下次 2025年3月3日 10:01" in page.text
    assert "解除冻结" not in page.text, "what it says is the daughter's"
    assert "13800138000" not in page.text
    early = clerk.post(f"/office/messages/{delivery(house).id}/resend")
    assert (early.status_code, "正在发送，不用再发" in early.text) == (409, True)
    for _ in range(40):
        due = delivery(house).due_at
        if due is None:
            break
        house.town.clock.set(due.astimezone(CHINA))
        carry(house, refuse)
    clerk = house.officer("0212", Duty.CLERK)
    assert f"/office/messages/{delivery(house).id}/resend" in clerk.get("/office/messages").text
    after = clerk.follow(f"/office/messages/{delivery(house).id}/resend")
    assert "已重新发送，再试三天" in after.text
    assert "由 0212 重新发送" in after.text
    sent: list[str] = []
    assert carry(house, lambda phone, text: sent.append(phone)).sent == 1
    assert sent == ["13800138000"]
    done = clerk.get(f"/office/people/{psn_no}/messages").text
    assert "已发出" in done
    assert "未读" in done
    assert "没有这样的消息" in clerk.get("/office/messages").text
    assert "把一条消息重新发给您" in house.citizen(daughter).get("/c/readers").text
    with house.town.database.transaction() as connection:
        assert len(messages_of(connection, daughter, 10)) == 1


def failed(house: House, person: int, count: int, *, given_up: bool = True) -> None:
    """So many texts to somebody did not go out."""
    due = "NULL" if given_up else "now()"
    with house.town.database.transaction() as connection:
        connection.exec_driver_sql(
            f"""WITH told AS (INSERT INTO inbox_message (person_id, kind, facts, made_at)
                SELECT {person}, 'money.freed', '{{}}', now() FROM generate_series(1, {count}) RETURNING id)
                INSERT INTO message_delivery (message_id, channel, subscriber_id, due_at, attempts)
                SELECT id, 'sms', 0, {due}, 3 FROM told"""
        )


@pytest.mark.parametrize("show", ["given_up", "retried"])
def test_every_one_is_come_to_however_many_there_are_and_whosever_lie_between(house: House, show: str) -> None:
    """Seventy of Tieling, then 5,600 of Jining, then five of Tieling: the clerk of Tieling comes to all seventy-five."""
    town = house.town
    mother = town.person("王秀兰", "1953-03-08", "retired", balance=0, gender=2)
    other = town.person("孔明", "1980-03-01", "active", balance=0, region="370800", household="另一家")
    for person, count in ((mother, 70), (other, 5_600), (mother, 5)):
        failed(house, person, count, given_up=show == "given_up")
    clerk = house.officer("0212", Duty.CLERK)
    seen, address, pages = 0, f"/office/messages?show={show}", 0
    while address:
        page = clerk.get(address).text
        assert "没有这样的消息" not in page
        seen += page.count('<th scope="row">')
        further = re.findall(r'href="(/office/messages[^"]*before=[^"]*)"', page)
        address, pages = unescape(further[0]) if further else "", pages + 1
    assert seen == 75
    assert pages == 3, "five and where it was looked to, fifty, twenty"
    assert "回到最新的" in page
    assert clerk.get("/office/messages?before=x").status_code == 200


@pytest.mark.parametrize(
    ("given_up", "index"), [(True, "message_delivery_failed"), (False, "message_delivery_retried")]
)
def test_a_page_is_found_by_its_index(house: House, given_up: bool, index: str) -> None:
    scans = sa.text("SELECT pg_stat_get_xact_numscans(CAST(:index AS regclass))")
    with house.town.database.transaction() as connection:
        # The few rows of a test would be read as they lie, and sorted.
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        connection.exec_driver_sql("SET LOCAL enable_sort = off")
        before = connection.execute(scans, {"index": index}).scalar_one()
        delivery_book.troubled(connection, given_up=given_up, limit=50, before=10_000)
        assert connection.execute(scans, {"index": index}).scalar_one() == before + 1


def test_only_of_the_region_and_only_by_whom_it_is_for(house: House, daughter: int) -> None:
    carry(house, refuse)
    with house.town.database.transaction() as connection:
        connection.execute(message_delivery.update().values(due_at=None))
    number = delivery(house).id
    elsewhere = house.officer("0810", Duty.CLERK, region="370800")
    assert "没有这样的消息" in elsewhere.get("/office/messages").text
    assert elsewhere.post(f"/office/messages/{number}/resend").status_code == 404
    auditor = house.officer("2101", Duty.AUDITOR, region="210000")
    assert "*婷" in auditor.get("/office/messages").text
    assert "/resend" not in auditor.get("/office/messages").text
    assert auditor.post(f"/office/messages/{number}/resend").status_code == 403
    clerk = house.officer("0212", Duty.CLERK)
    for odd in ("0", "x", "9" * 30):
        assert clerk.post(f"/office/messages/{odd}/resend").status_code == 404
    assert delivery(house).due_at is None
    house.town.clock.advance(timedelta(minutes=1))
