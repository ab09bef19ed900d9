"""Letters of the agency's supervision, for the program of the institution, or the citizen, whom they are for."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from gongji.entrances.api.door import Call, Door
from gongji.entrances.api.people import words
from gongji.entrances.api.problems import RESPONSES, Words
from gongji.entrances.api.shapes import Body
from gongji.foundation.access import Role
from gongji.foundation.errors import NotAllowed
from gongji.oversight.alerts import letters as oversight
from gongji.oversight.alerts.model import Letter, LetterKind, Outcome, Reader, RowKind
from gongji.registry import service as registry
from gongji.settlement.model import wire_id

router = APIRouter(prefix="/v1/oversight/letters", tags=["oversight"], responses=RESPONSES)

At = Annotated[Door, Depends()]
Number = Annotated[str, Path(pattern=r"^[0-9]{1,18}$", description="number of the letter")]


class AskedOut(BaseModel):
    """A payment that a letter is about."""

    setl_id: str | None = Field(description="null for what is no settlement")
    at: datetime | None
    amount_fen: int | None = Field(description="of a relative's settlement what the reader's account gave")
    taken_back: bool = Field(description="whether the settlement has been taken back since")


class LetterOut(BaseModel):
    """A letter: what is asked, or how it ended, and the payments that it is about."""

    id: str
    kind: LetterKind
    words: str = Field(description='what the officer writes; ""')
    sent_at: datetime
    due_on: date | None = Field(description="by when an answer is hoped for; null in a decision")
    over: bool = Field(description="the case is concluded: no answer is taken any more")
    outcome: Outcome | None = Field(description="how the case ended; null in a letter that asks")
    outcome_words: Words | None
    answered_at: datetime | None
    answer: str | None
    payments: list[AskedOut]


class AnswerIn(Body):
    """An answer."""

    answer: Annotated[str, Field(max_length=2000)] = Field(description="4 to 1000 characters")


@router.get("")
def read_letters(door: At) -> list[LetterOut]:
    """The caller's letters, newest first."""
    with door.open(Role.INTEGRATOR, Role.CITIZEN) as call:
        reader, reader_id = _reader(call)
        found = oversight.letters_to(call.connection, call.platform.vault, reader, reader_id)
        call.note("alert_letter.read_list", reader_id if reader is Reader.PERSON else None)
        return [_out(call, one) for one in found]


@router.post("/{number}/answer")
def answer_letter(number: Number, body: AnswerIn, door: At) -> LetterOut:
    """Answer a letter, once, while its case is open. Documents are handed in on the citizen's page, or at the window."""
    with door.open(Role.INTEGRATOR, Role.CITIZEN) as call:
        reader, reader_id = _reader(call)
        one = oversight.letter_to(call.connection, call.platform.vault, int(number), reader, reader_id)
        answered = oversight.answer(
            call.connection,
            call.platform.vault,
            call.platform.files,
            one,
            words=body.answer.strip(),
            document=None,
            caller=call.caller,
            at=call.now,
        )
        return _out(call, answered)


def _reader(call: Call) -> tuple[Reader, int]:
    """Whom the token is for.

    Raises:
        NotAllowed: ``access.institution``.
    """
    if call.caller.role is Role.CITIZEN:
        assert call.caller.person_id is not None, "the database holds no citizen's token without a person"
        return Reader.PERSON, call.caller.person_id
    found = registry.institution_by_code(call.connection, call.caller.holder)
    if found is None:
        raise NotAllowed(
            "access.institution",
            "this token is no institution's: make one with `gongji token institution`",
            "这个令牌不是定点医药机构的",
        )
    return Reader.INSTITUTION, found.id


def _out(call: Call, one: Letter) -> LetterOut:
    rows = oversight.rows_for(call.connection, one)
    back = oversight.taken_back(call.connection, rows)
    return LetterOut(
        id=str(one.id),
        kind=one.kind,
        words=one.words,
        sent_at=one.sent_at,
        due_on=one.due_on,
        over=one.over,
        outcome=one.outcome,
        outcome_words=words(f"letter.outcome.{one.outcome}") if one.outcome else None,
        answered_at=one.answered_at,
        answer=one.answer,
        payments=[
            AskedOut(
                setl_id=wire_id(row.facts["region"], row.id) if row.kind is RowKind.SETTLEMENT else None,
                at=row.facts.get("at"),
                amount_fen=oversight.amount_for(row, one),
                taken_back=row.kind is RowKind.SETTLEMENT and row.id in back,
            )
            for row in rows
        ],
    )
