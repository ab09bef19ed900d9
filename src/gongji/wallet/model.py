"""Wallets, transfers to them, and what a transfer is decided on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gongji.foundation.errors import GongjiError
from gongji.rules.model import Relation
from gongji.rules.wallet import WalletRule


class TransferState(StrEnum):
    """placing (the money is being set aside) → pending → accepted | declined | returned (not accepted in time)."""

    PLACING = "placing"
    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    RETURNED = "returned"


class Source(StrEnum):
    """Where the sender's money comes from: the personal account, or the sender's own wallet."""

    ACCOUNT = "account"
    WALLET = "wallet"


@dataclass(frozen=True, slots=True)
class Opening:
    """A wallet: whose, since when, and in which area (使用地, six digits) its money may be used."""

    person_id: int
    area: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Taking:
    """What is said of an institution and the wallet: from which day to which last day it takes it.

    Attributes:
        id, code, name, kind, region: the institution.
        since, until: the span; `since` is None where nothing was said, `until` while it is open.
    """

    id: int
    code: str
    name: str
    kind: str
    region: str
    since: date | None
    until: date | None

    def takes(self, on: date) -> bool:
        """Whether it takes the wallet on a day."""
        return self.since is not None and self.since <= on and (self.until is None or on <= self.until)


@dataclass(frozen=True, slots=True)
class TakingInstitution:
    """An institution that takes the wallet: its code, name, kind and six-digit region."""

    code: str
    name: str
    kind: str
    region: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money sent to a relative's wallet.

    Attributes:
        id: lies in the sender's bucket, beside the money.
        sender_id, receiver_id: from whom, to whom.
        amount: fen.
        source: out of what.
        relation: what the receiver is to the sender.
        stated: whether that rests on the sender's word alone (承诺), not on a register.
        day, nth: the day it was sent, in China, and its place among the sender's of that day.
        state: see `TransferState`.
        hold_id: the money set aside; None while that is being done.
        made_at, deadline: when it was sent, and when it goes back unless it was accepted.
        ended_at: when it was accepted, declined or returned.
    """

    id: int
    sender_id: int
    receiver_id: int
    amount: int
    source: Source
    relation: Relation
    stated: bool
    day: date
    nth: int
    state: TransferState
    hold_id: int | None
    made_at: datetime
    deadline: datetime
    ended_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether it still waits for the receiver."""
        return self.state in (TransferState.PLACING, TransferState.PENDING)


@dataclass(frozen=True, slots=True)
class Side:
    """The sender or the receiver on a day.

    Attributes:
        person_id: who.
        region: where they are insured; None when they are not.
        lives: whether no death is recorded.
        region_open: whether the wallet is open there.
        opening: their wallet; None when they never opened it.
    """

    person_id: int
    region: str | None
    lives: bool
    region_open: bool
    opening: Opening | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a transfer is decided on.

    Attributes:
        at: the moment.
        rule: the terms in the sender's region; None where no pack has any.
        quota_from: the day from which on relatives set quotas instead; None when it is not known.
        sender: who sends.
        sent_today: the places (1, 2 …) among the day's transfers that are taken.
        account, wallet: what is in the sender's personal account and wallet, fen.
        receiver: to whom; None before anybody was named.
        relation: what the receiver is to the sender, by a register or the sender's word; None for strangers.
        pending: what the sender sent that person and still waits.
    """

    at: datetime
    rule: WalletRule | None
    quota_from: date | None
    sender: Side
    sent_today: frozenset[int] = frozenset()
    account: int = 0
    wallet: int = 0
    receiver: Side | None = None
    relation: Relation | None = None
    pending: Transfer | None = None

    def balance(self, source: Source) -> int:
        """What is there to be sent, fen."""
        return self.account if source is Source.ACCOUNT else self.wallet


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a transfer: its name, and why it does not hold (None when it does)."""

    name: str
    refusal: GongjiError | None


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an amount that is too large for one transfer.

    Attributes:
        amount: fen.
        earliest: from when on it may be sent.
        after_answer: whether the one before has to be accepted or back first.
    """

    amount: int
    earliest: datetime
    after_answer: bool
