"""Stories drawn from a seed: reads as random as writes, and many things that must be refused."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from gongji.rules.book import RuleBook
from oracle.books import BEGINNING
from oracle.drawing_elsewhere import ALLOTTED, GIVEN, draw_elsewhere
from oracle.family import FAMILY
from oracle.model import Oracle
from oracle.operations import (
    MESSAGES,
    Allot,
    Bind,
    GiveBack,
    Hold,
    OpenWallet,
    Operation,
    Repeat,
    Reverse,
    SetQuota,
    Settle,
    StepOfQuota,
    Story,
    Take,
)
from oracle.regions import REGIONS

_DAY = 24 * 60

#: Minutes of a step: mostly the same hour, sometimes another month, now and then over the year's end.
_STEPS = (1, 1, 2, 30, 60, _DAY, 10 * _DAY, 45 * _DAY)
_LONG_STEPS = (1, 1, 30, 60, _DAY, 10 * _DAY, 10 * _DAY, 45 * _DAY)
_SMALL_STEPS = (1, 1, 2, 2, 30, 30, 60, 60, 90, 300, 600, _DAY, 3 * _DAY, 40 * _DAY)

#: What stories are mostly about: how often something comes to the desk, how often each of the other things happens (see
#: `draw_elsewhere`), and how time passes.
_THEMES = (
    (0.6, (9, 2, 1, 3, 12, 4, 2, 1), _STEPS),
    (0.4, (2, 2, 1, 12, 9, 4, 1, 1), _STEPS),
    (0.1, (1, 30, 1, 2, 10, 2, 1, 1), (1, 2, 5, 10, 30, 60, 60, 90, 600, _DAY)),
    (0.2, (2, 1, 16, 2, 10, 5, 1, 1), _SMALL_STEPS),
    (0.45, (3, 4, 1, 1, 4, 4, 12, 1), (1, 1, 2, 30, 60, _DAY, 3 * _DAY, 10 * _DAY)),
)
#: What those are about beside that for whom wallets have quotas, and those who live where money is allotted.
_QUOTAS = (0.6, (1, 30, 1, 3, 4, 1, 10, 1), _LONG_STEPS)
_POTS = (0.5, (9, 1, 2, 5, 4, 20, 2, 1), _LONG_STEPS)
_PREMIUMS_OUT_OF_POTS = (0.1, (2, 1, 30, 2, 6, 6, 1, 1), _SMALL_STEPS)
#: And those who live where funds pay: bills paid in cash, beside others at the desk and reversals that share their counters.
_CLAIMS = (0.25, (2, 1, 1, 2, 5, 1, 1, 60), (1, 1, 2, 30, 60, 60, 600, _DAY, _DAY, 10 * _DAY, 45 * _DAY))
_PRELUDE = 10
_PRICES = (1, 99, 10_00, 59_99, 195_00, 200_00, 333_33, 800_00)
_CURRENT = (0, 5_00, 200_00, 1_000_00, 3_000_00)
_HISTORICAL = (0, 1_00, 900_00)


def draw_story(seed: str, rules: RuleBook, length: int = 32) -> Story:
    """The story that a seed stands for; the same seed gives the same story.

    The oracle goes along while a story is drawn, so that answers mostly find something to be answered.
    """
    chance = random.Random(seed)
    story = draw_family(chance, seed)
    oracle = Oracle(story, rules)
    themes = [*_THEMES, *_THEMES]
    themes += (
        [*[_POTS] * 6, _PREMIUMS_OUT_OF_POTS, _PREMIUMS_OUT_OF_POTS]
        if REGIONS[story.region].allotment is not None
        else [_CLAIMS] * 6
    )
    themes += [_QUOTAS] * 6 if story.quotas_from is not None else []
    theme = chance.choice(themes)
    for one in _beginning(chance, story, theme):
        oracle.operations[one.n] = one
        oracle.predict(one)
    at_the_desk, weights, steps = theme
    at = max((one.at for one in oracle.operations.values()), default=0)
    while len(oracle.operations) < length:
        # A story begins with leave to share or a quota, most of the time.
        begun = oracle.users() or len(oracle.operations) > _PRELUDE
        desk = chance.random() < (at_the_desk if begun else 0.1)
        at += chance.choice(steps)
        for _ in range(chance.choice((1, 1, 2, 4)) if desk else 1):
            one = draw_at_the_desk(chance, oracle, at) if desk else draw_elsewhere(chance, oracle, at, weights)
            oracle.operations[one.n] = one
            oracle.predict(one)
    return replace(story, operations=tuple(oracle.operations.values()))


def _beginning(chance: random.Random, story: Story, theme: object) -> list[Operation]:
    """What stories of quotas and of allotment begin with: left to chance, most of them would come to nothing."""
    giver, user = chance.choice((0, 2, 3)), 1
    if theme is _QUOTAS:
        assert story.quotas_from is not None, "else it is no story of quotas"
        at = _DAY * (story.quotas_from - BEGINNING.date()).days
        wallets = [OpenWallet(n, at, person, story.region) for n, person in enumerate((giver, user))]
        amount = chance.choice(GIVEN)
        quota = [SetQuota(2, at, giver, user, amount), StepOfQuota(3, at + 1, 2, "accept", user)]
        raised = [StepOfQuota(4, at + 1, 2, "change", giver, amount + 50_00)] if chance.random() < 0.5 else []
        return [*wallets, *quota, *raised]
    allotment = REGIONS[story.region].allotment
    if theme in (_POTS, _PREMIUMS_OUT_OF_POTS) and allotment is not None:
        return [Bind(0, 0, giver, user), Allot(1, 1, giver, None if allotment.one_pot else 0, chance.choice(ALLOTTED))]
    return []


def draw_family(chance: random.Random, seed: str) -> Story:
    """A family to which nothing has happened: where it lives, what its members begin with, when wallets have quotas."""
    region = chance.choice(list(REGIONS))
    opening = tuple(
        None if member.scheme == "390" else (chance.choice(_CURRENT), chance.choice(_HISTORICAL)) for member in FAMILY
    )
    days = chance.choice((None, None, 0, 0, 20))
    quotas_from = None if days is None else BEGINNING.date() + timedelta(days=days)
    return Story(seed, region, opening, (), quotas_from)


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
        if (paid := oracle.till.paid_by_relatives()) and chance.random() < 0.5:
            settled = paid
        return Reverse(n, at, _one_of(chance, oracle, settled))
    patient = chance.choice((0, 1, 1, 1, 2, 4, 4))
    if (users := oracle.users()) and chance.random() < 0.5:
        patient = chance.choice(users)
    items = tuple(
        (chance.choice(("C-A", "C-A", "C-B", "C-C")), chance.randint(1, 3), chance.choice(_PRICES))
        for _ in range(chance.randint(1, 3))
    )
    return Settle(
        n,
        at,
        patient,
        chance.choice(("hospital", "community", "pharmacy", "pharmacy")),
        items if chance.random() < 0.97 else (),
        chance.choice(("0", "1", "1", "1", "2", "2", "2", "2")),
        dry=chance.random() < 0.1,
        wrong_total=chance.random() < 0.04,
        wrong_scheme=chance.random() < 0.04,
    )


def _one_of(chance: random.Random, oracle: Oracle, wanted: Sequence[int]) -> int:
    """One of these operations, mostly a late one; now and then any other."""
    if wanted and chance.random() < 0.93:
        return max(chance.choice(wanted), chance.choice(wanted))
    return chance.randrange(len(oracle.operations))
