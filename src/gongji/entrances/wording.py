"""The wording: every sentence of the pages and every explanation code, in Chinese and English, as gettext catalogues.

The catalogues are data: ``locale/<language>/LC_MESSAGES/gongji.po``, read as they are when first needed, nothing is
compiled. Message ids are dotted keys (``because.own.none.empty``), so that a code of an explanation is its own key.
A placeholder may name its form: ``{x:yuan}`` an amount in fen, ``{x:percent}`` a ratio per ten thousand,
``{x:points}`` the same as a bare number of percentage points, ``{x:name}`` a person's id, ``{x:day}`` a date,
``{x:moment}`` a moment, ``{x:span}`` and ``{x:this}`` the period of a counter (``2024-Q3``; a year where none is named),
``{x:cases}`` for whom a modifier is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from importlib import resources
from string import Formatter
from typing import Any, Final

import structlog
from babel.dates import format_date, format_datetime
from babel.messages.pofile import read_po

from gongji.benefit.model import Step
from gongji.foundation.clock import CHINA
from gongji.foundation.money import part_of, percent, yuan
from gongji.rules.model import Clause, Grade, Relation
from gongji.settlement.model import Explanation, PayerLine

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


_DATES: Final = {
    Language.CHINESE: ("y年M月d日", "y年M月d日 HH:mm"),
    Language.ENGLISH: ("d MMMM y", "d MMMM y, HH:mm"),
}


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """All sentences of a language by message id."""
    path = resources.files("gongji") / "locale" / language / "LC_MESSAGES" / "gongji.po"
    with path.open("rb") as file:
        read = read_po(file, locale=language, abort_invalid=True)
    return {str(message.id): str(message.string) for message in read if message.id}


def money(fen: int) -> str:
    """An amount as people read it: ``-131045`` becomes ``−¥1,310.45``."""
    whole, part = yuan(abs(fen)).split(".")
    return f"{'−' if fen < 0 else ''}¥{int(whole):,}.{part}"


def day(value: date, language: Language) -> str:
    """A date, or a moment's date in China, as the language writes it."""
    if isinstance(value, datetime):
        value = value.astimezone(CHINA).date()
    return format_date(value, _DATES[language][0], locale=language)


def moment(value: datetime, language: Language) -> str:
    """A moment in China's time as the language writes it, to the minute."""
    return format_datetime(value.astimezone(CHINA), _DATES[language][1], locale=language)


class _Filler(Formatter):
    """Fills placeholders in the form that each of them names."""

    def __init__(self, language: Language, names: Mapping[int, str]) -> None:
        self._language = language
        self._names = names

    def format_field(self, value: Any, form: str) -> str:
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
        return str(super().format_field(value, form))


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
    return _Filler(language, names or {}).vformat(catalogue(language)[msgid], (), values)


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
        return _Filler(language, names or {}).vformat(sentence, (), values)
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


#: "Same order everywhere": funds, own account, relatives, wallet, cash.
PAYER_ORDER: Final = ("fund.pool", "fund.large", "fund.civil", "fund.aid", "own", "shared", "wallet", "cash")

#: Sources of these grades need no warning.
TRUSTED: Final = (Grade.OFFICIAL, Grade.LOCAL_MEDIA)

MOST_STEPS: Final = 4


@dataclass(frozen=True, slots=True)
class ToldPayer:
    """One payer in words.

    Attributes:
        payer: the payer's code (`PayerLine.payer`).
        label: who that is.
        amount: fen.
        because_code: the reason's code.
        because: why, in a sentence.
        clause: the text that it rests on.
        caution: a sentence on how far the source can be trusted; None where it needs none.
    """

    payer: str
    label: str
    amount: int
    because_code: str
    because: str
    clause: Clause | None
    caution: str | None


@dataclass(frozen=True, slots=True)
class ToldStep:
    """One numbered sentence of the funds' arithmetic, with the texts it rests on and what is to be known of them."""

    codes: tuple[str, ...]
    sentence: str
    clauses: tuple[Clause, ...]
    caution: str | None


@dataclass(frozen=True, slots=True)
class ToldExplanation:
    """An explanation in words: payers in the fixed order, at most four numbered sentences, and the sum (fen)."""

    payers: tuple[ToldPayer, ...]
    steps: tuple[ToldStep, ...]

    @property
    def total(self) -> int:
        """What the payers paid together, in fen."""
        return sum(payer.amount for payer in self.payers)

    @property
    def cautions(self) -> tuple[str, ...]:
        """Everything to be known of its sources, each sentence once."""
        noted = [*(payer.caution for payer in self.payers), *(step.caution for step in self.steps)]
        return tuple(dict.fromkeys(note for note in noted if note))


def explain(explanation: Explanation, language: Language, names: Mapping[int, str]) -> ToldExplanation:
    """An explanation in words.

    Args:
        explanation: the settlement's own.
        language: in which.
        names: what to call the people whose ids its inputs hold (sharers); others are "a relative".
    """
    payers = in_order(explanation.payers)
    sentences = [tell_step(step, language) for step in explanation.steps]
    if len(sentences) > MOST_STEPS:
        last = sentences[MOST_STEPS - 1 :]
        sentences = [*sentences[: MOST_STEPS - 1], _joined(last, language)]
    return ToldExplanation(tuple(_told_payer(line, language, names) for line in payers), tuple(sentences))


