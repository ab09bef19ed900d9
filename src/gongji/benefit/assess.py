"""What the funds pay for one visit: the readable reference that every other execution has to agree with to the fen.

The order is fixed: split, deductible, ratio, then each fund up to its yearly limit. Every step writes one `Step`.
"""

from __future__ import annotations

from gongji.benefit.model import (
    Assessment,
    Bill,
    Circumstances,
    CounterMove,
    Counters,
    FundPayment,
    Step,
)
from gongji.foundation.errors import InvalidInput
from gongji.foundation.money import part_of
from gongji.rules.model import BenefitRule, Clause, Combine, Gap


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
            (a resident under the employee scheme).
    """
    if rule is None:
        return _nothing(bill, gap)
    status, tier = circumstances.status, circumstances.tier
    ratio = rule.share.ratios.get((status, tier))
    if ratio is None:
        raise InvalidInput(
            "status.not_insured",
            f"scheme {rule.scheme} does not insure a person with status {status}",
            f"险种 {rule.scheme} 没有“{status}”这一身份",
            field="status",
            accepted=", ".join(sorted({str(one) for one, _ in rule.share.ratios})),
        )
    moves: list[CounterMove] = []
    deductible, deductible_step = _bear_deductible(rule, bill, circumstances, counters, moves)
    base = bill.in_scope - deductible
    share = part_of(base, ratio)
    steps = [
        _split_step(bill, rule.clauses["formula"]),
        deductible_step,
        Step(
            "ratio",
            share,
            rule.share.clauses[status, tier],
            {"base": base, "ratio": ratio, "status": status, "tier": tier},
        ),
    ]
    funds = _pay_in_layers(rule, share, circumstances, counters, moves, steps)
    return Assessment(
        deductible=deductible,
        ratio=ratio,
        funds=funds,
        moves=tuple(moves),
        steps=tuple(steps),
        digest=rule.digest,
        interpretations=rule.interpretations,
    )


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


def _bear_deductible(
    rule: BenefitRule,
    bill: Bill,
    circumstances: Circumstances,
    counters: Counters,
    moves: list[CounterMove],
) -> tuple[int, Step]:
    """The yearly deductible: what of the in-scope cost the patient bears before the funds begin, fen.

    The interpretation ``mixed_tiers`` decides what is still to bear:
    one_counter: this tier's threshold less all that was borne this year;
    counter_per_tier: this tier's threshold less what was borne at this tier;
    higher_tops_up: the highest threshold met so far this year (this visit included) less all that was borne.
    """
    deductible, tier = rule.deductible, circumstances.tier
    threshold = deductible.amounts[tier]
    counter = deductible.counter_of(tier)
    period = rule.counters[counter].period(circumstances.on)
    borne_before = counters.get(counter, 0)
    target = threshold
    if deductible.combine is Combine.HIGHER_TOPS_UP:
        met = counters.get(deductible.target_counter, 0)
        if threshold > met:
            moves.append(CounterMove(deductible.target_counter, period, threshold - met, threshold))
        target = max(threshold, met)
    borne = min(bill.in_scope, max(0, target - borne_before))
    if borne:
        moves.append(CounterMove(counter, period, borne, target))
    inputs: dict[str, int | str] = {
        "in_scope": bill.in_scope,
        "threshold": target,
        "borne_before": borne_before,
        "left": max(0, target - borne_before - borne),
        "tier": tier,
    }
    return borne, Step("deductible", borne, deductible.clauses[tier], inputs)


def _pay_in_layers(
    rule: BenefitRule,
    share: int,
    circumstances: Circumstances,
    counters: Counters,
    moves: list[CounterMove],
    steps: list[Step],
) -> tuple[FundPayment, ...]:
    """Each fund pays of the share what its yearly limit leaves room for and hands the rest on.

    The pooled fund's line (``cap``) is always written; an overflow line only when something reaches that fund.
    """
    status = circumstances.status
    owed = share
    funds: list[FundPayment] = []
    for index, layer in enumerate(rule.layers):
        if index and not owed:
            break
        limit = layer.limits[status]
        paid_before = counters.get(layer.counter, 0)
        paid = min(owed, max(0, limit - paid_before))
        inputs: dict[str, int | str] = {
            "fund": layer.fund,
            "owed": owed,
            "limit": limit,
            "paid_before": paid_before,
            "left": max(0, limit - paid_before - paid),
        }
        steps.append(Step("overflow" if index else "cap", paid, layer.clauses[status], inputs))
        if paid:
            period = rule.counters[layer.counter].period(circumstances.on)
            funds.append(FundPayment(layer.fund, paid))
            moves.append(CounterMove(layer.counter, period, paid, limit))
        owed -= paid
    return tuple(funds)
