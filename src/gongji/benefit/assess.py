"""What the funds pay for one visit: the readable reference that every other execution has to agree with to the fen.

The order is fixed: split, what leaves the scope first (`scope`), deductible (`deductible`), caps on cost, the share in
bands as modified (`bands`), then each fund up to its caps (`caps`). Every step writes one `Step`, in this order:

``split``           the bill's parts; amount: the in-scope cost
``offsite_first``   borne first by a patient treated elsewhere
``account_first``   borne by the current-year account before the rule begins
``deductible``      borne under the deductible; always written
``cost_cap``        cost above a cap on cost
``modifier``        what changed the ratio; its amount is 0, its inputs say by how much and for whom (``cases``)
``band``            the funds' share in one band
``ratio``           the funds' share of the visit; always written, its ratio that of the first band reached
``cap``             paid by the pooled fund, with the cap that has the least room; ``no_cap`` where it has none
``stage``           borne first under a further fund's own deductible
``overflow_ratio``  a further fund's share at its own ratio, once for each band reached
``overflow``        paid by a further fund
``no_rule``         no pack sets a rule
``waiting``         insured late: the funds do not pay yet
``no_prescription`` a pharmacy without the prescription that its rule asks for
"""

from __future__ import annotations

from msgspec.structs import replace

from gongji.benefit.bands import share_out
from gongji.benefit.caps import cut_cost, pay_in_layers
from gongji.benefit.deductible import bear_deductible
from gongji.benefit.entitlement import withheld
from gongji.benefit.model import Assessment, Bill, Circumstances, Counters, Step
from gongji.benefit.scope import narrow
from gongji.benefit.sheet import Sheet
from gongji.foundation.errors import InvalidInput
from gongji.rules.model import STATUSES, BenefitRule, Clause, Gap


def assess(
    rule: BenefitRule | None,
    bill: Bill,
    circumstances: Circumstances,
    counters: Counters,
    gap: Gap | None = None,
) -> Assessment:
    """Work out what the funds pay for one visit.

    Args:
        rule: the rule in force on the day of the visit; None where no pack sets one, then the funds pay nothing.
        bill: the visit's bill, fen.
        circumstances: whose visit, where and when.
        counters: values of the rule's counters in the period of the visit, fen; a counter left out stands at zero.
        gap: why there is no rule, if a pack says so; only read when `rule` is None.

    Returns:
        Payments, counter moves and the explanation. What the funds do not pay of `bill.total` is the patient's.

    Raises:
        InvalidInput: ``status.not_insured`` when the rule's scheme does not insure the status
            (a resident under the employee scheme); ``disease.unknown`` when a table by disease does not have this one.
    """
    if rule is None:
        return _nothing(bill, gap)
    if circumstances.status not in STATUSES[rule.scheme]:
        raise InvalidInput(
            "status.not_insured",
            f"scheme {rule.scheme} does not insure a person with status {circumstances.status}",
            f"险种 {rule.scheme} 没有“{circumstances.status}”这一身份",
            field="status",
            accepted=", ".join(sorted(STATUSES[rule.scheme])),
        )
    reason = withheld(rule, circumstances)
    if reason is not None:
        steps = (_split_step(bill, rule.clauses["formula"]), reason)
        return Assessment(0, 0, (), (), steps, rule.digest, rule.interpretations)
    person = _as_paid(rule, circumstances)
    sheet = Sheet(rule, person.on, counters)
    sheet.steps.append(_split_step(bill, rule.clauses["formula"]))
    in_scope = narrow(rule, bill.in_scope, person, sheet)
    borne = bear_deductible(rule, in_scope, person, sheet)
    base = cut_cost(rule, in_scope, borne, person, sheet)
    parts = share_out(rule, base, borne, person, sheet)
    funds = pay_in_layers(rule, parts, in_scope, in_scope - borne - base, person, sheet)
    return Assessment(
        deductible=borne,
        ratio=parts[0].ratio,
        funds=funds,
        moves=tuple(sheet.moves),
        steps=tuple(sheet.steps),
        digest=rule.digest,
        interpretations=rule.interpretations,
    )


def _as_paid(rule: BenefitRule, circumstances: Circumstances) -> Circumstances:
    """The visit at the tier that the rule pays it as."""
    tier = circumstances.prescriber if rule.by_prescriber else rule.as_tier
    return circumstances if tier is None else replace(circumstances, tier=tier)


def _split_step(bill: Bill, clause: Clause | None) -> Step:
    return Step(
        "split",
        bill.in_scope,
        clause,
        {
            "total": bill.total,
            "self_paid": bill.self_paid,
            "over_limit": bill.over_limit,
            "first_self_pay": bill.first_self_pay,
        },
    )


def _nothing(bill: Bill, gap: Gap | None) -> Assessment:
    """No pack sets a rule: the funds pay nothing, and the explanation says that nothing is known, not that it is zero."""
    reason: dict[str, int | str] = {"gap": gap.rule, "says": gap.says} if gap is not None else {}
    return Assessment(
        deductible=0,
        ratio=0,
        funds=(),
        moves=(),
        steps=(_split_step(bill, None), Step("no_rule", 0, None, reason)),
        digest=gap.digest if gap is not None else "",
        interpretations={},
    )
