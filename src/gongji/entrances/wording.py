"""The wording: every sentence of the pages and every explanation code, in Chinese and English, as gettext catalogues.

The catalogues are data: the files of ``locale/<language>/LC_MESSAGES``, one for each part of the house, read as they are
when first needed; nothing is compiled. Message ids are dotted keys (``because.own.none.empty``), so that a code of an explanation is its own key.
A placeholder may name its form: ``{x:yuan}`` an amount in fen, ``{x:percent}`` a ratio per ten thousand,
``{x:points}`` the same as a bare number of percentage points, ``{x:name}`` a person's id, ``{x:day}`` a date,
``{x:moment}`` a moment, ``{x:span}`` and ``{x:this}`` the period of a counter (``2024-Q3``; a year where none is named),
``{x:cases}`` for whom a modifier is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from functools import cache, lru_cache
from importlib import resources
from string import Formatter
from typing import Any, Final

import structlog
from babel import Locale
from babel.dates import format_date
from babel.messages.pofile import read_po

from gongji.foundation.clock import CHINA
from gongji.foundation.money import percent, yuan
from gongji.rules.model import Clause, Relation
from gongji.rules.vocabulary import TRUSTED

_log = structlog.get_logger()


class Language(StrEnum):
    """A language of the catalogues; the first is the users'."""

    CHINESE = "zh_CN"
    ENGLISH = "en"

    @property
    def tag(self) -> str:
        """The language as HTML's ``lang`` wants it (BCP 47)."""
        return self.value.replace("_", "-")

    @property
    def other(self) -> Language:
        """The language that a switch leads to."""
        return Language.ENGLISH if self is Language.CHINESE else Language.CHINESE


#: How a date is written, and what stands between it and the time of day.
_DATES: Final = {Language.CHINESE: ("y年M月d日", " "), Language.ENGLISH: ("d MMMM y", ", ")}

#: Found once: by its name Babel looks for a locale's files at every date, 80 µs of the 83 that one takes.
_LOCALES: Final = {language: Locale.parse(language.value) for language in _DATES}


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """All sentences of a language by message id.

    Raises:
        ValueError: when two of its files hold the same message.
    """
    sentences: dict[str, str] = {}
    folder = resources.files("gongji") / "locale" / language / "LC_MESSAGES"
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        with path.open("rb") as file:
            read = read_po(file, locale=language, abort_invalid=True)
        told = {str(message.id): str(message.string) for message in read if message.id}
        if twice := told.keys() & sentences.keys():
            raise ValueError(f"{path.name} holds what another catalogue holds already: {', '.join(sorted(twice))}")
        sentences |= told
    return sentences


def money(fen: int) -> str:
    """An amount as people read it: ``-131045`` becomes ``−¥1,310.45``."""
    whole, part = yuan(abs(fen)).split(".")
    return f"{'−' if fen < 0 else ''}¥{int(whole):,}.{part}"


def signed(fen: int) -> str:
    """A difference as people read it: ``+¥120.00``."""
    return f"+{money(fen)}" if fen > 0 else money(fen)


def day(value: date, language: Language) -> str:
    """A date, or a moment's date in China, as the language writes it."""
    if isinstance(value, datetime):
        value = value.astimezone(CHINA).date()
    return _day(value, language)


# Pages are full of the same few days, and Babel takes 25 µs to write one.
@lru_cache(4096)
def _day(value: date, language: Language) -> str:
    return format_date(value, _DATES[language][0], locale=_LOCALES[language])


def moment(value: datetime, language: Language) -> str:
    """A moment in China's time as the language writes it, to the minute."""
    here = value.astimezone(CHINA)
    return f"{_day(here.date(), language)}{_DATES[language][1]}{here:%H:%M}"


# string's own Formatter takes a sentence apart anew each time: 7 µs for one with three figures, in place of 4.
@lru_cache(8192)
def _parts(sentence: str) -> tuple[tuple[str, str, str], ...]:
    """The pieces of a sentence: plain text, the placeholder after it ("" for none) and the form that it names."""
    return tuple((plain, name or "", form or "") for plain, name, form, _ in Formatter().parse(sentence))


