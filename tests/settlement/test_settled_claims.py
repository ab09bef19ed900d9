"""From which day on settlements have to be read for a file of claims, and whose they are."""

from __future__ import annotations

from datetime import date

import pytest

from gongji.rules.book import RuleBook
from gongji.settlement.settled_claims import Span, counted_since
from gongji.settlement.settled_store import SettledPeople
from town import TIELING, Town

SHANGHAI = "310000"


@pytest.fixture(scope="module")
def shipped() -> RuleBook:
    return RuleBook.shipped()


@pytest.mark.parametrize(
    ("region", "begins", "since"),
    [
        (TIELING, date(2025, 1, 1), date(2025, 1, 1)),
        (TIELING, date(2025, 9, 15), date(2025, 1, 1)),
        # An insurance year begins in July there.
        (SHANGHAI, date(2025, 1, 1), date(2024, 7, 1)),
        (SHANGHAI, date(2025, 9, 15), date(2025, 1, 1)),
    ],
)
def test_settlements_are_read_from_where_a_deductible_of_the_first_day_began(
    shipped: RuleBook, region: str, begins: date, since: date
) -> None:
    assert counted_since(shipped, region, begins) == since


def test_people_of_the_counties_belong_to_their_pooling_region(town: Town) -> None:
    """铁岭县 goes by Tieling's rules; somebody insured in Jining and treated at the same pharmacy is in Jining's file."""
    county, city, elsewhere = (
        town.person(name, "1980-05-01", "active", balance=500_00, region=region)
        for name, region in (("刘洋", "211221"), ("赵明", TIELING), ("王建", "370800"))
    )
    for one in (county, city, elsewhere):
        town.settled(town.purchase(one, town.institution("P21120200003"), ("C-A", 1, "40.00")))
    found = {}
    for region in (TIELING, "370800", "210100"):
        span = Span(region, date(2024, 1, 1), date(2024, 12, 31))
        with town.database.snapshot() as connection:
            settled = SettledPeople(connection, town.rules, span, span.begins)
            found[region] = {history.person_id for history in settled.histories(settled.people)}
    assert found == {TIELING: {county, city}, "370800": {elsewhere}, "210100": set()}
