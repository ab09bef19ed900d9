"""Drafts weighed: the appraisal with what each draft changes, as the terminal, the report and JSON tell it.

Whoever reads counts learns nothing about anybody: fewer than `FEWEST` people or claims are not told, nor are their sums.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gongji.entrances.rules_command.words import chinese_of
from gongji.entrances.wording import Language, money, text
from gongji.foundation.money import percent
from gongji.oversight.alerts.figures import FEWEST
from gongji.rules.draft import Draft, Moved
from gongji.rules.pack import benefit_word

if TYPE_CHECKING:
    from gongji.simulation.appraisal import Appraisal, Bills, Moves

#: Along what claims and people are told apart, in the order of the report.
OF_CLAIMS: Final = ("kind", "tier", "status", "away", "scheme", "month")
OF_PEOPLE: Final = ("status", "age", "cost")

_SIGNS: Final = {True: "+", False: "−"}


@dataclass(frozen=True, slots=True)
class Weighed:
    """One draft.

    Attributes:
        draft: as it was given.
        moved: the numbers that it changes in benefits.
        number: its place among the appraisal's variants, from 1.
        words: each of `moved` in Chinese words.
    """

    draft: Draft
    moved: tuple[Moved, ...]
    number: int
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Weighing:
    """All drafts over one file.

    Attributes:
        file: the file's name.
        invented: what the file says of nobody in it existing; empty for one that does not say so.
        appraisal: what came of it.
        drafts: in the order of the variants.
    """

    file: str
    invented: str
    appraisal: Appraisal
    drafts: tuple[Weighed, ...]

    def as_json(self) -> dict[str, Any]:
        """Everything, for programs; amounts in fen."""
        appraisal, tally = self.appraisal, self.appraisal.tally
        return {
            "file": self.file,
            "invented": self.invented,
            "claims": {"read": tally.read, "assessed": tally.assessed, "rejected": tally.rejected},
            "notes": dict(tally.notes),
            "regions": {region: list(digests) for region, digests in appraisal.regions.items()},
            "today": _bills_told(appraisal.bills(0)),
            "drafts": [self._draft_told(one) for one in self.drafts],
        }

    def _draft_told(self, one: Weighed) -> dict[str, Any]:
        appraisal, number = self.appraisal, one.number
        bills = {
            name: {
                word: {"today": _bills_told(today), "draft": _bills_told(after)}
                for word, today, after in self.bills_along(name, number)
            }
            for name in OF_CLAIMS
        }
        people = {
            name: {word: _moves_told(moves) for word, moves in appraisal.moves_along(name, number).items()}
            for name in OF_PEOPLE
        }
        return {
            "title": one.draft.title,
            "pack": one.draft.pack,
            "effective": one.draft.effective.isoformat(),
            "numbers": [
                {
                    "name": name_of(moved),
                    "words": words,
                    "before": moved.before,
                    "after": moved.after,
                    "is_ratio": moved.is_ratio,
                }
                for moved, words in zip(one.moved, one.words, strict=True)
            ],
            "terms": {term.name: _plain(term.value) for term in one.draft.terms},
            "bills": _bills_told(appraisal.bills(number)),
            "people": _moves_told(appraisal.moves(number)),
            "bills_along": bills,
            "people_along": people,
        }

    def bills_along(self, dimension: str, draft: int) -> Iterator[tuple[str, Bills, Bills]]:
        """The words of a dimension of claims, with who pays today and under a draft."""
        after = self.appraisal.bills_along(dimension, draft)
        for word, today in self.appraisal.bills_along(dimension, 0).items():
            yield word, today, after[word]


def few(count: int) -> bool:
    """Whether a count is so small that it could be somebody; none at all says nothing about anybody."""
    return 0 < count < FEWEST


def name_of(moved: Moved) -> str:
    """A number's full name, as a draft writes it."""
    return f"{benefit_word(moved.key)}.{'.'.join(moved.path)}"


def in_words(moved: Moved, roles: Mapping[str, str]) -> str:
    """A number in Chinese words: ``普通门诊 · 支付比例 · 退休 · 二级``.

    Args:
        moved: the number.
        roles: what each value of its benefit is for.
    """
    role = re.split(r" [a-z]", roles.get(moved.path[0], moved.path[0]))[0]
    scheme, kind = benefit_word(moved.key).split(".")
    words = (f"{chinese_of(scheme)}{chinese_of(kind)}", role, *(chinese_of(word) or word for word in moved.path[1:]))
    return " · ".join(words)


def shown(number: int, *, is_ratio: bool) -> str:
    """A number of a benefit as people read it."""
    return percent(number) if is_ratio else money(number)


def counted(count: int) -> str:
    """A count as it may be told."""
    return f"<{FEWEST}" if few(count) else f"{count:,}"


def amount(count: int, fen: int) -> str:
    """What something comes to for so many people, where that may be told."""
    return "–" if few(count) else money(fen)


def part(difference: int, of: int) -> str:
    """A difference as a part of what it is held against, to two decimals: ``+0.50%``; empty where that is nothing."""
    if not of:
        return ""
    whole, hundredths = divmod((20_000 * abs(difference) + of) // (2 * of), 100)
    sign = _SIGNS[difference > 0] if whole or hundredths else ""
    return f"{sign}{whole}.{hundredths:02d}%"


def label(dimension: str, word: str, language: Language) -> str:
    """A word of a dimension in the reader's language."""
    match dimension:
        case "month":
            return word
        case _ if word == "untold":
            return text("office.draft.untold", language)
        case "age" | "cost":
            return between(dimension, int(word), language)
        case "tier":
            return text(f"rules.word.{word}", language)
        case "away":
            return text(f"office.draft.away.{word}", language)
    return text(f"rules.{dimension}.{word}", language)


def between(dimension: str, low: int, language: Language) -> str:
    """A class by where it begins: ages in full years, costs and changes in fen."""
    from gongji.simulation.appraisal import AGES, CHANGES, COSTS

    edges = {"age": AGES, "cost": COSTS, "change": CHANGES}[dimension]
    higher = [edge for edge in edges if edge > low]
    written = [str(edge) if dimension == "age" else _whole(edge) for edge in (low, *higher[:1])]
    if not higher:
        return text("office.draft.from", language, low=written[0])
    if low == edges[0]:
        return text("office.draft.below", language, high=written[1])
    return text("office.draft.between", language, low=written[0], high=written[1])


def _whole(fen: int) -> str:
    return f"¥{fen // 100:,}"


def _bills_told(bills: Bills) -> dict[str, int | None]:
    names = ("total", "fund_pool", "fund_large", "own", "shared", "cash", "borne")
    if few(bills.claims):
        return {"claims": None, **dict.fromkeys((f"{name}_fen" for name in names), None)}
    return {"claims": bills.claims, **{f"{name}_fen": getattr(bills, name) for name in names}}


def _moves_told(moves: Moves) -> dict[str, Any]:
    def told(count: int) -> int | None:
        return None if few(count) else count

    return {
        "people": told(moves.people),
        "less": told(moves.less),
        "more": told(moves.more),
        "less_fen": None if few(moves.less) else moves.less_fen,
        "more_fen": None if few(moves.more) else moves.more_fen,
        "by_fen": {str(edge): [told(less), told(more)] for edge, (less, more) in moves.by.items()},
        "heavy_fen": {str(edge): [told(today), told(after)] for edge, (today, after) in moves.heavy.items()},
    }


def _plain(value: object) -> object:
    """A term's value as JSON has it."""
    return sorted(value) if isinstance(value, frozenset) else value
