"""Stories drawn from a seed: reads as random as writes, and many things that must be refused."""

from __future__ import annotations

import random
from collections.abc import Sequence

from gongji.rules.book import RuleBook
from oracle.books import moment
from oracle.family import FAMILY
from oracle.model import Oracle
from oracle.operations import (
    MESSAGES,
    Answer,
    Bind,
    Change,
    Credit,
    Expire,
    GiveBack,
    Hold,
    OpenWallet,
    Operation,
    Order,
    Read,
    Repeat,
    Reverse,
    Send,
    Settle,
    Story,
    Take,
    TaxSays,
    YearEnd,
)

REGIONS = ("211200", "370800")

_DAY = 24 * 60

#: Minutes of a step: mostly the same hour, sometimes another month, now and then over the year's end.
_STEPS = (1, 1, 2, 30, 60, _DAY, 10 * _DAY, 45 * _DAY)
_SMALL_STEPS = (1, 1, 2, 2, 30, 30, 60, 60, 90, 300, 600, _DAY, 3 * _DAY, 40 * _DAY)

#: What stories are mostly about: how often something comes to the desk, how often each of the other things happens (see
#: `draw_elsewhere`), and how time passes.
_THEMES = (
    (0.6, (9, 2, 1, 3, 12), _STEPS),
    (0.4, (2, 2, 1, 9, 12), _STEPS),
    (0.1, (1, 30, 1, 2, 14), (1, 2, 5, 10, 30, 60, 60, 90, 600, _DAY)),
    (0.2, (2, 1, 16, 2, 14), _SMALL_STEPS),
)
_ANYTHING = (6, 5, 4, 3, 10)
_PRICES = (1, 99, 10_00, 59_99, 195_00, 200_00, 333_33, 800_00)
_CURRENT = (0, 5_00, 200_00, 1_000_00, 3_000_00)
_HISTORICAL = (0, 1_00, 900_00)
_LIMITS = (None, None, 0, 1, 50_00, 300_00, 900_00)
_SENT = (1, 1, 1, 5_00, 5_00, 30_00, 199_99, 2_000_00, 2_000_01)
_AREAS = ("211200", "370800", "370000")
#: Whose premium there is to pay: the only one of the residents' scheme.
_MOTHER = 1

_VOUCHERS, _WHY = ("V-0001", "V-0001", "V-0002"), ("amount", "amount", "wrong_person")

#: (base, amount) that lines of each kind tell, some of them wrong.
_LINES = {
    "employer": ((5_000_00, None), (6_543_25, 130_87), (6_543_25, 130_86), (None, 99_99), (None, None), (0, None)),
    "flexible": ((None, 150_00), (None, 151_00), (5_000_00, None), (None, -1)),
    "retired": ((None, None), (None, None), (None, 60_00), (None, 100_00)),
}


def draw_story(seed: str, rules: RuleBook, length: int = 24) -> Story:
    """The story that a seed stands for; the same seed gives the same story.

    The oracle goes along while a story is drawn, so that answers mostly find something to be answered.
    """
    chance = random.Random(seed)
    region, opening = draw_family(chance)
    oracle = Oracle(Story(seed, region, opening, ()), rules)
    at, (at_the_desk, weights, steps) = 0, chance.choice(_THEMES)
    while len(oracle.operations) < length:
        # A story begins with leave to share, most of the time.
        desk = chance.random() < (at_the_desk if oracle.operations else 0.1)
        at += chance.choice(steps)
        for _ in range(chance.choice((1, 1, 2, 4)) if desk else 1):
            one = draw_at_the_desk(chance, oracle, at) if desk else draw_elsewhere(chance, oracle, at, weights)
            oracle.operations[one.n] = one
            oracle.predict(one)
    return Story(seed, region, opening, tuple(oracle.operations.values()))


def draw_family(chance: random.Random) -> tuple[str, tuple[tuple[int, int] | None, ...]]:
    """The region of a family and what its members begin with: (current, historical) fen, None without an account."""
    region = chance.choice(REGIONS)
    opening = tuple(
        None if member.scheme == "390" else (chance.choice(_CURRENT), chance.choice(_HISTORICAL)) for member in FAMILY
    )
    return region, opening


