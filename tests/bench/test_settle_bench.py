"""The benchmark of settlements works: its people buy, its callers are understood, and what it calls cost is a cost."""

from __future__ import annotations

from itertools import islice
from random import Random

from bench.settle.callers import message
from bench.settle.city import ITEMS, City, found_city, grow
from bench.settle.writers import HOT_FAMILY, HOT_HOSPITAL, SPREAD, captured, purchases, write_only
from starlette.testclient import TestClient

from gongji.entrances.app import build_app
from gongji.entrances.platform import Platform
from gongji.foundation.clock import SystemClock
from gongji.foundation.database import Database
from gongji.foundation.personal import Vault
from gongji.foundation.settings import Settings
from gongji.rules.book import RuleBook
from gongji.settlement.desk import Clerk
from gongji.settlement.model import Settlement
from gongji.settlement.verify import verify_everything

#: ¥42.60 of one drug and ¥18.80 of the other.
PRICE = sum(price for *_, price in ITEMS)


def test_fathers_buy_on_their_daughters_accounts_wherever_the_load_sends_them(database: Database, vault: Vault) -> None:
    city = found_city(database, vault, families=20, pharmacies=3)
    clerk = Clerk(database, RuleBook.shipped(), SystemClock())
    for load in (SPREAD, HOT_FAMILY, HOT_HOSPITAL):
        bought = list(islice(purchases(city, load, 1), 8))
        for answer in clerk.handle([(command, False) for command in bought]):
            assert isinstance(answer, Settlement)
            assert (answer.total, answer.shared, answer.cash) == (PRICE, PRICE, 0)
        assert len({one.person_id for one in bought}) == 1 or load is not HOT_FAMILY
        assert len({one.institution.id for one in bought}) == 1 or load is not HOT_HOSPITAL
    clerk.close()
    with database.engine.connect() as connection:
        assert list(verify_everything(connection)) == []


def test_the_floor_writes_the_same_rows_and_moves_nothing(database: Database, vault: Vault) -> None:
    city = found_city(database, vault, families=20, pharmacies=3)
    notes = captured(database, purchases(city, SPREAD, 2), batches=1)
    before = _count(database, "transfer")
    with database.connect() as connection:
        balances = connection.execute("SELECT sum(balance) FROM account").fetchone()
        write_only(connection, notes)
        assert connection.execute("SELECT sum(balance) FROM account").fetchone() == balances
    assert _count(database, "settlement") == 256
    assert _count(database, "transfer") == before + 256


def test_callers_speak_the_national_interface(database: Database, vault: Vault) -> None:
    city: City = found_city(database, vault, families=5, pharmacies=2)
    platform = Platform(Settings(), database, vault, SystemClock(), RuleBook.shipped())
    head, body = message(city, Random(3)).split(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    with TestClient(build_app(platform)) as client:
        answer = client.post("/fsi/callService", content=body, headers=headers).json()
    platform.close()
    assert answer["infcode"] == 0, answer["err_msg"]
    assert answer["output"]["setlinfo"]["acct_mulaid_pay"] == PRICE / 100


def test_books_grow_by_accounts_of_people_whom_nobody_treats(database: Database, vault: Vault) -> None:
    found_city(database, vault, families=5, pharmacies=2)
    grow(database, 5_000)
    assert _count(database, "account") == 5_000


def _count(database: Database, table: str) -> int:
    with database.connect() as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])
