"""Orders for a premium and how a family member stands in a coverage year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gongji.rules.model import Clause


class OrderState(StrEnum):
    """placing (the money is being set aside) → booking (at the tax office) → booked | rejected | expired; booked →
    sent_back. What ended without a booking leaves the year free for another order."""

    PLACING = "placing"
    BOOKING = "booking"
    BOOKED = "booked"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SENT_BACK = "sent_back"


class RejectReason(StrEnum):
    """Why the tax office does not book a premium, or sends one back that it had booked."""

    NOT_REGISTERED = "not_registered"
    PAID_ALREADY = "paid_already"
    AMOUNT = "amount"
    NAME_MISMATCH = "name_mismatch"
    CLOSED = "closed"
    WRONG_PERSON = "wrong_person"


class Standing(StrEnum):
    """How a family member stands in a coverage year."""

    UNPAID = "unpaid"
    BOOKING = "booking"
    BOOKING_BY_OTHER = "booking_by_other"
    PAID = "paid"
    PAID_BY_OTHER = "paid_by_other"
    NOT_REGISTERED = "not_registered"
    EMPLOYEE = "employee"
    NOT_HERE = "not_here"
    NO_AMOUNT = "no_amount"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Season:
    """When the premium of a coverage year is collected: from the first to the last day, both included."""

    year: int
    first: date
    last: date

    def holds(self, on: date) -> bool:
        """Whether a day is in it."""
        return self.first <= on <= self.last


@dataclass(frozen=True, slots=True)
class Amount:
    """What one person pays for a coverage year: fen, and the text that says so."""

    fen: int
    clause: Clause


@dataclass(frozen=True, slots=True)
class Member:
    """A family member whose premium the sharer may want to pay, in a coverage year.

    Attributes:
        person_id: who.
        authorisation_id: under which the sharer's money is set aside.
        year: the coverage year.
        region: where they are registered as a resident; "" when they are not.
        standing: whether anything is to be done.
        amount: what it costs; None where no text names it, or nobody has to pay.
        order_id: the sharer's own order that decides `standing`, None else.
    """

    person_id: int
    authorisation_id: int
    year: int
    region: str
    standing: Standing
    amount: Amount | None
    order_id: int | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """An order for a premium.

    Attributes:
        id: lies in the sharer's bucket, beside the money.
        sharer_id, person_id: who pays, and for whom.
        authorisation_id: under which.
        region: whose tax office books it.
        year: the coverage year.
        amount: fen.
        state: see `OrderState`.
        hold_id: the money set aside; None while that is being done.
        made_at, deadline: when it was ordered, and when the money goes back unless the tax office has answered.
        answered_at: when the tax office answered (last).
        voucher: number of the tax office's 缴费凭证, once it told one.
        reason: a `RejectReason`.
    """

    id: int
    sharer_id: int
    person_id: int
    authorisation_id: int
    region: str
    year: int
    amount: int
    state: OrderState
    hold_id: int | None
    made_at: datetime
    deadline: datetime
    answered_at: datetime | None
    voucher: str | None
    reason: RejectReason | None