def _of_holds(chance: random.Random, oracle: Oracle, at: int) -> Operation:
    """A hold or a step of one."""
    n, kind = len(oracle.operations), chance.random()
    amount = chance.choice((1, 3_00, 3_00, 100_00, 250_00)) if chance.random() < 0.93 else 0
    if not oracle.till.holds or kind < 0.35:
        lasts = chance.choice((0, 60, 3 * _DAY, 90 * _DAY, 90 * _DAY))
        return Hold(n, at, chance.choice((0, 2, 3)), amount, lasts)
    of = _one_of(chance, oracle, list(oracle.till.holds))
    if kind < 0.7:
        return Take(n, at, of, amount, rest=chance.random() < 0.3)
    return GiveBack(n, at, of, chance.choice((None, amount)))


def draw_at_the_desk(chance: random.Random, oracle: Oracle, at: int) -> Operation:
    """Something that waits at the desk."""
    if chance.random() < 0.2:
        return _of_holds(chance, oracle, at)
    n, kind = len(oracle.operations), chance.random()
    if n and kind < 0.15:
        sent = [one.n for one in oracle.operations.values() if isinstance(one, MESSAGES)]
        return Repeat(n, at, _one_of(chance, oracle, sent), other=chance.random() < 0.3)
    if n and kind < 0.4:
        settled = [of for of in oracle.till.kept if isinstance(oracle.operations[of], Settle | Reverse)]
        return Reverse(n, at, _one_of(chance, oracle, settled))
    items = tuple(
        (chance.choice(("C-A", "C-A", "C-B", "C-C")), chance.randint(1, 3), chance.choice(_PRICES))
        for _ in range(chance.randint(1, 3))
    )
    return Settle(
        n,
        at,
        chance.choice((0, 1, 1, 1, 2, 4, 4)),
        chance.choice(("hospital", "community", "pharmacy")),
        items if chance.random() < 0.97 else (),
        chance.choice(("0", "1", "1", "2", "2", "2")),
        dry=chance.random() < 0.1,
        wrong_total=chance.random() < 0.04,
        wrong_scheme=chance.random() < 0.04,
    )


def draw_elsewhere(chance: random.Random, oracle: Oracle, at: int, weights: Sequence[int] = _ANYTHING) -> Operation:
    """A step of the family, of the agency, or of the tax office; or somebody's look.

    Args:
        chance: what is drawn from.
        oracle: what happened before.
        at: the minute.
        weights: of consent, wallets, premiums, credits with the turn of the year, and reading.
    """
    if not oracle.consent.authorisations:
        return _of_consent(chance, oracle, at)
    draw = chance.choices((_of_consent, _of_wallets, _of_premiums, _of_years, _read), weights)[0]
    return draw(chance, oracle, at)


def _of_consent(chance: random.Random, oracle: Oracle, at: int) -> Operation:
    """Leave to share, or a change of it."""
    n, binds = len(oracle.operations), list(oracle.consent.authorisations.values())
    if not binds or chance.random() < 0.45:
        sharer, user = chance.choice((0, 2, 2, 2, 3, 3, 1, 4)), chance.choice((0, 1, 1, 1, 1, 2, 4, 4))
        if chance.random() < 0.6:
            return Bind(n, at, sharer, user)
        return Bind(n, at, sharer, user, chance.choice(_LIMITS), chance.choice(_LIMITS))
    made = chance.choice(binds)
    action = chance.choice(("pause", "pause", "resume", "unbind", "leave", "limits"))
    by = made.user if action == "leave" else made.sharer
    by = by if chance.random() < 0.8 else chance.randrange(len(FAMILY))
    limits = (chance.choice(_LIMITS), chance.choice(_LIMITS)) if action == "limits" else (None, None)
    return Change(n, at, made.n if chance.random() < 0.95 else chance.randrange(n), action, by, *limits)


