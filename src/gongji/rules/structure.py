"""The structure of a benefit as a pack writes it: closed lists of shapes for deductible, share, modifiers and caps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gongji.rules.entries import Dated, dated
from gongji.rules.node import Node
from gongji.rules.problems import At
from gongji.rules.vocabulary import (
    Attribute,
    Basis,
    DeductibleKind,
    Dimension,
    Effect,
    Measure,
    OffSite,
    Status,
    Tier,
)

#: The visits a modifier can be for, in the order in which modifiers apply.
CASES: Final[tuple[str, ...]] = (
    Attribute.GRADE_2,
    Status.RETIRED,
    Attribute.PRE_1949,
    Attribute.FAMILY_DOCTOR,
    *(way for way in OffSite if way is not OffSite.LOCAL),
)

#: The attributes that can waive a deductible.
_WAIVING: Final = (Attribute.FAMILY_DOCTOR, Attribute.ESSENTIAL_DRUGS)

#: The value that says what happens to a deductible from the second admission on.
REPEAT: Final = "repeat"

#: The fund of the caps, and those an overflow stage can name: the pooled one where what found no room under one benefit
#: is paid as another one.
POOL: Final = "fund.pool"
FURTHER: Final = (POOL, "fund.large", "fund.civil", "fund.aid")

#: The word of a pharmacy that is paid as the hospital that prescribed.
PRESCRIBER: Final = "prescriber"


@dataclass(frozen=True, slots=True)
class TableShape:
    """A named value that a shape reads: keyed by what, and of which other value it is a percentage, if any."""

    value: str
    by: tuple[Dimension, ...]
    at: At
    of: str | None = None


@dataclass(frozen=True, slots=True)
class WaiverShape:
    """An attribute and the value that it takes off the deductible."""

    attribute: Attribute
    less: TableShape


@dataclass(frozen=True, slots=True)
class DeductibleShape:
    """`repeat` is ``factors`` or ``less`` where the value ``repeat`` says what happens from the second admission on."""

    kind: DeductibleKind
    table: TableShape | None
    counter: str = ""
    at_most: tuple[tuple[str, int], ...] = ()
    repeat: str | None = None
    cycle_days: int = 0
    waivers: tuple[WaiverShape, ...] = ()


@dataclass(frozen=True, slots=True)
class ShareShape:
    """`edges` names the value with the bands' upper edges; `interpretation` stands in for `measure` where it is open."""

    table: TableShape
    edges: TableShape | None = None
    measure: Measure = Measure.NET
    interpretation: str | None = None
    counter: str = ""


@dataclass(frozen=True, slots=True)
class ModifierShape:
    """What changes the ratio for some cases, under some readings."""

    cases: tuple[str, ...]
    effect: Effect
    table: TableShape
    when: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CapShape:
    """One limit of a fund; `counter` is empty for a limit of each visit."""

    table: TableShape
    counter: str
    measure: Measure
    each_disease: bool


