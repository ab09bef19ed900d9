"""What must hold inside one benefit of a pack: every name is declared, every table fits the shape that reads it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from gongji.rules.admissions import check_repeat
from gongji.rules.entries import Dated
from gongji.rules.expand import Reader, Table
from gongji.rules.pack import BenefitEntries, BenefitKey, Pack
from gongji.rules.problems import At, Problems
from gongji.rules.structure import REPEAT, Shape
from gongji.rules.vocabulary import STATUSES, Combine, Measure, Scheme


def check_benefit(key: BenefitKey, benefit: BenefitEntries, problems: Problems) -> None:
    """Check one benefit against itself; what is wrong goes to `problems`."""
    for shape in benefit.shapes:
        _check_counters(shape.value, shape.at, benefit, problems)
        _check_readings(shape.value, benefit, problems)
    _check_values(benefit, problems)
    _check_interpretations(benefit, problems)
    _check_tables(Reader(STATUSES[key[0]], problems), benefit, problems)


def check_counters_agree(pack: Pack, problems: Problems) -> None:
    """A counter that several kinds of care share goes back to zero on the same day in each of them."""
    declared: dict[tuple[Scheme, str], tuple[object, int]] = {}
    for (scheme, _), benefit in pack.benefits.items():
        for name, entry in benefit.counters.items():
            first = declared.setdefault((scheme, name), (entry.reset, entry.starts))
            if first != (entry.reset, entry.starts):
                en, zh = f"counter '{name}' is declared otherwise elsewhere", f"计数器“{name}”在各处的写法不一致"
                problems.report("pack.contradiction", entry.at, en, zh)


def _check_counters(shape: Shape, at: At, benefit: BenefitEntries, problems: Problems) -> None:
    """Every counter named is declared, and counts one thing."""
    for name in shape.counters:
        if name not in benefit.counters:
            place = next(
                (layer.at for layer in shape.layers if layer.cap is not None and layer.cap.counter == name), at
            )
            problems.unknown("counter", place, name, benefit.counters)
    uses: dict[str, str] = {}
    for name, use in shape.counter_uses:
        if uses.setdefault(name, use) != use:
            en, zh = f"counter '{name}' counts both {uses[name]} and {use}", f"计数器“{name}”兼计两种数量"
            problems.report("pack.contradiction", at, en, zh)


def _check_readings(shape: Shape, benefit: BenefitEntries, problems: Problems) -> None:
    """Every reading that a cap, a stage or a modifier depends on exists."""
    for when, at in shape.readings:
        for name, option in when.items():
            known = benefit.interpretations.get(name)
            if known is None:
                problems.unknown("interpretation", at, name, benefit.interpretations)
            elif option not in known.options:
                problems.unknown("reading", at, option, known.options)
    open_measure = shape.share.interpretation
    if open_measure is not None and open_measure not in benefit.interpretations:
        problems.unknown("interpretation", shape.share.table.at, open_measure, benefit.interpretations)


def _check_values(benefit: BenefitEntries, problems: Problems) -> None:
    """Every value that a shape reads is there, and every value there is read by some shape."""
    if not benefit.shapes:
        return
    for shape in benefit.shapes:
        places = {table.value: table.at for table, _ in shape.value.tables}
        for name in sorted(shape.value.values - set(benefit.values)):
            if name in ("deductible", "share", REPEAT):
                en, zh = f"values of '{name}' are missing", f"缺少“{name}”的数值"
                problems.report("pack.missing_key", benefit.at, en, zh)
            else:
                problems.unknown("value", places[name], name, benefit.values)
    read = frozenset[str]().union(*(shape.value.values for shape in benefit.shapes))
    for name in sorted(set(benefit.values) - read):
        problems.unknown("value that no shape reads", benefit.values[name][0].at, name, read)


def _check_interpretations(benefit: BenefitEntries, problems: Problems) -> None:
    """Every reading offered can be computed: by how a deductible combines, what bands measure, or some ``when``."""
    combining = {entry.interpretation for entry in benefit.counters.values() if entry.interpretation}
    measuring = {shape.value.share.interpretation for shape in benefit.shapes}
    for entry in benefit.counters.values():
        if entry.interpretation and entry.interpretation not in benefit.interpretations:
            problems.unknown("interpretation", entry.at, entry.interpretation, benefit.interpretations)
    conditions = [when for shape in benefit.shapes for when, _ in shape.value.readings]
    for name, interpretation in benefit.interpretations.items():
        if name in combining:
            computable = {str(option) for option in Combine}
        elif name in measuring:
            computable = {str(option) for option in Measure}
        else:
            computable = {when[name] for when in conditions if name in when}
        for option in interpretation.options:
            if option not in computable:
                problems.unknown("reading", benefit.at, option, computable)


def _check_tables(reader: Reader, benefit: BenefitEntries, problems: Problems) -> None:
    """Each table answers every case of each shape that reads it, once, in the right unit."""
    for index, shape in enumerate(benefit.shapes):
        later = benefit.shapes[index + 1 :]
        for table, ratio in dict.fromkeys(shape.value.tables):
            for entry in _read_by(shape, later, benefit.values.get(table.value, [])):
                reader.paths(table, entry, ratio=ratio)
        if shape.value.deductible.repeat is not None:
            for entry in _read_by(shape, later, benefit.values.get(REPEAT, [])):
                check_repeat(shape.value.deductible, entry, problems)


def _read_by(shape: Dated[Shape], later: Sequence[Dated[Shape]], entries: list[Dated[Table]]) -> list[Dated[Table]]:
    """The entries that hold on some day on which the shape holds."""
    last = last_day(shape, later)
    return [
        entry
        for index, entry in enumerate(entries)
        if entry.effective <= last and shape.effective <= last_day(entry, entries[index + 1 :])
    ]


def last_day(entry: Dated[object], later: Sequence[Dated[object]]) -> date:
    """The last day an entry holds: its own end, or the day before the next one begins."""
    ends = [day for day in (entry.until, later[0].effective - timedelta(days=1) if later else None) if day is not None]
    return min(ends, default=date.max)


def meet(bound: Dated[object], entry: Dated[Table], later: Sequence[Dated[Table]]) -> bool:
    """Whether a bound and a value hold on a common day."""
    return entry.effective <= (bound.until or date.max) and bound.effective <= last_day(entry, later)