def _of_wallets(chance: random.Random, oracle: Oracle, at: int) -> Operation:
    """A wallet that is opened, money that is sent to one, or the answer."""
    n, kind = len(oracle.operations), chance.random()
    opened, sent = list(oracle.purses.areas), list(oracle.purses.sent.values())
    if len(opened) < 2 or kind < 0.1:
        without = [person for person in (0, 1, 2, 4) if person not in opened] or [0, 1, 2]
        area = chance.choice(_AREAS) if chance.random() < 0.85 else chance.choice(("440300", "2112"))
        return OpenWallet(n, at, chance.choice(without), area)
    if sent and kind < 0.5:
        waiting = [one for one in sent if one.state == "pending"]
        made = chance.choice(waiting if waiting and chance.random() < 0.8 else sent)
        by = made.receiver if chance.random() < 0.9 else made.sender
        return Answer(n, at, made.n if chance.random() < 0.95 else n, by, accepts=chance.random() < 0.7)
    if sent and kind < 0.6:
        made = chance.choice(sent)
        amount = made.amount if chance.random() < 0.7 else made.amount + 1
        return Send(n, at, made.sender, made.receiver, amount, made.from_wallet, of=made.n)
    with_money = [person for person in opened if oracle.books.balance(person)]
    sender = chance.choice(with_money if with_money and chance.random() < 0.9 else range(len(FAMILY)))
    others = [person for person in opened if person != sender]
    receiver = chance.choice(others if others and chance.random() < 0.9 else range(len(FAMILY)))
    amount = chance.choice(_SENT) if chance.random() < 0.97 else 0
    return Send(n, at, sender, receiver, amount, from_wallet=chance.random() < 0.15)


def _of_premiums(chance: random.Random, oracle: Oracle, at: int) -> Operation:
    """A premium that is ordered, or what the tax office says."""
    n, kind, orders = len(oracle.operations), chance.random(), list(oracle.premiums.orders.values())
    if orders and kind < 0.55:
        answers = (("confirm", _VOUCHERS), ("confirm", _VOUCHERS), ("reject", _WHY), ("send_back", _WHY))
        what, words = chance.choice(answers)
        waiting = [one for one in orders if one.state in ("booking", "booked")]
        made = chance.choice(waiting if waiting and chance.random() < 0.8 else orders)
        return TaxSays(n, at, made.n if chance.random() < 0.95 else n, what, chance.choice(words))
    if orders and kind < 0.65:
        made = chance.choice(orders)
        person = made.person if chance.random() < 0.7 else chance.randrange(len(FAMILY))
        return Order(n, at, made.sharer, person, made.year - moment(at).year, of=made.n)
    living = [one for one in oracle.consent.authorisations.values() if one.state == "active"]
    with_mother = [one.sharer for one in living if one.user == _MOTHER]
    if with_mother and chance.random() < 0.85:
        ahead = 2026 - moment(at).year if chance.random() < 0.75 else chance.choice((-1, 0, 1, 1, 2))
        return Order(n, at, chance.choice(with_mother), _MOTHER, ahead)
    if not with_mother and chance.random() < 0.7:
        return Bind(n, at, chance.choice((0, 2, 3)), _MOTHER)
    return Order(n, at, chance.randrange(len(FAMILY)), chance.randrange(len(FAMILY)), chance.choice((0, 1)))


def _of_years(chance: random.Random, oracle: Oracle, at: int) -> Operation:
    """A month's credit, the turn of the year, or the round that ends what is over."""
    n, kind = len(oracle.operations), chance.random()
    if kind < 0.25:
        return YearEnd(n, at)
    if kind < 0.45:
        return Expire(n, at)
    credits = [one for one in oracle.operations.values() if isinstance(one, Credit)]
    if credits and kind < 0.55:
        one = chance.choice(credits)
        amount = one.amount + 1 if one.amount and one.kind == "flexible" and chance.random() < 0.5 else one.amount
        return Credit(n, at, one.person, one.back, one.kind, one.base, amount)
    person = chance.choice((0, 2, 2, 3, 4, 1))
    right = "retired" if FAMILY[person].status == "retired" else chance.choice(("employer", "employer", "flexible"))
    kind_of_line = right if chance.random() < 0.9 else chance.choice(("employer", "flexible", "retired"))
    base, amount = chance.choice(_LINES[kind_of_line])
    return Credit(n, at, person, chance.choice((0, 0, 1, 1, 2, 3, -1)), kind_of_line, base, amount)


def _read(chance: random.Random, oracle: Oracle, at: int) -> Operation:
    """Somebody looks at something, as of any moment."""
    what = chance.choice(("balances", "past", "past", "statement", "counters", "usage", "transfers", "orders"))
    person = chance.randrange(len(FAMILY))
    return Read(len(oracle.operations), at, what, person, chance.randint(-60, at + 2 * _DAY))


def _one_of(chance: random.Random, oracle: Oracle, wanted: Sequence[int]) -> int:
    """One of these operations, mostly a late one; now and then any other."""
    if wanted and chance.random() < 0.93:
        return max(chance.choice(wanted), chance.choice(wanted))
    return chance.randrange(len(oracle.operations))