class _Filler:
    """Fills placeholders in the form that each of them names."""

    def __init__(self, language: Language, names: Mapping[int, str]) -> None:
        self._language = language
        self._names = names

    def fill(self, sentence: str, values: Mapping[str, Any]) -> str:
        """The sentence with its placeholders filled."""
        return "".join(
            plain + self._in_form(values[name], form) if name else plain for plain, name, form in _parts(sentence)
        )

    def _in_form(self, value: Any, form: str) -> str:
        """The value in a form; see the module's text."""
        match form:
            case "yuan":
                return money(int(value))
            case "percent":
                return percent(int(value))
            case "points":
                return percent(int(value)).removesuffix("%")
            case "name":
                return self._names.get(int(value)) or text("kin.stranger", self._language)
            case "day":
                return day(value, self._language)
            case "moment":
                return moment(value, self._language)
            case "span" | "this":
                return _period(str(value), form, self._language)
            case "cases":
                return _cases(str(value), self._language)
        return format(value, form)


#: How a counter's period is written: ``2024``, ``2024/25``, ``2024-Q3``, ``2024-07``.
_PERIOD: Final = re.compile(r"(\d{4})(?:(/\d{2})|-Q([1-4])|-(\d{2}))?")


def _period(period: str, form: str, language: Language) -> str:
    """The period of a counter; explanations of before steps named it mean a year."""
    match = _PERIOD.fullmatch(period)
    if match is None:
        return text(f"period.none.{form}", language)
    year, insurance, quarter, month = match.groups()
    if insurance:
        return text("period.insurance_year.span", language, year=period)
    if quarter or month:
        kind = "quarter" if quarter else "month"
        return text(f"period.{kind}.span", language, year=year, count=int(quarter or month))
    return text("period.year.span", language, year=year)


def _cases(cases: str, language: Language) -> str:
    """For whom a modifier is; explanations of before steps named it do not say."""
    if not cases:
        return text("cases.none", language)
    words = [catalogue(language).get(f"rules.word.{word}", word) for word in cases.split(", ")]
    return text("cases.named", language, words=text("home.share.list_comma", language).join(words))


def text(msgid: str, language: Language, names: Mapping[int, str] | None = None, /, **values: object) -> str:
    """A sentence with its placeholders filled.

    Args:
        msgid: its key; a key that no catalogue has is a programming error (`KeyError`).
        language: of which catalogue.
        names: what to call the people whose ids stand in ``{…:name}`` placeholders.
        values: the placeholders' values.
    """
    sentence = catalogue(language)[msgid]
    if not values and "{" not in sentence:
        return sentence  # most of a page: nothing to fill
    return _Filler(language, names or {}).fill(sentence, values)


def told(
    msgid: str, language: Language, values: Mapping[str, object], names: Mapping[int, str] | None = None
) -> str | None:
    """A sentence for a code that comes from rules, or None when the catalogue cannot tell it.

    A newer rule may say a code, or leave out a figure, that this catalogue does not know: that is logged and never
    breaks a page.
    """
    sentence = catalogue(language).get(msgid)
    if sentence is None:
        _log.warning("wording.unknown", msgid=msgid, language=str(language))
        return None
    try:
        return _Filler(language, names or {}).fill(sentence, values)
    except (KeyError, ValueError, TypeError):
        _log.warning("wording.values_missing", msgid=msgid, language=str(language), given=sorted(values))
        return None


def place(code: str, name: str, language: Language) -> str:
    """A region's name in the reader's language.

    Args:
        code: six digits.
        name: its Chinese name, as its pack has it.
        language: the reader's; in English a pack of the user's own keeps its Chinese name.
    """
    return name if language is Language.CHINESE else catalogue(language).get(f"place.{code}", name)


def kin(relation: Relation, gender: str, language: Language) -> str:
    """What to call a person who is a relation to the reader: mother rather than parent where the sex is known."""
    words = catalogue(language)
    return words.get(f"kin.{relation}.{gender}") or words[f"kin.{relation}"]


#: What a sharer is to the user, by what the user is to the sharer. Only a child-in-law is no relation of the rules.
_INVERSE: Final = {
    Relation.SPOUSE: "spouse",
    Relation.PARENT: "child",
    Relation.CHILD: "parent",
    Relation.SIBLING: "sibling",
    Relation.GRANDPARENT: "grandchild",
    Relation.GRANDCHILD: "grandparent",
    Relation.PARENT_IN_LAW: "child_in_law",
}


def kin_seen_by_user(relation: Relation, gender: str, language: Language) -> str:
    """What a user calls the sharer, given what the user is to the sharer and the sharer's sex."""
    words = catalogue(language)
    key = f"kin.{_INVERSE[relation]}"
    return words.get(f"{key}.{gender}") or words[key]


def caution(clause: Clause | None, language: Language) -> str | None:
    """What a reader should know of a source below grade B; None where there is nothing to warn of."""
    if clause is None or clause.grade in TRUSTED:
        return None
    return text(f"grade.{clause.grade}", language)
