"""What a decision is made from: the facts of a case, and the books that a batch of decisions works on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import msgspec
from msgspec.structs import replace

from gongji.benefit.model import Bill, CounterMove
from gongji.family.model import Authorisation
from gongji.ledger.model import AccountKind, Transfer, kind_of, person_of, personal_account
from gongji.ledger.pots import between
from gongji.registry.filings import Filed
from gongji.registry.model import Enrolment
from gongji.rules.model import Tier
from gongji.settlement.model import FeeLine, Settlement, SettlePurchase, SettleVisit
from gongji.settlement.pots import Pots
from gongji.settlement.stays import Stay
from gongji.settlement.waterfall import OWN_ORDER, Deposit, Quota


class PatientFacts(msgspec.Struct, frozen=True):
    """What is known of a patient at the moment of the decision."""

    id: int
    born_on: date
    died_on: date | None
    enrolment: Enrolment | None
    has_account: bool
    filings: tuple[Filed, ...] = ()


class Sharing(msgspec.Struct, frozen=True):
    """An authorisation for the patient, and whether the sharer's employee insurance holds."""

    authorisation: Authorisation
    sharer_insured: bool


class VisitFacts(msgspec.Struct):
    """A visit and the sums of its unsettled lines by charging batch (fen).

    Attributes:
        disease: dise_codg as it was told.
        prescriber: tier of the hospital whose prescription a pharmacy fills.
        essential_drugs: whether every line is an essential drug.
        stay: of a stay in hospital what is known of it.
    """

    id: int
    person_id: int
    institution_id: int
    med_type: str
    open: bool
    unsettled: dict[str, Bill] = {}
    disease: str = ""
    prescriber: Tier | None = None
    essential_drugs: bool = False
    stay: Stay | None = None


class Case(msgspec.Struct, frozen=True):
    """A settlement that is asked for, and what is known of it.

    Attributes:
        command: what the institution asks for.
        patient: the patient, under lock.
        visit: the visit with its unsettled lines; for a purchase, the one that is being made.
        sharings: authorisations for the patient that are active or paused, in the order in which they pay.
        lines: the purchase's lines with their split.
        deposits: what was set aside for this stay and is still there, oldest first.
        quotas: what relatives let the patient's wallet use, in the order in which it is taken.
    """

    command: SettleVisit | SettlePurchase
    patient: PatientFacts
    visit: VisitFacts
    sharings: tuple[Sharing, ...] = ()
    lines: tuple[FeeLine, ...] = ()
    deposits: tuple[Deposit, ...] = ()
    quotas: tuple[Quota, ...] = ()


class CounterValue(msgspec.Struct, gc=False):
    """A stored counter: its value and the limit that bound its last increase (fen)."""

    value: int
    cap: int | None


class Books(msgspec.Struct):
    """The state that a batch works on: loaded under locks, changed decision by decision, written at the end.

    Attributes:
        balances: bounded accounts by id, in fen; an account that is missing or closed is not there.
        counters: benefit counters by (person, counter, period).
        usage: shared so far by (authorisation, period), in fen; the period of the whole life is ``total``.
        settled: settlements by key that are stored or were decided earlier in this batch.
        closed: keys of messages that were undone before they came.
        reversed: ids of settlements that are taken back.
        paid_second: fen of a settlement's cash that second transactions paid, where it is to be taken back.
        undone: ids of those that were taken back by an undo, reversals among them.
        frozen: people from whose personal account an agency lets nothing be paid today.
        wallets: for each (person, institution) where there is something in the wallet or relatives let it use something,
            the code of the reason why it may not pay there, None where it may.
        archived: keys of messages whose settlement lies in a month that was archived.
        kept_from: from which id on visits and settlements are here, where one that is to be taken back is not, or is of a
            visit of an earlier month; 0 else.
        turned: for a person to whom something may go back, the last year that their account has seen the end of, and
            since when its current part holds the money of the next.
        pots: what sharers have allotted, where that matters.
    """

    balances: dict[int, int] = {}
    counters: dict[tuple[int, str, str], CounterValue] = {}
    usage: dict[tuple[int, str], int] = {}
    settled: dict[tuple[int, str, str], tuple[bytes, Settlement]] = {}
    closed: set[tuple[int, str, str]] = set()
    reversed: set[int] = set()
    undone: set[int] = set()
    turned: dict[int, tuple[int, datetime]] = {}
    paid_second: dict[int, int] = {}
    wallets: dict[tuple[int, int], str | None] = {}
    frozen: set[int] = set()
    archived: set[tuple[int, str, str]] = set()
    kept_from: int = 0
    pots: Pots = msgspec.field(default_factory=Pots)

    def copy(self) -> Books:
        """Books that may be changed without these changing."""
        counters = {place: CounterValue(one.value, one.cap) for place, one in self.counters.items()}
        return Books(
            dict(self.balances),
            counters,
            dict(self.usage),
            dict(self.settled),
            set(self.closed),
            set(self.reversed),
            set(self.undone),
            dict(self.turned),
            dict(self.paid_second),
            self.wallets,
            self.frozen,
            self.archived,
            self.kept_from,
            self.pots.copy(),
        )

    def move(self, transfer: Transfer) -> None:
        """Apply a transfer to the bounded accounts among its two."""
        for account, amount in ((transfer.debit, -transfer.amount), (transfer.credit, transfer.amount)):
            if account in self.balances:
                self.balances[account] += amount

    def own_balance(self, person_id: int) -> int:
        """What is in a person's own accounts, in fen."""
        return sum(self.balances.get(personal_account(kind, person_id), 0) for kind in OWN_ORDER)


