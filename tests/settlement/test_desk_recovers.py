"""A desk whose connection is cut tells the truth about it and goes on with a new one."""

from __future__ import annotations

import psycopg
import pytest

from gongji.foundation.database import Database
from gongji.foundation.errors import Busy
from gongji.rules.book import RuleBook
from gongji.settlement.desk import Desk
from town import Town


def test_a_cut_connection_is_an_unknown_outcome_and_the_same_message_finds_out(town: Town) -> None:
    son = town.person("李建国", "1980-03-01", "active", balance=600_00)
    pharmacy = town.institution("P21120200003")
    desk = Desk(town.database, RuleBook.shipped(), town.clock)
    first = town.purchase(son, pharmacy, ("C-A", 1, "10.00"))
    assert desk.submit(first).result(timeout=30).own == 10_00
    with psycopg.connect(town.database.url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    town.database.close()
    second = town.purchase(son, pharmacy, ("C-A", 1, "10.00"))
    with pytest.raises(Busy) as told:
        desk.submit(second).result(timeout=30)
    assert told.value.code == "desk.unknown_outcome"
    assert "请勿重复收费" in told.value.zh
    assert desk.submit(second).result(timeout=30).own == 10_00
    assert desk.submit(first).result(timeout=30).balance_after == 590_00
    desk.close()
    assert town.balance(son) == 580_00


def test_a_desk_whose_server_is_away_says_that_the_outcome_is_unknown(town: Town) -> None:
    """Nobody listens on port 1: not even a clerk can be introduced."""
    son = town.person("李建国", "1980-03-01", "active", balance=600_00)
    desk = Desk(Database("postgresql://postgres@127.0.0.1:1/none"), RuleBook.shipped(), town.clock)
    command = town.purchase(son, town.institution("P21120200003"), ("C-A", 1, "10.00"))
    with pytest.raises(Busy) as told:
        desk.submit(command).result(timeout=30)
    assert told.value.code == "desk.unknown_outcome"
    desk.close()
    assert town.balance(son) == 600_00
