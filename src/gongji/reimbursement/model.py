"""A claim, what it holds, and the words of its life. Amounts in fen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Final

import msgspec

from gongji.benefit.model import CounterMove
from gongji.registry.model import InstitutionKind
from gongji.rules.model import Tier
from gongji.settlement.model import Explanation, wire_id


class WhyNotDirect(StrEnum):
    """Why the bill was not settled where it was made; ``claim.why.<word>`` in the wording."""

    PLATFORM_DOWN = "platform_down"
    NOT_ENTERED = "not_entered"
    EMERGENCY = "emergency"
    NOT_CONNECTED = "not_connected"
    CARD_LOST = "card_lost"


class ClaimState(StrEnum):
    """A claim's life; ``claim.state.<word>``.

    `SECOND` waits for a second officer; `TO_PAY` owes the person money, `NOTHING_DUE` owes none; `BOUNCED` was sent back
    by the bank; `OWED_BACK` was found wrong after it was paid, and `SQUARED` is one of these whose money came back.
    """

    DRAFT = "draft"
    RECEIVED = "received"
    RETURNED = "returned"
    SECOND = "second"
    APPEALED = "appealed"
    TO_PAY = "to_pay"
    NOTHING_DUE = "nothing_due"
    PAID = "paid"
    BOUNCED = "bounced"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    OWED_BACK = "owed_back"
    SQUARED = "squared"


#: The states in which the person may change something.
PERSONS_TURN: Final = (ClaimState.DRAFT, ClaimState.RETURNED)

#: The states in which officers have something to decide.
OFFICERS_TURN: Final = (ClaimState.RECEIVED, ClaimState.APPEALED, ClaimState.SECOND)

#: The states in which somebody has to carry money.
BANKS_TURN: Final = (ClaimState.TO_PAY, ClaimState.BOUNCED, ClaimState.OWED_BACK)

#: What a person may ask to be looked at again: what was decided, and that it was taken back.
APPEALABLE: Final = (
    *(ClaimState.TO_PAY, ClaimState.NOTHING_DUE, ClaimState.PAID, ClaimState.REFUSED),
    *(ClaimState.OWED_BACK, ClaimState.SQUARED),
)

#: The states beside the person's own turn in which they may name another bank account.
ACCOUNT_OPEN: Final = (ClaimState.TO_PAY, ClaimState.BOUNCED, ClaimState.APPEALED, ClaimState.SECOND)


class Task(StrEnum):
    """What a claim is made of, in the order in which it is asked for; an officer may return one of these."""

    WHY = "why"
    PLACE = "place"
    VISIT = "visit"
    INVOICES = "invoices"
    LINES = "lines"
    DOCUMENTS = "documents"
    BANK = "bank"


class DocumentKind(StrEnum):
    """Documents; ``claim.document.<word>``."""

    INVOICE = "invoice"
    DETAIL = "detail"
    PRESCRIPTION = "prescription"
    RECORD = "record"
    EMERGENCY = "emergency"
    SLIP = "slip"


class ReturnReason(StrEnum):
    """Why one task comes back; what the person reads (``claim.return.<word>``)."""

    UNREADABLE = "unreadable"
    MISSING = "missing"
    DIFFERS = "differs"
    WRONG_NUMBER = "wrong_number"


class RefuseReason(StrEnum):
    """Why a whole claim is refused; what the person reads (``claim.refuse.<word>``)."""

    SETTLED_BEFORE = "settled_before"
    NOT_DESIGNATED = "not_designated"
    WORK_INJURY = "work_injury"
    THIRD_PARTY = "third_party"
    PUBLIC_HEALTH = "public_health"
    ABROAD = "abroad"
    FALSE_BILL = "false_bill"

    @property
    def accuses(self) -> bool:
        """Whether it says of somebody that they did wrong: then it is two officers'."""
        return self is RefuseReason.FALSE_BILL


class LineWord(StrEnum):
    """What is decided on a line; ``claim.line.<word>``. The first is the officer's "as the catalogue says", the second that
    a restricted item was used as its restriction wants; all others take the line out of what the funds look at."""

    CATALOGUE = "catalogue"
    USE_FITS = "use_fits"
    NOT_OF_VISIT = "not_of_visit"
    NO_PRESCRIPTION = "no_prescription"
    NOT_ON_INVOICE = "not_on_invoice"
    TWICE = "twice"
    THIRD_PARTY = "third_party"


class TakeBackReason(StrEnum):
    """Why a decision that was paid is taken back; what the person reads (``claim.take_back.<word>``)."""

    SETTLED_BEFORE = "settled_before"
    MISTAKE = "mistake"
    FALSE_BILL = "false_bill"


class Place(msgspec.Struct, frozen=True):
    """Where the person was treated.

    Attributes:
        institution_id: our number; None for a place that is not in the register of designated institutions.
        name, region, kind, tier: of the place; of a registered one as the register has it.
    """

    institution_id: int | None
    name: str
    region: str
    kind: InstitutionKind
    tier: Tier | None


