"""Alerts, the cases that they join into, and the letters in which somebody is asked to explain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from gongji.foundation.clock import CHINA


class RuleCode(StrEnum):
    """The patterns that are looked for; the codes never change."""

    OVER_VOLUME = "over_volume"
    REPEAT_PURCHASE = "repeat_purchase"
    TRACE_CODE_REUSED = "trace_code_reused"
    USE_AFTER_DEATH = "use_after_death"
    RELATIVES_AT_ONE_TILL = "relatives_at_one_till"
    ROUND_SUMS_AT_ONE_TILL = "round_sums_at_one_till"
    WHOLE_BALANCE = "whole_balance"
    BIND_DRAIN_UNBIND = "bind_drain_unbind"
    AGE_OR_SEX = "age_or_sex"
    STRANGE_AREA = "strange_area"
    IMPOSSIBLE_TRAVEL = "impossible_travel"
    WALLET_ROUND_TRIP = "wallet_round_trip"
    BOUND_BY_MANY = "bound_by_many"
    YEAR_END_RUSH = "year_end_rush"
    INVOICE_USED_TWICE = "invoice_used_twice"


class Subject(StrEnum):
    """What an alert is about: alerts on one subject join into one case."""

    PERSON = "person"
    INSTITUTION = "institution"
    AUTHORISATION = "authorisation"


class RowKind(StrEnum):
    """What a row behind an alert is."""

    SETTLEMENT = "settlement"
    AUTHORISATION = "authorisation"
    WALLET_TRANSFER = "wallet_transfer"
    #: A bill paid in cash that was claimed (`gongji.reimbursement`).
    CLAIM = "claim"
    #: An institution's turnover in a month; its number is 202612.
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class RowBehind:
    """A row that an alert rests on, as it stood when it was found.

    Attributes:
        kind, id: which row.
        facts: ``at``, ``fen``, ``accounts`` (fen from accounts of one's own, of relatives and from the wallet),
            ``institution``, ``person``, ``item`` … as far as the row has them; people by id only.
    """

    kind: RowKind
    id: int
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule found, before it is kept.

    Attributes:
        key: names the group of rows within the rule (a person's drug in a quarter, a till's day): the same group is never
            an alert twice.
        subject_kind, subject_id: what it is about.
        region: whose agency it is for.
        measured: the figures of its sentence.
        rows: the rows behind it.
    """

    key: str
    subject_kind: Subject
    subject_id: int
    region: str
    measured: Mapping[str, Any]
    rows: tuple[RowBehind, ...]


@dataclass(frozen=True, slots=True)
class Alert:
    """A kept alert.

    Attributes:
        rule, key, measured: see `Found`.
        case_id: the case that it joined.
        found_at: when it was found first.
        lapsed_at: since when what it rests on does not hold any more (a settlement was taken back); None while it holds.
        founded: what the officer found; None before the case is concluded.
        rows: the rows behind it.
    """

    id: int
    rule: RuleCode
    key: str
    measured: Mapping[str, Any]
    case_id: int
    found_at: datetime
    lapsed_at: datetime | None
    founded: bool | None
    rows: tuple[RowBehind, ...] = ()


class Outcome(StrEnum):
    """How a case ends."""

    #: The alert was wrong about what happened.
    UNFOUNDED = "unfounded"
    #: It happened, and there is a good reason for it.
    EXPLAINED = "explained"
    WARNED = "warned"
    #: Handed to the administrative department or the police (移送).
    REFERRED = "referred"
    #: The account is frozen, which a second officer has to agree to.
    FROZEN = "frozen"
    #: The institution is told which settlements to take back.
    TAKE_BACK = "take_back"


#: Outcomes that say that the alerts were right.
FOUNDED: Final = frozenset({Outcome.WARNED, Outcome.REFERRED, Outcome.FROZEN, Outcome.TAKE_BACK})


class Reason(StrEnum):
    """Why a case ends as it does; which go with which outcome stands in `REASONS`."""

    RECORD_WRONG = "record_wrong"
    RULE_TOO_WIDE = "rule_too_wide"
    LONG_TERM_SUPPLY = "long_term_supply"
    FAMILY_TOGETHER = "family_together"
    PROVEN_OTHERWISE = "proven_otherwise"
    CARD_LENT = "card_lent"
    MORE_THAN_NEEDED = "more_than_needed"
    CASHED_OUT = "cashed_out"
    USED_AFTER_DEATH = "used_after_death"
    INSTITUTION_AT_FAULT = "institution_at_fault"
    RELATION_NOT_REAL = "relation_not_real"


_WRONG: Final = (
    Reason.CARD_LENT,
    Reason.MORE_THAN_NEEDED,
    Reason.CASHED_OUT,
    Reason.USED_AFTER_DEATH,
    Reason.INSTITUTION_AT_FAULT,
    Reason.RELATION_NOT_REAL,
)

#: The reasons that an outcome may have.
REASONS: Final[Mapping[Outcome, tuple[Reason, ...]]] = {
    Outcome.UNFOUNDED: (Reason.RECORD_WRONG, Reason.RULE_TOO_WIDE),
    Outcome.EXPLAINED: (Reason.LONG_TERM_SUPPLY, Reason.FAMILY_TOGETHER, Reason.PROVEN_OTHERWISE),
    Outcome.WARNED: _WRONG,
    Outcome.REFERRED: _WRONG,
    Outcome.FROZEN: _WRONG,
    Outcome.TAKE_BACK: _WRONG,
}


@dataclass(frozen=True, slots=True)
class Case:
    """What several alerts on one subject have joined into.

    Attributes:
        region: whose agency has it.
        opened_at, due_on: from when its age runs, and by when it is to be concluded.
        holder: the officer who has it in charge; None while nobody has.
        outcome, reason, note, concluded_at, concluded_by: how it ended; None while it is open. The note is for colleagues.
    """

    id: int
    subject_kind: Subject
    subject_id: int
    region: str
    opened_at: datetime
    due_on: date
    holder: str | None
    outcome: Outcome | None
    reason: Reason | None
    note: str | None
    concluded_at: datetime | None
    concluded_by: str | None

    @property
    def open(self) -> bool:
        """Whether it waits for a conclusion."""
        return self.outcome is None

    def age(self, on: date) -> int:
        """For how many days it has been open; of a concluded one, for how many it was."""
        until = self.concluded_at.astimezone(CHINA).date() if self.concluded_at else on
        return (until - self.opened_at.astimezone(CHINA).date()).days


class Step(StrEnum):
    """What happened with a case."""

    OPEN = "open"
    ALERT = "alert"
    LAPSE = "lapse"
    CLAIM = "claim"
    RELEASE = "release"
    ASK = "ask"
    ANSWER = "answer"
    CONCLUDE = "conclude"


@dataclass(frozen=True, slots=True)
class CaseStep:
    """A line of a case's history; `holder` is None where no officer did it."""

    step: Step
    holder: str | None
    details: Mapping[str, Any]
    note: str | None
    at: datetime


class Reader(StrEnum):
    """Whom a letter is for."""

    PERSON = "person"
    INSTITUTION = "institution"


class LetterKind(StrEnum):
    """What a letter is: it asks for an explanation, or tells how the case ended."""

    ASK = "ask"
    DECISION = "decision"


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter in which somebody is asked to explain, with their answer, or is told the decision.

    Attributes:
        kind: which of both.
        reader_kind, reader_id: whom it is for.
        words: what the officer asks or adds, in plain words; "" where the outcome says it all.
        due_on: by when an answer is hoped for; a later one is taken too while the case is open.
        answered_at, answer, pages: the answer, and how many pages of documents came with it.
        over: whether the case is concluded: no answer is taken any more.
        outcome: how the case ended, told by a decision to whom it concerns; None in a letter that asks.
    """

    id: int
    case_id: int
    kind: LetterKind
    reader_kind: Reader
    reader_id: int
    words: str
    sent_by: str
    sent_at: datetime
    due_on: date | None
    answered_at: datetime | None
    answer: str | None
    pages: int
    over: bool
    outcome: Outcome | None

    @property
    def waits(self) -> bool:
        """Whether an answer is waited for."""
        return self.kind is LetterKind.ASK and self.answered_at is None and not self.over
