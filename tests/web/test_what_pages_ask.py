"""How often a page goes to the database: never more often because somebody has more relatives, payments or messages."""

from __future__ import annotations

import re
import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest
import sqlalchemy as sa
from web_family import Family, address, enter

from gongji.foundation.audit import audit_entry
from gongji.foundation.inbox import Message, tell
from gongji.settlement.telling import tell_sharers

#: The most statements of a page: who is signed in, what the page shows, what that names, and who was seen.
MOST = {"/c/": 3, "/c/account": 4, "/c/messages": 4, "/c/start": 0}


class Asked:
    """What pages have sent to the database; the desk's own statements and those of a test are not among it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.statements: list[str] = []
        execute = psycopg.Cursor.execute

        def noted(cursor: Any, query: Any, *rest: Any, **options: Any) -> Any:
            if threading.current_thread().name.startswith("AnyIO"):
                self.statements.append(query.decode() if isinstance(query, bytes) else str(query))
            return execute(cursor, query, *rest, **options)

        monkeypatch.setattr(psycopg.Cursor, "execute", noted)

    def by(self, visitor: httpx.Client, page: str) -> int:
        """How many statements a page sends that has been opened before."""
        visitor.get(page).raise_for_status()
        self.statements.clear()
        visitor.get(page).raise_for_status()
        return len(self.statements)


def busy_year(family: Family) -> None:
    """The mother buys for her daughter's money twelve times and is told of it, and three aunts get a share too."""
    town = family.town
    pharmacy = town.institution("P21120200003")
    for number in range(12):
        town.clock.advance(timedelta(minutes=7))
        town.settled(town.purchase(family.mother, pharmacy, ("C-A", 1, f"{number + 1}.00"), use="2"))
    for number in range(3):
        aunt = town.person(f"王秀{'英芳芝'[number]}", f"195{number}-05-01", "retired", balance=0, gender=2)
        under = town.share(family.daughter, aunt)
        with town.database.transaction() as connection:
            facts = {"authorisation": under, "institution": pharmacy.id, "amount": 100, "settlement": 1}
            tell(connection, [Message(family.daughter, "money.used", facts)], at=town.clock.now())
    tell_sharers(town.database, town.clock.now())


@pytest.mark.one_server("counts statements")
def test_a_page_asks_as_often_for_many_relatives_payments_and_messages_as_for_few(
    visitor: httpx.Client, family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(monkeypatch)
    tell_sharers(family.town.database, family.town.clock.now())
    enter(visitor, family, family.daughter)
    few = {page: asked.by(visitor, page) for page in MOST}
    busy_year(family)
    enter(visitor, family, family.daughter)
    many = {page: asked.by(visitor, page) for page in MOST}

    assert few == many
    assert {page: count for page, count in many.items() if count > MOST[page]} == {}
    listed = visitor.get("/c/messages").text
    assert listed.count('class="entry"') == 2 + 12 + 3 + 1
    assert len(set(re.findall(r"王秀.|\*\*[英芳芝]", visitor.get("/c/").text))) == 3, "each by her masked name alone"


@pytest.mark.one_server("counts statements")
def test_a_settlement_is_read_in_few_statements_by_the_patient_and_by_the_sharer(
    visitor: httpx.Client, family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy_year(family)
    asked = Asked(monkeypatch)
    enter(visitor, family, family.mother)
    patients = asked.by(visitor, address(family.visit)), asked.by(visitor, address(family.purchase))
    enter(visitor, family, family.daughter)
    sharers = asked.by(visitor, address(family.visit)), asked.by(visitor, address(family.purchase))

    # One more where it was taken back; for the sharer, what her account paid of it and what came back.
    assert patients == (4, 5)
    assert sharers == (6, 8)


def test_whoever_a_page_showed_stands_in_the_audit_and_without_a_session_nothing_is_read(
    visitor: httpx.Client, family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy_year(family)
    asked = Asked(monkeypatch)
    enter(visitor, family, family.daughter)
    opened = ("/c/", "/c/account", "/c/messages")
    for page in opened:
        visitor.get(page).raise_for_status()
    seen = sa.select(audit_entry.c.person_id).where(audit_entry.c.action == "person.read_masked")
    with family.town.database.transaction() as connection:
        found = Counter(connection.execute(seen).scalars())
    assert found[family.mother] == 3, "on her daughter's first page, account and messages"
    assert found[family.son_in_law] == 1, "on the first page alone"
    assert len(found) == 2 + 3
    visitor.cookies.clear()
    asked.statements.clear()
    for page in opened:
        assert visitor.get(page).status_code == 401
    assert asked.statements == [], "nobody's pages are read for whoever is not signed in"
