"""A rule's numbers and terms one by one, each with the case it holds for and the clause it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from gongji.rules.grid import Grid, Key
from gongji.rules.model import BenefitRule, Clause, Dimension, Measure, SharingRule, Tier

Section: TypeAlias = Literal["deductible", "share", "modifier", "cap", "further"]
Unit: TypeAlias = Literal["fen", "ratio", "times"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a rule.

    Attributes:
        section: which part of the rule it belongs to.
        name: the value's name in the pack (``share``, ``yearly_cap``).
        about: what it is, as a key of the wording (``cap.fund``, ``modifier.points``).
        case: for which visits it holds: word by dimension; empty for all.
        only: the statuses, attributes or ways of being treated elsewhere that it is limited to; empty for all.
        number: fen, per ten thousand, or times.
        unit: which of these.
        clause: its source; None where the text gives none of its own.
        onwards: whether it holds for all later admissions too.
    """

    section: Section
    name: str
    about: str
    case: Mapping[Dimension, str]
    number: int
    unit: Unit
    clause: Clause | None
    only: tuple[str, ...] = ()
    onwards: bool = False


def figures(rule: BenefitRule) -> tuple[Figure, ...]:
    """Every number of a rule, in the order in which a visit meets them."""
    return (*_deductible(rule), *_share(rule), *_modifiers(rule), *_layers(rule))


def _deductible(rule: BenefitRule) -> Iterator[Figure]:
    deductible = rule.deductible
    yield from _of_grid("deductible", "deductible", f"deductible.{deductible.kind}", deductible.amounts, "fen")
    formula = rule.clauses.get("formula")
    for counter, times in deductible.at_most.items():
        yield Figure("deductible", counter, "deductible.at_most", {}, times, "times", formula)
    for waiver in deductible.waivers:
        yield from _of_grid("deductible", waiver.attribute, "deductible.less", waiver.less, "fen", (waiver.attribute,))


def _share(rule: BenefitRule) -> Iterator[Figure]:
    share = rule.share
    for band, (edge, clause) in enumerate(zip(share.edges, share.edge_clauses, strict=False), 1):
        yield Figure("share", "band_edges", "share.edge", {Dimension.BAND: f"band_{band}"}, edge, "fen", clause)
    yield from _of_grid("share", "share", "share.ratio", share.ratios, "ratio")


def _modifiers(rule: BenefitRule) -> Iterator[Figure]:
    for modifier in rule.share.modifiers:
        about, only = f"modifier.{modifier.effect}", tuple(sorted(modifier.cases))
        yield from _of_grid("modifier", modifier.name, about, modifier.numbers, "ratio", only)


def _layers(rule: BenefitRule) -> Iterator[Figure]:
    for index, layer in enumerate(rule.layers):
        section: Section = "further" if index else "cap"
        if layer.deductible is not None:
            yield from _of_grid(section, "deductible", "further.deductible", layer.deductible.amounts, "fen")
        if layer.share is not None:
            for band, (edge, clause) in enumerate(zip(layer.share.edges, layer.share.edge_clauses, strict=True), 1):
                yield Figure(
                    section, "band_edges", "further.edge", {Dimension.BAND: f"band_{band}"}, edge, "fen", clause
                )
            yield from _of_grid(section, "ratio", "further.ratio", layer.share.ratios, "ratio")
        for cap in layer.caps:
            measure = "fund" if cap.measure is Measure.FUND else "cost"
            period = rule.counters[cap.counters[0]].reset if cap.counters else "visit"
            yield from _of_grid(section, cap.name, f"cap.{measure}.{period}", cap.limits, "fen")


def _of_grid(
    section: Section, name: str, about: str, grid: Grid, unit: Unit, only: tuple[str, ...] = ()
) -> Iterator[Figure]:
    kept = [place for place in range(len(grid.by)) if not _says_nothing(grid, place)]
    told: set[Key] = set()
    for key, number in grid.numbers.items():
        short = tuple(key[place] for place in kept)
        if short in told or _as_its_base(grid, key) or _as_the_admission_before(grid, key):
            continue
        told.add(short)
        case = {grid.by[place]: key[place] for place in kept}
        yield Figure(section, name, about, case, number, unit, grid.clauses[key], only, _goes_on(grid, key))


def _says_nothing(grid: Grid, place: int) -> bool:
    """Whether a number never depends on a dimension: a table is filled in for every word of it all the same."""
    found: dict[Key, int] = {}
    return all(
        found.setdefault((*key[:place], *key[place + 1 :]), number) == number for key, number in grid.numbers.items()
    )


def _as_its_base(grid: Grid, key: Key) -> bool:
    """Whether a tier that few texts set apart has the number of the general tier it belongs to."""
    if Dimension.TIER not in grid.by:
        return False
    place = grid.by.index(Dimension.TIER)
    base = (*key[:place], Tier(key[place]).base, *key[place + 1 :])
    return base != key and grid.numbers.get(base) == grid.numbers[key]


def _admissions(grid: Grid, key: Key) -> tuple[list[int], int]:
    """The numbers of a case by admission, and which of them is the key's."""
    place = grid.by.index(Dimension.ADMISSION)
    words = grid.words(Dimension.ADMISSION)
    return [grid.numbers[(*key[:place], word, *key[place + 1 :])] for word in words], words.index(key[place])


def _as_the_admission_before(grid: Grid, key: Key) -> bool:
    """Whether an admission and all later ones have the number of the one before, which is told to go on."""
    if Dimension.ADMISSION not in grid.by:
        return False
    numbers, at = _admissions(grid, key)
    return at > 0 and len(set(numbers[at - 1 :])) == 1


def _goes_on(grid: Grid, key: Key) -> bool:
    """Whether all later admissions have this admission's number."""
    if Dimension.ADMISSION not in grid.by:
        return False
    numbers, at = _admissions(grid, key)
    return len(set(numbers[at:])) == 1


TermValue: TypeAlias = str | int | bool | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a sharing rule with its source: `value` is a word, a number, yes or no, several words, or nothing."""

    name: str
    value: TermValue
    clause: Clause | None


#: The terms of a sharing rule in the order in which people ask for them.
TERMS: Final = (
    "relations",
    "max_relatives",
    "exclusive_user",
    "dual_role_forbidden",
    "area",
    "procedure",
    "review_working_days",
    "user_consent",
    "unbind_after_days",
    "purposes",
    "forbidden_uses",
    "trigger",
    "flag_2_means",
    "own_account_first",
    "account_scope",
    "balance_source",
    "retained_floor",
    "sharer_limit_allowed",
    "allotment_required",
)

#: …and those that are only asked where money has to be allotted.
ALLOTMENT_TERMS: Final = ("parts", "take_back", "year_end")


def terms(rule: SharingRule) -> tuple[Term, ...]:
    """Every term of a sharing rule."""
    found = [Term(name, shown(getattr(rule, name)), rule.clauses.get(name)) for name in TERMS]
    if rule.allotment is not None:
        for part in ALLOTMENT_TERMS:
            name = f"allotment_{part}"
            found.append(Term(name, shown(getattr(rule.allotment, part)), rule.clauses.get(name)))
    return tuple(found)


def shown(value: object) -> TermValue:
    """A term's value as it is told: several words in a fixed order."""
    if isinstance(value, frozenset):
        return tuple(sorted(value))
    assert value is None or isinstance(value, str | int)
    return value
