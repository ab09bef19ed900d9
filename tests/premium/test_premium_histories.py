"""Anything that two sharers and a tax office may do with one mother's premium, in any order, against a model of five lines
of arithmetic: whose money is where, and who holds the year."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import GongjiError
from gongji.ledger.model import AccountKind
from gongji.ledger.service import balances_of
from gongji.premium import service, tax
from gongji.premium.following import follow_orders
from gongji.premium.model import Order, OrderState
from gongji.premium.service import Office
from gongji.settlement.holds.expiry import expire_holds
from town import JINING, Town

PRICE, PURSE = 400_00, 500_00
TAX = Caller(Role.TAX, "tax-370800", region=JINING)

#: What may happen: who orders (with a fresh key or the last one), how the tax office answers which order, and time.
STEPS = st.one_of(
    st.tuples(st.just("order"), st.integers(0, 1), st.booleans()),
    st.tuples(
        st.sampled_from(["confirm", "confirm_otherwise", "reject", "send_back"]), st.integers(0, 5), st.just(False)
    ),
    st.tuples(st.sampled_from(["day", "expire", "follow"]), st.just(0), st.just(False)),
)


@dataclass
class Model:
    """What should be so.

    Attributes:
        purse, held: fen of each sharer.
        orders: for each, who made it, how it stands and when it is over.
        keys: the order that each key made.
        vouchers: with which each order was booked.
        owner: the order that has the year; None while it is free.
    """

    purse: list[int] = field(default_factory=lambda: [PURSE, PURSE])
    held: list[int] = field(default_factory=lambda: [0, 0])
    orders: list[tuple[int, OrderState, datetime]] = field(default_factory=list)
    keys: dict[str, int] = field(default_factory=dict)
    vouchers: dict[int, str] = field(default_factory=dict)
    owner: int | None = None

    def to(self, number: int, state: OrderState) -> None:
        """An order comes to another state; the money with it."""
        who, before, over = self.orders[number]
        if before is OrderState.BOOKING:
            self.held[who] -= PRICE
        if state in (OrderState.REJECTED, OrderState.EXPIRED, OrderState.SENT_BACK):
            self.purse[who] += PRICE
            self.owner = None
        self.orders[number] = (who, state, over)


def play(town: Town, office: Office, steps: list[tuple[str, int, bool]]) -> None:
    """Play a history and compare after each step."""
    town.clock.set(datetime(2024, 10, 14, 9, 0, tzinfo=CHINA))
    mother = town.person("孔母", "1955-08-13", "resident", region=JINING)
    sharers = [
        town.person(name, "1980-03-01", "active", balance=PURSE, region=JINING, household=f"{name}{mother}")
        for name in ("孔明", "孔亮")
    ]
    for sharer in sharers:
        town.share(sharer, mother, region=JINING, purposes=["resident_premium"])
    model, made, keys = Model(), list[Order](), [0, 0]
    for what, which, flag in steps:
        now = office.clock.now()
        if what == "order":
            keys[which] += flag
            _order(office, model, made, sharers, mother, which, f"key-{which}-{keys[which]:06d}", now)
        elif what == "day":
            town.clock.advance(timedelta(days=1))
        elif what == "expire":
            # Only the money goes; the order follows when somebody looks after it.
            for number, (who, state, over) in enumerate(model.orders):
                if state is OrderState.BOOKING and over <= now and _open(town, sharers[who]):
                    model.to(number, OrderState.EXPIRED)
            expire_holds(town.database, town.clock)
            follow_orders(office)
        elif what == "follow":
            follow_orders(office)
            for number, (_, state, over) in enumerate(model.orders):
                if state is OrderState.BOOKING and over <= now:
                    model.to(number, OrderState.EXPIRED)
        elif made:
            _answer(office, model, made, which % len(made), what, now)
        _compare(town, office, model, made, sharers, mother)


def _open(town: Town, sharer: int) -> bool:
    with town.database.transaction() as connection:
        return balances_of(connection, sharer).get(AccountKind.PERSONAL_HELD, 0) > 0


def _order(
    office: Office,
    model: Model,
    made: list[Order],
    sharers: list[int],
    mother: int,
    who: int,
    key: str,
    now: datetime,
) -> None:
    caller = Caller(Role.CITIZEN, "citizen", sharers[who])
    known = model.keys.get(key)
    placed = refused(
        lambda: service.place_order(office, sharer_id=sharers[who], person_id=mother, year=2025, key=key, caller=caller)
    )
    if known is None and (model.owner is not None or model.purse[who] < PRICE):
        assert isinstance(placed, GongjiError)
        assert (placed.code == "hold.not_enough") is (model.owner is None)
        return
    assert isinstance(placed, Order)
    if known is not None:
        assert placed.id == made[known].id
        return
    assert model.owner is None
    assert model.purse[who] >= PRICE
    model.keys[key] = len(made)
    model.purse[who] -= PRICE
    model.held[who] += PRICE
    model.owner = len(made)
    model.orders.append((who, OrderState.BOOKING, now + timedelta(days=3)))
    made.append(placed)


def _answer(office: Office, model: Model, made: list[Order], number: int, what: str, now: datetime) -> None:
    _, state, over = model.orders[number]
    order_id = made[number].id
    if what.startswith("confirm"):
        voucher = "V-0001" if what == "confirm" else "V-0002"
        told = refused(lambda: tax.confirm(office, order_id, voucher, caller=TAX))
        wanted, first = OrderState.BOOKED, state is OrderState.BOOKING and now < over
        again = state is OrderState.BOOKED and model.vouchers.get(number) == voucher
        if first:
            model.vouchers[number] = voucher
        elif state is OrderState.BOOKING:
            model.to(number, OrderState.EXPIRED)
    elif what == "reject":
        told = refused(lambda: tax.reject(office, order_id, "amount", caller=TAX))
        wanted, first, again = OrderState.REJECTED, state is OrderState.BOOKING, state is OrderState.REJECTED
    else:
        told = refused(lambda: tax.send_back(office, order_id, "wrong_person", caller=TAX))
        wanted, first, again = OrderState.SENT_BACK, state is OrderState.BOOKED, state is OrderState.SENT_BACK
    assert isinstance(told, Order) is (first or again), (what, state, told)
    if first:
        model.to(number, wanted)


def refused(call: Callable[[], Order]) -> Order | GongjiError:
    """What a call gives, or its refusal."""
    try:
        return call()
    except GongjiError as problem:
        return problem


def _compare(town: Town, office: Office, model: Model, made: list[Order], sharers: list[int], mother: int) -> None:
    with town.database.transaction() as connection:
        for who, sharer in enumerate(sharers):
            found = balances_of(connection, sharer)
            held = found.pop(AccountKind.PERSONAL_HELD, 0)
            assert (sum(found.values()), held) == (model.purse[who], model.held[who])
        for number, (who, state, _) in enumerate(model.orders):
            assert service.order_of(connection, made[number].id, sharers[who]).state is state
        shown = service.members(connection, office.rules, sharers[0], office.clock.now().date())
    standing = next(one.standing for one in shown if one.year == 2025)
    if model.owner is None:
        assert standing == "unpaid"
    else:
        who, state, _ = model.orders[model.owner]
        word = "paid" if state is OrderState.BOOKED else "booking"
        assert standing == (word if who == 0 else f"{word}_by_other")


def test_whatever_happens_in_whatever_order_the_money_is_where_it_should_be(town: Town, office: Office) -> None:
    @settings(max_examples=20, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.lists(STEPS, min_size=4, max_size=14))
    def histories(steps: list[tuple[str, int, bool]]) -> None:
        play(town, office, steps)

    histories()
