"""Long histories of quotas between three relatives, drawn by hypothesis, against a model of dicts and plain arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from quota_home import QuotaHome

from gongji.foundation.errors import GongjiError
from gongji.settlement.model import Settlement
from gongji.wallet.quotas import store
from gongji.wallet.quotas.model import Quota
from town import JINING

AMOUNTS = st.sampled_from((1, 7_50, 99_99, 400_00, 8_000_00, 9_000_01))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.sampled_from("sd"), AMOUNTS),
        st.tuples(st.just("accept"), st.sampled_from("sd"), st.just(0)),
        st.tuples(st.just("change"), st.sampled_from("sd"), AMOUNTS),
        st.tuples(st.just("end"), st.sampled_from("sd"), st.just(0)),
        st.tuples(st.just("buy"), st.just("m"), st.sampled_from((50, 12_00, 300_00, 5_000_00))),
        st.tuples(st.just("return"), st.just("m"), st.integers(0, 5)),
    ),
    min_size=10,
    max_size=30,
)


@dataclass
class Given:
    """A quota in the model, fen."""

    amount: int
    left: int
    accepted: bool = False


@dataclass
class Model:
    """What the son and the daughter have, what they let their mother use, and what paid each of her bills."""

    purse: dict[str, int]
    given: dict[str, Given] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    serial: int = 0

    def set(self, who: str, amount: int) -> str:
        """A quota is set."""
        if who in self.given:
            return "quota.standing"
        if amount > self.purse[who]:
            return "quota.not_enough"
        self.purse[who] -= amount
        self.given[who] = Given(amount, amount)
        return "proposed"

    def accept(self, who: str) -> str:
        """The mother accepts."""
        one = self.given[who]
        if not one.accepted:
            one.accepted = True
            self.order.append(who)
        return "active"

    def change(self, who: str, amount: int) -> str:
        """The amount is set anew."""
        one = self.given[who]
        used, more = one.amount - one.left, amount - one.amount
        if amount < used:
            return "quota.used"
        if more > self.purse[who]:
            return "quota.not_enough"
        self.purse[who] -= more
        one.amount, one.left = amount, one.left + more
        return "active" if one.accepted else "proposed"

    def end(self, who: str) -> str:
        """Somebody ends it."""
        self.purse[who] += self.given.pop(who).left
        if who in self.order:
            self.order.remove(who)
        return "ended"

    def buy(self, total: int) -> dict[tuple[str, int], int]:
        """A bill is paid: what of it by which quota; the quota is known by its giver and the object."""
        paid = {}
        for who in self.order:
            one = self.given[who]
            amount = min(total, one.left)
            if amount:
                one.left -= amount
                total -= amount
                paid[who, id(one)] = amount
        return paid

    def back(self, paid: dict[tuple[str, int], int]) -> None:
        """It is taken back: into the quota it came from while that stands, else into the account."""
        for (who, which), amount in paid.items():
            one = self.given.get(who)
            if one is not None and id(one) == which:
                one.left += amount
            else:
                self.purse[who] += amount


def code(call: object) -> tuple[str, Quota | None]:
    """What a call came to: the state with the quota, or the refusal's code."""
    try:
        one = call()  # type: ignore[operator]
    except GongjiError as problem:
        return problem.code, None
    return str(one.state), one


@pytest.fixture
def people(quotas: QuotaHome) -> dict[str, int]:
    """The son (s) and a daughter (d), who both have ¥9,000.00."""
    daughter = quotas.home.town.person("张燕", "1983-01-01", "active", balance=9_000_00, region=JINING)
    quotas.home.parent(quotas.mother, daughter)
    quotas.home.open(daughter, JINING)
    return {"s": quotas.son, "d": daughter}


@given(steps=STEPS)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_every_step_all_money_is_where_the_model_says(
    quotas: QuotaHome, people: dict[str, int], steps: list[tuple[str, str, int]]
) -> None:
    """Set, accept, change, end, treated, taken back, in any order; between two histories all quotas are ended."""
    model = Model({who: sum(quotas.home.purse(person).values()) for who, person in people.items()})
    kept: list[tuple[Settlement, dict[tuple[str, int], int]]] = []
    standing: dict[str, Quota] = {}
    objects: list[Given] = []
    for step, who, amount in steps:
        if step == "set":
            found, one = code(lambda w=who, a=amount: quotas.set(a, giver_id=people[w]))  # type: ignore[misc]
            assert found == model.set(who, amount)
            if one is not None:
                standing[who] = one
                objects.append(model.given[who])
        elif step == "buy":
            bought = quotas.bought(f"{amount / 100:.2f}")
            paid = model.buy(amount)
            assert (bought.wallet, bought.cash) == (sum(paid.values()), amount - sum(paid.values()))
            kept.append((bought, paid))
        elif step == "return" and kept:
            bought, paid = kept.pop(amount % len(kept))
            quotas.took_back(bought)
            model.back(paid)
        elif who in model.given:
            one = standing[who]
            if step == "accept":
                assert code(lambda o=one: quotas.accept(o))[0] == model.accept(who)  # type: ignore[misc]
            elif step == "change":
                assert code(lambda o=one, a=amount: quotas.change(o, a))[0] == model.change(who, amount)  # type: ignore[misc]
            else:
                ended = code(lambda o=one, p=people[who]: quotas.end(o, p))  # type: ignore[misc]
                assert ended[0] == model.end(who)
        for one_who, person in people.items():
            purse = quotas.home.purse(person)
            left = model.given[one_who].left if one_who in model.given else 0
            assert sum(purse.values()) - purse.get("held", 0) == model.purse[one_who]
            assert purse.get("held", 0) == left
    for who in list(model.given):
        quotas.end(standing[who], people[who])
    with quotas.home.town.database.transaction() as connection:
        assert store.given_by(connection, people["s"]) == store.given_by(connection, people["d"]) == []
