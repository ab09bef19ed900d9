"""What comes of a purchase, of taking it back, and of money set aside: at the desk, under keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gongji.benefit.assess import assess
from gongji.benefit.model import Bill, Circumstances
from gongji.rules.book import RuleBook
from gongji.rules.model import CareKind, Scheme, Status, Tier
from oracle.books import Account, Authorisation, Books, Held, moment
from oracle.family import FAMILY
from oracle.operations import MESSAGES, GiveBack, Hold, Operation, Reverse, Settle, Take

#: place: (kind of care, tier that the rules see)
PLACES = {
    "hospital": (CareKind.OUTPATIENT, Tier.TIER_3),
    "community": (CareKind.OUTPATIENT, Tier.TIER_1),
    "pharmacy": (CareKind.PHARMACY, Tier.TIER_1),
}

#: Who has signed to take the wallet.
TAKES_WALLET = ("hospital", "pharmacy")

#: What the two regions' texts say of paying on the days of the stories.
BY_ITSELF = {"211200": True, "370800": False}
IN_SCOPE_ONLY = {"211200": True, "370800": False}


@dataclass
class Told:
    """What a message was answered with, and what it moved."""

    figures: dict[str, int]
    at: int
    takes_back: bool = False
    moves: list[tuple[Account, int, Authorisation | None]] = field(default_factory=list)
    counters: list[tuple[str, str, int]] = field(default_factory=list)
    patient: int = 0


def split(items: tuple[tuple[str, int, int], ...]) -> Bill:
    """The bill: C-A in scope, C-B with a tenth borne first and a ceiling of ¥195.00 a piece, C-C all self-paid."""
    total = self_paid = over = first = scope = 0
    for code, count, price in items:
        amount = count * price
        total += amount
        if code == "C-C":
            self_paid += amount
        elif code == "C-B":
            above = count * max(0, price - 195_00)
            tenth = ((amount - above) * 1000 + 5000) // 10_000
            over, first, scope = over + above, first + tenth, scope + amount - above - tenth
        else:
            scope += amount
    return Bill(total, self_paid, over, first, scope)


class Till:
    """One family at the desk."""

    def __init__(
        self,
        region: str,
        rules: RuleBook,
        books: Books,
        authorisations: dict[int, Authorisation],
        areas: dict[int, str],
        operations: dict[int, Operation],
    ) -> None:
        self.region = region
        self.rules = rules
        self.books = books
        self.authorisations = authorisations
        self.areas = areas
        self.operations = operations
        self.counters: dict[tuple[int, str, str], int] = {}
        self.holds: dict[int, Held] = {}
        #: By the number of the operation whose message it was: the content and the answer that are kept.
        self.kept: dict[int, tuple[str, Told]] = {}
        self.reversed: set[int] = set()
        #: Messages written when there was nothing to take (back): they name a settlement or a hold of nobody.
        self.astray: dict[int, bool] = {}

    def message(self, n: int, content: str, at: int, *, dry: bool = False) -> Any:
        """A message under its key: the stored answer, a refusal, or what it comes to now."""
        if not dry and n in self.kept:
            kept_content, told = self.kept[n]
            return told.figures if kept_content == content else "key.other_content"
        decided = self._decide(self.operations[n], at, dry)
        if isinstance(decided, str):
            return decided
        if not dry:
            self.kept[n] = (content, decided)
        return decided.figures

    def can_be_repeated(self, n: int) -> bool:
        """Whether an operation sent a message under a key."""
        original = self.operations.get(n)
        return isinstance(original, MESSAGES) and not (isinstance(original, Settle) and original.dry)

    def _decide(self, operation: Operation, at: int, dry: bool) -> Told | str:
        match operation:
            case Settle():
                return self._settle(operation, at, dry)
            case Reverse():
                return self._reverse(operation, at)
            case Hold():
                return self._hold(operation, at)
            case Take() | GiveBack():
                return self._step(operation, at)
        raise AssertionError(operation)

    def _hold(self, one: Hold, at: int) -> Told | str:
        if one.amount <= 0:
            return "hold.amount"
        if one.at + one.lasts <= at:
            return "hold.expires_at"
        if self.books.balance(one.person) < one.amount:
            return "hold.not_enough"
        self.holds[one.n] = self.books.hold(at, one.at + one.lasts, one.person, one.amount, ("current", "historical"))
        return Told({"captured": 0, "released": 0, "remaining": one.amount}, at)

    def _step(self, one: Take | GiveBack, at: int) -> Told | str:
        held = self.holds.get(one.of)
        if self.astray.setdefault(one.n, held is None) or held is None:
            return "hold.unknown"
        if not held.remaining:
            return "hold.ended"
        if isinstance(one, Take) and held.until <= at:
            return "hold.expired"
        amount = held.remaining if one.amount is None else one.amount
        if amount <= 0:
            return "hold.amount"
        if amount > held.remaining:
            return "hold.too_much"
        taken = released = 0
        if isinstance(one, Take):
            taken = amount
            self.books.take(at, held, taken)
            released = held.remaining if one.rest else 0
        else:
            released = amount
        self.books.give_back(at, held, released)
        return Told({"captured": taken, "released": released, "remaining": held.remaining}, at)

    def _settle(self, one: Settle, at: int, dry: bool) -> Told | str:
        if one.wrong_scheme:
            return "enrolment.other_scheme"
        if not one.items:
            return "settlement.nothing"
        if one.wrong_total:
            return "settlement.total"
        bill = split(one.items)
        paid, counters, deductible = self._funds(one, bill, at)
        fund = sum(paid.values())
        payable = bill.in_scope + bill.first_self_pay - fund if IN_SCOPE_ONLY[self.region] else bill.total - fund
        moves: list[tuple[Account, int, Authorisation | None]] = []
        own = wallet = shared = 0
        if one.use != "0":
            for kind in ("current", "historical"):
                own += self._draw(moves, (one.patient, kind), payable - own, None)
            if one.place in TAKES_WALLET and _takes_in(self.areas.get(one.patient), self.region):
                wallet = self._draw(moves, (one.patient, "wallet"), payable - own, None)
        if one.use == "2" or (one.use == "1" and BY_ITSELF[self.region]):
            shared = self._sharers_pay(moves, one.patient, payable - own - wallet, at)
        figures = {
            "total": bill.total,
            "deductible": deductible,
            "fund_pool": paid.get("fund.pool", 0),
            "fund_large": paid.get("fund.large", 0),
            "own": own,
            "wallet": wallet,
            "shared": shared,
            "cash": bill.total - fund - own - wallet - shared,
            "balance_after": self.books.balance(one.patient) - own,
        }
        told = Told(figures, at, False, moves, counters, one.patient)
        if not dry:
            for account, amount, under in moves:
                self.books.move(at, account, -amount)
                if under is not None:
                    under.use(at, amount)
            self._count(told, at, 1)
        return told

    def _funds(self, one: Settle, bill: Bill, at: int) -> tuple[dict[str, int], list[tuple[str, str, int]], int]:
        member, on = FAMILY[one.patient], moment(at).date()
        care, tier = PLACES[one.place]
        rule = self.rules.benefit(self.region, Scheme(member.scheme), care, on)
        values = {
            name: self.counters.get((one.patient, f"{member.scheme}.{name}", counter.period(on)), 0)
            for name, counter in (rule.counters if rule else {}).items()
        }
        account = self.books.accounts.get((one.patient, "current"), 0)
        here = Circumstances(Status(member.status), tier, on, member.age(on), current_account=account)
        said = assess(rule, bill, here, values)
        moved = [(f"{member.scheme}.{move.counter}", move.period, move.added) for move in said.moves]
        return {fund.fund: fund.amount for fund in said.funds}, moved, said.deductible

    def _draw(
        self,
        moves: list[tuple[Account, int, Authorisation | None]],
        account: Account,
        most: int,
        under: Authorisation | None,
    ) -> int:
        taken = min(self.books.accounts.get(account, 0), most)
        if taken > 0:
            moves.append((account, taken, under))
        return max(0, taken)

    def _sharers_pay(
        self, moves: list[tuple[Account, int, Authorisation | None]], user: int, payable: int, at: int
    ) -> int:
        shared = 0
        mine = [one for one in self.authorisations.values() if one.user == user and one.state == "active"]
        for one in sorted(mine, key=lambda one: (one.rank, one.n)):
            room = one.room(at)
            most = payable - shared if room is None else min(payable - shared, room)
            for kind in ("historical", "current"):
                taken = self._draw(moves, (one.sharer, kind), most, one)
                most -= taken
                shared += taken
        return shared

    def _count(self, told: Told, at: int, sign: int) -> None:
        """The benefit's counters and the funds."""
        for counter, period, added in told.counters:
            place = (told.patient, counter, period)
            self.counters[place] = self.counters.get(place, 0) + sign * added
        fund = told.figures["fund_pool"] + told.figures["fund_large"]
        if fund:
            self.books.funds.append((at, -sign * fund))

    def _reverse(self, one: Reverse, at: int) -> Told | str:
        original = self.operations.get(one.of)
        kept = self.kept.get(one.of)
        if self.astray.setdefault(one.n, not isinstance(original, Settle | Reverse) or kept is None) or kept is None:
            return "settlement.unknown"
        told = kept[1]
        if told.takes_back or one.of in self.reversed:
            return "settlement.reversed"
        self.reversed.add(one.of)
        for account, amount, under in told.moves:
            self.books.give(at, account, amount, told.at)
            if under is not None:
                under.use(told.at, -amount)
        self._count(told, at, -1)
        figures = {name: -amount for name, amount in told.figures.items()}
        figures["balance_after"] = self.books.balance(told.patient)
        return Told(figures, at, True, patient=told.patient)


def _takes_in(area: str | None, region: str) -> bool:
    """Whether a region lies in the area that somebody chose: a city by four digits, a province by two."""
    return area is not None and region.startswith(area[:2] if area.endswith("0000") else area[:4])
