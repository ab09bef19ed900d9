"""Steps away from the desk, drawn by chance: the family's, the agency's, the tax office's, an officer's, or somebody's look."""

from __future__ import annotations

import random
from collections.abc import Sequence

from oracle.books import moment
from oracle.drawing_claims import of_claims
from oracle.family import FAMILY
from oracle.freezes import ACCUSES
from oracle.model import Oracle
from oracle.operations import (
    Allot,
    Answer,
    Bind,
    Change,
    Credit,
    Expire,
    Freeze,
    OpenWallet,
    Operation,
    Order,
    Read,
    Send,
    SetQuota,
    StepOfFreeze,
    StepOfQuota,
    TaxSays,
    YearEnd,
)

_DAY = 24 * 60
_ANYTHING = (6, 7, 4, 3, 9, 4, 2, 7)
_LIMITS = (None, None, 0, 1, 50_00, 300_00, 900_00)
_SENT = (1, 1, 1, 5_00, 5_00, 30_00, 199_99, 2_000_00, 2_000_01)
GIVEN = (1, 30_00, 150_00, 150_00, 600_00, 900_00, 900_00, 2_500_00)
ALLOTTED = (1, 30_00, 80_00, 80_00, 400_00, 400_00, 1_500_00)
_AREAS = ("211200", "370800", "370000")
#: Whose premium there is to pay: the only one of the residents' scheme.
_MOTHER = 1

_VOUCHERS, _WHY = ("V-0001", "V-0001", "V-0002"), ("amount", "amount", "wrong_person")
_REASONS = ("holder_asked", "identity_check", "credit_check", *ACCUSES, *ACCUSES, *ACCUSES)
_OFFICERS = ("甲", "甲", "乙")

#: (base, amount) that lines of each kind tell, some of them wrong.
_LINES = {
    "employer": ((5_000_00, None), (6_543_25, 130_87), (6_543_25, 130_86), (None, 99_99), (None, None), (0, None)),
    "flexible": ((None, 150_00), (None, 151_00), (5_000_00, None), (None, -1)),
    "retired": ((None, None), (None, None), (None, 60_00), (None, 100_00)),
}


def draw_elsewhere(chance: random.Random, oracle: Oracle, at: int, weights: Sequence[int] = _ANYTHING) -> Operation:
    """A step of the family, of the agency, or of the tax office; or somebody's look.

    Args:
        chance: what is drawn from.
        oracle: what happened before.
        at: the minute.
        weights: of consent, wallets, premiums, credits with the turn of the year, reading, pots, freezes, and claims.
    """
    if not oracle.consent.authorisations and chance.random() < 0.5:
        return _of_consent(chance, oracle, at)
    steps = (_of_consent, _of_wallets, _of_premiums, _of_years, _read, _of_pots, _of_freezes, of_claims)
    draw = chance.choices(steps, weights)[0]
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
    """A wallet that is opened; money that is sent to one or, once they have begun, a quota; or the answer."""
    n, kind = len(oracle.operations), chance.random()
    opened, sent = list(oracle.purses.areas), list(oracle.purses.sent.values())
    if len(opened) < 3 or kind < 0.1:
        without = [person for person in (0, 1, 2, 4) if person not in opened] or [0, 1, 2]
        region = oracle.till.region
        area = chance.choice((region, region, *_AREAS)) if chance.random() < 0.85 else chance.choice(("440300", "2112"))
        return OpenWallet(n, at, chance.choice(without), area)
    if chance.random() < (0.9 if oracle.quotas.have_begun(at) else 0.05):
        return _of_quotas(chance, oracle, at)
    if sent and kind < 0.5:
        waiting = [one for one in sent if one.state == "pending"]
        made = chance.choice(waiting if waiting and chance.random() < 0.8 else sent)
        by = made.receiver if chance.random() < 0.9 else made.sender
        return Answer(n, at, made.n if chance.random() < 0.95 else n, by, accepts=chance.random() < 0.7)
    if sent and kind < 0.6:
        made = chance.choice(sent)
        amount = made.amount if chance.random() < 0.7 else made.amount + 1
        return Send(n, at, made.sender, made.receiver, amount, made.from_wallet, of=made.n)
    sender, receiver = _two_with_wallets(chance, oracle)
    amount = chance.choice(_SENT) if chance.random() < 0.97 else 0
    return Send(n, at, sender, receiver, amount, from_wallet=chance.random() < 0.15)


def _two_with_wallets(chance: random.Random, oracle: Oracle) -> tuple[int, int]:
    """Who gives and who gets: mostly people who have opened a wallet, and have something to give."""
    opened = list(oracle.purses.areas)
    with_money = [person for person in opened if oracle.books.balance(person)]
    giver = chance.choice(with_money if with_money and chance.random() < 0.9 else range(len(FAMILY)))
    others = [person for person in opened if person != giver]
    return giver, chance.choice(others if others and chance.random() < 0.9 else range(len(FAMILY)))


