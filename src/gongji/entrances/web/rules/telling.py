"""Rules in words: every number and term of what holds in a region on a day as a row of label and value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from gongji.benefit.sensitivity import Visit
from gongji.entrances import wording
from gongji.entrances.open_rules.atlas import Atlas, weakest
from gongji.entrances.open_rules.figures import Figure, Term, figures, shown, terms
from gongji.entrances.open_rules.known import Known, known
from gongji.entrances.wording import Language
from gongji.foundation.money import percent
from gongji.rules.grid import CLASS, NUMBERED
from gongji.rules.model import BenefitRule, CareKind, Clause, Dimension, Grade, Scheme, SharingRule
from gongji.rules.node import Leaf
from gongji.rules.particulars import Fen
from gongji.rules.vocabulary import TRUSTED


@dataclass(frozen=True, slots=True)
class Row:
    """A number or term in words.

    Attributes:
        what: what it is.
        case: for which visits it holds; empty for all.
        value: its value.
        clause: its source; None where the text gives none of its own.
        admission: the admission it is of; 0 where admissions are not told apart.
        onwards: whether it holds for all later admissions too.
    """

    what: str
    case: tuple[str, ...]
    value: str
    clause: Clause | None
    admission: int = 0
    onwards: bool = False

    @property
    def label(self) -> str:
        """What it is, and for which visits."""
        return " · ".join((self.what, *self.case))

    @property
    def weak(self) -> bool:
        """Whether its source needs a warning."""
        return self.clause is not None and self.clause.grade not in TRUSTED


@dataclass(frozen=True, slots=True)
class Source:
    """A source with the labels of the rows that rest on it, and what is to be known of it."""

    labels: tuple[str, ...]
    clause: Clause
    caution: str | None


@dataclass(frozen=True, slots=True)
class Block:
    """The rows of one benefit, or of sharing.

    Attributes:
        key: names it for addresses and for setting blocks side by side (``310-outpatient``, ``sharing``).
        title: in words.
        since, until: the first and the last day; no last day while open.
        rows: what holds.
        caution: a sentence on the weakest of its sources; None where all can be trusted.
    """

    key: str
    title: str
    since: date
    until: date | None
    rows: tuple[Row, ...]
    caution: str | None

    @property
    def is_benefit(self) -> bool:
        """Whether it is a benefit's: not sharing, nor what is known beside."""
        return self.key != "sharing" and not self.key.startswith("known")

    @property
    def mixed(self) -> bool:
        """Whether some of its sources need a warning and others do not: then each row says which it is."""
        return len({row.weak for row in self.rows if row.clause is not None}) > 1

    def sources(self, language: Language) -> tuple[Source, ...]:
        """Every source once, with what rests on it."""
        found: dict[tuple[str, str], list[Row]] = {}
        for row in self.rows:
            if row.clause is not None:
                found.setdefault((row.clause.doc, row.clause.quote), []).append(row)
        return tuple(
            Source(
                tuple(row.label for row in rows), rows[0].clause, wording.caution(rows[0].clause, language)
            )  # the rows of one source share its clause
            for rows in found.values()
            if rows[0].clause is not None
        )


def blocks(atlas: Atlas, code: str, on: date, language: Language) -> tuple[Block, ...]:
    """What holds in a region on a day: a block for each benefit in force, then sharing if a rule is known."""
    region = atlas.region(code)
    rules = [atlas.book.benefit(region.code, one.scheme, one.kind, on) for one in region.benefits]
    found = [benefit_block(rule, language) for rule in rules if rule is not None]
    for stretch in atlas.sharing(region.code):
        if stretch.begins <= on and (stretch.until is None or on <= stretch.until):
            found.append(sharing_block(stretch.rule, stretch.begins, stretch.until, language))
    return tuple(found)


def benefit_block(rule: BenefitRule, language: Language) -> Block:
    """A benefit's rule in words."""
    rows = tuple(_row_of_figure(figure, language) for figure in figures(rule))
    return Block(
        key=f"{rule.scheme}-{rule.kind}",
        title=benefit_title(rule.scheme, rule.kind, language),
        since=rule.effective,
        until=rule.until,
        rows=rows,
        caution=caution_of(weakest(rule.clauses.values()), language),
    )


def sharing_block(rule: SharingRule, begins: date, until: date | None, language: Language) -> Block:
    """A sharing rule in words."""
    return Block(
        key="sharing",
        title=wording.text("rules.sharing", language),
        since=begins,
        until=until,
        rows=tuple(row_of_term(term, language) for term in terms(rule)),
        caution=caution_of(weakest(rule.clauses.values()), language),
    )


#: The blocks of what is known beside benefits, each with the sections of the packs that it shows.
_KNOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "known": ("values", "accrual", "sharing"),
    "known-enrolment": ("waiting", "enrolment"),
    "known-wallet": ("wallet",),
}


def known_blocks(atlas: Atlas, code: str, on: date, language: Language) -> tuple[Block, ...]:
    """What is known beside benefits and a whole sharing rule: numbers, who may join when, the wallet."""
    found = known(atlas.book.lineage(code), on, with_terms=atlas.book.sharing(code, on) is None)
    blocks_of = {key: [one for one in found if one.section in sections] for key, sections in _KNOWN.items()}
    return tuple(
        Block(
            key=key,
            title=wording.text(f"rules.{key.replace('-', '.')}", language),
            since=max(one.clause.effective for one in shown_here),
            until=None,
            rows=tuple(_row_of_known(one, language) for one in shown_here),
            caution=caution_of(weakest(one.clause for one in shown_here), language),
        )
        for key, shown_here in blocks_of.items()
        if shown_here
    )


