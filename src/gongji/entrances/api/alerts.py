"""Supervision: cases that alerts have joined into; for officers' programs."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field

from gongji.entrances import alert_words
from gongji.entrances.api.door import Call, Door
from gongji.entrances.api.people import words
from gongji.entrances.api.problems import RESPONSES, Words
from gongji.entrances.api.shapes import Body, Code
from gongji.entrances.wording import Language
from gongji.foundation.access import Duty, Role
from gongji.oversight.alerts import casework, letters, queue, refusals
from gongji.oversight.alerts.model import Alert, Case, LetterKind, Outcome, Reader, Reason, RowKind, RuleCode, Subject
from gongji.registry import service as registry
from gongji.registry.model import Institution, Person
from gongji.settlement.model import wire_id

router = APIRouter(prefix="/v1/oversight", tags=["oversight"], responses=RESPONSES)

At = Annotated[Door, Depends()]
Number = Annotated[str, Path(pattern=r"^[0-9]{1,18}$", description="number of the case")]
Text = Annotated[str, Field(max_length=1000)]
AlertNumber = Annotated[str, Field(pattern=r"^[0-9]{1,18}$")]


class RowOut(BaseModel):
    """A row behind an alert, as it stood when it was found."""

    kind: RowKind
    number: str = Field(description="a settlement's setl_id; our number of anything else")
    at: datetime | None
    amount_fen: int | None
    person: str | None = Field(description="masked name")
    institution: str | None = Field(description="fixmedins_code")
    taken_back: bool = Field(description="whether the settlement has been taken back since")


class AlertOut(BaseModel):
    """An alert with the sentence that explains it."""

    id: str
    rule: RuleCode
    rule_words: Words
    told: Words
    measured: dict[str, Any]
    found_at: datetime
    lapsed_at: datetime | None = Field(description="since when what it rested on is taken back; null while it holds")
    founded: bool | None = Field(description="what was found; null while the case is open")
    rows: list[RowOut]


class LetterInCaseOut(BaseModel):
    """A letter of the case, with its answer."""

    id: str
    kind: LetterKind
    reader: str = Field(description="person:<psn_no> or institution:<code>")
    words: str
    sent_at: datetime
    due_on: date | None
    answered_at: datetime | None
    answer: str | None
    pages: int = Field(description="pages of documents that came with the answer")


class CaseOut(BaseModel):
    """A case: what it is about, how old it is, who has it, how it ended."""

    id: str
    subject: Subject
    readers: list[str] = Field(description="who may be asked: person:<psn_no>, institution:<code>")
    region: str
    opened_at: datetime
    age_days: int
    due_on: date
    holder: str | None
    outcome: Outcome | None
    outcome_words: Words | None
    reason: Reason | None
    concluded_at: datetime | None
    alerts: list[AlertOut]
    letters: list[LetterInCaseOut]


class CaseLineOut(BaseModel):
    """A case in the queue."""

    id: str
    subject: Subject
    region: str
    opened_at: datetime
    age_days: int
    due_on: date
    holder: str | None
    outcome: Outcome | None


class AskIn(Body):
    """Who is asked, and what."""

    reader: Annotated[str, Field(max_length=60)] = Field(description="one of the case's `readers`")
    words: Text = Field(description="4 to 500 characters; they read it", examples=["3月3日的三笔是谁来买的？"])


class ConcludeIn(Body):
    """How a case ends."""

    outcome: Code = Field(description=", ".join(Outcome), examples=["explained"])
    reason: Code = Field(description=", ".join(Reason), examples=["family_together"])
    shown: list[AlertNumber] = Field(
        max_length=1000,
        description="numbers of the alerts that the officer decides on; one that joined since is refused",
    )
    founded: list[AlertNumber] = Field(default=[], max_length=1000, description="numbers of the alerts that were right")
    words: Text = Field(
        default="", description="what the people and institutions read; asked for where alerts were right"
    )
    note: Text = Field(default="", description="for colleagues only")
    until: date | None = Field(default=None, description="last day of a freeze; null: until it is lifted")


@router.get("/cases")
def read_cases(
    door: At,
    show: Annotated[Literal["open", "concluded"], Query()] = "open",
    rule: Annotated[RuleCode | None, Query()] = None,
    subject: Annotated[Subject | None, Query()] = None,
    after: Annotated[
        str | None, Query(pattern=r"^[0-9]{1,18}$", description="the id of the case behind which to go on")
    ] = None,
) -> list[CaseLineOut]:
    """The cases of the officer's region, the oldest first (concluded ones the newest first), at most 200 at once; none about
    the officer or a relative."""
    with door.open(Role.OFFICER) as call:
        call.caller.require_duty(Duty.INSPECTOR, Duty.AUDITOR)
        call.note("alert_case.read_list")
        concluded = show == "concluded"
        last = int(after) if after is not None else None
        found = queue.listed(call.connection, area(call), concluded=concluded, rule=rule, subject=subject, after=last)
        known = queue.not_own(call.connection, found, call.caller, call.now)
        return [CaseLineOut(**_line(call, one)) for one in known]


@router.get("/cases/{number}")
def read_case(number: Number, door: At) -> CaseOut:
    """A case with its alerts, the rows behind them, and letters. The reading is noted for everybody whom it shows."""
    with door.open(Role.OFFICER) as call:
        call.caller.require_duty(Duty.INSPECTOR, Duty.AUDITOR)
        return _out(call, int(number))


@router.post("/cases/{number}/claim")
def claim_case(number: Number, door: At) -> CaseOut:
    """Take a case in charge; nobody takes their own, or a relative's."""
    with door.open(Role.OFFICER) as call:
        casework.claim(call.connection, int(number), call.caller, call.now)
        return _out(call, int(number))


