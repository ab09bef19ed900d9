"""Which number of a table answers a visit."""

from __future__ import annotations

from gongji.benefit.model import Circumstances
from gongji.foundation.errors import InvalidInput
from gongji.rules.grid import GRADES, OTHER_PROVIDER, SELECTED_PROVIDER, Grid, Key, lower_bound
from gongji.rules.model import Attribute, Clause, Dimension


def key_of(grid: Grid, person: Circumstances, *, admission: int = 1, band: int = 1) -> Key:
    """The key of the number that holds for a visit.

    Args:
        grid: the table.
        person: whose visit, where and when.
        admission: which admission of the period it is, from 1; the last one listed holds for all later ones.
        band: which band is asked for, from 1.

    Raises:
        InvalidInput: ``disease.unknown`` when the table is by disease and does not have this one.
    """
    return tuple(_word(grid, dimension, person, admission, band) for dimension in grid.by)


def find(grid: Grid, person: Circumstances, *, admission: int = 1, band: int = 1) -> tuple[int, Clause]:
    """The number that holds for a visit and its source; see `key_of`."""
    key = key_of(grid, person, admission=admission, band=band)
    return grid.numbers[key], grid.clauses[key]


def _word(grid: Grid, dimension: Dimension, person: Circumstances, admission: int, band: int) -> str:
    match dimension:
        case Dimension.STATUS:
            return person.status
        case Dimension.TIER:
            return person.tier
        case Dimension.PROVIDER:
            return SELECTED_PROVIDER if Attribute.SELECTED_PROVIDER in person.attributes else OTHER_PROVIDER
        case Dimension.GRADE:
            return GRADES[Attribute.GRADE_2 in person.attributes]
        case Dimension.AGE:
            return _class(grid.words(dimension), person.age)
        case Dimension.COVER:
            return _class(grid.words(dimension), person.months_covered)
        case Dimension.DISEASE:
            return _disease(grid.words(dimension), person.disease)
        case Dimension.ADMISSION:
            return f"admission_{min(admission, len(grid.words(dimension)))}"
        case Dimension.BAND:
            return f"band_{band}"


def _class(words: tuple[str, ...], number: int) -> str:
    return [word for word in words if lower_bound(word) <= number][-1]


def _disease(words: tuple[str, ...], disease: str) -> str:
    if disease not in words:
        raise InvalidInput(
            "disease.unknown",
            f"this rule does not name the disease '{disease}'",
            f"此处待遇未列病种“{disease}”",
            field="disease",
            accepted=", ".join(words),
        )
    return disease
