"""Bills paid in cash, drawn by chance: claimed, returned, decided, paid, sent back, taken back and appealed."""

from __future__ import annotations

import random
from typing import Final

from oracle.claimed import Claimed
from oracle.family import FAMILY
from oracle.model import Oracle
from oracle.operations import File, Operation, StepOfClaim

_OFFICERS: Final = ("甲", "甲", "乙", "乙", "丙", "丁")
_PRICES: Final = (1, 99, 195_01, 333_33, 800_00, 800_00, 2_000_00, 2_000_00, 9_000_00)

#: How many days ago the visit was: mostly this month, now and then in the year before, without a rule, or without insurance.
_BACK: Final = (0, 0, 0, 1, 1, 3, 3, 10, 10, 10, 40, 40, 40, 200, 700, 3_000)

#: By state, what is done as a rule, and by whom: the patient, an officer, whoever has it in charge, or one who did not decide.
_USUAL: Final = {
    "received": (("take", "officer"),),
    "in charge": (
        ("decide", "in charge"),
        ("decide", "in charge"),
        ("decide", "in charge"),
        ("decide", "in charge"),
        ("return", "in charge"),
        ("refuse", "in charge"),
        ("withdraw", "patient"),
        ("release", "in charge"),
        ("take", "another"),
    ),
    "returned": (
        ("mend", "patient"),
        ("mend", "patient"),
        ("mend", "patient"),
        ("submit", "patient"),
        ("withdraw", "patient"),
    ),
    "second": (
        ("agree", "another"),
        ("agree", "another"),
        ("agree", "officer"),
        ("disagree", "another"),
        ("withdraw", "patient"),
    ),
    "appealed": (("take", "another"),),
    "appealed in charge": (("decide", "in charge"), ("decide", "in charge"), ("uphold", "in charge")),
    "to_pay": (
        ("paid", "another"),
        ("paid", "another"),
        ("paid", "another"),
        ("paid", "officer"),
        ("bank", "patient"),
        ("appeal", "patient"),
        ("take_back", "another"),
    ),
    "nothing_due": (("appeal", "patient"), ("appeal", "patient"), ("take_back", "another")),
    "paid": (
        ("bounced", "officer"),
        ("bounced", "officer"),
        ("appeal", "patient"),
        ("appeal", "patient"),
        ("take_back", "another"),
        ("take_back", "officer"),
        ("paid", "another"),
    ),
    "bounced": (("bank", "patient"), ("bank", "patient"), ("take_back", "another")),
    "refused": (("appeal", "patient"), ("appeal", "patient"), ("appeal", "patient"), ("uphold", "officer")),
    "owed_back": (("recovered", "officer"), ("recovered", "officer"), ("appeal", "patient"), ("bounced", "officer")),
    "squared": (("appeal", "patient"), ("bounced", "officer")),
}
_PERSONS: Final = ("mend", "submit", "withdraw", "appeal", "bank")
_ANY: Final = (
    *_PERSONS,
    *("take", "release", "return", "decide", "refuse", "uphold", "agree", "disagree", "take_back"),
    *("paid", "bounced", "recovered"),
)
_TASKS: Final = ("lines", "lines", "invoices")
_REFUSED_FOR: Final = ("work_injury", "abroad", "false_bill", "false_bill")
_TAKEN_BACK_FOR: Final = ("mistake", "settled_before", "false_bill")


def of_claims(chance: random.Random, oracle: Oracle, at: int) -> Operation:
    """A claim, or a step of one."""
    n, kind, made = len(oracle.operations), chance.random(), list(oracle.claims.made.values())
    living = [one for one in made if one.state != "withdrawn"]
    if not living or kind < 0.15:
        return _filed(chance, oracle, n, at)
    if kind < 0.2:
        one = chance.choice(made)
        return File(n, at, one.patient, one.place, one.items, 0, one.invoice, again=one.n)
    one = chance.choice(living if chance.random() < 0.93 else made)
    usual = _USUAL.get(_where(one), ())
    what, who = chance.choice(usual) if usual and chance.random() < 0.88 else (chance.choice(_ANY), "officer")
    by: int | str = one.patient if what in _PERSONS else _officer(chance, one, who)
    if isinstance(by, int) and chance.random() < 0.04:
        by = chance.randrange(len(FAMILY))
    of = one.n if chance.random() < 0.98 else n
    return StepOfClaim(
        n,
        at,
        of,
        what,
        by,
        word=_word(chance, one, what),
        out=_taken_out(chance, one) if what == "decide" else (),
        items=_items(chance) if what == "mend" else (),
        invoice=_invoice(chance, oracle) if what == "mend" else 0,
    )


def _filed(chance: random.Random, oracle: Oracle, n: int, at: int) -> File:
    patient = chance.choice((0, 1, 2, 2, 4, 4, 4))
    place = chance.choice(("hospital", "hospital", "community", "community", "pharmacy"))
    items = _items(chance) if chance.random() < 0.97 else ()
    return File(n, at, patient, place, items, chance.choice(_BACK), _invoice(chance, oracle))


def _items(chance: random.Random) -> tuple[tuple[str, int, int], ...]:
    return tuple(
        (chance.choice(("C-A", "C-A", "C-A", "C-B", "C-C")), chance.randint(1, 3), chance.choice(_PRICES))
        for _ in range(chance.randint(1, 3))
    )


def _invoice(chance: random.Random, oracle: Oracle) -> int:
    """A new invoice as a rule, now and then one that the family has claimed before."""
    before = [one.invoice for one in oracle.claims.made.values()]
    return chance.choice(before) if before and chance.random() < 0.15 else len(oracle.operations)


def _where(one: Claimed) -> str:
    taken = one.officer is not None
    return {"received": "in charge", "appealed": "appealed in charge"}.get(one.state, one.state) if taken else one.state


def _officer(chance: random.Random, one: Claimed, who: str) -> str:
    if who == "in charge" and one.officer is not None:
        return one.officer
    decided = one.deciders | {one.proposal.by} if one.proposal is not None else one.deciders
    others = [name for name in _OFFICERS if name not in decided]
    return chance.choice(others if who == "another" and others else _OFFICERS)


def _word(chance: random.Random, one: Claimed, what: str) -> str:
    match what:
        case "return":
            return chance.choice(_TASKS)
        case "mend":
            return one.returned if one.returned and chance.random() < 0.9 else chance.choice(_TASKS)
        case "refuse":
            return chance.choice(_REFUSED_FOR)
        case "take_back":
            return chance.choice(_TAKEN_BACK_FOR)
        case "paid" | "bounced" | "recovered":
            known = [reference for _, _, reference in one.payments]
            return chance.choice(known) if known and chance.random() < 0.15 else f"R-{one.n}-{len(known)}"
    return ""


def _taken_out(chance: random.Random, one: Claimed) -> tuple[int, ...]:
    """No line as a rule; now and then one, or one that there is not."""
    if chance.random() < 0.8:
        return ()
    return (chance.randint(1, len(one.items) + (chance.random() < 0.1)),)
