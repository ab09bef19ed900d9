"""Visits, fee lines, the commands that wait at the desk, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Final

import msgspec

from gongji.benefit.model import Step
from gongji.registry.model import CatalogueItem, Institution
from gongji.rules.model import Clause, Scheme, Status, Tier

#: The transaction that undoes another: a settlement that it made counts nowhere, nor does what it took back.
UNDO: Final = "2601"


class MessageKey(msgspec.Struct, frozen=True):
    """What makes a repeated call recognisable: institution, infno and msgid, with the digest of its content.

    The same key with the same digest gives the stored answer; with another digest, a refusal.
    """

    institution_id: int
    infno: str
    msgid: str
    digest: bytes


class AccountUse(StrEnum):
    """acct_used_flag: 0 no account, 1 the patient's own, 2 the sharers'."""

    NONE = "0"
    OWN = "1"
    SHARERS = "2"


class PricedLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """A fee line as the institution sends it, with what the catalogue says of its item.

    Attributes:
        sn: feedetl_sn, unique in the visit.
        batch: chrg_bchno.
        item: the catalogue's item, None when the code is not in it.
        item_code, own_code: med_list_codg and medins_list_codg.
        occurred_at: when the fee arose.
        count: ten-thousandths.
        price: millionths of a yuan.
        total: fen; below zero, with the count, in a line that takes another back.
        approval: hosp_appr_flag, "" when it was not told.
        takes_back: number of the line of which this one takes pieces back (init_feedetl_sn); "" for every other.
        traces: trace codes (追溯码) of the packs that were sold whole; none cost nothing where the line is kept.
    """

    sn: str
    batch: str
    item: CatalogueItem | None
    item_code: str
    own_code: str
    occurred_at: datetime
    count: int
    price: int
    total: int
    approval: str = ""
    takes_back: str = ""
    traces: tuple[str, ...] = ()


class FeeLine(msgspec.Struct, frozen=True):
    """A fee line as it was kept: the line and its four parts (fen), which add up to its total."""

    line: PricedLine
    self_paid: int
    over_limit: int
    first_self_pay: int
    in_scope: int


class Visit(msgspec.Struct, frozen=True):
    """A registered visit or a purchase.

    Attributes:
        id: our id; `wire_id` gives its mdtrt_id.
        number: the institution's own number (ipt_otp_no).
        details: doctor and department as 2201 told them.
        state: ``open`` or ``cancelled``; ``stay`` for a stay in hospital, whose life its admission tells.
    """

    id: int
    person_id: int
    institution_id: int
    number: str
    scheme: Scheme
    med_type: str
    began_at: datetime
    details: Mapping[str, str]
    diagnoses: tuple[Mapping[str, str], ...]
    state: str


class RegisterVisit(msgspec.Struct, frozen=True):
    """2201: a person comes to a hospital."""

    key: MessageKey
    person_id: int
    number: str
    scheme: Scheme
    began_at: datetime
    details: Mapping[str, str]


class SettleVisit(msgspec.Struct, frozen=True):
    """2206/2207: pay one charging batch of a visit.

    Attributes:
        total: medfee_sumamt in fen, as the institution believes it to be.
        batch: chrg_bchno; every unsettled line of the visit when None.
        certificate_kind: mdtrt_cert_type that the patient showed.
        invoice: the number of the invoice over it, as `invoice_number` writes it; "" where none was told.
    """

    key: MessageKey
    institution: Institution
    person_id: int
    visit_id: int
    batch: str | None
    total: int
    account_use: AccountUse
    scheme: Scheme
    med_type: str
    certificate_kind: str
    invoice: str = ""


class SettleAdmission(SettleVisit, frozen=True):
    """2303/2304: pay what a stay in hospital has come to and was not settled yet.

    Attributes:
        mid_stay: the stay goes on (mid_setl_flag): what was uploaded so far is settled, the deposit stays.
        quote: only a quote, which may be asked for before the discharge.
        leaves_on: the day on which the patient is said to leave (dscgTime), for such a quote.
    """

    mid_stay: bool = False
    quote: bool = False
    leaves_on: date | None = None


class SettlePurchase(msgspec.Struct, frozen=True):
    """2101/2102: pay a purchase at a pharmacy, lines and all in one message.

    Attributes:
        disease: dise_codg, for a special disease.
        prescriber: tier of the hospital whose prescription is filled; None without one.
        invoice: as in `SettleVisit`.
    """

    key: MessageKey
    institution: Institution
    person_id: int
    lines: tuple[PricedLine, ...]
    total: int
    account_use: AccountUse
    scheme: Scheme
    med_type: str
    certificate_kind: str
    began_at: datetime
    disease: str = ""
    prescriber: Tier | None = None
    invoice: str = ""


class Reverse(msgspec.Struct, frozen=True):
    """2208/2103/2305: give everything of a settlement back to where it came from; `stay` says that it is of a stay in
    hospital (2305)."""

    key: MessageKey
    institution: Institution
    person_id: int
    visit_id: int
    settlement_id: int
    stay: bool = False


class Undo(msgspec.Struct, frozen=True):
    """2601: have a message, whose answer was lost, not have happened; if it comes later, it must not settle any more.

    Attributes:
        person_id: the patient.
        infnos: the transaction of the message, and its other names (2207 is sent as 2207A too); the first one that is
            known is meant.
        msgid: the message's own.
    """

    key: MessageKey
    institution: Institution
    person_id: int
    infnos: tuple[str, ...]
    msgid: str

    @property
    def undone(self) -> tuple[tuple[int, str, str], ...]:
        """The keys under which the message may be known."""
        return tuple((self.key.institution_id, infno, self.msgid) for infno in self.infnos)


class ReversePart(msgspec.Struct, frozen=True):
    """Some of a purchase goes back: reverse the whole and settle what remains, both or neither.

    Attributes:
        visit_id, settlement_id: as in `Reverse`.
        returned: how many pieces of each line go back, in ten-thousandths, by feedetl_sn.
        account_use: as in the purchase, for what remains.
    """

    key: MessageKey
    institution: Institution
    person_id: int
    visit_id: int
    settlement_id: int
    returned: Mapping[str, int]
    account_use: AccountUse


Command = SettleVisit | SettlePurchase | Reverse | Undo


class PayerLine(msgspec.Struct, frozen=True):
    """One line of "who paid what, and why".

    Attributes:
        payer: ``fund.pool``, ``fund.large``, ``fund.civil``, ``fund.aid``, ``own``, ``shared``, ``wallet`` or ``cash``.
        amount: fen; a zero line says why it is zero.
        because: code of the reason; the wording catalogue has its sentence.
        clause: the text it rests on, None where only arithmetic speaks.
        inputs: figures that the sentence needs (fen, per ten thousand, ids); never names.
    """

    payer: str
    amount: int
    because: str
    clause: Clause | None = None
    inputs: Mapping[str, int | str] = {}


class Explanation(msgspec.Struct, frozen=True):
    """The object that explains a settlement: payers in a fixed order, whose amounts add up to the total, and the steps
    of the arithmetic behind what the funds paid."""

    payers: tuple[PayerLine, ...]
    steps: tuple[Step, ...]


class Settlement(msgspec.Struct, frozen=True):
    """What a settlement, a pre-settlement (id 0) or a reversal (negative amounts) came to. Amounts in fen.

    Attributes:
        id: our id; 0 for a pre-settlement, which writes nothing.
        kind: ``settle``, ``reverse``, or ``restore`` for a settlement whose reversal was undone.
        reverses: the settlement taken back; for a ``restore`` the reversal.
        status, psn_type, civil_servant: the patient's standing that day.
        ratio: the fund's ratio per ten thousand.
        own: from the patient's own account. shared: from sharers' accounts. cash: what the patient pays at the till.
        balance_after: what is left in the patient's own account.
        lines: the fee lines with their split, for a purchase only.
        disease: dise_codg as it was told.
        prescriber: tier of the hospital whose prescription a pharmacy filled.
        invoice: the number of the invoice over it, as the institution told it; "" where it told none.
    """

    id: int
    kind: str
    reverses: int | None
    visit_id: int
    person_id: int
    institution_id: int
    infno: str
    msgid: str
    region: str
    scheme: Scheme
    status: Status
    psn_type: str
    civil_servant: bool
    med_type: str
    certificate_kind: str
    settled_at: datetime
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
    own: int
    shared: int
    wallet: int
    cash: int
    balance_after: int
    pack_digest: str
    explanation: Explanation
    lines: tuple[FeeLine, ...] = ()
    disease: str = ""
    prescriber: Tier | None = None
    invoice: str = ""

    @property
    def inpatient(self) -> bool:
        """Whether it is of a stay in hospital."""
        return is_inpatient(self.med_type)

    @property
    def of_stay(self) -> bool:
        """Whether a settlement was made by 2304, and so is taken back by 2305 only."""
        return self.infno.startswith("2304")

    @property
    def fund_total(self) -> int:
        """All that funds pay."""
        return self.fund_pool + self.fund_large + self.fund_civil + self.fund_aid

    @property
    def account_total(self) -> int:
        """acct_pay: the own account and, of it, what sharers pay (acct_mulaid_pay)."""
        return self.own + self.shared + self.wallet

    @property
    def personal_total(self) -> int:
        """psn_part_amt: all that funds do not pay."""
        return self.account_total + self.cash


#: Emergencies, special diseases, the two diseases (15) and special drugs are cleared apart.
_CLEARED_APART: Final = {"13": "13", "1301": "13", "14": "14", "9901": "15", "18": "18"}


def clearing_type(infno: str, med_type: str) -> str:
    """clr_type, under which a settlement is cleared with its institution: 21 a stay, 13 to 18 a category of its own, 41 a
    purchase at a pharmacy (2101 to 2103), 11 a visit."""
    if is_inpatient(med_type):
        return "21"
    if med_type in _CLEARED_APART:
        return _CLEARED_APART[med_type]
    return "41" if infno.startswith("21") or med_type == "41" else "11"


def is_inpatient(med_type: str) -> bool:
    """Whether a med_type is one of a stay: 21 and all that begin with 2, 52 childbirth, 71 the hospital bed at home."""
    return med_type.startswith("2") or med_type in ("52", "71")


def wire_id(region: str, identifier: int) -> str:
    """A visit's or settlement's id on the wire: the region and our number, 22 digits (C(30) of the interface)."""
    return f"{region}{identifier:016d}"


def from_wire(text: str) -> int | None:
    """Our number from an id on the wire; None when it is none of ours."""
    return int(text[6:]) if len(text) == 22 and text.isascii() and text.isdigit() else None
