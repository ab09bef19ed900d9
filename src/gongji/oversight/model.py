"""Disputes and readings of a person's data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Ground(StrEnum):
    """Why a citizen disputes a line."""

    NOT_MINE = "not_mine"
    AMOUNT = "amount"
    TWICE = "twice"
    OTHER = "other"


class Outcome(StrEnum):
    """What the agency found."""

    CORRECT = "correct"
    TO_REVERSE = "to_reverse"
    MISUSE = "misuse"


@dataclass(frozen=True, slots=True)
class Dispute:
    """A settlement that somebody says is wrong.

    Attributes:
        id: its number.
        settlement_id, setl_id: the settlement, and its number on the wire.
        person_id: who disputes it.
        authorisation_id: the sharing that was paused with it; None without one.
        region: whose agency answers.
        ground, words: why, and in the citizen's own words.
        opened_at: when.
        outcome, answer, holder, answered_at: what the agency found, in a sentence, by whom and when; None before.
    """

    id: int
    settlement_id: int
    setl_id: str
    person_id: int
    authorisation_id: int | None
    region: str
    ground: Ground
    words: str | None
    opened_at: datetime
    outcome: Outcome | None
    answer: str | None
    holder: str | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reading:
    """One line of who looked at, or changed, a person's data.

    Attributes:
        at: when.
        role: what they are: citizen, officer, integrator, tax, operator.
        holder: an officer's number or a program's name; never a citizen's.
        actor_person_id: the citizen, where it was one.
        action: ``room.verb``.
        details: facts for programs.
    """

    at: datetime
    role: str
    holder: str
    actor_person_id: int | None
    action: str
    details: Mapping[str, object]