def home(transfer: Transfer, books: Books, left_at: datetime) -> Transfer:
    """A transfer back to a payer, to the account that the money came from as it is today.

    What left the current account before a turn of the year has become historical with the rest of that year's money;
    when the account is closed, we owe the money to its holder instead.

    Args:
        transfer: the opposite of the one by which the money left.
        books: the books, with the turns of the holder's account.
        left_at: when the money left.
    """
    account = transfer.credit
    if not kind_of(account).bounded:
        return transfer
    holder = person_of(account)
    if kind_of(account) is AccountKind.PERSONAL_CURRENT and has_turned(holder, books, left_at):
        account = personal_account(AccountKind.PERSONAL_HISTORICAL, holder)
    if account not in books.balances:
        account = personal_account(AccountKind.PAYABLE_PERSON, holder)
    return replace(transfer, credit=account)


def has_turned(holder: int, books: Books, since: datetime) -> bool:
    """Whether a person's account has seen the turn of the year in which a moment lies, or any turn after the moment."""
    year, turned_at = books.turned.get(holder, (0, since))
    return since.year <= year or since < turned_at


def back_home(
    transfer: Transfer, books: Books, left_at: datetime, journal_id: int, taken: int, start: int = 0
) -> tuple[Transfer, ...]:
    """As `home`, for money that may have come out of a pot; the parts of the pot in the books are changed.

    Args:
        transfer, books, left_at: as `home`.
        journal_id: the journal that brings it back.
        taken: the journal that took it.
        start: how much of what that journal took out of the pot lies before what comes back now, in fen.
    """
    if kind_of(transfer.credit) is not AccountKind.POT:
        return (home(transfer, books, left_at),)
    sharer_id = person_of(transfer.credit)
    pieces = between(books.pots.drawn[taken, sharer_id], start, start + transfer.amount)
    legs = books.pots.come_back(journal_id, transfer, pieces, turned=has_turned(sharer_id, books, left_at))
    return tuple(home(leg, books, left_at) for leg in legs)


def apply_moves(
    books: Books, person_id: int, moves: tuple[CounterMove, ...], usage: Mapping[int, int], at: datetime
) -> None:
    """Move the counters and the usage in the books in hand."""
    for move in moves:
        place = (person_id, move.counter, move.period)
        counter = books.counters.setdefault(place, CounterValue(0, move.cap))
        counter.value += move.added
        if move.added > 0:
            counter.cap = move.cap
    for authorisation_id, amount in usage.items():
        for period in usage_periods(at):
            books.usage[authorisation_id, period] = books.usage.get((authorisation_id, period), 0) + amount


def usage_periods(at: datetime) -> tuple[str, str]:
    """The periods that the use of an authorisation counts in: its whole life, and the month."""
    return "total", f"{at.year:04d}-{at.month:02d}"


def usage_of(transfers: tuple[Transfer, ...]) -> dict[int, int]:
    """How much was shared under each authorisation, in fen; what comes out of a hold was used when it was held."""
    usage: dict[int, int] = {}
    for transfer in transfers:
        if transfer.authorisation_id is not None and kind_of(transfer.debit) is not AccountKind.PERSONAL_HELD:
            usage[transfer.authorisation_id] = usage.get(transfer.authorisation_id, 0) + transfer.amount
    return usage


def counter_periods(on: date) -> tuple[str, ...]:
    """Every period that a benefit counter of any rule can count in on a day (see `gongji.rules.model.Counter.period`):
    calendar and insurance years, the quarter, the month."""
    year, month = on.year, on.month
    quarter = f"{year:04d}-Q{(month + 2) // 3}"
    insurance_years = (f"{first:04d}/{(first + 1) % 100:02d}" for first in (year - 1, year))
    return (f"{year:04d}", *insurance_years, quarter, f"{year:04d}-{month:02d}")
