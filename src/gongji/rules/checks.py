"""What must hold between a pack's values, and between a pack and its parents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from gongji.foundation.money import percent, yuan
from gongji.rules.entries import Bound, Dated
from gongji.rules.lineage import Lineage
from gongji.rules.node import Leaf
from gongji.rules.pack import BenefitEntries, BenefitKey, Pack, Table, in_force
from gongji.rules.problems import Problems
from gongji.rules.vocabulary import Combine, Scheme, Status, Tier

#: Which statuses a scheme insures: a table by status has exactly these.
STATUSES: Final = {Scheme.EMPLOYEE: (Status.ACTIVE, Status.RETIRED), Scheme.RESIDENT: (Status.RESIDENT,)}

#: The interpretations a sharing rule knows, with the readings that can be computed.
SHARING_READINGS: Final = {
    "first_self_pay": ("payable", "not_payable"),
    "on_request": ("second_swipe", "chosen_at_counter"),
}


def check_pack(lineage: Lineage, problems: Problems) -> None:
    """Check one pack against itself and its parents; what is wrong goes to `problems`."""
    pack = lineage.own
    _check_sharing(lineage, problems)
    for key, benefit in pack.benefits.items():
        _check_names(benefit, problems)
        _check_interpretations(benefit, problems)
        _check_tables(key, benefit, problems)
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


def _check_names(benefit: BenefitEntries, problems: Problems) -> None:
    """Every counter, value and reading that a shape names is declared in the file."""
    for shape in benefit.shapes:
        if shape.value.deductible_counter not in benefit.counters:
            problems.unknown("counter", shape.at, shape.value.deductible_counter, benefit.counters)
        for layer in shape.value.layers:
            if layer.counter not in benefit.counters:
                problems.unknown("counter", layer.at, layer.counter, benefit.counters)
            if layer.limit not in benefit.values:
                problems.unknown("value", layer.at, layer.limit, benefit.values)
            for name, option in layer.when.items():
                known = benefit.interpretations.get(name)
                if known is None:
                    problems.unknown("interpretation", layer.at, name, benefit.interpretations)
                elif option not in known.options:
                    problems.unknown("reading", layer.at, option, known.options)
    for name in ("deductible", "share"):
        if benefit.shapes and name not in benefit.values:
            problems.report("pack.missing_key", benefit.at, f"values of '{name}' are missing", f"缺少“{name}”的数值")


def _check_interpretations(benefit: BenefitEntries, problems: Problems) -> None:
    """Every reading offered can be computed: by the way a deductible combines, or by some layer's ``when``."""
    combining = {entry.interpretation for entry in benefit.counters.values() if entry.interpretation}
    for entry in benefit.counters.values():
        if entry.interpretation and entry.interpretation not in benefit.interpretations:
            problems.unknown("interpretation", entry.at, entry.interpretation, benefit.interpretations)
    for name, interpretation in benefit.interpretations.items():
        computable = (
            {str(option) for option in Combine}
            if name in combining
            else {layer.when[name] for shape in benefit.shapes for layer in shape.value.layers if name in layer.when}
        )
        for option in interpretation.options:
            if option not in computable:
                problems.unknown("reading", benefit.at, option, computable)


def _check_tables(key: BenefitKey, benefit: BenefitEntries, problems: Problems) -> None:
    """A table has exactly the keys of its shape, in the right unit."""
    by_status: list[tuple[str, ...]] = [(status,) for status in STATUSES[key[0]]]
    by_tier: list[tuple[str, ...]] = [(tier,) for tier in Tier]
    by_both = [(*status, *tier) for status in by_status for tier in by_tier]
    for name, entries in benefit.values.items():
        paths = {"deductible": by_tier, "share": by_both}.get(name, by_status)
        is_ratio = name == "share"
        known = [".".join(path) for path in paths]
        for entry in entries:
            for path, leaf in entry.value.items():
                if path not in paths:
                    problems.unknown("key", leaf.at, ".".join(path), known)
                elif leaf.is_ratio != is_ratio:
                    unit_en, unit_zh = ("a percentage", "百分比") if is_ratio else ("yuan", "金额")
                    problems.report("pack.bad_value", leaf.at, f"{name} takes {unit_en}", f"{name} 应为{unit_zh}")
            for path in paths:
                if path not in entry.value:
                    problems.report(
                        "pack.missing_key", entry.at, f"{name} has no {'.'.join(path)}", f"{name} 缺少 {'.'.join(path)}"
                    )


def _check_retired(benefit: BenefitEntries, problems: Problems) -> None:
    """统筹基金支付比例向退休人员倾斜 (国办发〔2021〕14号): a retired ratio is never below the active one."""
    for entry in benefit.values.get("share", ()):
        for tier in Tier:
            active, retired = (entry.value.get((status, tier)) for status in (Status.ACTIVE, Status.RETIRED))
            if active is not None and retired is not None and retired.amount < active.amount:
                problems.report(
                    "pack.retired_below_active",
                    retired.at,
                    f"retired {tier} {percent(retired.amount)} is below active {percent(active.amount)}",
                    f"退休 {tier} {percent(retired.amount)} 低于在职 {percent(active.amount)}",
                )


def _limits(benefit: BenefitEntries) -> Iterator[tuple[str, list[Dated[Table]]]]:
    names = {layer.limit for shape in benefit.shapes for layer in shape.value.layers}
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
    pooled = {layer.limit for shape in benefit.shapes for layer in shape.value.layers if layer.fund == "fund.pool"}
    return [entries for name, entries in _limits(benefit) if name in pooled]


def _check_bound(parent: Pack, bound: Dated[Bound], benefit: BenefitEntries, problems: Problems) -> None:
    on, keys = bound.value.on[0], bound.value.on[1:]
    for entries in _bound_tables(on, benefit):
        for index, entry in enumerate(entries):
            if not _meet(bound, entry, entries[index + 1 :]):
                continue
            for path, leaf in entry.value.items():
                if path[: len(keys)] == keys and _outside(bound.value, leaf):
                    problems.report(
                        "pack.out_of_bounds",
                        leaf.at,
                        f"{'.'.join((on, *path))} is outside the bound that {parent.id} sets from {bound.effective}",
                        f"{'.'.join((on, *path))} 超出上级 {parent.id} 自 {bound.effective} 起规定的范围",
                    )


def _outside(bound: Bound, leaf: Leaf) -> bool:
    too_low = bound.at_least is not None and leaf.amount < bound.at_least
    return too_low or (bound.at_most is not None and leaf.amount > bound.at_most)


def _meet(bound: Dated[Bound], entry: Dated[Table], later: Sequence[Dated[Table]]) -> bool:
    """Whether the bound and the value hold on a common day."""
    ends = [day for day in (entry.until, later[0].effective - timedelta(days=1) if later else None) if day is not None]
    last = min(ends, default=date.max)
    return entry.effective <= (bound.until or date.max) and bound.effective <= last