def _row_of_known(one: Known, language: Language) -> Row:
    if one.section in ("waiting", "enrolment", "wallet"):
        label = label_of_part(f"{one.section}.{one.name}", one.path, language)
        return Row(label, (), told_part(one.value, language), one.clause)
    words = wording.catalogue(language)
    case = tuple(word_of(word, language) for word in one.path)
    if isinstance(one.value, Leaf):
        value = percent(one.value.amount) if one.value.is_ratio else wording.money(one.value.amount)
        return Row(words.get(f"rules.known.{one.name}", one.name), case, value, one.clause)
    return row_of_term(Term(one.name, shown(one.value), one.clause), language)


def label_of_part(term: str, path: tuple[str, ...], language: Language) -> str:
    """What a part of a term is (``enrolment.newborn``, ``within_days``), its unit included."""
    return wording.text(".".join(("rules.known", term, *path)), language)


def told_part(part: object, language: Language) -> str:
    """A part of a term in words: yes or no, a count, an amount, a day, a word of a closed list."""
    if isinstance(part, bool):
        return wording.text("rules.value.yes" if part else "rules.value.no", language)
    if isinstance(part, date):
        return wording.day(part, language)
    if isinstance(part, Fen):
        return wording.money(part)
    return wording.text(f"rules.word.{part}", language) if isinstance(part, str) else str(part)


def benefit_title(scheme: Scheme, kind: CareKind, language: Language) -> str:
    """A benefit's name: scheme and kind of care."""
    return f"{wording.text(f'rules.scheme.{scheme}', language)} · {wording.text(f'rules.kind.{kind}', language)}"


def caution_of(grade: Grade | None, language: Language) -> str | None:
    """What is to be known of numbers whose weakest source has this grade; None where there is nothing to warn of."""
    if grade is None or grade in TRUSTED:
        return None
    return wording.text(f"grade.{grade}", language)


def reading(name: str, option: str, language: Language) -> str:
    """A reading of an open text in words, those of a term of sharing as its value; its own name where there are none."""
    words = wording.catalogue(language)
    return words.get(f"rules.reading.{name}.{option}") or words.get(f"rules.value.{name}.{option}", option)


def _row_of_figure(figure: Figure, language: Language) -> Row:
    what = wording.text(f"rules.about.{figure.about}", language)
    if figure.section == "further" and figure.about != "further.ratio":
        what = wording.text("rules.further", language, what=what)
    by = sorted(figure.case, key=lambda dimension: dimension is Dimension.ADMISSION)  # the admission is told last
    cases = tuple(word_of(figure.case[dimension], language) for dimension in by)
    only = [word_of(word, language) for word in figure.only]
    if only:
        what = f"{what} · {' / '.join(only)}"
    numbered = NUMBERED.fullmatch(figure.case.get(Dimension.ADMISSION, ""))
    admission = int(numbered[2]) if numbered is not None else 0
    return Row(what, cases, _number(figure, language), figure.clause, admission, figure.onwards and admission > 0)


def _number(figure: Figure, language: Language) -> str:
    if figure.unit == "fen":
        return wording.money(figure.number)
    if figure.unit == "times":
        return wording.text("rules.times", language, count=figure.number)
    if figure.about in ("modifier.points", "modifier.less_points"):
        return wording.text("rules.points", language, number=figure.number)
    return percent(figure.number)


def word_of(word: str, language: Language) -> str:
    """A word of a case in words; diseases and whatever else a pack names itself stay as they are."""
    match = CLASS.fullmatch(word)
    if match is not None:
        unit = "months" if match[3] else "age"
        return wording.text(f"rules.class.{match[1]}.{unit}", language, count=int(match[2]))
    match = NUMBERED.fullmatch(word)
    if match is not None:
        return wording.text(f"rules.numbered.{Dimension(match[1])}", language, count=int(match[2]))
    return wording.catalogue(language).get(f"rules.word.{word}", word)


#: Terms whose words stand in another family of the wording.
_FAMILIES: Final = {"relations": "kin", "purposes": "purpose"}
_COUNTED: Final = ("max_relatives", "review_working_days", "unbind_after_days")


def row_of_term(term: Term, language: Language) -> Row:
    """A term of sharing in words."""
    return Row(wording.text(f"rules.term.{term.name}", language), (), _value(term, language), term.clause)


def _value(term: Term, language: Language) -> str:
    value = term.value
    if value is None or value == ():
        return wording.text("rules.value.none", language)
    if isinstance(value, bool):
        return wording.text("rules.value.yes" if value else "rules.value.no", language)
    if isinstance(value, int):
        unit = term.name if term.name in _COUNTED else ""
        return wording.text(f"rules.count.{unit}", language, count=value) if unit else wording.money(value)
    family = _FAMILIES.get(term.name, f"rules.value.{term.name}")
    if isinstance(value, str):
        return wording.text(f"{family}.{value}", language)
    comma = wording.text("home.share.list_comma", language)
    return comma.join(wording.text(f"{family}.{word}", language) for word in value)


def told_visit(visit: Visit, language: Language) -> str:
    """A standard visit in words: who, where, for how much, and after which other one."""
    words = [word_of(visit.status, language), word_of(visit.tier, language)]
    if visit.case:
        words.append(word_of(visit.case, language))
    told = wording.text("rules.reading.visit", language, who=" · ".join(words), amount=visit.amount)
    if visit.before is None:
        return told
    return told + wording.text("rules.reading.after", language, tier=word_of(visit.before, language))
