"""The structure of a benefit in words: one cell for the deductible, the share and each modifier, cap and stage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gongji.entrances.rules_command.words import both, chinese_of
from gongji.rules.entries import CounterEntry
from gongji.rules.grid import Key
from gongji.rules.pack import BenefitEntries
from gongji.rules.structure import REPEAT, CapShape, DeductibleShape, LayerShape, Shape, ShareShape, TableShape
from gongji.rules.vocabulary import DeductibleKind


def structure(shape: Shape, benefit: BenefitEntries) -> dict[Key, str]:
    """What each part of a shape is, by its name and the readings under which it holds.

    Args:
        shape: the structure in force.
        benefit: declares the counters that it names.
    """
    counters = benefit.counters
    cells: dict[Key, str] = {
        ("deductible",): _deductible(shape.deductible, counters),
        ("share",): _share(shape.share, counters),
    }
    for modifier in shape.modifiers:
        cases = "、".join(both(case) for case in modifier.cases)
        cells[("modifier", modifier.table.value, *_taken(modifier.when))] = (
            f"{cases}: {both(modifier.effect)}{_when(modifier.when)}"
        )
    for layer in shape.layers:
        name = layer.cap.table.value if layer.cap is not None else layer.fund
        cells[("cap" if layer in shape.caps else "overflow", name, *_taken(layer.when))] = _layer(layer, counters)
    if shape.pharmacy_tier is not None:
        cells[("pharmacy",)] = f"药店按此级别支付 pharmacies are paid as {both(shape.pharmacy_tier)}"
    if shape.by_prescriber:
        cells[("pharmacy",)] = "药店按开方医院支付 pharmacies are paid as the hospital that prescribed"
    if shape.emergency:
        cells[("emergency",)] = "急诊同样支付 an emergency is paid alike"
    if shape.account_first:
        cells[("account_first",)] = "先用完当年账户再计起付线 the current-year account has to be empty first"
    return cells


def roles(shape: Shape) -> dict[str, str]:
    """What each value that a shape reads is for, by the value's name, in the order of the arithmetic."""
    found = dict(_roles(shape))
    return {name: found[name] for name in found if name in shape.values}


def _roles(shape: Shape) -> Iterator[tuple[str, str]]:
    yield "deductible", "起付线 deductible"
    yield REPEAT, "再次住院的起付线 deductible of later admissions"
    for waiver in shape.deductible.waivers:
        yield waiver.less.value, f"起付线减免 taken off the deductible: {both(waiver.attribute)}"
    yield "share", "支付比例 the fund's ratio"
    if shape.share.edges is not None:
        yield shape.share.edges.value, "费用段上限 upper edges of the bands"
    for layer in shape.layers:
        if layer.cap is not None:
            yield layer.cap.table.value, f"最高支付限额 cap: {both(layer.fund)}"
        if layer.deductible is not None and layer.deductible.table is not None:
            yield layer.deductible.table.value, f"起付线 deductible: {both(layer.fund)}"
        if layer.share is not None:
            yield layer.share.table.value, f"支付比例 ratio: {both(layer.fund)}"
            if layer.share.edges is not None:
                yield layer.share.edges.value, f"费用段上限 upper edges of the bands: {both(layer.fund)}"
    for modifier in shape.modifiers:
        cases = "、".join(both(case) for case in modifier.cases)
        yield modifier.table.value, f"比例调整 modifier: {cases}, {both(modifier.effect)}"
    for table, _ in shape.tables:
        if table.of is not None:
            yield table.of, "计算基数 what percentages are of"


def _by(table: TableShape) -> str:
    part = f", 为 {table.of} 的百分比 as a percentage of {table.of}" if table.of else ""
    keyed = "、".join(both(one) for one in table.by)
    return (f", 按 by {keyed}" if keyed else "") + part


def _counted(name: str, counters: Mapping[str, CounterEntry]) -> str:
    if not name:
        return ""
    entry = counters[name]
    open_reading = f", 读法 reading {entry.interpretation}" if entry.interpretation else ""
    return f", {chinese_of(entry.reset)}累计 over a {entry.reset} ({name}){open_reading}"


def _taken(when: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{name}={option}" for name, option in when.items())


def _when(when: Mapping[str, str]) -> str:
    return f" [仅在读法 only under {', '.join(_taken(when))}]" if when else ""


def _deductible(shape: DeductibleShape, counters: Mapping[str, CounterEntry]) -> str:
    if shape.table is None:
        return "无起付线 no deductible"
    limits = "".join(f", 至多 {times} 次 at most {times} times ({name})" for name, times in shape.at_most)
    again = f", 每 {shape.cycle_days} 天重计 again after {shape.cycle_days} days" if shape.cycle_days else ""
    # A counter of admissions counts admissions; only that of a cumulative deductible adds up yuan.
    counted = _counted(shape.counter, counters) if shape.kind is DeductibleKind.CUMULATIVE else ""
    return f"{both(shape.kind)}{_by(shape.table)}{counted}{limits}{again}"


def _share(shape: ShareShape, counters: Mapping[str, CounterEntry]) -> str:
    if shape.edges is None:
        return f"固定比例 ratio{_by(shape.table)}"
    measure = f"读法 reading {shape.interpretation}" if shape.interpretation else both(shape.measure)
    return f"分段 banded{_by(shape.table)}, 按 on {measure}{_counted(shape.counter, counters)}"


def _layer(layer: LayerShape, counters: Mapping[str, CounterEntry]) -> str:
    limit = _limit(layer.cap, counters) if layer.cap is not None else "不设限额 no cap"
    own = f", {both(layer.basis)}, {_share(layer.share, counters)}" if layer.share is not None else ""
    first = f", {_deductible(layer.deductible, counters)}" if layer.deductible is not None else ""
    return f"{both(layer.fund)}: {limit}{first}{own}{_when(layer.when)}"


def _limit(cap: CapShape, counters: Mapping[str, CounterEntry]) -> str:
    span = _counted(cap.counter, counters) or ", 每次就诊 each visit"
    each = ", 每病种分别 each disease" if cap.each_disease else ""
    return f"限额 limit on {both(cap.measure)}{_by(cap.table)}{span}{each}"