def _of_quotas(chance: random.Random, oracle: Oracle, at: int) -> Operation:
    """A quota that is set, or what one of the two does with it."""
    n, kind, given = len(oracle.operations), chance.random(), list(oracle.quotas.given.values())
    if given and kind < 0.6:
        living = [one for one in given if one.state != "ended"]
        made = chance.choice(living if living and chance.random() < 0.85 else given)
        asked = [one for one in living if one.state == "proposed"]
        made = chance.choice(asked) if asked and chance.random() < 0.7 else made
        usual = "accept" if made.state == "proposed" else chance.choice(("change", "change", "change", "end"))
        what = usual if chance.random() < 0.85 else chance.choice(("accept", "change", "end"))
        changes = (50_00, 50_00, -20_00, -30_00, -30_00, -60_00, -60_00, -made.left, 0, 3_000_00)
        by = {"accept": made.user, "change": made.giver}.get(what, chance.choice((made.giver, made.user)))
        by = by if chance.random() < 0.9 else chance.randrange(len(FAMILY))
        return StepOfQuota(
            n, at, made.n if chance.random() < 0.97 else n, what, by, made.amount + chance.choice(changes)
        )
    if given and kind < 0.67:
        made = chance.choice(given)
        amount = made.asked if chance.random() < 0.7 else made.asked + 1
        return SetQuota(n, at, made.giver, made.user, amount, of=made.n)
    giver, user = _two_with_wallets(chance, oracle)
    return SetQuota(n, at, giver, user, _amount(chance, GIVEN, oracle.books.balance(giver)))


def _amount(chance: random.Random, usual: Sequence[int], there: int) -> int:
    """An amount: now and then all that is there, a fen more than that, or nothing."""
    return chance.choice(usual) if chance.random() < 0.8 else chance.choice((there, there, there + 1, 0))


def _of_pots(chance: random.Random, oracle: Oracle, at: int) -> Operation:
    """Something is allotted to a relative, or taken back."""
    n, kind = len(oracle.operations), chance.random()
    rule, binds = oracle.consent.rule.allotment, list(oracle.consent.authorisations.values())
    living = [one for one in binds if one.state != "ended"]
    if not living or (rule is None and kind < 0.8):
        return _of_consent(chance, oracle, at)
    made = chance.choice(living if chance.random() < 0.95 else binds)
    back = chance.random() < 0.3
    given = [one for one in living if any(fen for _, _, fen in oracle.books.pots.left_for(one))]
    if back and chance.random() < 0.85:
        made, back = (chance.choice(given), True) if given else (made, False)
    of = None if (rule is not None and rule.one_pot) == (chance.random() < 0.95) else made.n
    deeds = list(oracle.consent.deeds)
    if deeds and kind < 0.08:
        again = chance.choice(deeds)
        sharer, of, amount, taken_back = oracle.consent.deeds[again]
        return Allot(n, at, sharer, of, amount if chance.random() < 0.7 else amount + 1, taken_back, again)
    spare = oracle.books.balance(made.sharer) + oracle.books.returning(made.sharer, moment(at).year - 1)
    spare -= rule.floor if rule is not None else 0
    there = sum(fen for _, _, fen in oracle.books.pots.left_for(made)) if back else spare
    return Allot(n, at, made.sharer, of, _amount(chance, ALLOTTED, there), back)


def _of_freezes(chance: random.Random, oracle: Oracle, at: int) -> Operation:
    """An officer freezes an account, frees it, or is the second one."""
    n, kind, made = len(oracle.operations), chance.random(), list(oracle.freezes.made)
    officer = chance.choice(_OFFICERS)
    if made and kind < 0.5:
        of = max(made) if chance.random() < 0.8 else chance.choice(made)
        waits = oracle.freezes.made[of].accuses
        usual = ("agree", "agree", "disagree", "lift", "lift") if waits else ("lift",)
        what = chance.choice(usual) if chance.random() < 0.9 else chance.choice(("lift", "agree", "disagree"))
        return StepOfFreeze(n, at, of, what, officer)
    givers = [one.giver for one in oracle.quotas.given.values() if one.state == "active"]
    givers += [one.sharer for one in oracle.consent.authorisations.values() if one.state == "active"]
    person = chance.choice(givers if givers and chance.random() < 0.7 else (0, 2, 3, 4, 1))
    reason = chance.choice(_REASONS) if chance.random() < 0.97 else "whim"
    days = chance.choice((None, 1, 10, 40, 40)) if chance.random() < 0.95 else 0
    return Freeze(n, at, person, reason, days if days is not None or reason != "decision" else 10, officer)


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
        ahead = 2026 - moment(at).year if chance.random() < 0.75 else chance.choice((-1, 0, 1, 1, 1))
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
    if credits and kind < 0.58:
        one = chance.choice([one for one in credits if one.kind == "flexible"] or credits)
        amount = one.amount + 1 if one.amount and one.kind == "flexible" and chance.random() < 0.5 else one.amount
        return Credit(n, at, one.person, one.back, one.kind, one.base, amount)
    person = chance.choice((0, 2, 2, 3, 4, 1))
    right = "retired" if FAMILY[person].status == "retired" else chance.choice(("employer", "employer", "flexible"))
    kind_of_line = right if chance.random() < 0.9 else chance.choice(("employer", "flexible", "retired"))
    base, amount = chance.choice(_LINES[kind_of_line])
    return Credit(n, at, person, chance.choice((0, 0, 1, 1, 2, 3, -1)), kind_of_line, base, amount)


def _read(chance: random.Random, oracle: Oracle, at: int) -> Operation:
    """Somebody looks at something, as of any moment."""
    what = chance.choice(
        (
            "balances",
            "past",
            "past",
            "statement",
            "counters",
            "usage",
            "transfers",
            "orders",
            "quotas",
            "parts",
            "claims",
            "owed",
        )
    )
    person = chance.randrange(len(FAMILY))
    return Read(len(oracle.operations), at, what, person, chance.randint(-60, at + 2 * _DAY))