def caution(clause: Clause | None, language: Language) -> str | None:
    """What a reader should know of a source below grade B; None where there is nothing to warn of."""
    if clause is None or clause.grade in TRUSTED:
        return None
    return text(f"grade.{clause.grade}", language)


def in_order(lines: Sequence[PayerLine]) -> list[PayerLine]:
    """Payer lines in the fixed order; lines of one payer stay as they were."""
    return sorted(lines, key=_place)


def _place(line: PayerLine) -> int:
    return PAYER_ORDER.index(line.payer) if line.payer in PAYER_ORDER else len(PAYER_ORDER)


def _told_payer(line: PayerLine, language: Language, names: Mapping[int, str]) -> ToldPayer:
    values = {"amount": line.amount, **line.inputs}
    nobody = line.payer == "shared" and "sharer" not in line.inputs
    label = told("payer.shared.nobody" if nobody else f"payer.{line.payer}", language, values, names)
    because = told(f"because.{line.because}", language, values, names)
    return ToldPayer(
        line.payer,
        label or text("payer.unknown", language, code=line.payer),
        line.amount,
        line.because,
        because or text("because.unknown", language, code=line.because),
        line.clause,
        caution(line.clause, language),
    )


def tell_step(step: Step, language: Language) -> ToldStep:
    """One step of the funds' arithmetic in words."""
    values = {"amount": step.amount, "period": "", "cases": "", **step.inputs}
    sentence = told(f"step.{_situation(step)}", language, values)
    return ToldStep(
        (step.code,),
        sentence or text("step.unknown", language, code=step.code, amount=step.amount),
        (step.clause,) if step.clause else (),
        caution(step.clause, language),
    )


def _situation(step: Step) -> str:
    """The step's code, with the situation where one sentence does not fit all."""
    inputs = step.inputs
    match step.code:
        case "deductible":
            return f"deductible.{_deductible(step)}"
        case "account_first" if not step.amount:
            return "account_first.empty"
        case "modifier":
            return _modifier(step)
        case "band" if not inputs.get("cost"):
            return "band.none"
        case "band" if inputs.get("to"):
            return "band.to"
        case "cost_cap" if "period" not in inputs and not inputs.get("counted_before"):
            return "cost_cap.visit"
        case "ratio" if not inputs.get("base"):
            return "ratio.none"
        case "ratio" if "ratio" in inputs and step.amount != part_of(_number(step, "base"), _number(step, "ratio")):
            return "ratio.bands"
        case "cap" | "no_cap" if not inputs.get("owed"):
            return "cap.nothing"
        case "cap":
            return _cap(step)
        case "no_rule" if inputs.get("says"):
            return "no_rule.says"
        case "waiting":
            return f"waiting.{inputs.get('late')}"
        case "stage" | "overflow" | "overflow_ratio" if inputs.get("fund") in ("fund.civil", "fund.aid"):
            return f"{step.code}.{inputs['fund']}"
    return step.code


def _number(step: Step, name: str) -> int:
    return int(step.inputs.get(name, 0))


def _deductible(step: Step) -> str:
    """How the deductible stands: nothing covered, none asked, by admission, each visit, or building up over a year."""
    inputs = step.inputs
    if not step.amount and not inputs.get("in_scope"):
        return "none_covered"
    if not inputs.get("threshold"):
        return "none_asked"
    if "admission" in inputs:
        return "long_stay" if _number(step, "cycles") > 1 else "admission"
    if "borne_before" not in inputs:
        return "each_visit" if step.amount else "charged_enough"
    if not step.amount:
        return "met_before"
    if inputs.get("left"):
        return "to_bear"
    return "met_now" if inputs.get("borne_before") else "met_at_once"


def _modifier(step: Step) -> str:
    """What a modifier does to the ratio; one that a newer rule brings is told as a change."""
    effect = f"modifier.{step.inputs.get('effect')}"
    if effect == "modifier.points" and not step.inputs.get("number"):
        return "modifier.points.none"
    return effect if f"step.{effect}" in catalogue(Language.CHINESE) else "modifier"


#: In the names of limits that are of a visit, a month or a quarter, where the step does not name its period.
_NOT_OF_A_YEAR: Final = ("_limit", "month", "quarter", "visit")


def _cap(step: Step) -> str:
    """Whether the cap binds, and whether it is one of a period."""
    rule = step.clause.rule if step.clause and "period" not in step.inputs else ""
    code = "cap.any" if any(word in rule for word in _NOT_OF_A_YEAR) else "cap"
    return f"{code}.binds" if step.amount != step.inputs.get("owed") else code


def _joined(steps: Sequence[ToldStep], language: Language) -> ToldStep:
    """Several sentences as one, so that an explanation never has more numbers than a reader follows."""
    clauses = tuple(dict.fromkeys(clause for step in steps for clause in step.clauses))
    return ToldStep(
        tuple(code for step in steps for code in step.codes),
        ("" if language is Language.CHINESE else " ").join(step.sentence for step in steps),
        clauses,
        next((step.caution for step in steps if step.caution), None),
    )
