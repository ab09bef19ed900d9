"""What each fund really pays: up to its caps, then on to the next fund."""

from __future__ import annotations

from gongji.benefit.bands import Part, parts_of
from gongji.benefit.lookup import find
from gongji.benefit.model import Circumstances, FundPayment
from gongji.benefit.sheet import Sheet
from gongji.foundation.money import PER_TEN_THOUSAND
from gongji.rules.model import Basis, BenefitRule, Cap, Clause, Layer, Measure, Share


def cut_cost(rule: BenefitRule, in_scope: int, borne: int, person: Circumstances, sheet: Sheet) -> int:
    """The cost that the funds reckon with: what is left after the deductible, within the caps on cost, in fen."""
    base = in_scope - borne
    caps = [cap for cap in rule.layers[0].caps if cap.measure is not Measure.FUND]
    rooms: list[tuple[Cap, int, int]] = []
    for cap in caps:
        limit, clause = find(cap.limits, person)
        counter = cap.counter_of(person.disease)
        before = sheet.value(counter) if counter else 0
        room = max(0, limit - before)
        counts = borne if cap.measure is Measure.GROSS else 0
        kept = min(base, max(0, room - counts))
        if kept < base:
            inputs = _period(counter, sheet)
            sheet.line("cost_cap", base - kept, clause, cost=base, limit=limit, counted_before=before, **inputs)
        base = kept
        rooms.append((cap, limit, room))
    for cap, limit, room in rooms:
        if cap.counter:
            counted = base + (borne if cap.measure is Measure.GROSS else 0)
            sheet.add(cap.counter_of(person.disease), min(counted, room), limit)
    return base


def pay_in_layers(
    rule: BenefitRule, parts: list[Part], in_scope: int, cut: int, person: Circumstances, sheet: Sheet
) -> tuple[FundPayment, ...]:
    """Each fund pays what its caps leave room for and hands the rest on.

    Args:
        rule: the rule.
        parts: the funds' share, band by band.
        in_scope: the in-scope cost that reached the deductible, fen.
        cut: cost above the caps on cost: only a fund with a share of its own can take it, fen.
        person: whose visit, where and when.
        sheet: counters and explanation.

    Returns:
        The payments above zero, one a fund. The pooled fund's line is always written, an overflow line only when something
        reaches that fund.
    """
    owed = sum(part.share for part in parts)
    left = in_scope
    funds: dict[str, int] = {}
    for index, layer in enumerate(rule.layers):
        if layer.share is not None:
            cost = left if layer.basis is Basis.UNPAID else cut + _unpaid_cost(parts, owed)
            parts, cut = _share_of_stage(layer, layer.share, cost, person, sheet), 0
            owed = sum(part.share for part in parts)
        if index and not owed:
            continue
        paid = _pay(layer, owed, rule.clauses["formula"], index, person, sheet)
        if paid:
            funds[layer.fund] = funds.get(layer.fund, 0) + paid
        owed -= paid
        left -= paid
    return tuple(FundPayment(fund, amount) for fund, amount in funds.items())


def _share_of_stage(layer: Layer, share: Share, cost: int, person: Circumstances, sheet: Sheet) -> list[Part]:
    """What a further fund's own share comes to of the cost that it takes, after its own deductible."""
    borne = 0
    if layer.deductible is not None:
        threshold, clause = find(layer.deductible.amounts, person)
        counter = layer.deductible.counter
        before = sheet.value(counter)
        borne = min(cost, max(0, threshold - before))
        sheet.add(counter, borne, threshold)
        if cost:
            figures = {"cost": cost, "threshold": threshold, "borne_before": before}
            sheet.line("stage", borne, clause, fund=layer.fund, **figures, period=sheet.period(counter))
    parts = parts_of(share, cost - borne, borne, person, sheet)
    for part in parts:
        if part.cost:
            bands = {"band": part.band} if share.edges else {}
            bands |= {"to": share.edges[part.band - 1]} if part.band <= len(share.edges) else {}
            figures = {"cost": part.cost, "ratio": part.ratio}
            sheet.line("overflow_ratio", part.share, part.clause, fund=layer.fund, **figures, **bands)
    return parts


def _unpaid_cost(parts: list[Part], owed: int) -> int:
    """The cost whose share found no room, fen: the caps bind at the end, so it is taken from the last band back."""
    cost = 0
    for part in reversed(parts):
        missing = min(owed, part.share)
        owed -= missing
        if missing and missing == part.share:
            cost += part.cost
        elif missing:
            at_ratio = (missing * PER_TEN_THOUSAND + part.ratio // 2) // part.ratio
            cost += min(at_ratio, part.cost - (part.share - missing))
    return cost


def _pay(layer: Layer, owed: int, formula: Clause, index: int, person: Circumstances, sheet: Sheet) -> int:
    """What one fund pays of what it owes, with its line: the cap with the least room is the one that is cited."""
    code = "overflow" if index else "cap"
    found = [(cap, *find(cap.limits, person)) for cap in layer.caps if cap.measure is Measure.FUND]
    rooms = []
    for cap, limit, clause in found:
        counter = cap.counter_of(person.disease)
        before = sheet.value(counter) if counter else 0
        rooms.append((max(0, limit - before), limit, before, clause, _period(counter, sheet)))
    if not rooms:
        sheet.line(code if index else "no_cap", owed, formula, fund=layer.fund, owed=owed, **_basis(layer))
        return owed
    room, limit, before, clause, period = min(rooms, key=lambda one: one[0])
    paid = min(owed, room)
    for cap, its_limit, _ in found:
        if cap.counter:
            sheet.add(cap.counter_of(person.disease), paid, its_limit)
    figures = {"owed": owed, "limit": limit, "paid_before": before, "left": room - paid}
    sheet.line(code, paid, clause, fund=layer.fund, **figures, **period, **_basis(layer))
    return paid


def _basis(layer: Layer) -> dict[str, str]:
    """Says of a fund's line that it pays of all that was unpaid, not of what found no room."""
    return {"basis": layer.basis} if layer.basis is Basis.UNPAID else {}


def _period(counter: str, sheet: Sheet) -> dict[str, str]:
    """The period that a cap's counter stands for, as an input of its line; nothing for a cap of each visit."""
    return {"period": sheet.period(counter)} if counter else {}
