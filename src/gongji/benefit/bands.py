"""The funds' share of the cost after the deductible: one ratio, or a ratio in each band, as the visit modifies it."""

from __future__ import annotations

import msgspec

from gongji.benefit.lookup import find
from gongji.benefit.model import Circumstances
from gongji.benefit.sheet import Sheet
from gongji.foundation.money import PER_TEN_THOUSAND, part_of
from gongji.rules.model import BenefitRule, Clause, Effect, Measure, Share


class Part(msgspec.Struct, frozen=True):
    """The part of a visit's cost that lies in one band: its cost and the funds' share of it in fen, and the ratio."""

    band: int
    cost: int
    ratio: int
    share: int
    clause: Clause


def share_out(rule: BenefitRule, base: int, borne: int, person: Circumstances, sheet: Sheet) -> list[Part]:
    """The funds' share of a visit, band by band.

    Args:
        rule: the rule.
        base: cost after the deductible and the cost caps, fen.
        borne: the deductible borne in this visit, fen.
        person: whose visit, where and when.
        sheet: counters and explanation.

    Returns:
        One part for each band the cost reaches; the first band alone when there is nothing to share.
    """
    share = rule.share
    parts = parts_of(share, base, borne, person, sheet)
    _explain(share, parts, person, sheet)
    return parts


def parts_of(share: Share, base: int, borne: int, person: Circumstances, sheet: Sheet) -> list[Part]:
    """A fund's share of a cost, band by band; the counter of its bands is moved.

    Args:
        share: the fund's.
        base: cost after its deductible and the cost caps, fen.
        borne: its deductible borne in this visit, fen.
        person: whose visit, where and when.
        sheet: the counters.
    """
    parts = _parts(share, base, borne, person, sheet)
    if share.counter:
        counted = sum(part.share for part in parts) if share.measure is Measure.FUND else base
        sheet.add(share.counter, counted + (borne if share.measure is Measure.GROSS else 0), None)
    return parts


def _parts(share: Share, base: int, borne: int, person: Circumstances, sheet: Sheet) -> list[Part]:
    position = sheet.value(share.counter) if share.counter else 0
    if share.measure is Measure.GROSS:
        position += borne
    left = base
    parts: list[Part] = []
    for band, edge in enumerate((*share.edges, None), 1):
        room = None if edge is None else edge - position
        last = edge is None
        if (room is not None and room <= 0) or (not left and (parts or not last)):
            continue
        written, clause = find(share.ratios, person, band=band)
        ratio = modified(written, share, person)
        cost = left
        if room is not None:
            cost = _cost_within(room, left, ratio) if share.measure is Measure.FUND else min(left, room)
        parts.append(Part(band, cost, ratio, part_of(cost, ratio), clause))
        position += parts[-1].share if share.measure is Measure.FUND else cost
        left -= cost
    return parts


def _cost_within(room: int, left: int, ratio: int) -> int:
    """How much of the cost it takes until the funds' share fills a band that is measured on their payment, fen."""
    if part_of(left, ratio) <= room:
        return left
    # The least cost whose share, rounded half-up, comes to the room.
    return -(-(room * PER_TEN_THOUSAND - PER_TEN_THOUSAND // 2) // ratio)


def modified(ratio: int, share: Share, person: Circumstances) -> int:
    """The ratio after grade, retirement, family doctor and off-site care, each time kept within 0 and 100 %."""
    for modifier in share.modifiers:
        if modifier.cases & person.cases:
            number, _ = find(modifier.numbers, person)
            ratio = min(PER_TEN_THOUSAND, max(0, _apply(modifier.effect, ratio, number)))
    return ratio


def _apply(effect: Effect, ratio: int, number: int) -> int:
    match effect:
        case Effect.POINTS:
            return ratio + number
        case Effect.LESS_POINTS:
            return ratio - number
        case Effect.FACTOR:
            return part_of(ratio, number)
        case Effect.SELF_PAY_FACTOR:
            return PER_TEN_THOUSAND - part_of(PER_TEN_THOUSAND - ratio, number)
        case Effect.SET:
            return number
        case Effect.FIRST_SELF_PAY:
            return ratio


def _explain(share: Share, parts: list[Part], person: Circumstances, sheet: Sheet) -> None:
    """A line for each modifier, for each band where there are bands, and one for the share."""
    for modifier in share.modifiers:
        cases = sorted(modifier.cases & person.cases)
        if cases and modifier.effect is not Effect.FIRST_SELF_PAY:
            number, clause = find(modifier.numbers, person)
            inputs = {"modifier": modifier.name, "effect": modifier.effect, "cases": ", ".join(cases)}
            sheet.line("modifier", 0, clause, number=number, **inputs)
    if share.edges:
        for part in parts:
            edges = {"to": share.edges[part.band - 1]} if part.band <= len(share.edges) else {}
            sheet.line("band", part.share, part.clause, band=part.band, cost=part.cost, ratio=part.ratio, **edges)
    first = parts[0]
    sheet.line(
        "ratio",
        sum(part.share for part in parts),
        first.clause,
        base=sum(part.cost for part in parts),
        ratio=first.ratio,
        status=person.status,
        tier=person.tier,
    )
