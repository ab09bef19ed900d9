"""An order of mobile payment, its states, and what is decided on it without looking anything up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Final

from gongji.rules.model import Scheme
from gongji.settlement.mobile import refusals
from gongji.settlement.model import AccountUse

#: How long the token holds with which a hospital may take back what it could not settle itself (revsToken).
REVERSAL_TOKEN_HOLDS: Final = timedelta(hours=1)


class OrderState(IntEnum):
    """ordStas of the interface; of its sixteen the ones that an order can come to here."""

    SAVED = 0
    QUOTED = 1
    SETTLING = 2
    INSURANCE_PAID = 4
    DONE = 6
    REFUNDED = 7
    INSURANCE_REFUNDED = 8
    CASH_REFUNDED = 9
    CASH_PARTLY_REFUNDED = 10
    INSURANCE_REFUNDED_CASH_PARTLY = 11
    WITHDRAWN = 12
    FAILED = 15


#: States in which nothing has been paid: the lines may be withdrawn, the order may be paid.
UNPAID: Final = frozenset({OrderState.SAVED, OrderState.QUOTED, OrderState.FAILED})


class RefundKind(StrEnum):
    """refdType: everything, only cash, only what the insurance paid (funds and accounts)."""

    ALL = "ALL"
    CASH = "CASH"
    INSURANCE = "HI"


@dataclass(frozen=True, slots=True)
class Order:
    """An order. Amounts in fen: as quoted until it is paid, then as settled.

    Attributes:
        id: our id; `wire_id` with the region gives its payOrdId.
        reference: medOrgOrd, the hospital's own number.
        digest: of what was uploaded, for recognising a repetition.
        own_visit: whether the upload made the visit.
        cash_refunded: of `cash`, what was told to have gone back.
        settlement_id, reversal_id: the settlement, and what took it back.
        paid_by: thdPayType, who took the cash; "" while nobody told.
    """

    id: int
    person_id: int
    institution_id: int
    region: str
    reference: str
    digest: bytes
    visit_id: int
    own_visit: bool
    batch: str
    scheme: Scheme
    med_type: str
    account_use: AccountUse
    state: OrderState
    total: int
    fund: int
    own: int
    shared: int
    cash: int
    cash_refunded: int
    settlement_id: int | None
    reversal_id: int | None
    paid_by: str
    made_at: datetime
    settled_at: datetime | None

    @property
    def account(self) -> int:
        """psnAcctPay: own and shared accounts together."""
        return self.own + self.shared

    @property
    def settlement_kind(self) -> str:
        """setlType: ALL with cash and insurance, CASH, HI."""
        if self.cash == 0:
            return "HI"
        return "CASH" if self.cash == self.total else "ALL"


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """6203. Amounts in fen; None where the sender left one out.

    Attributes:
        number: appRefdSn.
        cash: how much cash goes back.
        total, fund, account: what the sender believes to be refunded, held against the order.
    """

    number: str
    kind: RefundKind
    total: int
    fund: int | None
    account: int | None
    cash: int


def check_refund(order: Order, request: RefundRequest) -> None:
    """Whether an order may be refunded so.

    Raises:
        Refused: ``mobile.not_paid``, ``mobile.refunded``.
        InvalidInput: ``mobile.refund_amount``, naming the field and the right amount.
    """
    if order.settlement_id is None:
        raise refusals.not_paid()
    insurance = request.kind is not RefundKind.CASH
    if insurance and order.reversal_id is not None:
        raise refusals.refunded()
    left = order.cash - order.cash_refunded
    if request.kind is RefundKind.INSURANCE and request.cash:
        raise refusals.refund_amount("cashRefdAmt", 0)
    if request.kind is RefundKind.CASH and not 0 < request.cash <= left:
        raise refusals.refund_amount("cashRefdAmt", left)
    if request.kind is RefundKind.ALL and request.cash != left:
        raise refusals.refund_amount("cashRefdAmt", left)
    for field, told, right in (
        ("fundRefdAmt", request.fund, order.fund),
        ("psnAcctRefdAmt", request.account, order.account),
    ):
        expected = right if insurance else 0
        if told is not None and told != expected:
            raise refusals.refund_amount(field, expected)
    refunded = request.cash + (order.fund + order.account if insurance else 0)
    if request.total not in (order.total, refunded):
        raise refusals.refund_amount("totlRefdAmt", refunded)


def state_after_refund(order: Order) -> OrderState:
    """The state that follows from what has gone back."""
    insurance = order.reversal_id is not None
    if insurance and order.cash_refunded == order.cash:
        return OrderState.REFUNDED
    if insurance:
        return OrderState.INSURANCE_REFUNDED_CASH_PARTLY if order.cash_refunded else OrderState.INSURANCE_REFUNDED
    if order.cash_refunded:
        return OrderState.CASH_REFUNDED if order.cash_refunded == order.cash else OrderState.CASH_PARTLY_REFUNDED
    return order.state
