"""Statements, bills and payments of monthly clearing. All amounts in fen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class LineKind(StrEnum):
    """Whose money it was: a fund's; the patient's, relatives' or a wallet's; what was sent to a wallet; a premium; the account
    of somebody who moved away."""

    FUND_POOL = "fund_pool"
    FUND_LARGE = "fund_large"
    FUND_CIVIL = "fund_civil"
    FUND_AID = "fund_aid"
    OWN = "own"
    SHARED = "shared"
    WALLET = "wallet"
    TRANSFER = "transfer"
    PREMIUM = "premium"
    MOVE = "move"


class StatementState(StrEnum):
    """Drawn up, checked by the owing region, paid in part, settled."""

    DRAWN = "drawn"
    CHECKED = "checked"
    PART_PAID = "part_paid"
    SETTLED = "settled"


class DisputeReason(StrEnum):
    """Why the owing region does not accept a line."""

    NOT_OURS = "not_ours"
    AMOUNT = "amount"
    TWICE = "twice"
    OTHER = "other"


class DisputeOutcome(StrEnum):
    """The line is due after all, or the other region gives it up."""

    STANDS = "stands"
    CONCEDED = "conceded"


class Purpose(StrEnum):
    """What a payment is for: a statement by bank; a statement out of an advance; an advance, and what comes back of it;
    an institution's bill; what was retained of bills."""

    STATEMENT = "statement"
    SET_OFF = "set_off"
    ADVANCE = "advance"
    ADVANCE_BACK = "advance_back"
    BILL = "bill"
    RETENTION = "retention"


class Alarm(StrEnum):
    """How an advance stands: enough, getting low, low."""

    NONE = "none"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Position:
    """What a region owes another for a month, as far as the month has come.

    Attributes:
        kinds: by `LineKind`.
        amount, refunds: the sum, and what of it is below zero.
        lines, late: how many lines, and how many of events of months that were closed before.
        statement_id: its statement; None while the month is open.
    """

    month: date
    debtor: str
    creditor: str
    kinds: Mapping[LineKind, int]
    amount: int
    refunds: int
    lines: int
    late: int
    statement_id: int | None


@dataclass(frozen=True, slots=True)
class RegionSum:
    """A region in the sheet of all pairs: what it owes, what it is owed, and the difference (above zero: it receives)."""

    region: str
    owes: int
    is_owed: int

    @property
    def net(self) -> int:
        """What it is owed less what it owes; over all regions these add up to zero."""
        return self.is_owed - self.owes


@dataclass(frozen=True, slots=True)
class Statement:
    """A month's statement of one region to another.

    Attributes:
        amount: what the debtor owes for the month, what was taken back counted off.
        carried: below zero, brought over from the month before, when more was taken back there than owed.
        carried_out: below zero, taken over to the month after.
        excluded: of lines that are disputed or were given up.
        paid, asked: by payments that were agreed to, and by such that wait for the second officer.
    """

    id: int
    month: date
    debtor: str
    creditor: str
    amount: int
    refunds: int
    lines: int
    late: int
    carried: int
    carried_out: int
    checked_at: datetime | None
    checked_by: str | None
    excluded: int
    paid: int
    asked: int

    @property
    def due(self) -> int:
        """What is to be paid for it in all; below zero it goes to the next month."""
        return self.amount + self.carried - self.carried_out - self.excluded

    @property
    def left(self) -> int:
        """What may still be paid: not below zero, and less what waits for the second officer."""
        return max(0, self.due - self.paid - self.asked)

    @property
    def state(self) -> StatementState:
        """See `StatementState`."""
        if self.checked_at is None:
            return StatementState.DRAWN
        if self.paid >= self.due:
            return StatementState.SETTLED
        return StatementState.PART_PAID if self.paid else StatementState.CHECKED


@dataclass(frozen=True, slots=True)
class Line:
    """What one event made a region owe another.

    Attributes:
        reverses: the event that this one takes back; `first_month`: in whose statement that stood, None where in none.
        person_id, psn_no: the patient; None and empty where there was none.
        setl_id, msgid, institution, institution_name: as the institution knows it; empty where there was none.
        dispute: its dispute, None where it was accepted.
    """

    journal_id: int
    debtor: str
    creditor: str
    kind: LineKind
    amount: int
    month: date
    at: datetime
    reverses: int | None
    first_month: date | None
    person_id: int | None
    psn_no: str
    settlement_id: int | None
    setl_id: str
    msgid: str
    institution: str
    institution_name: str
    dispute: Dispute | None


@dataclass(frozen=True, slots=True)
class Dispute:
    """A line that the owing region does not accept."""

    id: int
    statement_id: int
    journal_id: int
    kind: LineKind
    amount: int
    reason: DisputeReason
    note: str
    asked_by: str
    asked_at: datetime
    outcome: DisputeOutcome | None
    answer: str | None
    answered_by: str | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Bill:
    """What an agency pays an institution for a month; attributes as `Statement`'s.

    Attributes:
        retained, retention: what waits for the year's assessment, and by how much per ten thousand.
    """

    id: int
    month: date
    institution_id: int
    code: str
    name: str
    region: str
    amount: int
    refunds: int
    retained: int
    retention: int
    carried: int
    carried_out: int
    paid: int
    asked: int

    @property
    def due(self) -> int:
        """What is to be paid for it in all; below zero it goes to the next month."""
        return self.amount + self.carried - self.carried_out - self.retained

    @property
    def left(self) -> int:
        """What may still be paid."""
        return max(0, self.due - self.paid - self.asked)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bill: who insures (clr_optins), insutype, clr_type, and what funds, accounts and wallets pay."""

    region: str
    scheme: str
    clearing_type: str
    funds: int
    accounts: int
    wallet: int
    refunds: int
    late: int
    events: int


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that was asked to be paid, and whether a second officer agreed.

    Attributes:
        payer, payee: regions, or an institution's code.
        reference, paid_on: the bank's or treasury's, and the day.
        agreed: None while the second officer is waited for.
    """

    id: int
    purpose: Purpose
    statement_id: int | None
    bill_id: int | None
    institution_id: int | None
    payer: str
    payee: str
    amount: int
    reference: str
    paid_on: date
    asked_by: str
    asked_at: datetime
    agreed: bool | None
    decided_by: str | None
    decided_at: datetime | None
    journal_id: int | None


@dataclass(frozen=True, slots=True)
class Advance:
    """What a region has paid another in advance.

    Attributes:
        given, returned, used: so far; used: set against statements.
        target: what it should be by the region's terms and the last months; None before a month was closed.
        last: the newest statement's amount. alarm: see `gongji.clearing.monthly.decide.alarm`.
    """

    payer: str
    payee: str
    given: int
    returned: int
    used: int
    target: int | None
    last: int
    alarm: Alarm

    @property
    def left(self) -> int:
        """What is still there."""
        return self.given - self.returned - self.used


@dataclass(frozen=True, slots=True)
class Terms:
    """What a region agreed on, from a day on.

    Attributes:
        retention: per ten thousand of a bill that is kept back.
        advance_months: months that an advance should last.
        yellow, red: from which share (per ten thousand) of an advance on a month's statement raises the alarm.
        source: the text, or that it is ours.
    """

    region: str
    since: date
    retention: int
    advance_months: int
    yellow: int
    red: int
    source: str
