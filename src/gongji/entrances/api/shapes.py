"""What the API says, as data: amounts are fen, moments carry their zone, ids are text, names of others are masked."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from gongji.entrances.api.problems import Words
from gongji.family.model import AuthorisationState
from gongji.foundation.money import LARGEST_FEN
from gongji.ledger.model import AccountKind
from gongji.rules.model import Clause, Grade, Procedure, Purpose, Relation, Scheme, Status


class EnrolmentOut(BaseModel):
    """A span of insurance."""

    scheme: Scheme = Field(description="310 employee, 390 resident")
    region: str = Field(description="six-digit code of the pooling region")
    status: Status
    in_order: bool = Field(description="false while the insurance is paused")
    since: date
    until: date | None


class PersonOut(BaseModel):
    """A person, to themself or to an officer of their region."""

    psn_no: str
    name: str
    certificate_type: str
    certificate_number: str = Field(description="masked")
    gender: Literal["1", "2", "9"] = Field(description="1 male, 2 female, 9 not told")
    born_on: date
    died_on: date | None
    enrolments: list[EnrolmentOut] = Field(description="newest first")


AccountName = Literal["personal.current", "personal.historical", "personal.held", "pot", "wallet"]

#: The bounded accounts in the words of the domain.
ACCOUNT_NAMES: dict[AccountKind, AccountName] = {
    AccountKind.PERSONAL_CURRENT: "personal.current",
    AccountKind.PERSONAL_HISTORICAL: "personal.historical",
    AccountKind.PERSONAL_HELD: "personal.held",
    AccountKind.POT: "pot",
    AccountKind.WALLET: "wallet",
}


class BalanceOut(BaseModel):
    """One account's balance."""

    account: AccountName
    amount_fen: int


class BalancesOut(BaseModel):
    """A person's accounts. `hint` says which zero it is, or why the money cannot be used."""

    at: datetime
    available_fen: int
    accounts: list[BalanceOut]
    hint: str | None = Field(description="not_enrolled, paused, frozen, resident, empty or not_opened")
    hint_words: Words | None


class HoldOut(BaseModel):
    """Money that is set aside: for what, how much is left of it, and when it goes back by itself."""

    id: str
    purpose: Literal["deposit", "wallet", "transfer", "premium"]
    amount_fen: int
    remaining_fen: int
    placed_at: datetime
    expires_at: datetime
    reference: str | None = Field(description="what it is held for; not told of money held for a relative")
    authorisation: str | None = Field(description="under which it is held for a relative, if it is")


class HoldsOut(BaseModel):
    """What of a person's money is set aside now, oldest first."""

    at: datetime
    held_fen: int
    items: list[HoldOut]


class StatementLineOut(BaseModel):
    """One movement of a personal account."""

    at: datetime
    account: AccountName
    kind: str = Field(
        description="settlement, reversal, undo, second (cash, paid afterwards), opening,"
        " accrual (a month's credit), year_end, hold, capture, release, refund,"
        " closing, transfer_in, accrual_back (a wrong credit taken back) or closing_back"
    )
    amount_fen: int = Field(description="below zero when money left the account")
    balance_fen: int = Field(description="of this account, after the movement")
    event: str = Field(description="id of the event; several lines of one event share it")
    authorisation: str | None = Field(description="under which it was shared, if it was")


class StatementOut(BaseModel):
    """The movements of the personal accounts in a span of days, oldest first."""

    since: date
    until: date
    lines: list[StatementLineOut]


class PlaceOut(BaseModel):
    """An institution."""

    code: str
    name: str


class SettlementOut(BaseModel):
    """A settlement or a reversal (amounts below zero) in figures."""

    id: str = Field(description="22 digits, setl_id of the national interface")
    kind: Literal["settle", "reverse"]
    at: datetime
    place: PlaceOut
    total_fen: int
    fund_fen: int
    own_fen: int
    shared_fen: int
    wallet_fen: int
    cash_fen: int
    reverses: str | None
    reversed_by: str | None


class SettlementsOut(BaseModel):
    """A page of settlements, newest first."""

    items: list[SettlementOut]
    next: datetime | None = Field(description="`before` of the next page; null on the last")


class ClauseOut(BaseModel):
    """The text that a number rests on."""

    rule: str
    title: str
    publisher: str
    grade: Grade
    quote: str
    verbatim: bool
    effective: date

    @classmethod
    def of(cls, clause: Clause | None) -> ClauseOut | None:
        """From a rule's clause."""
        return cls.model_validate(clause, from_attributes=True) if clause else None


class PayerOut(BaseModel):
    """Who paid, how much, and why."""

    payer: str
    label: Words
    amount_fen: int
    because_code: str
    because: Words
    clause: ClauseOut | None
    inputs: dict[str, int | str] = Field(description="the figures behind it, fen or per ten thousand")


class StepOut(BaseModel):
    """One step of the funds' arithmetic."""

    code: str
    amount_fen: int
    sentence: Words
    clause: ClauseOut | None
    inputs: dict[str, int | str]


