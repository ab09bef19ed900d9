"""A daughter uses her mother's pages: with the mother's leave, within it, and under her eyes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from phone import Pages, serving_pages

from gongji.foundation.audit import audit_entry
from town import Town


@pytest.fixture
def pages(town: Town, tmp_path: Path) -> Iterator[Pages]:
    with serving_pages(town, data=tmp_path) as served:
        yield served


@pytest.fixture
def people(town: Town) -> tuple[int, int]:
    """Wang Xiulan, 71, with ¥352.00, and her daughter Li Ting."""
    mother = town.person("王秀兰", "1953-03-08", "active", balance=35_200, gender=2)
    return mother, town.person("李婷", "1980-05-20", "active", balance=100, gender=2)


def let(pages: Pages, mother: int, daughter: int, scope: str = "act", days: str = "30") -> str:
    hers = pages.phone(mother)
    return hers.send("/c/help", name="李婷", number=pages.number(daughter), scope=scope, days=days)


def begin(pages: Pages, daughter: int) -> tuple[object, str]:
    phone = pages.phone(daughter)
    phone.open("/c/help")
    return phone, phone.send("/c/help/1/begin")


def test_she_acts_for_her_mother_and_her_mother_reads_what_she_did(pages: Pages, people: tuple[int, int]) -> None:
    mother, daughter = people
    brother = pages.town.person("王强", "1960-01-01", "resident")
    assert "*婷 有效 看，也能替我办 · 到 2024年7月12日 为止" in let(pages, mother, daughter)
    phone = pages.phone(daughter)
    assert "开始帮 **兰 办" in phone.open("/c/help")
    home = phone.send("/c/help/1/begin")
    assert "王秀兰，您好" in home
    assert phone.last is not None
    assert "您正在帮别人办" in phone.last.text
    phone.send("/c/bind/who", kind="01", relation="sibling", name="王强", number=pages.number(brother))
    phone.send("/c/help/stop")
    assert "李婷，您好" in phone.open("/c/")

    log = pages.phone(mother).open("/c/help")
    assert "替您办了共济申请" in log
    assert "看了首页" in log
    with pages.town.database.transaction() as connection:
        rows = connection.execute(
            sa.select(audit_entry.c.actor_person_id, audit_entry.c.holder).where(audit_entry.c.holder == "helper")
        ).all()
    assert {row.actor_person_id for row in rows} <= {daughter}


def test_whoever_may_only_look_changes_nothing(pages: Pages, people: tuple[int, int]) -> None:
    mother, daughter = people
    let(pages, mother, daughter, scope="look")
    phone = pages.phone(daughter)
    phone.send("/c/help/1/begin")
    assert "王秀兰，您好" in phone.words
    assert "您只能看，不能办" in phone.send("/c/keep", kept="100")
    assert phone.status == 403


def test_whoever_helps_does_not_send_money_from_the_wallet(pages: Pages, people: tuple[int, int]) -> None:
    """What cannot be asked back is sent by its holder alone, whatever the mandate allows."""
    mother, daughter = people
    let(pages, mother, daughter)
    phone = pages.phone(daughter)
    phone.send("/c/help/1/begin")
    assert "须由本人来转" in phone.send(
        "/c/wallet/check", to="1-child-0", amount="100", source="account", key="by-a-helper"
    )
    assert phone.status == 403


def test_it_ends_when_the_mother_says_so_and_on_its_last_day(pages: Pages, people: tuple[int, int]) -> None:
    mother, daughter = people
    let(pages, mother, daughter, days="7")
    phone = pages.phone(daughter)
    phone.send("/c/help/1/begin")
    assert "已结束" in pages.phone(mother).send("/c/help/1/end")
    assert "帮办的期限已到，或者老人已经收回" in phone.open("/c/")
    phone.send("/c/help/stop")
    assert "李婷，您好" in phone.open("/c/")
    let(pages, mother, daughter, days="7")
    pages.town.clock.advance(timedelta(days=8))
    late = pages.phone(daughter)
    late.send("/c/help/2/begin")
    assert late.status == 403


def test_a_helper_gives_no_consent_and_no_leave_in_her_mothers_name(pages: Pages, people: tuple[int, int]) -> None:
    mother, daughter = people
    let(pages, mother, daughter)
    phone = pages.phone(daughter)
    phone.send("/c/help/1/begin")
    phone.open("/c/help")
    assert phone.status == 403
    assert "只能由本人登录办理" in phone.words


def test_strangers_and_wrong_names_get_nowhere(pages: Pages, people: tuple[int, int]) -> None:
    mother, daughter = people
    let(pages, mother, daughter)
    stranger = pages.phone(pages.town.person("钱多", "1990-01-01", "active", balance=0))
    for path in ("/c/help/1/begin", "/c/help/1/end", "/c/help/99/begin"):
        stranger.send(path)
        assert stranger.status == 404
    hers = pages.phone(mother)
    assert "姓名和证件号码对不上" in hers.send(
        "/c/help", name="李挺", number=pages.number(daughter), scope="act", days="30"
    )
    assert "请选择他可以做什么" in hers.send("/c/help", name="李婷", number=pages.number(daughter))
    assert "这是您自己" in hers.send("/c/help", name="王秀兰", number=pages.number(mother), scope="act", days="7")
