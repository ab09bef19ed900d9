"""Whether the funds pay for a visit at all, and which: somebody insured late waits, a pharmacy may need a prescription,
civil-servant aid and medical aid are for those who have them."""

from __future__ import annotations

from dataclasses import replace

from gongji.benefit.model import Circumstances, Step
from gongji.rules.model import BenefitRule


def withheld(rule: BenefitRule, person: Circumstances) -> Step | None:
    """Why the funds pay nothing for such a visit; None when they do.

    Args:
        rule: the rule in force.
        person: whose visit, where and when.
    """
    if rule.by_prescriber and person.prescriber is None:
        return Step("no_prescription", 0, rule.clauses["formula"], {})
    if rule.waiting is not None and person.late is not None:
        months = rule.waiting.terms.months(person.late, person.missed_years, person.repaid_years)
        if person.months_covered < months:
            inputs: dict[str, int | str] = {"late": person.late, "months": months, "covered": person.months_covered}
            return Step("waiting", 0, rule.waiting.clause, inputs)
    return None


def with_funds_for(rule: BenefitRule, *, civil_servant: bool, aided: bool) -> BenefitRule:
    """The rule without the funds that do not pay for a person.

    Args:
        rule: the rule in force.
        civil_servant: whether the person has civil-servant aid (公务员医疗补助, ``fund.civil``).
        aided: whether the person has medical aid (医疗救助, ``fund.aid``).
    """
    closed = {fund for fund, open_to in (("fund.civil", civil_servant), ("fund.aid", aided)) if not open_to}
    if all(layer.fund not in closed for layer in rule.layers):
        return rule
    return replace(rule, layers=tuple(layer for layer in rule.layers if layer.fund not in closed))
