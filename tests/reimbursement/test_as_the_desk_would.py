"""What the funds pay of a claim is what they would have paid at the desk: twins, one of whom pays in cash and claims."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from claims_home import Home, at

from gongji.foundation.errors import GongjiError
from gongji.rules.model import Tier
from gongji.settlement.model import Settlement
from town import JINING, TIELING, Town
from ward import ANQING, XIAN, Ward

PLACES = {TIELING: ("H21120200001", "H21120200002", "P21120200003"), JINING: ("H37080000001",)}

Bill = Sequence[tuple[str, int, str]]


def a_bill(random: Random) -> list[tuple[str, int, str]]:
    """Up to five lines of items in the catalogue and one that is not."""
    return [
        (
            random.choice(["C-A", "C-A", "C-B", "C-C", "unknown"]),
            random.randint(1, 3),
            f"{random.randint(1, 400_00) / 100:.2f}",
        )
        for _ in range(random.randint(1, 5))
    ]


def at_the_desk(town: Town, person: int, code: str, bill: Bill) -> Settlement:
    """The bill settled directly, with no account."""
    place = town.institution(code)
    if code.startswith("P"):
        return town.settled(town.purchase(person, place, *bill, use="0"))
    visit, total = town.visit(person, place, *bill)
    return town.settled(town.settle_visit(person, place, visit, total, use="0"))


def as_claimed(bill: Bill) -> list[tuple[str, str, int, int]]:
    """The same bill as its patient writes it down."""
    return [(f"项目 {code}", code, count, count * round(float(price) * 100)) for code, count, price in bill]


def counters(town: Town, person: int) -> list[tuple[Any, ...]]:
    """All counters of a person."""
    query = "SELECT counter, period, value FROM benefit_counter WHERE person_id = :p AND value > 0 ORDER BY 1, 2"
    with town.database.transaction() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query), {"p": person})]


def figures(one: Any) -> tuple[int, ...]:
    """What a settlement and a decision have in common."""
    names = (
        "total self_paid over_limit first_self_pay in_scope deductible ratio fund_pool fund_large fund_civil fund_aid"
    )
    return tuple(getattr(one, name) for name in names.split())


@pytest.mark.parametrize("seed", range(24))
def test_a_claim_pays_what_a_settlement_would_have(home: Home, town: Town, seed: int) -> None:
    random = Random(seed)
    region = random.choice([TIELING, JINING])
    status = random.choice(["active", "retired", "retired"])
    home.region = region
    # No account, for in some regions it pays first.
    direct, cash = (town.person(name, "1955-05-05", status, region=region) for name in ("双生甲", "双生乙"))
    for month in range(1, random.randint(2, 5)):
        town.clock.set(at(f"2024-{month:02d}-11"))
        code, bill = random.choice(PLACES[region]), a_bill(random)
        for twin in (direct, cash):
            at_the_desk(town, twin, code, bill)
    assert counters(town, direct) == counters(town, cash)
    town.clock.set(at("2024-06-03"))
    code, bill = random.choice(PLACES[region]), a_bill(random)
    settled = at_the_desk(town, direct, code, bill)
    med_type = "41" if code.startswith("P") else "11"
    claim = home.claim(cash, *as_claimed(bill), code=code, med_type=med_type, on="2024-06-03")
    town.clock.set(at("2024-07-20"))
    decided = home.decide(claim)
    one = home.decision(claim)
    assert figures(one) == figures(settled)
    assert one.pack_digest == settled.pack_digest
    assert [step.code for step in one.explanation.steps] == [step.code for step in settled.explanation.steps]
    assert sum(payer.amount for payer in one.explanation.payers) == one.total
    assert sum(line.in_scope for line in one.lines) == one.in_scope
    assert counters(town, cash) == counters(town, direct)
    assert home.owed(cash) == one.funds
    if one.funds:
        home.take_back(decided)
        assert home.owed(cash) == 0
    home.check_books()


@pytest.mark.parametrize(("region", "code"), [(ANQING, "H34080000001"), (XIAN, "H61010300001")])
@pytest.mark.parametrize("amount", [900, 8_000, 41_000])
def test_a_stay_pays_what_its_settlement_would_have(
    home: Home, town: Town, region: str, code: str, amount: int
) -> None:
    home.region = region
    ward = Ward.built(town, code, "市立医院", region, Tier.TIER_3)
    direct, cash = (town.person(name, "1960-05-05", "retired", region=region) for name in ("双生甲", "双生乙"))
    for twin in (direct, cash):
        ward.stayed(twin, "2024-01-10", "2024-01-20", ("C-A", 1, "3000.00"), use="0")
    settled = ward.stayed(direct, "2024-04-01", "2024-04-09", ("C-A", 1, f"{amount}.00"), ("C-C", 2, "50.00"), use="0")
    stay = {"med_type": "21", "on": "2024-04-01", "ended_on": "2024-04-09", "code": code}
    claim = home.claim(cash, *as_claimed([("C-A", 1, str(amount)), ("C-C", 2, "50.00")]), **stay)
    if home.decide(claim).proposal is not None:
        home.second(claim)
    assert figures(home.decision(claim)) == figures(settled)
    assert counters(town, cash) == counters(town, direct)
    home.check_books()


def test_an_entitlement_of_that_day_counts_and_one_of_today_does_not(home: Home, town: Town) -> None:
    """Somebody who became a pensioner in March is paid as active for February."""
    twin = town.person("双生甲", "1964-05-05", "active")
    with town.database.transaction() as connection:
        connection.execute(
            sa.text("UPDATE enrolment SET during = daterange('2020-01-01', '2024-03-01') WHERE person_id = :p"),
            {"p": twin},
        )
    claim = home.claim(twin, ("CT平扫", "C-A", 1, 1000_00), on="2024-02-20")
    home.decide(claim)
    assert home.decision(claim).fund_pool == 350_00, "active, tier 3: 50 % of 700.00"
    later = home.draft(twin, on="2024-03-02")
    with pytest.raises(GongjiError, match=r"claim\.not_insured"):
        home.submit(later)
