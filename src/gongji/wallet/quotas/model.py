"""A quota, its life, and what a step of it is decided on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gongji.rules.model import Relation
from gongji.rules.wallet import QuotaRule
from gongji.wallet.model import Facts


class QuotaState(StrEnum):
    """proposed (the money stands aside, the relative has not accepted) → active → ended; or proposed → ended."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    ENDED = "ended"


class QuotaEnd(StrEnum):
    """What ended it: the giver before it was accepted or later, the relative likewise, an insurance that changed, a death."""

    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
    BY_GIVER = "by_giver"
    BY_USER = "by_user"
    INSURANCE = "insurance"
    DEATH = "death"


@dataclass(frozen=True, slots=True)
class Quota:
    """What one person lets a near relative use of their account.

    Attributes:
        id: lies in the giver's bucket, beside the money; the reference of its holds.
        giver_id, user_id: whose money, and who may use it.
        amount: fen that the giver has set, used or not.
        left: fen of it that can still be used.
        asked: fen that the giver set first.
        relation: what the user is to the giver.
        stated: whether that rests on the giver's word alone (承诺), not on a register.
        state, end: see `QuotaState`, `QuotaEnd`; `end` is None until it has ended.
        made_at, accepted_at, ended_at: when.
    """

    id: int
    giver_id: int
    user_id: int
    amount: int
    left: int
    asked: int
    relation: Relation
    stated: bool
    state: QuotaState
    end: QuotaEnd | None
    made_at: datetime
    accepted_at: datetime | None
    ended_at: datetime | None

    @property
    def used(self) -> int:
        """What the user has used of it and did not come back, in fen. Of an ended quota the amount is what was used."""
        return self.amount - self.left


@dataclass(frozen=True, slots=True)
class QuotaFacts(Facts):
    """What setting a quota is decided on: the facts of a transfer, of which `sender` gives and `receiver` uses, and

    Attributes:
        has_account: whether the giver has a personal account.
        quota_rule: how quotas are given in the giver's region; None where no pack says.
        given, received: quotas that have not ended: of how many relatives the giver's, and from how many people the user's.
        standing: the quota that the giver has given the same person and that has not ended.
    """

    has_account: bool = False
    quota_rule: QuotaRule | None = None
    given: int = 0
    received: int = 0
    standing: Quota | None = None


class Moved(StrEnum):
    """What happened to a quota's money: set aside (again), used, come back into it, given back to the giver."""

    SET = "set"
    USED = "used"
    RETURNED = "returned"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of a quota's history.

    Attributes:
        at: when.
        what: see `Moved`.
        amount: fen, above zero.
        settlement_id: the settlement or reversal; None for what the giver did.
    """

    at: datetime
    what: Moved
    amount: int
    settlement_id: int | None
