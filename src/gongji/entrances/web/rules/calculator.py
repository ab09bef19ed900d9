"""The calculator: a bill, who pays it and why, by the very arithmetic of a settlement; the address is the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from starlette.datastructures import QueryParams

from gongji.entrances import explaining, wording
from gongji.entrances.explaining import ToldExplanation
from gongji.entrances.open_rules.atlas import Atlas
from gongji.entrances.open_rules.cautions import cautions
from gongji.entrances.open_rules.question import Answer, Question
from gongji.entrances.open_rules.year import Earlier, answers
from gongji.entrances.web.citizen.settlement import Bar, bars_of
from gongji.entrances.web.pages import Reader
from gongji.entrances.web.rules.form import Form
from gongji.entrances.web.rules.telling import benefit_title, reading, word_of
from gongji.entrances.wording import Language
from gongji.foundation.errors import GongjiError
from gongji.rules.book import SHORT_DIGEST


@dataclass(frozen=True, slots=True)
class Choice:
    """One reading of an open text: in words, whether it is taken, what the funds then pay (fen), its address."""

    words: str
    taken: bool
    fund: int
    address: str


@dataclass(frozen=True, slots=True)
class YearRow:
    """A visit of the year: when, what, and in fen what it cost and what the funds and the patient paid."""

    on: date
    what: str
    total: int
    fund: int

    @property
    def rest(self) -> int:
        """What the funds did not pay, fen."""
        return self.total - self.fund


@dataclass(frozen=True, slots=True)
class Result:
    """What the calculator shows.

    Attributes:
        code, name: the region.
        on: the day.
        total, fund, rest: fen: the bill, what the funds pay, what accounts and cash pay.
        known: whether there is a rule at all.
        elsewhere: where there is none: the benefits that do have one here that day, each with its address.
        explained: who pays what, and why.
        bars: the bar of payers.
        cautions: what is to be known of it.
        readings: what the text leaves open: why (in Chinese, from the pack), and the choices.
        year: every visit of the year, the one asked about last; empty without earlier ones.
        address: the shortest address of this result.
        digest: short version of the rules; "" without.
    """

    code: str
    name: str
    on: date
    total: int
    fund: int
    rest: int
    known: bool
    elsewhere: tuple[tuple[str, str], ...]
    explained: ToldExplanation
    bars: tuple[Bar, ...]
    cautions: tuple[str, ...]
    readings: tuple[tuple[str, tuple[Choice, ...]], ...]
    year: tuple[YearRow, ...]
    address: str
    digest: str

    @property
    def year_total(self) -> YearRow:
        """The sums of the year."""
        return YearRow(self.on, "", sum(row.total for row in self.year), sum(row.fund for row in self.year))


def calculate(atlas: Atlas, query: QueryParams, today: date, reader: Reader) -> tuple[Form, Result | None]:
    """The form as filled in and, when everything can be read, the result."""
    form = Form.of(query, today, reader)
    if not form.sent:
        return form, None
    question, earlier = form.question(atlas), form.earlier()
    if question is None or form.errors:
        return form, None
    try:
        year = answers(atlas, question, earlier)
        readings = _readings(atlas, form, year[-1])
    except GongjiError as problem:
        form.refuse(problem)
        return form, None
    return form, _result(atlas, form, question, earlier, year, readings)


def _result(
    atlas: Atlas,
    form: Form,
    question: Question,
    earlier: Sequence[Earlier],
    year: Sequence[Answer],
    readings: tuple[tuple[str, tuple[Choice, ...]], ...],
) -> Result:
    found, language = year[-1], form.reader.language
    explained = explaining.explain(found.explanation, language, {})
    return Result(
        code=found.region,
        name=wording.place(found.region, found.name, language),
        on=question.on,
        total=question.bill.total,
        fund=found.assessment.fund_total,
        rest=question.bill.total - found.assessment.fund_total,
        known=found.rule is not None,
        elsewhere=() if found.rule else _elsewhere(atlas, form, question),
        explained=explained,
        bars=bars_of(explained),
        cautions=cautions(found, language),
        readings=readings,
        year=_year(question, earlier, year, language) if earlier else (),
        address=form.address,
        digest=found.assessment.digest[:SHORT_DIGEST],
    )


def _elsewhere(atlas: Atlas, form: Form, question: Question) -> tuple[tuple[str, str], ...]:
    """The benefits with a rule in the region on that day."""
    return tuple(
        (
            benefit_title(one.scheme, one.kind, form.reader.language),
            replace(form, values=form.values | {"kind": one.kind}).address,
        )
        for one in atlas.region(question.region).benefits
        if one.scheme is question.scheme
        and one.kind is not question.kind
        and atlas.book.benefit(question.region, one.scheme, one.kind, question.on) is not None
    )


def _year(
    question: Question, earlier: Sequence[Earlier], year: Sequence[Answer], language: Language
) -> tuple[YearRow, ...]:
    visits = [(one.on, one.kind, one.tier, one.bill) for one in sorted(earlier, key=lambda one: one.on)]
    visits.append((question.on, question.kind, question.tier, question.bill))
    return tuple(
        YearRow(
            on,
            f"{wording.text(f'rules.kind.{kind}', language)} · {word_of(tier, language)}",
            bill.total,
            found.assessment.fund_total,
        )
        for (on, kind, tier, bill), found in zip(visits, year, strict=True)
    )


def _readings(atlas: Atlas, form: Form, found: Answer) -> tuple[tuple[str, tuple[Choice, ...]], ...]:
    return tuple(
        (one.why, tuple(_choice(atlas, form, found, one.name, option) for option in one.options))
        for one in found.open_readings.values()
        if len(one.options) > 1 and one.name in found.readings
    )


def _choice(atlas: Atlas, form: Form, found: Answer, name: str, option: str) -> Choice:
    other, taken = form.under(name, option), option == found.readings[name]
    question = None if taken else other.question(atlas)
    paid = answers(atlas, question, other.earlier())[-1] if question is not None else found
    return Choice(reading(name, option, form.reader.language), taken, paid.assessment.fund_total, other.address)
