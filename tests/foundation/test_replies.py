"""A key is answered once, whatever happens to whoever asked first: still at it, refused, killed before or after the end."""

from __future__ import annotations

import threading
from datetime import datetime

import psycopg
import pytest
import sqlalchemy as sa

from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA
from gongji.foundation.database import Database
from gongji.foundation.errors import Busy, GongjiError, Refused
from gongji.foundation.replies import digest_of, once

SON = Caller(Role.CITIZEN, "son", person_id=7)
AT = datetime(2024, 6, 12, 10, 30, tzinfo=CHINA)
SAME, OTHER = digest_of("POST", "/authorisations", "the mother"), digest_of("POST", "/authorisations", "the father")


class Family:
    """Something that a request does: each binding is a row of its own."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with database.transaction() as connection:
            connection.exec_driver_sql("CREATE TABLE binding (id serial PRIMARY KEY)")

    def bind(self, connection: sa.Connection) -> dict[str, int]:
        """Bind once more."""
        made = connection.exec_driver_sql("INSERT INTO binding DEFAULT VALUES RETURNING id").scalar_one()
        return {"id": made}

    def ask(self, digest: bytes = SAME) -> dict[str, int]:
        """The son's request, in a transaction of its own."""
        with self.database.transaction() as connection:
            answer: dict[str, int] = once(connection, SON, "key-0001", digest, AT, lambda: self.bind(connection))
            return answer

    @property
    def bindings(self) -> int:
        """How many stand."""
        with self.database.engine.connect() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM binding").scalar_one())


@pytest.fixture
def family(database: Database) -> Family:
    """Nobody is bound yet."""
    return Family(database)


def test_the_same_again_gives_the_stored_answer_and_other_content_names_the_field(family: Family) -> None:
    assert family.ask() == family.ask() == {"id": 1}
    with pytest.raises(Refused) as refused:
        family.ask(OTHER)
    assert (refused.value.code, refused.value.field) == ("key.other_content", "Idempotency-Key")
    assert family.bindings == 1


def test_while_the_first_is_at_it_the_second_is_told_so(family: Family) -> None:
    """The first one works until the second was told; then the second asks again and gets the first one's answer."""
    told = threading.Event()
    begun = threading.Event()

    def slow_first() -> None:
        with family.database.transaction() as connection:
            once(
                connection, SON, "key-0001", SAME, AT, lambda: (begun.set(), told.wait(60), family.bind(connection))[2]
            )

    first = threading.Thread(target=slow_first)
    first.start()
    assert begun.wait(60)
    with pytest.raises(Busy) as busy:
        family.ask()
    told.set()
    first.join()
    assert (busy.value.code, busy.value.field) == ("key.running", "Idempotency-Key")
    assert family.ask() == {"id": 1}
    assert family.bindings == 1


def test_a_connection_that_is_cut_before_the_end_leaves_nothing(family: Family) -> None:
    """The server process of the request is terminated after the work, before the commit; the same again does it once."""

    def cut_off(connection: sa.Connection) -> dict[str, int]:
        made = family.bind(connection)
        backend = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with psycopg.connect(family.database.url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s::integer, 10000)", [backend])
        return made

    with pytest.raises(sa.exc.OperationalError), family.database.transaction() as connection:
        once(connection, SON, "key-0001", SAME, AT, lambda: cut_off(connection))
    assert family.bindings == 0
    family.ask()
    family.ask()
    assert family.bindings == 1


def test_whoever_never_heard_of_the_commit_gets_the_answer_by_asking_again(family: Family) -> None:
    """The commit arrived, the answer did not: the caller's program died with it."""
    lost = family.ask()
    assert family.ask() == lost
    assert family.bindings == 1


def test_after_a_refusal_the_key_is_free_for_other_content(family: Family) -> None:
    def refuse() -> None:
        raise Refused("authorisation.commitment_missing", "confirm it", "请先确认")

    with pytest.raises(GongjiError), family.database.transaction() as connection:
        once(connection, SON, "key-0001", SAME, AT, refuse)
    assert family.ask(OTHER) == {"id": 1}
