"""Replays the worked examples of a pack and says where the engine and the hand computation differ."""

from __future__ import annotations

from dataclasses import dataclass

from gongji.benefit.assess import assess
from gongji.benefit.model import Assessment, Bill, Circumstances
from gongji.rules.book import RuleBook
from gongji.rules.cases import Example, ExampleVisit
from gongji.rules.model import BenefitRule
from gongji.rules.problems import At


@dataclass(frozen=True, slots=True)
class Difference:
    """One number of an example that comes out otherwise, in fen."""

    example: str
    at: At
    what: str
    expected: int
    got: int


def replay(book: RuleBook, example: Example) -> tuple[Difference, ...]:
    """Assess the visits of an example in order, counters carried from one to the next.

    Args:
        book: the rules.
        example: the visits with the numbers expected.

    Returns:
        Every number that differs; empty when all agree to the fen.

    Raises:
        InvalidInput: a bill whose parts do not add up, a reading that does not exist.
    """
    counters: dict[tuple[str, str], int] = {}
    found: list[Difference] = []
    for visit in example.visits:
        rule = _rule(book, example, visit)
        names = rule.counters if rule is not None else {}
        present = {name: counters.get((name, counter.period(visit.on)), 0) for name, counter in names.items()}
        bill = Bill(visit.total, visit.self_paid, visit.over_limit, visit.first_self_pay, visit.in_scope)
        outcome = assess(rule, bill, _circumstances(visit), present)
        for move in outcome.moves:
            key = (move.counter, move.period)
            counters[key] = counters.get(key, 0) + move.added
        found += _compare(example.name, visit, outcome)
    return tuple(found)


def _rule(book: RuleBook, example: Example, visit: ExampleVisit) -> BenefitRule | None:
    """The rule of a visit; readings are of the kind of care that the example is about."""
    if visit.kind is None or visit.kind is example.kind:
        return book.benefit(example.region, example.scheme, example.kind, visit.on, example.readings)
    return book.benefit(example.region, example.scheme, visit.kind, visit.on)


def _circumstances(visit: ExampleVisit) -> Circumstances:
    return Circumstances(
        visit.status,
        visit.tier,
        visit.on,
        visit.age,
        offsite=visit.offsite,
        attributes=visit.attributes,
        months_covered=visit.months_covered,
        current_account=visit.current_account,
        days=visit.days,
        disease=visit.disease,
        prescriber=visit.prescriber,
        late=visit.late,
        missed_years=visit.missed_years,
        repaid_years=visit.repaid_years,
    )


def _compare(name: str, visit: ExampleVisit, outcome: Assessment) -> list[Difference]:
    paid: dict[str, int] = {}
    for payment in outcome.funds:
        paid[payment.fund] = paid.get(payment.fund, 0) + payment.amount
    numbers = {
        "deductible": (visit.deductible, outcome.deductible),
        **{
            fund.replace(".", "_"): (visit.funds.get(fund, 0), paid.get(fund, 0))
            for fund in dict.fromkeys((*visit.funds, *paid))
        },
        "patient": (visit.patient, visit.total - outcome.fund_total),
    }
    return [
        Difference(name, visit.at, what, expected, got) for what, (expected, got) in numbers.items() if expected != got
    ]
