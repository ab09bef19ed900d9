"""A small city's year: every answer, and at the end every balance and counter, as predicted; `make city-year` for a large
one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import pytest
import sqlalchemy as sa

from oracle.city import City
from oracle.operations import Operation
from oracle.stage import Stage
from town import Town


@pytest.fixture
def city(town: Town) -> Iterator[City]:
    """Sixty people in twelve families, to whom much happens."""
    with Stage(town) as stage:
        yield City(stage, families=12, seed="a small city", elsewhere=55)


def test_a_small_citys_year_ends_with_the_books_that_the_oracle_has(city: City) -> None:
    wrong = city.live(events=2_600)
    assert wrong is None, wrong
    assert city.events >= 2_600
    assert city.settled > 500
    done = {kind for kind, came in city.kinds if came == "done"}
    # A transfer is answered on its day, which happens in the large city only.
    assert done | {"Answer"} == {kind.__name__ for kind in get_args(Operation)}


def test_a_balance_that_nobody_predicted_is_told_with_its_familys_story(city: City) -> None:
    assert city.live(events=3_000, days=20) is None
    some = next(one for one in city.households if one.story.operations)
    person, kind = next(iter(some.oracle.books.accounts))
    some.oracle.books.accounts[person, kind] += 1
    told = city.differences()
    assert told is not None
    assert "once, and not when played again alone" in told
    assert some.story.seed in told
    some.oracle.books.accounts[person, kind] -= 1
    with city.stage.town.database.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM settlement")).scalar_one() > 0
