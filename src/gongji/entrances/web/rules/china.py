"""All regions as a map and as a table: one tile a province, its cities as marks in it and as rows below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from gongji.entrances import wording
from gongji.entrances.open_rules.atlas import Atlas, Region
from gongji.entrances.open_rules.registry import covered
from gongji.entrances.web.rules.telling import benefit_title
from gongji.entrances.wording import Language
from gongji.rules.answering import NATION
from gongji.rules.coverage import SHARING, Coverage
from gongji.rules.model import Grade
from gongji.rules.pack import benefit_word

#: Where each province stands on the map, by the first two digits of its code: column and row, from the north-west.
TILES: Final[Mapping[str, tuple[int, int]]] = {
    **{"23": (7, 0), "15": (4, 1), "22": (7, 1)},
    **{"65": (0, 2), "62": (2, 2), "64": (3, 2), "11": (5, 2), "12": (6, 2), "21": (7, 2)},
    **{"63": (1, 3), "61": (3, 3), "14": (4, 3), "13": (5, 3), "37": (6, 3)},
    **{"54": (0, 4), "51": (2, 4), "50": (3, 4), "41": (4, 4), "34": (5, 4), "32": (6, 4), "31": (7, 4)},
    **{"53": (2, 5), "52": (3, 5), "42": (4, 5), "36": (5, 5), "33": (6, 5)},
    **{"45": (3, 6), "43": (4, 6), "44": (5, 6), "35": (6, 6), "71": (7, 6)},
    **{"46": (4, 7), "82": (5, 7), "81": (6, 7)},
}

COLUMNS: Final = 8

#: Marks of cities in one row of a tile.
_MARKS: Final = 7


@dataclass(frozen=True, slots=True)
class Row:
    """A region in the table.

    Attributes:
        code, name: its code, and its name in the reader's language.
        benefits: what it sets, in words, each with its days.
        grade: the weakest source of its newest rules; None without a benefit.
        states: how the year is covered, benefit by benefit.
        checked: since when every number of the year has been compared with its source; None without any.
        doubts: how many conflicts and gaps are recorded.
    """

    code: str
    name: str
    benefits: tuple[str, ...]
    grade: Grade | None
    states: tuple[str, ...]
    checked: date | None
    doubts: int


@dataclass(frozen=True, slots=True)
class Province:
    """A province with its own pack, if any, and its cities."""

    code: str
    name: str
    rows: tuple[Row, ...]

    @property
    def graded(self) -> tuple[Row, ...]:
        """The regions of which a benefit is known."""
        return tuple(row for row in self.rows if row.grade is not None)

    @property
    def grade(self) -> Grade | None:
        """The best of its regions' grades; None where no benefit is known."""
        return min((row.grade for row in self.graded if row.grade), default=None)


@dataclass(frozen=True, slots=True)
class Mark:
    """A city on its tile: place in per cent of the map and in line heights of the tile, as text."""

    x: str
    y: str
    grade: str


@dataclass(frozen=True, slots=True)
class Tile:
    """A province on the map; `label` says in words what its colour and letter say."""

    code: str
    x: str
    row: int
    short: str
    letter: str
    label: str
    listed: bool
    marks: tuple[Mark, ...]


class China:
    """The map and the table of all regions."""

    def __init__(self, atlas: Atlas) -> None:
        self._atlas = atlas

    def provinces(self, searched: str, today: date, language: Language) -> tuple[Province, ...]:
        """The provinces that have a region whose name or code holds what is searched for; the nation first."""
        found: dict[str, list[Row]] = {}
        for region in self._atlas.regions():
            name = wording.place(region.code, region.name, language)
            if searched in region.name or region.code.startswith(searched) or searched.lower() in name.lower():
                found.setdefault(region.code[:2], []).append(self._row(region, name, today, language))
        return tuple(
            Province(code, _name_of(code, rows, language), tuple(sorted(rows, key=lambda row: row.code)))
            for code, rows in sorted(found.items(), key=lambda one: (one[0] != NATION[:2], one[0]))
        )

    def _row(self, region: Region, name: str, today: date, language: Language) -> Row:
        known = covered(self._atlas, region.code, today.year)
        numbered = [one for one in known if one.checked is not None]
        return Row(
            region.code,
            name,
            tuple(_benefits(region, language)),
            region.grade,
            _states(region, numbered, language),
            min((one.checked for one in numbered if one.checked), default=None),
            len(region.gaps) + region.conflicts,
        )


def tiles(provinces: Sequence[Province], language: Language) -> tuple[Tile, ...]:
    """Every province of the country on the map, those without a pack too."""
    known = {one.code: one for one in provinces}
    return tuple(
        _tile(code, *place, known.get(code), language)
        for code, place in sorted(TILES.items(), key=lambda one: one[1][::-1])
    )


def _tile(code: str, column: int, row: int, province: Province | None, language: Language) -> Tile:
    name = wording.text(f"province.{code}", language)
    graded = province.graded if province is not None else ()
    grade = province.grade if province is not None else None
    if grade is None:
        label = wording.text("rules.map.nothing", language, name=name)
    else:
        label = wording.text(
            "rules.map.tile",
            language,
            name=name,
            count=len(graded),
            grade=wording.text(f"rules.grade.{grade}", language),
        )
    left = column * 100 / COLUMNS
    return Tile(
        code=code,
        x=f"{left:g}",
        row=row,
        short=wording.text(f"province.short.{code}", language),
        letter=str(grade or "–"),
        label=label,
        listed=province is not None,
        marks=tuple(
            Mark(f"{left + 0.9 + (index % _MARKS) * 1.55:g}", f"{3.05 + index // _MARKS * 0.6:g}", str(one.grade))
            for index, one in enumerate(graded)
        ),
    )


def _name_of(code: str, rows: Sequence[Row], language: Language) -> str:
    """The province's name; of the nation, and of a user's own pack that lies nowhere, the pack's."""
    return wording.text(f"province.{code}", language) if code in TILES else rows[0].name


def _benefits(region: Region, language: Language) -> list[str]:
    """What a region sets, in words, each with the day from which it does, or until which it did."""
    told = []
    for one in region.benefits:
        title, last = benefit_title(one.scheme, one.kind, language), one.spans[-1]
        if last.until is not None:
            told.append(wording.text("rules.list.ended", language, title=title, day=last.until))
        else:
            told.append(wording.text("rules.list.from", language, title=title, day=one.spans[0].begins))
    return told


def _states(region: Region, known: Sequence[Coverage], language: Language) -> tuple[str, ...]:
    """Each state of the year once, in words; with the benefits that it is of, where there are several states."""
    titles = {
        benefit_word((one.scheme, one.kind)): benefit_title(one.scheme, one.kind, language) for one in region.benefits
    } | {SHARING: wording.text("rules.sharing", language)}
    told: dict[str, list[str]] = {}
    for one in known:
        state = wording.text(f"rules.state.{one.state.name.lower()}", language, year=one.first)
        told.setdefault(state, []).append(titles.get(one.benefit, one.benefit))
    if len(told) < 2:
        return tuple(told)
    comma, colon = (wording.text(name, language) for name in ("home.share.list_comma", "rules.colon"))
    return tuple(f"{comma.join(of)}{colon}{state}" for state, of in told.items())
