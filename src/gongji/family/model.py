"""Kinship, authorisations and their life."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum

import msgspec

from gongji.rules.model import Procedure, Purpose, Relation


class FactKind(StrEnum):
    """The two facts that all kinship follows from: `one` is the parent of `other`; `one` and `other` are married."""

    PARENT = "parent"
    SPOUSE = "spouse"


class KinshipFact(msgspec.Struct, frozen=True):
    """A fact of kinship with its evidence (``register``, ``commitment`` or the kind of the document approved)."""

    kind: FactKind
    one: int
    other: int
    since: date
    until: date | None
    evidence: str


class AuthorisationState(StrEnum):
    """draft → submitted → (under_review → active | returned | refused) → active ⇄ paused → ended."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    UNDER_REVIEW = "under_review"
    RETURNED = "returned"
    REFUSED = "refused"
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


class Authorisation(msgspec.Struct, frozen=True):
    """A sharer's leave that a user may spend from the sharer's account.

    Attributes:
        id: lies in the user's bucket.
        user_id: 被共济人, who is treated.
        sharer_id: 共济人, whose account pays.
        region: the sharer's pooling region, whose rule governed the binding.
        relation: what the user is to the sharer.
        procedure: by review or by commitment.
        exclusive: whether the user may have no other sharer meanwhile.
        purposes: what the money may be spent on.
        limit_total: fen that may be shared in all; None without a limit.
        limit_month: fen that may be shared in a calendar month; None without a limit.
        rank: order among several sharers, lowest first.
        active_since, ended_at: its life; None before.
        end_reason: why it ended.
        made_at: when it was first made.
        kept: fen that the sharer keeps back for themself from all their users, beside what the region keeps.
        unbind_after_days: days from the beginning for which the sharer may not unbind; None without such a rule.
    """

    id: int
    user_id: int
    sharer_id: int
    region: str
    relation: Relation
    procedure: Procedure
    state: AuthorisationState
    exclusive: bool
    purposes: frozenset[Purpose]
    limit_total: int | None
    limit_month: int | None
    rank: int
    active_since: datetime | None
    ended_at: datetime | None
    end_reason: str | None
    made_at: datetime
    kept: int = 0
    unbind_after_days: int | None = None


class AuthorisationEvent(msgspec.Struct, frozen=True):
    """One change of an authorisation's state: who, when, why."""

    state: AuthorisationState
    actor: str
    reason: str | None
    details: Mapping[str, object]
    at: datetime
