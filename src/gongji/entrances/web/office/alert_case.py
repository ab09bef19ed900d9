"""The page of a case of supervision: what was found with the rows behind it, letters, the conclusion, the history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from starlette.responses import Response

from gongji.entrances import alert_words
from gongji.entrances.web.office.alerts import READERS, Names
from gongji.entrances.web.office.freezing import last_day
from gongji.entrances.web.office.pages import for_duties, show
from gongji.entrances.web.visits import PLACE, Visit, whole
from gongji.foundation import audit
from gongji.foundation.access import Duty
from gongji.foundation.documents import PAGE_TYPE
from gongji.foundation.errors import GongjiError, NotFound
from gongji.oversight.alerts import casework, letters
from gongji.oversight.alerts.model import (
    FOUNDED,
    REASONS,
    Alert,
    CaseStep,
    Outcome,
    Reader,
    Reason,
    RowBehind,
    RowKind,
)
from gongji.settlement.model import wire_id

_FIELDS: Final = ("reader", "words", "outcome", "founded", "reason", "decision_words", "until", "note")


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row behind an alert in words: when, who, where, what, how much; and whether it was taken back since."""

    at: datetime | None
    who: str
    place: str
    what: str
    fen: int | None
    number: str
    back: bool


@dataclass(frozen=True, slots=True)
class ShownAlert:
    """An alert with its sentence and rows."""

    alert: Alert
    name: str
    told: str
    rows: tuple[ShownRow, ...]


@for_duties(*READERS)
def case(visit: Visit) -> Response:
    """``GET /alerts/{number}``."""
    return _page(visit)


@for_duties(*READERS)
def document(visit: Visit) -> Response:
    """``GET /alerts/{number}/letters/{letter}/{page}``: a page of what came with an answer, as a picture."""
    found, _ = casework.read(visit.connection, visit.number(), visit.caller, visit.now)
    number, page = visit.number("letter"), visit.number("page", PLACE)
    one = next(
        (one for one in letters.letters_in(visit.connection, visit.platform.vault, found.id) if one.id == number), None
    )
    if one is None:
        raise NotFound("alert_letter.unknown", "there is no such page", "没有找到这一页")
    content = letters.page_of(visit.connection, visit.platform.files, one, page, visit.now)
    person_id = one.reader_id if one.reader_kind is Reader.PERSON else None
    audit.record(
        visit.connection, visit.caller, "alert_letter.read_page", at=visit.now, person_id=person_id, letter=one.id
    )
    return Response(content, media_type=PAGE_TYPE)


@for_duties(Duty.INSPECTOR)
def step(visit: Visit) -> Response:
    """``POST /alerts/{number}``: take the case, give it back, ask somebody, or conclude it."""
    number, form = visit.number(), visit.form
    try:
        with visit.connection.begin_nested():
            notice = _done(visit, number)
    except GongjiError as problem:
        if isinstance(problem, NotFound):
            raise
        field = problem.field if problem.field in _FIELDS else "case"
        if field == "words" and form.text("step") == "conclude":
            field = "decision_words"
        return _page(visit, {field: visit.reader.sentence(problem)}, problem.status)
    return visit.go(f"/alerts/{number}?notice={notice}")


def _done(visit: Visit, number: int) -> str:
    """Carry a step out; gives the notice that tells of it."""
    form, caller, now = visit.form, visit.caller, visit.now
    match form.text("step"):
        case "claim":
            casework.claim(visit.connection, number, caller, now)
            return "alert_claimed"
        case "release":
            casework.release(visit.connection, number, caller, now)
            return "alert_released"
        case "ask":
            asked = {"reader": form.text("reader"), "words": form.text("words")}
            casework.ask(visit.connection, visit.platform.calendar, number, **asked, caller=caller, at=now)
            return "alert_asked"
    casework.conclude(
        visit.connection,
        visit.platform.calendar,
        number,
        outcome=form.text("outcome"),
        reason=form.text("reason"),
        shown=_numbers(form.all("shown")),
        founded=_numbers(form.all("founded")),
        words=form.text("decision_words"),
        note=form.text("note"),
        until=last_day(form.text("until")),
        caller=caller,
        at=now,
    )
    return "alert_concluded"


