"""Upkeep of the books while they are in use: what is due is done once, whoever asks and however often."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import date, timedelta

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from gongji.entrances.maintenance import Caretaker, maintain
from gongji.foundation.access import Caller, Role, grant
from gongji.foundation.clock import MovableClock
from gongji.foundation.database import Database
from gongji.foundation.ids import first_id, month_number
from gongji.foundation.partitions import MONTHS_AHEAD, add_months, rows_outside_months
from gongji.foundation.replies import digest_of, once, rest_reply
from gongji.foundation.roles import SERVICE_ROLE, grant_service, make_role
from town import Town

#: A growing table as those of the ledger are, of which rows are history.
PARCEL = """
CREATE TABLE parcel (bucket smallint NOT NULL, id bigint NOT NULL, PRIMARY KEY (bucket, id)) PARTITION BY RANGE (id);
CREATE TABLE parcel_default PARTITION OF parcel DEFAULT;
CREATE TRIGGER parcel_is_history BEFORE UPDATE OR DELETE ON parcel FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


@pytest.fixture
def service(database: Database) -> Iterator[Database]:
    """The database with a growing table, signed in as the service."""
    with psycopg.connect(database.url) as owner:
        make_role(owner, SERVICE_ROLE, password=None)
        owner.execute(PARCEL)
    with database.transaction() as connection:
        list(grant_service(connection, SERVICE_ROLE))
    opened = Database(make_url(database.url).set(username=SERVICE_ROLE).render_as_string(hide_password=False))
    yield opened
    opened.close()


def months_of(database: Database) -> dict[str, tuple[str, int]]:
    """The months of the parcels: by name, the table as SQL names it and its lowest id."""
    statement = """
        SELECT c.relname, c.oid::regclass::text, substring(pg_get_expr(c.relpartbound, c.oid) FROM '[(]''?([0-9]+)')::bigint
          FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'parcel'::regclass
    """
    with psycopg.connect(database.url) as connection:
        return {name: (table, lowest) for name, table, lowest in connection.execute(statement) if lowest is not None}


def test_the_service_makes_the_coming_months_and_only_once(service: Database, clock: MovableClock) -> None:
    first = maintain(service, clock)
    assert first is not None
    assert {"parcel_2024_06", "parcel_2024_07", "parcel_2024_08", "parcel_2024_09"} <= set(first.partitions)
    again = maintain(service, clock)
    assert again is not None
    assert again.partitions == []
    clock.advance(timedelta(days=31))
    later = maintain(service, clock)
    assert later is not None
    assert "parcel_2024_10" in later.partitions
    assert len(months_of(service)) == MONTHS_AHEAD + 2


def test_months_run_over_the_year_end(service: Database) -> None:
    made = add_months(service, date(2024, 11, 30), 3)
    assert [name for name in made if name.startswith("parcel")] == [
        "parcel_2024_11",
        "parcel_2024_12",
        "parcel_2025_01",
    ]


def test_a_months_rows_go_to_its_table_and_are_history_there_too(
    database: Database, service: Database, clock: MovableClock
) -> None:
    maintain(service, clock)
    months = months_of(database)
    june, first = months["parcel_2024_06"]
    _, next_first = months["parcel_2024_07"]
    with psycopg.connect(database.url) as owner:
        owner.execute("INSERT INTO parcel VALUES (1, %s), (1, %s), (1, %s)", [first, next_first - 1, next_first])
    with psycopg.connect(database.url) as owner:
        assert owner.execute(f"SELECT count(*) FROM {june}").fetchone() == (2,)
    for change in (f"DELETE FROM {june}", f"TRUNCATE {june}", "UPDATE parcel SET id = id"):
        with pytest.raises(psycopg.errors.RestrictViolation), psycopg.connect(database.url) as owner:
            owner.execute(change)
        with pytest.raises(psycopg.errors.InsufficientPrivilege), psycopg.connect(service.url) as connection:
            connection.execute(change)


def test_rows_of_a_month_without_a_table_are_told(database: Database, service: Database, clock: MovableClock) -> None:
    with psycopg.connect(database.url) as owner:
        owner.execute("INSERT INTO parcel VALUES (1, %s)", [first_id(month_number(clock.now().date()))])
    done = maintain(service, clock)
    assert done is not None
    assert done.stray == ["parcel_default"]
    assert "parcel_2024_06" not in done.partitions
    assert "parcel_2024_07" in done.partitions
    with service.engine.connect() as connection:
        assert rows_outside_months(connection) == ["parcel_default"]


def test_a_reader_of_all_months_is_waited_for(database: Database, service: Database, clock: MovableClock) -> None:
    """Somebody counts all rows for two seconds; the month is made when they are done."""
    with psycopg.connect(database.url) as reader:
        reader.execute("SELECT count(*) FROM parcel")
        release = threading.Timer(1.5, reader.rollback)
        release.start()
        done = maintain(service, clock)
        release.join()
    assert done is not None
    assert "parcel_2024_06" in done.partitions


def test_only_one_process_maintains(service: Database, clock: MovableClock) -> None:
    with psycopg.connect(service.url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [0x75706B656570])
        assert maintain(service, clock) is None
        # A connection that is closed holds its lock for another moment.
        other.execute("SELECT pg_advisory_unlock(%s)", [0x75706B656570])
    assert maintain(service, clock) is not None
    assert maintain(service, clock, unless_done_within=timedelta(hours=1)) is None
    clock.advance(timedelta(hours=2))
    assert maintain(service, clock, unless_done_within=timedelta(hours=1)) is not None


def test_answers_and_tokens_are_forgotten_when_their_time_is_over(service: Database, clock: MovableClock) -> None:
    client = Caller(Role.INTEGRATOR, "hospital-chain")
    with service.transaction() as connection:
        once(connection, client, "old", digest_of("POST"), clock.now(), lambda: {"n": 1})
        grant(connection, client, at=clock.now(), lasts=timedelta(hours=1))
    clock.advance(timedelta(days=20))
    with service.transaction() as connection:
        once(connection, client, "new", digest_of("POST"), clock.now(), lambda: {"n": 2})
    clock.advance(timedelta(days=20))
    done = maintain(service, clock)
    assert done is not None
    assert (done.replies, done.tokens) == (1, 0)
    with service.engine.connect() as connection:
        assert connection.execute(sa.select(rest_reply.c.key)).scalars().all() == ["new"]
    clock.advance(timedelta(days=60))
    done = maintain(service, clock)
    assert done is not None
    assert (done.replies, done.tokens) == (1, 1)


def test_the_server_maintains_by_itself(town: Town) -> None:
    son = town.person("李建国", "1980-03-01", "active", balance=600_00)
    town.settled(town.purchase(son, town.institution("P21120200003"), ("C-A", 1, "10.00")))
    caretaker = Caretaker(town.database, town.clock, timedelta(hours=1))
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not _summed(town.database):
        time.sleep(0.02)
    caretaker.close()
    assert _summed(town.database)


def _summed(database: Database) -> bool:
    with database.engine.connect() as connection:
        return bool(connection.exec_driver_sql("SELECT count(*) FROM account_rollup").scalar_one())