@router.post("/cases/{number}/release")
def release_case(number: Number, door: At) -> CaseOut:
    """Give a case back for colleagues."""
    with door.open(Role.OFFICER) as call:
        casework.release(call.connection, int(number), call.caller, call.now)
        return _out(call, int(number))


@router.post("/cases/{number}/ask")
def ask(number: Number, body: AskIn, door: At) -> CaseOut:
    """Ask one of the case's `readers` to explain: a citizen on their pages, an institution at `GET /oversight/letters`."""
    with door.open(Role.OFFICER) as call:
        case, alerts = casework.read(call.connection, int(number), call.caller, call.now)
        named = {text: own for own, text in _readers(call, case, alerts).items()}
        if body.reader not in named:
            raise refusals.reader_unknown(named)
        kind, identifier = named[body.reader]
        casework.ask(
            call.connection,
            call.platform.calendar,
            case.id,
            reader=f"{kind}:{identifier}",
            words=body.words,
            caller=call.caller,
            at=call.now,
        )
        return _out(call, case.id)


@router.post("/cases/{number}/conclude")
def conclude(number: Number, body: ConcludeIn, door: At) -> CaseOut:
    """End a case with a coded reason. `frozen` freezes the account, which a second officer has to agree to; `take_back` tells
    the institutions which settlements to take back."""
    with door.open(Role.OFFICER) as call:
        casework.conclude(
            call.connection,
            call.platform.calendar,
            int(number),
            outcome=body.outcome,
            reason=body.reason,
            shown=[int(one) for one in body.shown],
            founded=[int(one) for one in body.founded],
            words=body.words.strip(),
            note=body.note.strip(),
            until=body.until,
            caller=call.caller,
            at=call.now,
        )
        return _out(call, int(number))


def area(call: Call) -> str:
    """The first digits of the regions that the officer works for."""
    region = call.caller.region or ""
    return region[:2] if region.endswith("0000") else region[:4]


def _line(call: Call, one: Case) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "subject": one.subject_kind,
        "region": one.region,
        "opened_at": one.opened_at,
        "age_days": one.age(call.now.date()),
        "due_on": one.due_on,
        "holder": one.holder,
        "outcome": one.outcome,
    }


def _readers(call: Call, case: Case, alerts: Collection[Alert]) -> dict[tuple[Reader, int], str]:
    """Who may be asked, as programs name them."""
    found = casework.readers_of(call.connection, case, alerts)
    people = _people(call, {whose for kind, whose in found if kind is Reader.PERSON})
    places = _places(call, {whose for kind, whose in found if kind is Reader.INSTITUTION})
    return {
        (kind, whose): f"{kind}:{people[whose].psn_no if kind is Reader.PERSON else places[whose].code}"
        for kind, whose in found
    }


def _people(call: Call, ids: Collection[int]) -> dict[int, Person]:
    return registry.people_by_id(call.connection, call.platform.vault, ids)


def _places(call: Call, ids: Collection[int]) -> dict[int, Institution]:
    return registry.institutions_by_id(call.connection, ids)


def _out(call: Call, number: int) -> CaseOut:
    case, alerts = casework.read(call.connection, number, call.caller, call.now)
    readers = _readers(call, case, alerts)
    people = _people(call, casework.people_of(call.connection, case, alerts))
    places = _places(call, casework.institutions_of(case, alerts))
    back = letters.taken_back(call.connection, [row for one in alerts for row in one.rows])
    return CaseOut(
        **_line(call, case),
        readers=list(readers.values()),
        outcome_words=words(f"alert.outcome.{case.outcome}") if case.outcome else None,
        reason=case.reason,
        concluded_at=case.concluded_at,
        alerts=[_alert(call, one, people, places, back) for one in alerts],
        letters=[
            LetterInCaseOut(
                id=str(one.id),
                kind=one.kind,
                reader=readers.get((one.reader_kind, one.reader_id), one.reader_kind.value),
                words=one.words,
                sent_at=one.sent_at,
                due_on=one.due_on,
                answered_at=one.answered_at,
                answer=one.answer,
                pages=one.pages,
            )
            for one in letters.letters_in(call.connection, call.platform.vault, case.id)
        ],
    )


def _alert(
    call: Call, one: Alert, people: dict[int, Person], places: dict[int, Institution], back: Collection[int]
) -> AlertOut:
    rows = []
    for row in one.rows:
        facts, settled = row.facts, row.kind is RowKind.SETTLEMENT
        person, institution = facts.get("person"), facts.get("institution")
        rows.append(
            RowOut(
                kind=row.kind,
                number=wire_id(facts["region"], row.id) if settled else str(row.id),
                at=facts.get("at"),
                amount_fen=facts.get("fen"),
                person=people[person].masked_name if person is not None else None,
                institution=places[institution].code if institution is not None else None,
                taken_back=settled and row.id in back,
            )
        )
    rules = call.platform.rules
    return AlertOut(
        id=str(one.id),
        rule=one.rule,
        rule_words=words(f"alert.rule.{one.rule}"),
        told=Words(
            zh=alert_words.told(one, rules, Language.CHINESE), en=alert_words.told(one, rules, Language.ENGLISH)
        ),
        measured=dict(one.measured),
        found_at=one.found_at,
        lapsed_at=one.lapsed_at,
        founded=one.founded,
        rows=rows,
    )
