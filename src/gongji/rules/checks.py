"""What must hold between a pack's values, and between a pack and its parents."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from gongji.foundation.money import percent, yuan
from gongji.rules.benefit_checks import check_benefit, check_counters_agree, meet
from gongji.rules.entries import Bound, Dated
from gongji.rules.expand import Table, check_percentage, dimension_of
from gongji.rules.grid import Key
from gongji.rules.lineage import Lineage
from gongji.rules.node import Leaf
from gongji.rules.pack import ALLOTMENT_NAMES, BenefitEntries, Pack, in_force
from gongji.rules.problems import Problems
from gongji.rules.vocabulary import AllotmentParts, AllotmentYearEnd, Status, TakeBack

#: The interpretations a sharing rule knows, with the readings that can be computed.
SHARING_READINGS: Final = {
    "first_self_pay": ("payable", "not_payable"),
    "on_request": ("second_swipe", "chosen_at_counter"),
    "allotment_parts": tuple(AllotmentParts),
    "allotment_take_back": tuple(TakeBack),
    "allotment_year_end": tuple(AllotmentYearEnd),
}


def check_pack(lineage: Lineage, problems: Problems) -> None:
    """Check one pack against itself and its parents; what is wrong goes to `problems`."""
    pack = lineage.own
    _check_sharing(lineage, problems)
    _check_values(pack, problems)
    _check_accrual(pack, problems)
    check_counters_agree(pack, problems)
    for key, benefit in pack.benefits.items():
        check_benefit(key, benefit, problems)
        _check_retired(benefit, problems)
        _check_falling_caps(benefit, problems)
        for parent in lineage.parents:
            for bound in parent.bounds.get(key, ()):
                _check_bound(parent, bound, benefit, problems)


def _check_sharing(lineage: Lineage, problems: Problems) -> None:
    pack = lineage.own
    for name, interpretation in pack.interpretations.items():
        if name not in SHARING_READINGS:
            problems.unknown("interpretation", pack.at, name, SHARING_READINGS)
        elif not set(interpretation.options) <= set(SHARING_READINGS[name]):
            problems.report(
                "pack.bad_value",
                pack.at,
                f"the readings of {name} are {', '.join(SHARING_READINGS[name])}",
                f"{name} 的读法只有 {'、'.join(SHARING_READINGS[name])}",
            )
    _check_allotment(lineage, problems)
    for entry in pack.sharing.get("max_relatives", ()):
        for parent in lineage.parents:
            above = in_force(parent.sharing.get("max_relatives", ()), entry.effective)
            if above is not None and isinstance(above.value, int) and isinstance(entry.value, int):
                if entry.value > above.value:
                    problems.report(
                        "pack.above_parent",
                        entry.at,
                        f"{entry.value} relatives are more than the {above.value} of {parent.id}",
                        f"可绑定人数 {entry.value} 超过上级 {parent.id} 规定的 {above.value} 人",
                    )
                break


def _check_allotment(lineage: Lineage, problems: Problems) -> None:
    """Who asks for money to be allotted says how, from a text or as a reading of what the text leaves open."""
    for entry in lineage.own.sharing.get("allotment_required", ()):
        for name in ALLOTMENT_NAMES if entry.value is True else ():
            if not any(name in pack.interpretations or _speaks(pack, name, entry) for pack in lineage.packs):
                problems.report(
                    "pack.missing_value",
                    entry.at,
                    f"money has to be allotted from {entry.effective}, and {name} has neither a value then nor a reading",
                    f"自 {entry.effective} 起须先划拨, 但 {name} 既无当日取值, 也未列为 interpretations",
                )


def _speaks(pack: Pack, name: str, entry: Dated[object]) -> bool:
    return in_force(pack.sharing.get(name, ()), entry.effective) is not None


def _check_values(pack: Pack, problems: Problems) -> None:
    for entries in pack.values.values():
        for entry in entries:
            for leaf in entry.value.values():
                check_percentage(leaf, problems)


def _check_accrual(pack: Pack, problems: Problems) -> None:
    for entries in pack.accrual.values():
        for entry in entries:
            entry.value.paths(entry, problems)


def _check_retired(benefit: BenefitEntries, problems: Problems) -> None:
    """统筹基金支付比例向退休人员倾斜 (国办发〔2021〕14号): a retired ratio is never below the active one."""
    for entry in benefit.values.get("share", ()):
        for path, retired in entry.value.items():
            counterpart = tuple(Status.ACTIVE if word == Status.RETIRED else word for word in path)
            active = entry.value.get(counterpart, retired)
            if retired.amount < active.amount:
                where = ".".join(word for word in path if word != Status.RETIRED)
                problems.report(
                    "pack.retired_below_active",
                    retired.at,
                    f"retired {where} {percent(retired.amount)} is below active {percent(active.amount)}",
                    f"退休 {where} {percent(retired.amount)} 低于在职 {percent(active.amount)}",
                )


def _limits(benefit: BenefitEntries) -> Iterator[tuple[str, list[Dated[Table]]]]:
    layers = [layer for shape in benefit.shapes for layer in shape.value.layers]
    names = {layer.cap.table.value for layer in layers if layer.cap is not None}
    for name in sorted(names & set(benefit.values)):
        yield name, benefit.values[name]


def _check_falling_caps(benefit: BenefitEntries, problems: Problems) -> None:
    """A cap that falls is more often a typing slip than a reform: it needs a note that says why."""
    for name, entries in _limits(benefit):
        for before, after in pairwise(entries):
            for path, leaf in after.value.items():
                earlier = before.value.get(path)
                if earlier is not None and leaf.amount < earlier.amount and after.note is None:
                    problems.report(
                        "pack.cap_falls",
                        leaf.at,
                        f"{name} falls from {yuan(earlier.amount)} to {yuan(leaf.amount)} without a note",
                        f"{name} 由 {yuan(earlier.amount)} 降为 {yuan(leaf.amount)},须以 note 说明原因",
                    )


def _bound_tables(on: str, benefit: BenefitEntries) -> list[list[Dated[Table]]]:
    if on != "caps":
        return [benefit.values.get(on, [])]
    caps = [layer.cap for shape in benefit.shapes for layer in shape.value.caps]
    pooled = {cap.table.value for cap in caps if cap is not None and cap.table.of is None}
    return [entries for name, entries in _limits(benefit) if name in pooled]


def _check_bound(parent: Pack, bound: Dated[Bound], benefit: BenefitEntries, problems: Problems) -> None:
    on, keys = bound.value.on[0], bound.value.on[1:]
    for entries in _bound_tables(on, benefit):
        for index, entry in enumerate(entries):
            if not meet(bound, entry, entries[index + 1 :]):
                continue
            for path, leaf in entry.value.items():
                if _binds(keys, path) and _outside(bound.value, leaf):
                    problems.report(
                        "pack.out_of_bounds",
                        leaf.at,
                        f"{'.'.join((on, *path))} is outside the bound that {parent.id} sets from {bound.effective}",
                        f"{'.'.join((on, *path))} 超出上级 {parent.id} 自 {bound.effective} 起规定的范围",
                    )


def _binds(keys: Key, path: Key) -> bool:
    """Whether a bound on some keys touches a number: a level that either leaves out holds for all its words."""
    named = {dimension_of(word): word for word in path}
    return all(named.get(dimension_of(word), word) == word for word in keys)


def _outside(bound: Bound, leaf: Leaf) -> bool:
    # 0 % is no ratio but care that the benefit does not reach (Shenzhen's second grade outside the bound clinic).
    not_covered = bound.on[0] == "share" and leaf.amount == 0
    too_low = bound.at_least is not None and leaf.amount < bound.at_least and not not_covered
    return too_low or (bound.at_most is not None and leaf.amount > bound.at_most)
