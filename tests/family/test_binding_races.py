"""Two people press the button in the same moment, against a real PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from families import JINING, Families

from gongji.family import service
from gongji.family.model import Authorisation, AuthorisationState
from gongji.foundation.errors import GongjiError, Refused
from gongji.foundation.ids import bucket_of, compose
from gongji.rules.model import Relation


def together(*tasks: Callable[[], Authorisation]) -> list[Authorisation | GongjiError]:
    """Run all tasks at once, each in a thread of its own, started by one barrier."""
    start = threading.Barrier(len(tasks))

    def run(task: Callable[[], Authorisation]) -> Authorisation | GongjiError:
        start.wait()
        try:
            return task()
        except GongjiError as refusal:
            return refusal

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


@pytest.mark.parametrize("attempt", range(5))
def test_two_daughters_bind_the_same_father_and_exactly_one_wins(families: Families, attempt: int) -> None:
    father = families.insured(f"孔祥{attempt}", "1954-04-04", region=JINING)
    one, other = (families.insured(name, "1982-05-05", region=JINING) for name in ("孔丽", "孔娜"))
    outcomes = together(
        lambda: families.bind(one, father, Relation.PARENT),
        lambda: families.bind(other, father, Relation.PARENT),
    )
    (won,) = [one for one in outcomes if isinstance(one, Authorisation)]
    (lost,) = [one for one in outcomes if isinstance(one, GongjiError)]
    assert lost.code == "authorisation.already_bound"
    assert families.ask(service.authorisations_of_user, father) == [won]


def test_the_last_free_place_goes_to_one_of_two_relatives(families: Families) -> None:
    sharer = families.insured("孔丽", "1982-05-05", region=JINING)
    relatives = [families.insured(f"亲属{number}", "1985-01-01", region=JINING) for number in range(8)]
    for relative in relatives[:6]:
        families.bind(sharer, relative, Relation.SIBLING)
    outcomes = together(
        lambda: families.bind(sharer, relatives[6], Relation.SIBLING),
        lambda: families.bind(sharer, relatives[7], Relation.SIBLING),
    )
    assert sorted(one.code for one in outcomes if isinstance(one, GongjiError)) == ["authorisation.sharer_at_limit"]
    assert len(families.ask(service.authorisations_of_sharer, sharer)) == 7


@pytest.mark.parametrize("attempt", range(5))
def test_two_people_who_bind_each_other_do_not_wait_for_each_other_for_ever(families: Families, attempt: int) -> None:
    husband, wife = (families.insured(f"{name}{attempt}", "1980-05-05", region=JINING) for name in ("丈夫", "妻子"))
    outcomes = together(
        lambda: families.bind(husband, wife, Relation.SPOUSE),
        lambda: families.bind(wife, husband, Relation.SPOUSE),
    )
    (lost,) = [one for one in outcomes if isinstance(one, GongjiError)]
    # Each would be user and sharer at once.
    assert lost.code == "authorisation.sharer_is_user"


def test_the_sharer_unbinds_while_the_user_leaves_and_one_of_them_ended_it(families: Families) -> None:
    daughter, father = (families.insured(name, born, region=JINING) for name, born in (("孔丽", "1982-05-05"), ("孔祥", "1954-04-04")))  # fmt: skip
    made = families.bind(daughter, father, Relation.PARENT)
    families.today(2025, 4, 1)
    outcomes = together(
        lambda: families.do(service.unbind, made, daughter),
        lambda: families.do(service.leave, made, father),
    )
    (won,) = [one for one in outcomes if isinstance(one, Authorisation)]
    (lost,) = [one for one in outcomes if isinstance(one, GongjiError)]
    assert (lost.code, won.state) == ("authorisation.transition", AuthorisationState.ENDED)
    assert families.ask(service.events, made.id)[-1].reason == won.end_reason


@pytest.mark.one_server("watches at the coordinator for a wait, which is a worker's")
def test_a_writer_that_takes_no_lock_is_stopped_by_the_database_with_the_same_refusal(families: Families) -> None:
    """Another system's row, not yet committed when the checks read: the exclusion constraint waits, then refuses."""
    daughter, other = (families.insured(name, "1982-05-05", region=JINING) for name in ("孔丽", "孔娜"))
    father = families.insured("孔祥", "1954-04-04", region=JINING)
    (serial,) = families.database.serials.take(1)
    inserted, refused = threading.Event(), []

    def bind() -> None:
        inserted.wait()
        try:
            families.bind(daughter, father, Relation.PARENT)
        except Refused as refusal:
            refused.append(refusal.code)

    thread = threading.Thread(target=bind)
    thread.start()
    with families.database.transaction() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO authorisation (bucket, id, user_id, sharer_id, region, relation, procedure, state,"
                " exclusive, purposes, in_force, made_at, pack_digest)"
                " VALUES (:bucket, :id, :user, :sharer, '370800', 'parent', 'commitment', 'active',"
                " true, '{care}', tstzrange(:at, NULL), :at, 'x')"
            ),
            {
                "bucket": bucket_of(father),
                "id": compose(serial, bucket_of(father)),
                "user": father,
                "sharer": other,
                "at": families.clock.now(),
            },
        )
        inserted.set()
        # The other one has read that the father is free, and now waits for this transaction.
        for _ in range(400):
            if families.ask(_somebody_waits):
                break
            threading.Event().wait(0.025)
        else:
            pytest.fail("nobody came to wait for the uncommitted row")
    thread.join()
    assert refused == ["authorisation.already_bound"]
    assert [one.sharer_id for one in families.ask(service.authorisations_of_user, father)] == [other]


def _somebody_waits(connection: sa.Connection) -> bool:
    return bool(connection.execute(sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one())