class ExplainedOut(SettlementOut):
    """A settlement with its explanation: payers in a fixed order whose amounts add up to the total."""

    view: Literal["patient"] = "patient"
    payers: list[PayerOut]
    steps: list[StepOut]
    pack_digest: str = Field(description="of the rules that were applied")


class SharedOut(BaseModel):
    """A relative's settlement as the sharer may see it."""

    view: Literal["sharer"] = "sharer"
    id: str
    kind: Literal["settle", "reverse"]
    at: datetime
    place: PlaceOut
    paid_fen: int = Field(description="from this sharer's account; below zero when it came back")


class SideOut(BaseModel):
    """One side of an authorisation; the number only to that side and to officers."""

    name: str = Field(description="masked")
    psn_no: str | None


class EventOut(BaseModel):
    """One change of an authorisation."""

    state: AuthorisationState
    at: datetime
    reason: str | None


class DocumentOut(BaseModel):
    """A document that was handed in."""

    number: int
    kind: str
    pages: int = Field(description="how many, each a JPEG picture")
    state: str
    note: str | None
    handed_in_at: datetime


class AuthorisationOut(BaseModel):
    """A sharer's leave that a user may spend from the sharer's account."""

    id: str
    sharer: SideOut
    user: SideOut
    relation: Relation = Field(description="what the user is to the sharer")
    region: str
    procedure: Procedure
    state: AuthorisationState
    state_words: Words
    purposes: list[Purpose]
    limit_total_fen: int | None
    limit_month_fen: int | None
    made_at: datetime
    active_since: datetime | None
    ended_at: datetime | None
    end_reason: str | None


class AuthorisationDetail(AuthorisationOut):
    """An authorisation with its history and documents."""

    events: list[EventOut]
    documents: list[DocumentOut]


class AuthorisationsOut(BaseModel):
    """All authorisations of a person, those that are over included, oldest first."""

    as_sharer: list[AuthorisationOut]
    as_user: list[AuthorisationOut]


class CaseOut(BaseModel):
    """A case that waits for an officer."""

    authorisation: AuthorisationOut
    waiting_since: datetime
    documents: int


class Body(BaseModel):
    """A request's body: what it does not know, it refuses, so that no misspelt field is lost."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @field_validator("*")
    @classmethod
    def _only_text(cls, value: Any) -> Any:
        """Refuse what no keyboard types and the database keeps in no text, in every field of every body."""
        if _holds_nul(value):
            raise ValueError("holds a character that no text has (U+0000)")
        return value


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(_holds_nul(one) for pair in value.items() for one in pair)
    return isinstance(value, list) and any(_holds_nul(one) for one in value)


Fen = Annotated[int, Field(strict=True, ge=0, le=LARGEST_FEN)]
Code = Annotated[str, StringConstraints(max_length=64, pattern=r"^[a-z_]*$")]
Line = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class CodeIn(Body):
    """What the code is for."""

    use: Literal["show", "pay"] = Field(default="show", description="show: who one is; pay: an order at a hospital")


class CodeOut(BaseModel):
    """A code to be shown as a QR code: 28 digits, good once."""

    code: str = Field(examples=["3141592653589793238462211200"])
    use: Literal["show", "pay"]
    expires_at: datetime


class RelativeIn(Body):
    """Whom to share with, as their certificate says; name and number must belong together."""

    certificate_type: Annotated[str, StringConstraints(max_length=8)] = Field(
        default="01", description="psn_cert_type: 01 citizen ID, 08 passport, 990201 birth certificate …"
    )
    certificate_number: Annotated[str, StringConstraints(min_length=1, max_length=60)] = Field(
        examples=["211202195303080022"], description="spaces and full-width characters are taken"
    )
    name: Annotated[str, StringConstraints(min_length=1, max_length=60)] = Field(examples=["王秀兰"])


class BindIn(Body):
    """A sharer gives a relative leave to spend from the sharer's account."""

    user: RelativeIn
    relation: Relation = Field(description="what the user is to the sharer", examples=["parent"])
    commitment: bool = Field(default=False, description="the sharer has read and confirmed the commitment (承诺书)")
    limit_total_fen: Fen | None = None
    limit_month_fen: Fen | None = Field(default=None, examples=[50_000])
    purposes: list[Purpose] | None = Field(default=None, description="null: all that the region allows")


class LimitsIn(Body):
    """Both limits anew; null takes one away."""

    limit_total_fen: Fen | None
    limit_month_fen: Fen | None = Field(examples=[30_000])


class ReviewIn(Body):
    """An officer's decision."""

    decision: Literal["approve", "return", "refuse"]
    item: Code | None = Field(default=None, description="with return: the kind of document that is wanted anew")
    reason: Code | None = Field(
        default=None,
        description="with return: unreadable, pages_missing, other_people, expired, more_proof; with refuse: "
        "relation_not_shown, document_false, not_same_person, not_admitted",
    )
    note: Line | None = Field(default=None, description="a sentence beside the reason; no personal data")


class EndIn(Body):
    """Why an officer ends an authorisation; citizens send nothing."""

    reason: Code | None = Field(default=None, examples=["relation_ended"])
