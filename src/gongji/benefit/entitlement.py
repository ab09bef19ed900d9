"""Whether the funds pay for a visit at all: somebody insured late waits, and a pharmacy may need a prescription."""

from __future__ import annotations

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