@dataclass(frozen=True, slots=True)
class LayerShape:
    """A cap of the pooled fund or an overflow stage, and under which readings it applies.

    `share` is the stage's own; None for the pooled fund and for a stage that goes on with the share before it.
    """

    fund: str
    cap: CapShape | None
    when: Mapping[str, str]
    at: At
    share: ShareShape | None = None
    basis: Basis = Basis.NO_ROOM
    deductible: DeductibleShape | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """The structure of a benefit."""

    deductible: DeductibleShape
    share: ShareShape
    modifiers: tuple[ModifierShape, ...]
    caps: tuple[LayerShape, ...]
    overflow: tuple[LayerShape, ...]
    pharmacy_tier: Tier | None = None
    account_first: bool = False
    by_prescriber: bool = False
    emergency: bool = False

    @property
    def layers(self) -> tuple[LayerShape, ...]:
        """Caps, then overflow stages."""
        return (*self.caps, *self.overflow)

    @property
    def counters(self) -> tuple[str, ...]:
        """Every counter the shape names."""
        named = [self.deductible.counter, *(name for name, _ in self.deductible.at_most), self.share.counter]
        for layer in self.layers:
            named += [layer.deductible.counter] if layer.deductible is not None else []
            named += [layer.share.counter] if layer.share is not None else []
            named += [layer.cap.counter] if layer.cap is not None else []
        return tuple(name for name in dict.fromkeys(named) if name)

    @property
    def tables(self) -> tuple[tuple[TableShape, bool], ...]:
        """Every table the shape reads, and whether it holds percentages (one that is part of another value does too)."""
        found: list[tuple[TableShape | None, bool]] = [(self.deductible.table, False), (self.share.table, True)]
        found += [(waiver.less, False) for waiver in self.deductible.waivers]
        found += [(self.share.edges, False)]
        found += [(modifier.table, True) for modifier in self.modifiers]
        for layer in self.layers:
            found += [(layer.cap.table, False)] if layer.cap is not None else []
            found += [(layer.deductible.table, False)] if layer.deductible is not None else []
            found += [(layer.share.table, True), (layer.share.edges, False)] if layer.share is not None else []
        wholes = [TableShape(one.of, (), one.at) for one, _ in found if one is not None and one.of is not None]
        return (*((one, ratio) for one, ratio in found if one is not None), *((whole, False) for whole in wholes))

    @property
    def values(self) -> frozenset[str]:
        """The name of every value the shape reads."""
        repeat = {REPEAT} if self.deductible.repeat is not None else set()
        return frozenset({table.value for table, _ in self.tables} | repeat)

    @property
    def counter_uses(self) -> tuple[tuple[str, str], ...]:
        """What each counter counts."""
        deductible = self.deductible
        uses = [
            (deductible.counter, str(deductible.kind)),
            *((name, "times charged") for name, _ in deductible.at_most),
        ]
        if self.share.edges is not None:
            uses.append((self.share.counter, f"the {self.share.measure} of bands"))
        for place, layer in enumerate(self.layers):
            if layer.deductible is not None:
                uses.append((layer.deductible.counter, f"the deductible of stage {place}"))
            if layer.share is not None:
                uses.append((layer.share.counter, f"the bands of stage {place}"))
            if layer.cap is not None:
                uses.append((layer.cap.counter, f"the {layer.cap.measure} of caps"))
        return tuple((name, use) for name, use in uses if name)

    @property
    def readings(self) -> tuple[tuple[Mapping[str, str], At], ...]:
        """Every condition on readings, with its place."""
        return (
            *((one.when, one.table.at) for one in self.modifiers if one.when),
            *((one.when, one.at) for one in self.layers if one.when),
        )


def read_shape(node: Node) -> Dated[Shape]:
    """Read one dated structure."""
    found = node.fields(
        ("effective", "deductible", "share", "caps", "source"),
        ("modifiers", "overflow", "pharmacy", "emergency", "account_first", "until", "published", "note"),
    )
    pharmacy = found["pharmacy"].word(*Tier, PRESCRIBER) if "pharmacy" in found else ""
    modifiers = [_read_modifier(item) for item in found["modifiers"].items()] if "modifiers" in found else []
    shape = Shape(
        deductible=_read_deductible(found["deductible"]),
        share=_read_share(found["share"]),
        modifiers=tuple(sorted(modifiers, key=lambda one: min(CASES.index(case) for case in one.cases))),
        caps=tuple(_read_cap(item) for item in found["caps"].items()),
        overflow=tuple(_read_stage(item) for item in found["overflow"].items()) if "overflow" in found else (),
        pharmacy_tier=Tier(pharmacy) if pharmacy in list(Tier) else None,
        account_first=found["account_first"].flag() if "account_first" in found else False,
        by_prescriber=pharmacy == PRESCRIBER,
        emergency=found["emergency"].flag() if "emergency" in found else False,
    )
    return dated(node, found, shape)


