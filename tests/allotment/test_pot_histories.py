"""Long random histories of a family's pot against a model of plain arithmetic: allot, spend, hold, give back, take back, bind
anew, turn the year. After every step every fen is where the model says, by origin, and nothing is below zero."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from allotting_home import Home

from gongji.accrual.year_end import turn_year
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import GongjiError
from gongji.ledger.holds import HoldPurpose, HoldReceipt
from gongji.ledger.model import AccountKind, open_account
from gongji.settlement.holds.expiry import expire_holds
from gongji.settlement.holds.model import CaptureHold, HoldKey, PlaceHold, ReleaseHold
from gongji.settlement.model import Settlement

FLOOR = 200_000
PURPOSES = ["care", "pharmacy", "resident_premium"]
OFFICER = Caller(Role.OFFICER, "agency", region="211200")

#: Fen by origin: of earlier years, of this one.
Fen = list[int]


def split(purse: Fen, amount: int) -> Fen:
    """Take an amount out of a purse, the savings first."""
    old = min(purse[0], amount)
    taken = [old, amount - old]
    purse[0] -= taken[0]
    purse[1] -= taken[1]
    return taken


def cut(pieces: Fen, start: int, end: int) -> Fen:
    """What lies between two marks of pieces laid end to end."""
    return [
        max(0, min(end, pieces[0]) - start),
        max(0, end - max(start, pieces[0])),
    ]


@dataclass
class Open:
    """Something that may come back: whose part, what it took by origin, in which year."""

    part: int
    took: Fen
    year: int
    captured: int = 0
    released: int = 0


@dataclass
class Model:
    """What must be where."""

    stays: bool
    own: Fen
    parts: dict[int, Fen] = field(default_factory=dict)
    year: int = 2024
    owed: int = 0

    def come_back(self, one: Open, fen: Fen) -> None:
        """Fen of something come back: to the part while its sharing lasts, else to the account."""
        turned = one.year < self.year
        fen = [sum(fen), 0] if turned else fen
        home = self.parts.get(one.part)
        target = self.own if home is None or (turned and not self.stays) else home
        target[0] += fen[0]
        target[1] += fen[1]

    def turn(self) -> None:
        """The year ends."""
        self.year += 1
        for part in self.parts.values():
            if not self.stays:
                self.own[0] += part[0]
                self.own[1] += part[1]
                part[:] = [0, 0]
            else:
                part[:] = [sum(part), 0]
        self.own[:] = [sum(self.own), 0]


class History:
    """One family's story, driven by chance."""

    def __init__(self, home: Home, chance: random.Random, *, stays: bool) -> None:
        self.home, self.chance, self.town = home, chance, home.town
        self.model = Model(stays, [300_000, 231_045], {home.for_father: [0, 0], home.for_mother: [0, 0]})
        self.whose = {home.for_father: home.father, home.for_mother: home.mother}
        self.bought: list[tuple[Settlement, Open]] = []
        self.held: list[tuple[int, Open]] = []
        self.steps = 0

    def some(self) -> int:
        return self.chance.choice((1, 99_99, 310_45, 700_00, 1_500_00))

    def refused(self, call: Callable[[], object]) -> bool:
        try:
            call()
        except GongjiError:
            return True
        return False

    def allot(self, part: int) -> None:
        amount, own = self.some(), self.model.own
        fits = amount <= max(0, sum(own) - FLOOR)
        assert self.refused(lambda: self.home.allot(amount, part)) is not fits
        if fits:
            taken = split(own, amount)
            self.model.parts[part] = [a + b for a, b in zip(self.model.parts[part], taken, strict=True)]

    def take_back(self, part: int) -> None:
        amount, there = self.some(), self.model.parts[part]
        fits = amount <= sum(there)
        assert self.refused(lambda: self.home.take_back(amount, part)) is not fits
        if fits:
            new = min(there[1], amount)
            there[1] -= new
            there[0] -= amount - new
            self.model.own[0] += amount - new
            self.model.own[1] += new

    def buy(self, part: int) -> None:
        price, there = self.chance.choice((30, 450, 2_000)), self.model.parts[part]
        made = self.home.buy(self.whose[part], f"{price}.00")
        paid = min(sum(there), price * 100)
        assert (made.shared, made.cash) == (paid, price * 100 - paid)
        if paid:
            self.bought.append((made, Open(part, split(there, paid), self.model.year)))

    def return_goods(self) -> None:
        made, one = self.bought.pop(self.chance.randrange(len(self.bought)))
        self.home.give_back(made)
        self.model.come_back(one, one.took)

    def hold(self, part: int) -> None:
        amount, there = self.some(), self.model.parts[part]
        self.steps += 1
        key = HoldKey(f"ward:{self.steps}:place", b"h" * 32)
        until = self.town.clock.now() + timedelta(days=self.chance.choice((1, 30)))
        (made,) = self.town.do(
            PlaceHold(
                key, self.whose[part], self.home.daughter, amount, HoldPurpose.PREMIUM, f"{self.steps}", until, part
            )
        )
        assert isinstance(made, HoldReceipt) is (amount <= sum(there)), made
        if isinstance(made, HoldReceipt):
            self.held.append((made.hold_id, Open(part, split(there, amount), self.model.year)))

    def end_some(self) -> None:
        """A part of a hold is taken, or given back, or its time is over."""
        self.steps += 1
        place = self.chance.randrange(len(self.held))
        hold_id, one = self.held[place]
        left = sum(one.took) - one.captured - one.released
        amount = self.chance.choice((left, max(1, left // 3)))
        key = HoldKey(f"ward:{self.steps}:on", b"h" * 32)
        user = self.whose[one.part]
        if self.chance.random() < 0.5:
            credit = open_account(AccountKind.PAYABLE_INSTITUTION, 1, 0)
            (done,) = self.town.do(CaptureHold(key, user, hold_id, amount, credit))
            if isinstance(done, HoldReceipt):
                one.captured += amount
        else:
            (done,) = self.town.do(ReleaseHold(key, user, hold_id, amount))
            assert isinstance(done, HoldReceipt), done
            end = sum(one.took) - one.released
            self.model.come_back(one, cut(one.took, end - amount, end))
            one.released += amount
        if one.captured + one.released == sum(one.took):
            del self.held[place]

    def time_passes(self) -> None:
        before = self.town.clock.now()
        self.town.clock.set(before + timedelta(days=2))
        expire_holds(self.town.database, self.town.clock)
        with self.town.database.engine.connect() as connection:
            from gongji.settlement.holds.queries import find_hold

            found = [(find_hold(connection, hold_id), one) for hold_id, one in self.held]
        self.held = []
        for hold, one in found:
            assert hold is not None
            if hold.state == "open":
                self.held.append((hold.id, one))
                continue
            end = sum(one.took) - one.released
            self.model.come_back(one, cut(one.took, one.captured, end))

    def bind_anew(self, part: int) -> None:
        """The daughter unbinds a parent and binds the same one again: a new part, empty."""
        self.home.unbind(part)
        left = self.model.parts.pop(part)
        self.model.own[0] += left[0]
        self.model.own[1] += left[1]
        user = self.whose[part]
        self.town.clock.set(self.town.clock.now() + timedelta(seconds=1))
        again = self.town.share(self.home.daughter, user, since=self.town.clock.now(), purposes=PURPOSES)
        self.model.parts[again] = [0, 0]
        self.whose[again] = user

    def turn(self) -> None:
        self.town.clock.set(datetime(self.model.year + 1, 1, 2, 3, 0, tzinfo=CHINA))
        turn_year(self.town.database, self.town.clock, "211200", self.model.year, caller=OFFICER)
        self.model.turn()

    def step(self) -> None:
        part = self.chance.choice(list(self.model.parts))
        drawn = self.chance.random()
        if drawn < 0.3:
            self.allot(part)
        elif drawn < 0.5:
            self.buy(part)
        elif drawn < 0.6 and self.bought:
            self.return_goods()
        elif drawn < 0.7:
            self.take_back(part)
        elif drawn < 0.8:
            self.hold(part)
        elif drawn < 0.9 and self.held:
            self.end_some()
        elif drawn < 0.93:
            self.time_passes()
        elif drawn < 0.97:
            self.bind_anew(part)

    def compare(self) -> None:
        purse, own = self.home.purse(), self.model.own
        assert (purse.get("historical", 0), purse.get("current", 0)) == tuple(own)
        given = {part: sum(fen) for part, fen in self.model.parts.items()}
        assert self.home.given() == given
        assert purse.get("pot", 0) == sum(given.values())
        held = sum(sum(one.took) - one.captured - one.released for _, one in self.held)
        assert purse.get("held", 0) == held
        assert min(*own, *(fen for part in self.model.parts.values() for fen in part)) >= 0
        assert sum(self.home.figures()[1:]) == self.home.figures()[0]


@pytest.mark.parametrize(("seed", "year_end"), [(1, "returns"), (2, "returns"), (3, "stays"), (4, "stays")])
def test_a_history_of_eighty_steps(allotting: Callable[..., Home], seed: int, year_end: str) -> None:
    home = allotting(year_end=year_end)
    with home.town.database.transaction() as connection:
        import sqlalchemy as sa

        from gongji.family.tables import authorisation

        connection.execute(sa.update(authorisation).values(purposes=PURPOSES))
    history = History(home, random.Random(seed), stays=year_end == "stays")
    for step in range(80):
        if step == 45:
            history.turn()
        history.step()
        history.compare()
