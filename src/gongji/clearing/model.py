"""What is compared with an institution, and what is found. All amounts in fen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Scope:
    """Which settlements are compared.

    Attributes:
        institution_id: where they were made.
        since, until: first and last day by the moment of settlement, in China's time.
        scheme: insutype; "" for all.
        clearing_type: clr_type as our answers tell it; "" for all.
        agency: setl_optins: an area whose pooling region paid; "" for all.
        refunds: True only what took something back, False only what did not, None both.
    """

    institution_id: int
    since: date
    until: date
    scheme: str = ""
    clearing_type: str = ""
    agency: str = ""
    refunds: bool | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over settlements; what was taken back counts below zero.

    Attributes:
        total: medfee_sumamt.
        funds: fund_pay_sumamt.
        accounts: acct_pay, what relatives paid included; None when it was not told.
        cash: cash_payamt; None when it was not told.
        count: settlements less those taken back; in what an institution tells, however it counts.
        rows: settlements and reversals, each counted once.
    """

    total: int
    funds: int
    accounts: int | None
    cash: int | None
    count: int
    rows: int


class Difference(StrEnum):
    """How a settlement differs; the words that `decide.memo` makes of it go into the result file."""

    AGREES = "agrees"
    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    TWICE = "twice"
    SIGN = "sign"
    AMOUNTS = "amounts"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Told:
    """A line of an institution's detail file.

    Attributes:
        setl_id, mdtrt_id, psn_no: as they stand there.
        settlement_id, person_id: our numbers in them; None when they are none of ours.
        refund: whether it tells of a refund.
    """

    setl_id: str
    mdtrt_id: str
    psn_no: str
    settlement_id: int | None
    person_id: int | None
    total: int
    funds: int
    accounts: int
    refund: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """One settlement as the two books have it; the fields of a side that does not have it are None.

    Attributes:
        place: the line in the institution's file, from 0.
        settlement_id: ours.
        reverses: the settlement that ours takes back.
        elsewhere: why ours does not have a told one, where we know it: ``undone``, ``outside`` (another day, scheme or
            kind of care), or "" when it is none of ours.
        settled_at: when ours was made, also of one that lies elsewhere.
    """

    difference: Difference
    place: int | None
    psn_no: str
    settlement_id: int | None
    visit_id: int | None
    person_id: int | None
    region: str
    msgid: str
    reverses: int | None
    total: int | None
    funds: int | None
    accounts: int | None
    elsewhere: str
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a comparison of totals: whether they agree, and a sentence (in Chinese, for the interface)."""

    agrees: bool
    text: str