def _numbers(typed: Sequence[str]) -> list[int]:
    return [number for one in typed if (number := whole(one)) is not None]


def _page(visit: Visit, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    one, alerts = casework.read(visit.connection, visit.number(), visit.caller, visit.now)
    names = Names.of(visit, [one], alerts)
    text, form = visit.reader.text, visit.form
    mine = one.open and one.holder == visit.caller.holder and Duty.INSPECTOR in visit.caller.duties
    readers = casework.readers_of(visit.connection, one, alerts)
    return show(
        visit,
        "alert_case.html",
        status=status,
        one=one,
        subject=names.subject(visit, one),
        on=visit.now.date(),
        alerts=_shown(visit, alerts, names),
        letters=[
            (letter, _reader(visit, letter.reader_kind, letter.reader_id, names))
            for letter in letters.letters_in(visit.connection, visit.platform.vault, one.id)
        ],
        steps=[(line, _step_words(visit, line)) for line in casework.steps_of(visit.connection, one.id)],
        mine=mine,
        may_claim=one.open
        and not mine
        and Duty.INSPECTOR in visit.caller.duties
        and casework.may_be_taken(visit.connection, one, visit.caller, visit.now),
        readers=[(f"{kind}:{number}", _reader(visit, kind, number, names), "") for kind, number in readers],
        outcomes=[
            (value.value, text(f"alert.outcome.{value}"), text(f"office.alert.outcome.{value}")) for value in Outcome
        ],
        reasons=[
            ("", text("office.alert.reason.choose")),
            *((reason.value, _reason(visit, reason)) for reason in Reason),
        ],
        founded=form.all("founded") if visit.posted else [str(alert.id) for alert in alerts if alert.lapsed_at is None],
        errors=errors or {},
        form=form,
    )


def _reason(visit: Visit, reason: Reason) -> str:
    """A reason with the outcomes that it goes with; those that say that the alerts were right are one."""
    text, said = visit.reader.text, visit.reader.text(f"alert.reason.{reason}")
    if reason in REASONS[next(iter(FOUNDED))]:
        return text("office.alert.reason.founded", reason=said)
    outcome = next(one for one, reasons in REASONS.items() if reason in reasons)
    return text("office.alert.reason.with", reason=said, outcome=text(f"alert.outcome.{outcome}"))


def _reader(visit: Visit, kind: Reader, number: int, names: Names) -> str:
    return names.person(number) if kind is Reader.PERSON else names.institution(number)


def _shown(visit: Visit, alerts: Sequence[Alert], names: Names) -> list[ShownAlert]:
    back = letters.taken_back(visit.connection, [row for one in alerts for row in one.rows])
    language = visit.reader.language
    return [
        ShownAlert(
            one,
            alert_words.name_of(one.rule, language),
            alert_words.told(one, visit.platform.rules, language),
            tuple(_row(visit, row, names, back) for row in one.rows),
        )
        for one in alerts
    ]


def _row(visit: Visit, row: RowBehind, names: Names, back: set[int]) -> ShownRow:
    facts: Any = row.facts
    person, to, place = facts.get("person"), facts.get("to"), facts.get("institution")
    who = names.person(person) if person is not None else ""
    if to is not None:
        who = visit.reader.text("office.alerts.pair", giver=who, taker=names.person(to))
    settled = row.kind is RowKind.SETTLEMENT
    return ShownRow(
        at=datetime.fromisoformat(facts["at"]) if facts.get("at") else None,
        who=who,
        place=names.institution(place) if place is not None else "",
        what=facts.get("item") or facts.get("code") or visit.reader.text(f"alert.row.{row.kind}"),
        fen=facts.get("fen"),
        number=wire_id(facts["region"], row.id) if settled else str(row.id),
        back=settled and row.id in back,
    )


def _step_words(visit: Visit, line: CaseStep) -> str:
    """A line of the history; it names the rule or the outcome where it has one."""
    text = visit.reader.text
    named = [text(f"alert.{what}.{line.details[what]}") for what in ("rule", "outcome") if what in line.details]
    return " · ".join([text(f"alert.step.{line.step}"), *named])