def _table(name: str, found: Mapping[str, Node], at: At, *special: Dimension) -> TableShape:
    """A table; admissions and bands are dimensions only where a shape counts them (`special`)."""
    words = [str(one) for one in Dimension if one not in (Dimension.ADMISSION, Dimension.BAND) or one in special]
    by = tuple(Dimension(item.word(*words)) for item in found["by"].items())
    return TableShape(name, by, at, found["of"].text() if "of" in found else None)


def _read_deductible(node: Node) -> DeductibleShape:
    kind = node.fields(("shape",), tuple(node.table()))["shape"].choice(DeductibleKind)
    match kind:
        case DeductibleKind.NONE:
            node.fields(("shape",))
            return DeductibleShape(kind, None)
        case DeductibleKind.CUMULATIVE:
            found = node.fields(("shape", "counter", "by"), ("of", "waivers"))
        case DeductibleKind.PER_VISIT:
            found = node.fields(("shape", "by"), ("of", "waivers", "at_most"))
        case DeductibleKind.BY_ADMISSION:
            allowed = ("of", "waivers", "repeat", "charged_again_after_days")
            found = node.fields(("shape", "counter", "by"), allowed)
    special = (Dimension.ADMISSION,) if kind is DeductibleKind.BY_ADMISSION else ()
    table = _table("deductible", found, node.at, *special)
    if special and (Dimension.ADMISSION in table.by) == ("repeat" in found):
        raise node.problems.refuse(
            "pack.missing_key",
            node.at,
            "by_admission needs either 'admission' among 'by' or 'repeat'",
            "按住院次数的起付标准须按 admission 列出, 或以 repeat 写明",
        )
    return DeductibleShape(
        kind=kind,
        table=table,
        counter=found["counter"].text() if "counter" in found else "",
        at_most=tuple(_read_times(item) for item in found["at_most"].items()) if "at_most" in found else (),
        repeat=found["repeat"].word("factors", "less") if "repeat" in found else None,
        cycle_days=found["charged_again_after_days"].whole() if "charged_again_after_days" in found else 0,
        waivers=tuple(_read_waiver(item) for item in found["waivers"].items()) if "waivers" in found else (),
    )


def _read_times(node: Node) -> tuple[str, int]:
    found = node.fields(("times", "counter"))
    return found["counter"].text(), found["times"].whole()


def _read_waiver(node: Node) -> WaiverShape:
    found = node.fields(("for", "less", "by"))
    attribute = Attribute(found["for"].word(*_WAIVING))
    return WaiverShape(attribute, _table(found["less"].text(), found, node.at))


def _read_share(node: Node) -> ShareShape:
    word = node.fields(("shape",), tuple(node.table()))["shape"].word("ratio", "banded")
    if word == "ratio":
        found = node.fields(("shape", "by", "round"))
        found["round"].word("half_up")
        return ShareShape(_table("share", found, node.at))
    found = node.fields(("shape", "by", "edges", "round"), ("on", "interpretation", "counter"))
    found["round"].word("half_up")
    if ("on" in found) == ("interpretation" in found):
        raise node.problems.refuse(
            "pack.missing_key",
            node.at,
            "bands need what their edges are measured on: either 'on' or the 'interpretation' that leaves it open",
            "分段须写明计量口径:on 或 interpretation 二选一",
        )
    table = _table("share", found, node.at, Dimension.BAND)
    if Dimension.BAND not in table.by:
        raise node.problems.refuse(
            "pack.bad_value", found["by"].at, "a banded share is keyed by band too", "分段比例须按 band 取值"
        )
    return ShareShape(
        table=table,
        edges=TableShape(found["edges"].text(), (Dimension.BAND,), found["edges"].at),
        measure=found["on"].choice(Measure) if "on" in found else Measure.NET,
        interpretation=found["interpretation"].text() if "interpretation" in found else None,
        counter=found["counter"].text() if "counter" in found else "",
    )


