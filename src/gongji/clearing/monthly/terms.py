"""Terms of clearing as data: retention, advances, alarms; the shipped ones are ours, a region's own come from a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from gongji.clearing.monthly.model import Terms
from gongji.foundation.errors import Misconfigured

_SHIPPED: Final = Path(__file__).with_name("terms.json")

#: The region of terms that hold wherever a region has none of its own.
_EVERYWHERE: Final = "*"

_SHARES: Final = ("retention", "yellow", "red")


class TermBook:
    """All terms that are known."""

    def __init__(self, entries: Sequence[Terms]) -> None:
        self._newest_first = sorted(entries, key=lambda one: one.since, reverse=True)

    def on(self, region: str, day: date) -> Terms:
        """A region's terms on a day: its own, else its province's, else those of everywhere."""
        for whose in (region, f"{region[:2]}0000", _EVERYWHERE):
            for one in self._newest_first:
                if one.region == whose and one.since <= day:
                    return one
        raise AssertionError("the shipped terms hold everywhere and from the beginning")


def load_terms(path: Path | None = None) -> TermBook:
    """The shipped terms, and those of a file beside them (``GONGJI_CLEARING_TERMS``).

    Raises:
        Misconfigured: ``clearing.terms``, naming what cannot be read.
    """
    entries = _read(_SHIPPED)
    if path is not None:
        try:
            entries += _read(path)
        except (OSError, ValueError, KeyError, TypeError) as problem:
            raise Misconfigured(
                "clearing.terms",
                f"{path} holds no terms of clearing: {problem!r}; see docs/operating.md",
                f"清算参数文件 {path} 无法读取：{problem!r}，写法见 docs/operating.md",
                field="GONGJI_CLEARING_TERMS",
            ) from problem
    return TermBook(entries)


def _read(path: Path) -> list[Terms]:
    return [_entry(one) for one in json.loads(path.read_text(encoding="utf-8"))]


def _entry(one: dict[str, Any]) -> Terms:
    made = Terms(**{**one, "since": date.fromisoformat(one["since"])})
    numbers = (made.retention, made.advance_months, made.yellow, made.red)
    if not all(isinstance(number, int) and number >= 0 for number in numbers):
        raise ValueError(f"{made.region}: amounts and shares are whole numbers from 0 on")
    if any(getattr(made, name) > 10_000 for name in _SHARES) or made.yellow > made.red:
        raise ValueError(f"{made.region}: shares are per ten thousand, yellow at most red")
    return made
