"""The deductible: what of the in-scope cost the patient bears before the funds begin."""

from __future__ import annotations

from gongji.benefit.lookup import find
from gongji.benefit.model import Circumstances
from gongji.benefit.sheet import Sheet
from gongji.rules.model import BenefitRule, Clause, Combine, Deductible, DeductibleKind


def bear_deductible(rule: BenefitRule, in_scope: int, person: Circumstances, sheet: Sheet) -> int:
    """What the patient bears of a visit under the deductible, in fen; one line of the explanation says why.

    Args:
        rule: the rule.
        in_scope: the in-scope cost that reaches the deductible, fen.
        person: whose visit, where and when.
        sheet: counters and explanation.
    """
    deductible = rule.deductible
    match deductible.kind:
        case DeductibleKind.NONE:
            sheet.line("deductible", 0, rule.clauses["formula"], in_scope=in_scope, threshold=0)
            return 0
        case DeductibleKind.CUMULATIVE:
            return _cumulative(deductible, in_scope, person, sheet)
        case DeductibleKind.PER_VISIT:
            return _per_visit(deductible, in_scope, person, sheet)
        case DeductibleKind.BY_ADMISSION:
            return _by_admission(deductible, in_scope, person, sheet)


def _threshold(deductible: Deductible, person: Circumstances, admission: int = 1) -> tuple[int, Clause]:
    """What is asked for, less what an attribute of the visit waives, and its source: the waiver's where one applies."""
    threshold, clause = find(deductible.amounts, person, admission=admission)
    for waiver in deductible.waivers:
        less, waived_by = find(waiver.less, person)
        if waiver.attribute in person.attributes and less:
            threshold, clause = max(0, threshold - less), waived_by
    return threshold, clause


def _cumulative(deductible: Deductible, in_scope: int, person: Circumstances, sheet: Sheet) -> int:
    """So much in each period of the counter.

    The interpretation ``mixed_tiers`` decides what is still to bear:
    one_counter: this tier's threshold less all that was borne in the period;
    counter_per_tier: this tier's threshold less what was borne at this tier;
    higher_tops_up: the highest threshold met so far (this visit included) less all that was borne;
    once: the threshold of the first institution that had one, less all that was borne.
    """
    threshold, clause = _threshold(deductible, person)
    counter = deductible.counter_of(person.tier)
    target = threshold
    if deductible.keeps_target:
        met = sheet.value(deductible.target_counter)
        target = met or threshold if deductible.combine is Combine.ONCE else max(threshold, met)
        sheet.add(deductible.target_counter, target - met, target)
    borne_before = sheet.value(counter)
    borne = min(in_scope, max(0, target - borne_before))
    sheet.add(counter, borne, target)
    left = max(0, target - borne_before - borne)
    sheet.line(
        "deductible",
        borne,
        clause,
        in_scope=in_scope,
        threshold=target,
        borne_before=borne_before,
        left=left,
        tier=person.tier,
        period=sheet.period(counter),
    )
    return borne


def _per_visit(deductible: Deductible, in_scope: int, person: Circumstances, sheet: Sheet) -> int:
    """So much each visit, unless it was charged as often as it may be; a visit that bears any of it is charged."""
    threshold, clause = _threshold(deductible, person)
    used_up = [name for name, times in deductible.at_most.items() if sheet.value(name) >= times]
    borne = 0 if used_up else min(in_scope, threshold)
    inputs: dict[str, int | str] = {"in_scope": in_scope, "threshold": threshold, "tier": person.tier}
    for name, times in deductible.at_most.items():
        inputs[name] = sheet.value(name)
        if borne:
            sheet.add(name, 1, times)
    if used_up:
        inputs["period"] = sheet.period(used_up[0])
    sheet.line("deductible", borne, clause, **inputs)
    return borne


def _by_admission(deductible: Deductible, in_scope: int, person: Circumstances, sheet: Sheet) -> int:
    """So much each admission, by how many there were in the period; each further cycle of a long stay counts as one."""
    before = sheet.value(deductible.counter)
    cycles = -(-person.days // deductible.cycle_days) if deductible.cycle_days else 1
    asked = [_threshold(deductible, person, before + 1 + cycle) for cycle in range(cycles)]
    threshold, clause = sum(amount for amount, _ in asked), asked[0][1]
    borne = min(in_scope, threshold)
    sheet.add(deductible.counter, cycles, None)
    sheet.line(
        "deductible",
        borne,
        clause,
        in_scope=in_scope,
        threshold=threshold,
        admission=before + 1,
        cycles=cycles,
        tier=person.tier,
        period=sheet.period(deductible.counter),
    )
    return borne
