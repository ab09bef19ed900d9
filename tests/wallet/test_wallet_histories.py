"""Long random histories of one family's wallets against a model of dicts and plain arithmetic, step by step to the fen."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

import pytest
from wallet_home import Home

from gongji.foundation.clock import CHINA
from gongji.foundation.errors import GongjiError
from gongji.settlement.holds.expiry import expire_holds
from gongji.settlement.model import Settlement
from gongji.wallet.following import follow_transfers
from gongji.wallet.model import Transfer
from town import JINING

PLACE = "H37080000001"


@dataclass
class Model:
    """What must be where, in fen: the son's account, the mother's wallet, what waits, and how many went today."""

    account: int = 9_000_00
    wallet: int = 0
    waits: tuple[int, datetime] | None = None
    today: dict[object, int] = field(default_factory=dict)

    def tell(self, now: datetime) -> None:
        """What is over has gone back."""
        if self.waits is not None and now >= self.waits[1]:
            self.account += self.waits[0]
            self.waits = None

    def send(self, amount: int, now: datetime) -> str:
        """The son sends; the answer's code."""
        if not 6 <= now.hour < 22:
            return "wallet.closed"
        if self.today.get(now.date(), 0) == 3:
            return "wallet.day_is_full"
        if self.waits is not None:
            return "wallet.pending"
        if amount > 2_000_00:
            return "wallet.too_much"
        if amount > self.account:
            return "wallet.not_enough"
        self.account -= amount
        self.today[now.date()] = self.today.get(now.date(), 0) + 1
        self.waits = (amount, datetime.combine(now.date() + timedelta(days=1), time(6), CHINA))
        return "pending"

    def answer(self, accepts: bool) -> str:
        """The mother answers the last one."""
        if self.waits is None:
            return "over"
        amount, self.waits = self.waits[0], None
        if accepts:
            self.wallet += amount
        else:
            self.account += amount
        return "accepted" if accepts else "declined"


def code(call: object) -> str:
    """What a call came to: the state of the transfer, or the refusal's code."""
    try:
        return str(call().state)  # type: ignore[operator]
    except GongjiError as problem:
        return problem.code


@pytest.mark.parametrize("seed", range(3))
def test_a_history_of_sixty_steps(home: Home, seed: int) -> None:
    """Sends, answers, purchases in another province, refunds, hours that pass: after every step all money is where the
    model says."""
    chance, model, town = random.Random(seed), Model(), home.town
    home.open(home.mother, JINING)
    home.takes_wallet(PLACE)
    place, last = town.institution(PLACE), None
    bought: list[Settlement] = []
    for step in range(60):
        now = town.clock.now()
        model.tell(now)
        drawn = chance.random()
        if drawn < 0.35:
            amount, sent = chance.choice((1, 99_99, 500_00, 2_000_00, 2_000_01)), []
            found = code(lambda a=amount, s=sent: s.append(home.send(a)) or s[0])  # type: ignore[misc]
            assert found == model.send(amount, now), step
            last = sent[0] if sent else last
        elif drawn < 0.6 and last is not None:
            accepts, one = chance.random() < 0.7, last
            expected = model.answer(accepts)
            found = code(lambda o=one, a=accepts: home.accept(o) if a else home.decline(o))  # type: ignore[misc]
            # One that is over is told as what it came to: the same answer again, or the other one's refusal.
            if expected != "over":
                assert found == expected, step
        elif drawn < 0.75:
            price = chance.choice((30, 700, 1500))
            made = town.settled(town.purchase(home.mother, place, ("C-A", 1, f"{price}.00")))
            paid = min(model.wallet, price * 100)
            assert (made.wallet, made.cash) == (paid, price * 100 - paid), step
            model.wallet -= paid
            bought.append(made)
        elif drawn < 0.85 and bought:
            back = bought.pop(chance.randrange(len(bought)))
            town.settled(town.reversal(back, place))
            model.wallet += back.wallet
        else:
            town.clock.set(now + timedelta(minutes=chance.choice((1, 90, 400, 1200))))
            model.tell(town.clock.now())
        if chance.random() < 0.5:
            expire_holds(town.database, town.clock)
            follow_transfers(home.wallets)
            his = home.purse(home.son)
            waits = model.waits[0] if model.waits is not None else 0
            assert (his.get("current", 0) + his.get("historical", 0), his.get("held", 0)) == (model.account, waits), (
                step
            )
        assert home.purse(home.mother).get("wallet", 0) == model.wallet, step
    assert isinstance(last, Transfer)
