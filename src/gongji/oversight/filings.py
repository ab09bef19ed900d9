"""What officers decide on filings (备案): granted, refused, taken back, ended. The person is told each step, and the coded
reason is the text that they read; a note is for colleagues only. Nobody decides on their own or a relative's filing."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa

from gongji.family import casework
from gongji.family import service as family
from gongji.foundation import audit
from gongji.foundation.access import Caller, Duty
from gongji.foundation.errors import InvalidInput
from gongji.foundation.ids import Serials
from gongji.foundation.inbox import tell
from gongji.registry import filings
from gongji.registry.filing_messages import message_of
from gongji.registry.filings import Filing, FilingState, NewFiling

#: Who may enter and take back what is under review, and who decides on it.
FILING: Final = (Duty.CLERK, Duty.REVIEWER)
DECIDING: Final = (Duty.REVIEWER,)

#: Most characters of a note.
MOST_WORDS: Final = 200


class RefuseReason(StrEnum):
    """Why a filing is not granted."""

    NOT_SHOWN = "not_shown"
    NOT_MET = "not_met"
    WRONG_DETAILS = "wrong_details"
    NOT_INSURED_HERE = "not_insured_here"
    NOT_NEEDED = "not_needed"


class WithdrawReason(StrEnum):
    """Why a filing under review is taken back at the window."""

    ASKED = "asked"
    MISTAKE = "mistake"


class EndReason(StrEnum):
    """Why a filing that was granted ends."""

    ASKED = "asked"
    RECOVERED = "recovered"
    MOVED = "moved"
    NOT_MET = "not_met"
    GRANTED_WRONGLY = "granted_wrongly"


def file(connection: sa.Connection, serials: Serials, new: NewFiling, *, caller: Caller, at: datetime) -> Filing:
    """An officer files for a person; what a reviewer files is granted with that.

    Raises:
        NotAllowed: ``access.duty``. Refused: ``filing.overlap``, ``case.own``.
    """
    _begin(connection, new.person_id, FILING, caller, at)
    number = filings.file(connection, serials, new, at)
    made = filings.filing_of(connection, new.person_id, number)
    return _finish(connection, made, "file", caller, at)


def grant(connection: sa.Connection, person_id: int, filing_id: int, *, caller: Caller, at: datetime) -> Filing:
    """The agency grants what was filed.

    Raises:
        NotAllowed: ``access.duty``. NotFound: ``filing.unknown``.
        Refused: ``filing.withdrawn``, ``filing.refused``, ``case.own``.
    """
    _begin(connection, person_id, DECIDING, caller, at)
    return _finish(connection, filings.grant(connection, person_id, filing_id), "grant", caller, at)


def refuse(
    connection: sa.Connection, person_id: int, filing_id: int, *, reason: str, note: str, caller: Caller, at: datetime
) -> Filing:
    """The agency does not grant what was filed; it can be filed anew.

    Raises:
        InvalidInput: ``filing.reason``, ``filing.note``. NotAllowed: ``access.duty``. NotFound: ``filing.unknown``.
        Refused: ``filing.withdrawn``, ``filing.granted``, ``case.own``.
    """
    why = _coded(RefuseReason, reason, note)
    _begin(connection, person_id, DECIDING, caller, at)
    return _finish(connection, filings.refuse(connection, person_id, filing_id, why, note), "refuse", caller, at)


def withdraw(
    connection: sa.Connection, person_id: int, filing_id: int, *, reason: str, note: str, caller: Caller, at: datetime
) -> Filing:
    """What is under review is taken back at the window.

    Raises:
        InvalidInput: ``filing.reason``, ``filing.note``. NotAllowed: ``access.duty``. NotFound: ``filing.unknown``.
        Refused: ``filing.granted``, ``filing.refused``, ``case.own``.
    """
    why = _coded(WithdrawReason, reason, note)
    _begin(connection, person_id, FILING, caller, at)
    after = filings.withdraw(connection, person_id, filing_id, why, note=note)
    return _finish(connection, after, "withdraw", caller, at)


def end(
    connection: sa.Connection,
    person_id: int,
    filing_id: int,
    *,
    last_day: date,
    reason: str,
    note: str,
    caller: Caller,
    at: datetime,
) -> Filing:
    """The agency ends a filing that it granted; `last_day` is the last on which it holds.

    Raises:
        InvalidInput: ``filing.reason``, ``filing.note``, ``filing.last_day``. NotAllowed: ``access.duty``.
        NotFound: ``filing.unknown``. Refused: ``filing.not_granted``, ``case.own``.
    """
    why = _coded(EndReason, reason, note)
    _begin(connection, person_id, DECIDING, caller, at)
    after = filings.end(connection, person_id, filing_id, last_day, why, note)
    return _finish(connection, after, "end", caller, at)


def _coded(reasons: type[StrEnum], reason: str, note: str) -> str:
    chosen = next((one for one in reasons if one == reason), None)
    if chosen is None:
        raise InvalidInput(
            "filing.reason",
            "choose why: the person reads that",
            "请选原因，本人会看到这句话",
            field="reason",
            accepted=", ".join(reasons),
        )
    if len(note) > MOST_WORDS:
        raise InvalidInput(
            "filing.note",
            f"a note has at most {MOST_WORDS} characters",
            f"备注不超过 {MOST_WORDS} 个字",
            field="note",
            accepted=f"at most {MOST_WORDS} characters",
        )
    return chosen.value


def _begin(connection: sa.Connection, person_id: int, duties: tuple[Duty, ...], caller: Caller, at: datetime) -> None:
    caller.require_duty(*duties)
    family.lock_people(connection, [person_id])
    casework.check_not_own(connection, [person_id], caller, at)


def _finish(connection: sa.Connection, after: Filing, step: str, caller: Caller, at: datetime) -> Filing:
    """Note the step and tell it; what only waits for a reviewer is no news."""
    audit.record(
        connection,
        caller,
        f"filing.{step}",
        at=at,
        person_id=after.person_id,
        filing=after.id,
        kind=str(after.kind),
    )
    if after.state is not FilingState.FILED:
        tell(connection, [message_of(after)], at=at)
    return after
