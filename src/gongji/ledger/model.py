"""Accounts and transfers.

An account's id says everything about it: ``holder << 18 | kind << 10 | bucket``. So the desk names the account that a
leg goes to without a look-up, and an open account (a fund, an institution's payable) needs no row at all.
"""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from typing import Final

import msgspec

from gongji.foundation.ids import BUCKET_BITS, bucket_of

_KIND_BITS: Final = 8


class AccountKind(IntEnum):
    """The accounts of the domain; the numbers stand in account ids and never change."""

    PERSONAL_CURRENT = 1
    PERSONAL_HISTORICAL = 2
    PERSONAL_HELD = 3
    POT = 4
    WALLET = 5
    PAYABLE_PERSON = 6
    FUND_POOL = 7
    FUND_LARGE = 8
    FUND_CIVIL = 9
    FUND_AID = 10
    PAYABLE_INSTITUTION = 11
    PAYABLE_TAX = 12
    CLEARING = 13
    INCOME = 14
    OPENING = 15
    #: What a region's agency paid out less what it took in, by bank or treasury.
    TREASURY = 16

    @property
    def bounded(self) -> bool:
        """Whether the account may never go below zero (the database refuses)."""
        return self <= AccountKind.WALLET


#: Kinds up to this one are bounded: their accounts have a row and a balance.
LAST_BOUNDED: Final = max(kind for kind in AccountKind if kind.bounded)


class JournalKind(str):
    """Kinds of event that move money."""

    SETTLEMENT: Final = "settlement"
    REVERSAL: Final = "reversal"
    #: What a message did is undone, as if it had never come (2601).
    UNDO: Final = "undo"
    OPENING: Final = "opening"
    #: Set aside, then taken, or given back (also when its time is over).
    HOLD: Final = "hold"
    CAPTURE: Final = "capture"
    RELEASE: Final = "release"
    #: A relative's account pays, after the settlement, what was cash in it.
    SECOND: Final = "second"
    #: What was taken from a hold comes back (a premium that the tax office sends back).
    REFUND: Final = "refund"
    #: A month's credit; the turn of the year; a closed account paid out; money that comes from another region.
    ACCRUAL: Final = "accrual"
    YEAR_END: Final = "year_end"
    CLOSING: Final = "closing"
    #: A wrong credit, and a closing at a death that was none, taken back; what was spent by then is collected later.
    ACCRUAL_BACK: Final = "accrual_back"
    CLOSING_BACK: Final = "closing_back"
    TRANSFER_IN: Final = "transfer_in"
    #: Into the sharer's pot for relatives; out of it because the sharer asked; out of it because the sharing or the year ended.
    ALLOT: Final = "allot"
    TAKE_BACK: Final = "take_back"
    UNUSED_BACK: Final = "unused_back"
    #: By bank or treasury: to an institution, or from one region to another.
    PAYMENT: Final = "payment"
    #: The funds owe a person for a bill paid in cash, or that was wrong; what a bank carried to them, could not carry, or
    #: carried back.
    REIMBURSE: Final = "reimburse"
    REIMBURSE_BACK: Final = "reimburse_back"
    PAID_OUT: Final = "paid_out"
    BOUNCED: Final = "bounced"
    RECOVERED: Final = "recovered"


def personal_account(kind: AccountKind, person_id: int) -> int:
    """The id of a person's account of a kind; it lies in the person's bucket."""
    serial = person_id >> BUCKET_BITS
    return (serial << _KIND_BITS | kind) << BUCKET_BITS | bucket_of(person_id)


def open_account(kind: AccountKind, holder: int, bucket: int) -> int:
    """The id of an open account's share in a bucket.

    Args:
        kind: which open account.
        holder: an institution's number, `fund_holder`, or a region's code as a number.
        bucket: the bucket of the money's other side, so that a leg stays in one bucket.
    """
    return (holder << _KIND_BITS | kind) << BUCKET_BITS | bucket


def fund_holder(region: str, scheme: str) -> int:
    """The holder number of a region's funds for a scheme: 211200 and 310 give 211200310."""
    return int(region) * 1000 + int(scheme)


def clearing_holder(giver: str, receiver: str) -> int:
    """The holder number of what one region owes another: 211200 to 370800 gives 211200370800.

    Args:
        giver: six-digit region that the money leaves.
        receiver: six-digit region that it is for.
    """
    return int(giver) * 10**6 + int(receiver)


def kind_of(account_id: int) -> AccountKind:
    """The kind that stands in an account's id."""
    return AccountKind(account_id >> BUCKET_BITS & (1 << _KIND_BITS) - 1)


def is_bounded(account_id: int) -> bool:
    """Whether the account may never go below zero: `AccountKind.bounded` of its kind."""
    return (account_id >> BUCKET_BITS & (1 << _KIND_BITS) - 1) <= LAST_BOUNDED


def holder_of(account_id: int) -> int:
    """The holder number that stands in an account's id: for a person's account the person's serial."""
    return account_id >> BUCKET_BITS + _KIND_BITS


def person_of(account_id: int) -> int:
    """The id of the person who holds a personal account, a pot, a wallet or a payable."""
    return holder_of(account_id) << BUCKET_BITS | bucket_of(account_id)


class Transfer(msgspec.Struct, frozen=True, gc=False):
    """A positive amount from one account to another.

    Attributes:
        debit: the account that gives.
        credit: the account that receives.
        amount: fen, above zero.
        authorisation_id: the authorisation under which a sharer's money moved, None for everything else.
    """

    debit: int
    credit: int
    amount: int
    authorisation_id: int | None = None

    @property
    def bucket(self) -> int:
        """The bucket that the transfer lies in: that of its bounded side, the giver's first."""
        return bucket_of(self.credit if not is_bounded(self.debit) and is_bounded(self.credit) else self.debit)

    def opposite(self) -> Transfer:
        """The same amount back to where it came from."""
        return Transfer(self.credit, self.debit, self.amount, self.authorisation_id)


class Journal(msgspec.Struct, frozen=True):
    """The transfers of one event.

    Attributes:
        id: the event's id (a settlement's journal has the settlement's id).
        kind: see `JournalKind`.
        reverses: the journal that this one takes back.
        posted_at: when.
        transfers: its legs, in order.
    """

    id: int
    kind: str
    reverses: int | None
    posted_at: datetime
    transfers: tuple[Transfer, ...]


class StatementLine(msgspec.Struct, frozen=True):
    """One movement of an account.

    Attributes:
        at: when it was posted.
        journal_id: the event.
        kind: the journal's kind.
        amount: fen, negative when money left the account.
        balance: fen after the movement.
        counter_account: the other side.
        authorisation_id: under which it was shared, if it was.
    """

    at: datetime
    journal_id: int
    kind: str
    amount: int
    balance: int
    counter_account: int
    authorisation_id: int | None
