"""Payers who lie apart: on a cluster on different nodes, on one server in different buckets; it reads the same."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import sqlalchemy as sa
import structlog

from cluster import workers
from gongji.foundation.ids import bucket_of
from gongji.rules.book import RuleBook
from gongji.settlement.desk import Clerk
from gongji.settlement.model import Settlement
from town import Town

ROUNDS = 12


def nodes_of(town: Town, people: Sequence[int]) -> set[int]:
    """Where people's rows lie: the ports of the workers; on one server nowhere else than there."""
    if not workers():
        return {0}
    query = sa.text("""
        SELECT nodeport FROM pg_dist_shard_placement
         WHERE shardid = get_shard_id_for_distribution_column('person', CAST(:bucket AS smallint))
    """)
    with town.database.engine.connect() as connection:
        return {connection.execute(query, {"bucket": bucket_of(one)}).scalar_one() for one in people}


def test_two_desks_whose_payers_lie_on_different_nodes_never_wait_in_a_circle(town: Town) -> None:
    """Four siblings who share with each other, ¥90.00 each; one desk settles them in one order, the other in the other.

    Each batch locks four patients and their payers. Were these locked in the order in which they come, each desk would have
    what the other waits for, on two nodes, where neither sees that the other waits: after a second the cluster ends one.
    """
    pharmacy = town.institution("P21120200003")
    people = [town.person(f"人{n}", "1980-03-01", "active", balance=90_00, household=f"家{n}") for n in range(4)]
    assert len({bucket_of(one) for one in people}) == 4
    assert len(nodes_of(town, people)) == max(1, len(workers()))
    for sharer in people:
        for user in people:
            if sharer != user:
                town.share(sharer, user, relation="sibling")
    desks = [Clerk(town.database, RuleBook.shipped(), town.clock) for _ in range(2)]
    together = Barrier(2)

    def settle(desk: Clerk, order: Sequence[int]) -> list[Settlement]:
        paid = []
        for _ in range(ROUNDS):
            together.wait(timeout=60)
            batch = [(town.purchase(one, pharmacy, ("C-A", 1, "4.00")), False) for one in order]
            paid += desk.handle(batch)
        return paid

    with structlog.testing.capture_logs() as logged, ThreadPoolExecutor(2) as threads:
        both = [threads.submit(settle, desk, order) for desk, order in zip(desks, (people, people[::-1]), strict=True)]
        paid = [one for desk in both for one in desk.result()]
    for desk in desks:
        desk.close()
    assert [entry for entry in logged if entry["event"] == "desk.lost_race"] == []
    assert all(isinstance(one, Settlement) for one in paid)
    assert sum(one.own + one.shared for one in paid) == 4 * 90_00
    assert sum(one.cash for one in paid) == 2 * 4 * ROUNDS * 4_00 - 4 * 90_00
    assert [town.balance(one) for one in people] == [0, 0, 0, 0]