class Bank(msgspec.Struct, frozen=True):
    """Where the money goes: the account as others may see it, and whose it is in relation to the patient."""

    bank: str
    masked: str
    holder: str
    is_own: bool


class Line(msgspec.Struct, frozen=True):
    """A line of the bill as it was told.

    Attributes:
        n: its place, from 1.
        code: med_list_codg; "" where the person wrote only a name.
        pieces: how many.
        total: fen.
    """

    n: int
    name: str
    code: str
    pieces: int
    total: int


class DocumentItem(msgspec.Struct, frozen=True):
    """A document that was handed in, without its content; `returned` once another is wanted in its place."""

    n: int
    kind: DocumentKind
    pages: int
    returned: bool
    at: datetime


class DecidedLine(msgspec.Struct, frozen=True):
    """A line as it was decided: its four parts, which add up to its total, the reason's code and the clause.

    Attributes:
        because: a `LineWord`, or ``class_a``, ``class_b``, ``class_c``, ``not_listed``, ``restricted``.
        clause: where that stands: the catalogue's entry, or the law's article.
    """

    n: int
    name: str
    code: str
    total: int
    self_paid: int
    over_limit: int
    first_self_pay: int
    in_scope: int
    because: str
    clause: str

    @property
    def counts(self) -> bool:
        """Whether the line is 报: some of it is what the funds look at."""
        return self.in_scope > 0


class Decision(msgspec.Struct, frozen=True):
    """What was decided on a claim, or (`kind` ``take_back``, all amounts below zero) taken back.

    Attributes:
        id: of the decision and, where money moved, of its journal.
        on: the day whose rules held.
        by, second: the officers.
        explanation: who pays what of the bill, and why, as of a settlement.
        moves: how it moved the counters.
    """

    id: int
    claim_id: int
    kind: str
    reverses: int | None
    at: datetime
    by: str
    second: str | None
    region: str
    scheme: str
    on: date
    total: int
    self_paid: int
    over_limit: int
    first_self_pay: int
    in_scope: int
    deductible: int
    ratio: int
    fund_pool: int
    fund_large: int
    fund_civil: int
    fund_aid: int
    pack_digest: str
    explanation: Explanation
    moves: tuple[CounterMove, ...]
    lines: tuple[DecidedLine, ...]

    @property
    def funds(self) -> int:
        """All that the funds pay."""
        return self.fund_pool + self.fund_large + self.fund_civil + self.fund_aid


class Payment(msgspec.Struct, frozen=True):
    """Money that a bank carried: ``paid`` out, ``bounced`` back, or ``recovered`` from the person."""

    id: int
    kind: str
    amount: int
    reference: str
    at: datetime
    by: str


class Event(msgspec.Struct, frozen=True):
    """A step of a claim's history: what, who, when, and what belongs to it."""

    n: int
    step: str
    actor: str
    at: datetime
    facts: Mapping[str, object]


class Claim(msgspec.Struct, frozen=True):
    """A claim.

    Attributes:
        person_id: the patient.
        region: that insured the patient on the day of the visit; "" in a draft.
        received_at, due_at: when it came in, and the end of the last day that the agency allows itself.
        hours_left: working hours that were left when the case went back to the person.
        returned: the task that came back; None while none did.
        mended: whether something of it was changed since.
        appealed_at: since when the decision that stands is, or was, appealed; of one that was taken back afterwards None.
        officer: who has it in charge.
        decided_by: the officer of the first decision.
        proposal: what waits for a second officer, as `gongji.reimbursement.deciding` wrote it.
    """

    id: int
    person_id: int
    state: ClaimState
    why: WhyNotDirect
    region: str
    place: Place | None
    med_type: str
    disease: str
    began_on: date | None
    ended_on: date | None
    bank: Bank | None
    made_at: datetime
    received_at: datetime | None
    due_at: datetime | None
    hours_left: int | None
    returned: Task | None
    mended: bool
    return_reason: ReturnReason | None
    return_note: str
    officer: str | None
    officer_since: datetime | None
    decided_by: str | None
    proposal: bytes | None
    refused: RefuseReason | None
    appealed_at: datetime | None
    appeal_words: str
    lines: tuple[Line, ...] = ()
    invoices: tuple[str, ...] = ()
    documents: tuple[DocumentItem, ...] = ()

    @property
    def number(self) -> str:
        """受理号, 22 digits; "" before the claim came in."""
        return wire_id(self.region, self.id) if self.region else ""

    @property
    def total(self) -> int:
        """What the lines add up to."""
        return sum(line.total for line in self.lines)

    @property
    def inside(self) -> bool:
        """Whether it came in and is not at the person."""
        return self.state not in (*PERSONS_TURN, ClaimState.WITHDRAWN)
