"""The calculator: a bill, who pays it and why, by the very arithmetic of a settlement; the address is the result."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from gongji.entrances import wording
from gongji.entrances.open_rules.atlas import Atlas
from gongji.entrances.open_rules.cautions import cautions
from gongji.entrances.open_rules.question import Answer, Question, answer
from gongji.entrances.web.citizen.settlement import Bar, bars_of
from gongji.entrances.web.pages import Reader
from gongji.entrances.web.rules.form import READING, Form
from gongji.entrances.web.rules.telling import reading
from gongji.entrances.wording import Language, ToldExplanation
from gongji.foundation.errors import GongjiError
from gongji.rules.book import SHORT_DIGEST


@dataclass(frozen=True, slots=True)
class Choice:
    """One reading of an open text: in words, whether it is taken, and the address that takes it."""

    words: str
    taken: bool
    address: str


@dataclass(frozen=True, slots=True)
class Result:
    """What the calculator shows.

    Attributes:
        code, name: the region.
        on: the day.
        total, fund, rest: fen: the bill, what the funds pay, what accounts and cash pay.
        known: whether there is a rule at all.
        explained: who pays what, and why.
        bars: the bar of payers.
        cautions: what is to be known of it.
        readings: what the text leaves open: why (in Chinese, from the pack), and the choices.
        digest: short version of the rules; "" without.
    """

    code: str
    name: str
    on: date
    total: int
    fund: int
    rest: int
    known: bool
    explained: ToldExplanation
    bars: tuple[Bar, ...]
    cautions: tuple[str, ...]
    readings: tuple[tuple[str, tuple[Choice, ...]], ...]
    digest: str


def calculate(atlas: Atlas, query: QueryParams, today: date, reader: Reader) -> tuple[Form, Result | None]:
    """The form as filled in and, when everything can be read, the result."""
    form = Form.of(query, today, reader)
    question = form.question(atlas) if form.sent else None
    if question is None:
        return form, None
    try:
        found = answer(atlas, question)
    except GongjiError as problem:
        form.refuse(problem)
        return form, None
    return form, _result(question, found, query, reader.language)


def _result(question: Question, found: Answer, query: QueryParams, language: Language) -> Result:
    explained = wording.explain(found.explanation, language, {})
    return Result(
        code=found.region,
        name=found.name,
        on=question.on,
        total=question.bill.total,
        fund=found.assessment.fund_total,
        rest=question.bill.total - found.assessment.fund_total,
        known=found.rule is not None,
        explained=explained,
        bars=bars_of(explained),
        cautions=cautions(found, language),
        readings=_readings(found, query, language),
        digest=found.assessment.digest[:SHORT_DIGEST],
    )


def _readings(found: Answer, query: QueryParams, language: Language) -> tuple[tuple[str, tuple[Choice, ...]], ...]:
    taken = found.readings
    return tuple(
        (
            one.why,
            tuple(
                Choice(
                    reading(one.name, option, language), option == taken.get(one.name), _with(query, one.name, option)
                )
                for option in one.options
            ),
        )
        for one in found.open_readings.values()
        if len(one.options) > 1 and one.name in taken
    )


def _with(query: QueryParams, name: str, option: str) -> str:
    key = f"{READING}{name}"
    kept = [(name, value) for name, value in query.multi_items() if name != key]
    return f"/rules/calculator?{urlencode([*kept, (key, option)])}"
