"""What must hold for every benefit of every shipped pack, over ten thousand random years of people each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pytest

pytest.importorskip("numba")
np = pytest.importorskip("numpy")

from pack_years import (  # noqa: E402  numpy is looked for first
    ROUNDINGS,
    YEARS,
    Column,
    Law,
    PackBenefit,
    Paid,
    Years,
    as_status,
    broken,
    by_person,
    grown,
    numbers,
    pack_benefits,
    pay,
    random_years,
    running,
    split,
    steady,
)

from gongji.rules.model import Basis, BenefitRule, DeductibleKind, Measure, Reset, Scheme, Status  # noqa: E402


def _each(benefits: Iterable[PackBenefit]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("benefit", benefits, ids=lambda benefit: benefit.key.replace(" ", "-"))


everywhere = _each(pack_benefits())
for_employees = _each([benefit for benefit in pack_benefits() if benefit.scheme is Scheme.EMPLOYEE])


def holds(benefit: PackBenefit, law: Law, *, years: Years | None = None) -> None:
    """A law holds for everybody; else the shortest story of somebody for whom it does not."""
    told = broken(benefit, random_years(benefit, YEARS) if years is None else years, law)
    assert not told, f"{law.__name__}:\n{told}"


@everywhere
def test_there_are_as_many_years_as_are_asked_for(benefit: PackBenefit) -> None:
    years = random_years(benefit, YEARS)
    assert years.people == YEARS
    assert pay(benefit, years).fund.any(), "and the funds pay in some of them"


#: Texts whose further fund takes all that the person still bears, the deductible of the pooled fund included, with the
#: value that it begins above.
DEDUCTIBLE_PAID_TOO = {"211200 resident inpatient": "catastrophic_deductible"}


@everywhere
def test_the_parts_add_up_and_nothing_is_negative(benefit: PackBenefit) -> None:
    holds(benefit, parts_do_not_add_up)
    value = DEDUCTIBLE_PAID_TOO.get(benefit.key)
    takes_unpaid = any(layer.basis is Basis.UNPAID for rule in benefit.rules for layer in rule.layers)
    assert takes_unpaid == (value is not None), "the exceptions are those that the packs say"
    assert value is None or rests_on(benefit, value), "the exception has its clause"


def parts_do_not_add_up(benefit: PackBenefit, years: Years) -> Column:
    paid = pay(benefit, years)
    total = years.in_scope + years.first_self_pay + years.self_paid
    wrong = paid.fund + paid.own + paid.shared + paid.cash != total
    for part in (paid.first, paid.deductible, *paid.funds.T, paid.own, paid.shared, paid.cash):
        wrong |= part < 0
    kept = 0 if benefit.key in DEDUCTIBLE_PAID_TOO else paid.deductible
    wrong |= paid.fund > years.in_scope - paid.first - kept
    return by_person(years, wrong) > 0


@everywhere
def test_no_counter_is_ever_above_its_limit(benefit: PackBenefit) -> None:
    holds(benefit, counter_above_limit)


def counter_above_limit(benefit: PackBenefit, years: Years) -> Column:
    """Every cap on what a fund pays, every yearly deductible, and how often a charge is made."""
    paid, wrong = pay(benefit, years), np.zeros(len(years), dtype=bool)
    for place, rule in enumerate(benefit.rules):
        here = years.rule == place
        diseases = benefit.table.diseases[place]
        for counter in rule.counters.values():
            period = _period(years, counter.reset, counter.starts)
            if rule.deductible.kind is DeductibleKind.CUMULATIVE and counter.name == rule.deductible.counter:
                asked = numbers(rule.deductible.amounts, rule, diseases, years)
                wrong |= here & _passes(years, period, paid.deductible, _most(years, period, here * asked))
            if counter.name in rule.deductible.at_most:
                charged = (paid.deductible > 0).astype(np.int64)
                most = np.full(len(years), rule.deductible.at_most[counter.name])
                wrong |= here & _passes(years, period, charged, most)
            wrong |= here & _caps_passed(benefit, rule, counter.name, years, paid, period)
        for fund, layer in enumerate(rule.layers):
            for cap in layer.caps:
                if not cap.counter and cap.measure is Measure.FUND:
                    wrong |= here & (paid.funds[:, fund] > numbers(cap.limits, rule, diseases, years))
    return by_person(years, wrong) > 0


def _caps_passed(
    benefit: PackBenefit, rule: BenefitRule, counter: str, years: Years, paid: Paid, period: Column
) -> Column:
    """Whether a visit's payment takes a counter above the limit of the visit itself."""
    wrong, diseases = np.zeros(len(years), dtype=bool), benefit.table.diseases[benefit.rules.index(rule)]
    caps = [
        (fund, cap)
        for fund, layer in enumerate(rule.layers)
        for cap in layer.caps
        if cap.measure is Measure.FUND and cap.counter == counter
    ]
    added = sum((paid.funds[:, fund] for fund in {fund for fund, _ in caps}), np.zeros(len(years), dtype=np.int64))
    for fund, cap in caps:
        group = period * 1_000 + (years.disease + 1 if cap.each_disease else 0)
        limit = numbers(cap.limits, rule, diseases, years)
        wrong |= (paid.funds[:, fund] > 0) & _passes(years, group, added, limit)
    return wrong