def _read_modifier(node: Node) -> ModifierShape:
    found = node.fields(("for", "shape", "value", "by"), ("when",))
    cases = tuple(item.word(*CASES) for item in found["for"].items())
    if not cases:
        raise node.problems.refuse("pack.missing_key", node.at, "'for' names no case", "for 未写明适用情形")
    return ModifierShape(
        cases, found["shape"].choice(Effect), _table(found["value"].text(), found, node.at), _read_when(found)
    )


def _read_when(found: Mapping[str, Node]) -> dict[str, str]:
    return {name: option.text() for name, option in found["when"].table().items()} if "when" in found else {}


def _read_cap(node: Node) -> LayerShape:
    """Read a cap of the pooled fund."""
    found = node.fields(("fund", "by", "limit"), ("counter", "when", "of", "on", "each"))
    found["fund"].word(POOL)
    cap = _cap(node, found)
    if cap.each_disease and not (cap.counter and Dimension.DISEASE in cap.table.by):
        raise node.problems.refuse(
            "pack.missing_key",
            node.at,
            "a limit for each disease needs a counter, and 'disease' among 'by'",
            "按病种分别计的限额须写 counter, 并按 disease 取值",
        )
    return LayerShape(POOL, cap, _read_when(found), node.at)


def _cap(node: Node, found: Mapping[str, Node]) -> CapShape:
    return CapShape(
        table=_table(found["limit"].text(), found, node.at),
        counter=found["counter"].text() if "counter" in found else "",
        measure=found["on"].choice(Measure) if "on" in found else Measure.FUND,
        each_disease="each" in found and bool(found["each"].word(Dimension.DISEASE)),
    )


def _read_stage(node: Node) -> LayerShape:
    """Read an overflow stage: at the share before it, or with a share, a deductible and bands of its own."""
    own = ("takes", "deductible", "bands")
    found = node.fields(("fund", "by", "ratio"), ("limit", "counter", "when", "of", *own))
    fund, ratio = found["fund"].word(*FURTHER), found["ratio"].text()
    cap = _cap(node, found) if "limit" in found else None
    if ratio == "same":
        if fund == POOL:
            en, zh = (
                "the pooled fund pays on only at a ratio of the stage's own",
                "统筹基金继续支付须写明该层自己的比例",
            )
            raise node.problems.refuse("pack.contradiction", found["ratio"].at, en, zh)
        for name in own:
            if name in found:
                raise node.problems.refuse(
                    "pack.contradiction",
                    found[name].at,
                    f"'{name}' goes with a ratio of the stage's own, not with 'same'",
                    f"{name} 只与该层自己的比例同用, 不与 same 同用",
                )
        return LayerShape(fund, cap, _read_when(found), node.at)
    by = _table("", {"by": found["by"]}, node.at).by
    return LayerShape(
        fund=fund,
        cap=cap,
        when=_read_when(found),
        at=node.at,
        share=_read_stage_share(ratio, by, found.get("bands"), node.at),
        basis=found["takes"].choice(Basis) if "takes" in found else Basis.NO_ROOM,
        deductible=_read_stage_deductible(found["deductible"]) if "deductible" in found else None,
    )


def _read_stage_share(ratio: str, by: tuple[Dimension, ...], bands: Node | None, at: At) -> ShareShape:
    """The share of a stage: ``bands`` names the value with the edges, what they are measured on, and the counter."""
    if bands is None:
        return ShareShape(TableShape(ratio, by, at))
    found = bands.fields(("edges", "on", "counter"))
    return ShareShape(
        table=TableShape(ratio, (*by, Dimension.BAND), at),
        edges=TableShape(found["edges"].text(), (Dimension.BAND,), found["edges"].at),
        measure=found["on"].choice(Measure),
        counter=found["counter"].text(),
    )


def _read_stage_deductible(node: Node) -> DeductibleShape:
    found = node.fields(("value", "counter", "by"), ("of",))
    table = _table(found["value"].text(), found, node.at)
    return DeductibleShape(DeductibleKind.CUMULATIVE, table, found["counter"].text())
