"""A small city's year: every answer, and at the end every balance and counter, as predicted; `make city-year` for a large
one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from oracle.city import City
from oracle.stage import Stage
from town import Town


@pytest.fixture
def city(town: Town) -> Iterator[City]:
    """Two hundred people in forty families."""
    with Stage(town) as stage:
        yield City(stage, families=40, seed="a small city")


def test_a_small_citys_year_ends_with_the_books_that_the_oracle_has(city: City) -> None:
    wrong = city.live(events=1_500)
    assert wrong is None, wrong
    assert city.events >= 1_500
    assert city.settled > 800


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
