"""Races for a pot: real threads, real connections; what is allotted is spent once, whoever comes first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from allotting_home import Home

from gongji.foundation.errors import GongjiError
from gongji.settlement.desk import Desk
from gongji.settlement.model import Settlement


def together(*works: Callable[[], Any]) -> list[Any]:
    """Run works at once; what each gave, or its refusal."""
    gate = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        gate.wait()
        try:
            return work()
        except GongjiError as refusal:
            return refusal

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def test_two_patients_at_two_desks_spend_one_pot_once(allotting: Callable[..., Home]) -> None:
    home = allotting(parts="one_pot")
    home.allot(100_000, None)
    pharmacy = home.town.institution("P21120200003")
    desks = [Desk(home.town.database, home.town.rules, home.town.clock) for _ in range(2)]
    try:
        for _ in range(6):
            commands = [
                home.town.purchase(who, pharmacy, ("C-A", 1, "130.00"), use="2") for who in (home.father, home.mother)
            ]
            works = [lambda d=desk, c=one: d.submit(c).result() for desk, one in zip(desks, commands, strict=True)]
            outcomes = together(*works)
            assert all(isinstance(one, Settlement) for one in outcomes), outcomes
    finally:
        for desk in desks:
            desk.close()
    with home.town.database.transaction() as connection:
        from gongji.settlement.queries import settlements_of

        made = [*settlements_of(connection, home.father), *settlements_of(connection, home.mother)]
    assert sum(one.settlement.shared for one in made) == 100_000
    assert sum(one.settlement.cash for one in made) == 12 * 13_000 - 100_000
    assert home.given() == {None: 0}


def test_spending_and_taking_back_at_once_never_add_up_to_more(home: Home) -> None:
    pharmacy = home.town.institution("P21120200003")
    desk = Desk(home.town.database, home.town.rules, home.town.clock)
    try:
        for _ in range(8):
            before = sum(home.purse().values())
            home.allot(10_000, home.for_father)
            bill = home.town.purchase(home.father, pharmacy, ("C-A", 1, "70.00"), use="2")
            spent, back = together(
                lambda b=bill: desk.submit(b).result(), lambda: home.take_back(10_000, home.for_father)
            )
            # Either the purchase was first, and not all could be taken back, or nothing was left to spend.
            first = isinstance(back, GongjiError)
            assert spent.shared == (7_000 if first else 0)
            if first:
                home.take_back(3_000, home.for_father)
            assert sum(home.purse().values()) == before - spent.shared
            assert home.given()[home.for_father] == 0
    finally:
        desk.close()


def test_one_key_from_four_phones_allots_once(home: Home) -> None:
    outcomes = together(*[lambda: home.allot(50_000, home.for_father, key="the-same-tap")] * 4)
    assert len({one.id for one in outcomes}) == 1
    assert home.given()[home.for_father] == 50_000


def test_no_more_is_allotted_than_there_is_however_many_ask(home: Home) -> None:
    outcomes = together(*[lambda n=n: home.allot(100_000, home.for_father, key=f"phone-{n:04d}") for n in range(6)])
    assert sum(not isinstance(one, GongjiError) for one in outcomes) == 3
    assert home.figures() == (531_045, 200_000, 300_000, 31_045)


def test_unbinding_while_it_is_spent_loses_nothing(home: Home) -> None:
    pharmacy = home.town.institution("P21120200003")
    desk = Desk(home.town.database, home.town.rules, home.town.clock)
    home.allot(50_000, home.for_father)
    bill = home.town.purchase(home.father, pharmacy, ("C-A", 1, "70.00"), use="2")
    try:
        spent, _ = together(lambda: desk.submit(bill).result(), lambda: home.unbind(home.for_father))
    finally:
        desk.close()
    assert spent.shared in (0, 7_000)
    assert sum(home.purse().values()) == 531_045 - spent.shared
    assert "pot" not in home.purse()