def _period(years: Years, reset: Reset, starts: int) -> Column:
    """The period each visit counts in, as a number."""
    length = {Reset.MONTH: 1, Reset.QUARTER: 3}.get(reset, 12)
    days, place = np.unique(years.day, return_inverse=True)
    months = np.array([one.year * 12 + one.month - starts for one in map(date.fromordinal, days.tolist())])
    return (months // length)[place]


def _passes(years: Years, group: Column, amounts: Column, limit: Column) -> Column:
    """Whether what a person gathered in a group up to and with a visit is above the visit's limit."""
    order, sums = running(years, group, amounts)
    wrong = np.zeros(len(years), dtype=bool)
    wrong[order] = sums > limit[order]
    return wrong


def _most(years: Years, group: Column, amounts: Column) -> Column:
    """The largest amount that any visit of the same person and group has."""
    _, place = np.unique(years.person * 1_000_000 + group - group.min(), return_inverse=True)
    largest = np.zeros(place.max() + 1, dtype=np.int64)
    np.maximum.at(largest, place, amounts)
    return largest[place]


#: Texts under which more in-scope cost may lower what the funds pay in a year, with the value that makes it so: the
#: limit counts cost and not payment, so what is spent where the ratio is low leaves less room where it is high.
LIMIT_ON_COST = {"120000 employee outpatient": "cost_cap", "371000 employee outpatient": "cost_cap"}


@everywhere
def test_more_in_scope_cost_never_lowers_what_the_funds_pay_in_a_year(benefit: PackBenefit) -> None:
    years, value = random_years(benefit, YEARS), LIMIT_ON_COST.get(benefit.key)
    if value is None:
        holds(benefit, paid_less_for_more)
        return
    assert rests_on(benefit, value), "the exception has its clause"
    assert broken(benefit, years, paid_less_for_more), "else it is none"
    holds(benefit, paid_less_for_more, years=steady(years))


def paid_less_for_more(benefit: PackBenefit, years: Years) -> Column:
    less, more = (by_person(years, pay(benefit, one).fund) for one in (years, grown(years)))
    return more < less - slack(years)


def slack(years: Years) -> Column:
    """Fen that rounding can make of each person's year."""
    return ROUNDINGS * np.bincount(years.person, minlength=years.people)


def rests_on(benefit: PackBenefit, value: str) -> bool:
    """Whether every rule of a benefit has a clause for a value, or for each of its cases."""
    return all(any(name.split(".")[0] == value for name in rule.clauses) for rule in benefit.rules)


@for_employees
def test_the_retired_never_get_less_than_the_active(benefit: PackBenefit) -> None:
    """No shipped text is worse for the retired; one that is has to be named here with its clause."""
    holds(benefit, retired_get_less)


def retired_get_less(benefit: PackBenefit, years: Years) -> Column:
    active, retired = (
        by_person(years, pay(benefit, as_status(years, status)).fund) for status in (Status.ACTIVE, Status.RETIRED)
    )
    return retired < active - slack(years)


#: Texts that ask for a deductible at each visit or admission: these are not annual, and two visits are not one.
DEDUCTIBLE_AT_EACH = {
    "110000 employee inpatient",
    "120000 employee inpatient",
    "211200 employee inpatient",
    "211200 resident inpatient",
    "310000 employee inpatient",
    "320100 employee inpatient",
    "330100 employee inpatient",
    "330700 employee inpatient",
    "340100 employee inpatient",
    "340800 employee inpatient",
    "341300 employee inpatient",
    "440100 employee inpatient",
    "520100 employee inpatient",
    "520300 employee inpatient",
    "610100 employee inpatient",
    "610300 employee inpatient",
    "610300 employee outpatient",
    "610300 employee pharmacy",
    "611000 employee outpatient",
}


@everywhere
def test_a_visit_in_two_parts_comes_to_the_same_where_the_rule_is_annual(benefit: PackBenefit) -> None:
    if benefit.key not in DEDUCTIBLE_AT_EACH:
        holds(benefit, split_pays_otherwise)
        return
    assert rests_on(benefit, "deductible"), "the exception has its clause"
    assert broken(benefit, random_years(benefit, YEARS), split_pays_otherwise), "else it is none"


def split_pays_otherwise(benefit: PackBenefit, years: Years) -> Column:
    halves = split(years)
    whole, parts = by_person(years, pay(benefit, years).fund), by_person(halves, pay(benefit, halves).fund)
    return abs(whole - parts) > slack(years)


def test_every_exception_is_of_a_benefit_that_is_shipped() -> None:
    assert LIMIT_ON_COST.keys() | DEDUCTIBLE_AT_EACH | DEDUCTIBLE_PAID_TOO.keys() <= {
        benefit.key for benefit in pack_benefits()
    }
