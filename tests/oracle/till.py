"""What comes of a purchase, of taking it back, and of money set aside: at the desk, under keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from gongji.benefit.assess import assess
from gongji.benefit.model import Bill, Circumstances
from gongji.rules.book import RuleBook
from gongji.rules.model import CareKind, Scheme, Status, Tier
from oracle.books import Account, Authorisation, Books, Held, moment
from oracle.consent import Consent
from oracle.family import FAMILY
from oracle.operations import MESSAGES, GiveBack, Hold, Operation, Reverse, Settle, Take
from oracle.pots import Piece
from oracle.purses import Purses
from oracle.quotas import NEVER, Quota, Quotas
from oracle.regions import REGIONS

#: place: (kind of care, tier that the rules see)
PLACES = {
    "hospital": (CareKind.OUTPATIENT, Tier.TIER_3),
    "community": (CareKind.OUTPATIENT, Tier.TIER_1),
    "pharmacy": (CareKind.PHARMACY, Tier.TIER_1),
}

#: Who has signed to take the wallet.
TAKES_WALLET = ("hospital", "pharmacy")


@dataclass
class Drawn:
    """What was taken out of an account: under a sharer's authorisation, and of what of their pot; or out of a hold of a
    quota, where it had come from."""

    account: Account
    amount: int
    under: Authorisation | None = None
    pieces: list[Piece] = field(default_factory=list)
    quota: Quota | None = None
    held: Held | None = None
    sources: list[tuple[str, int]] = field(default_factory=list)


@dataclass
class Told:
    """What a message was answered with, and what it moved."""

    figures: dict[str, int]
    at: int
    takes_back: bool = False
    moves: list[Drawn] = field(default_factory=list)
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
        consent: Consent,
        purses: Purses,
        quotas: Quotas,
        operations: dict[int, Operation],
    ) -> None:
        self.region = region
        self.rule = REGIONS[region]
        self.rules = rules
        self.books = books
        self.authorisations = consent.authorisations
        self.areas = purses.areas
        self.quotas = quotas
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

    def paid_by_relatives(self) -> list[int]:
        """The operations that a quota or a pot paid for, and that stand."""
        return [
            n
            for n, (_, told) in self.kept.items()
            if n not in self.reversed and any(drawn.held or drawn.pieces for drawn in told.moves)
        ]

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
        if self.books.is_frozen(one.person, at):
            return "hold.account_frozen"
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
        paid, counters, deductible = self.funds(one.patient, one.place, bill, moment(at).date())
        fund = sum(paid.values())
        payable = bill.in_scope + bill.first_self_pay - fund if self.rule.in_scope_only else bill.total - fund
        moves: list[Drawn] = []
        own = wallet = shared = 0
        if one.use != "0":
            for kind in () if self.books.is_frozen(one.patient, at) else ("current", "historical"):
                own += self._draw(moves, (one.patient, kind), payable - own)
            if one.place in TAKES_WALLET:
                if _takes_in(self.areas.get(one.patient), self.region):
                    wallet = self._draw(moves, (one.patient, "wallet"), payable - own)
                wallet += self._quotas_pay(moves, one.patient, payable - own - wallet, at)
        if one.use == "2" or (one.use == "1" and self.rule.by_itself):
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
            for drawn in moves:
                self._carry_out(drawn, at)
            self._count(told, at, 1)
        return told

    def funds(
        self, patient: int, place: str, bill: Bill, on: date
    ) -> tuple[dict[str, int], list[tuple[str, str, int]], int]:
        """What the funds pay of a bill by the rules of a day: fen by fund, how it moves counters, and the deductible."""
        member = FAMILY[patient]
        care, tier = PLACES[place]
        rule = self.rules.benefit(self.region, Scheme(member.scheme), care, on)
        values = {
            name: self.counters.get((patient, f"{member.scheme}.{name}", counter.period(on)), 0)
            for name, counter in (rule.counters if rule else {}).items()
        }
        account = self.books.accounts.get((patient, "current"), 0)
        here = Circumstances(Status(member.status), tier, on, member.age(on), current_account=account)
        said = assess(rule, bill, here, values)
        moved = [(f"{member.scheme}.{move.counter}", move.period, move.added) for move in said.moves]
        return {fund.fund: fund.amount for fund in said.funds}, moved, said.deductible

    def _carry_out(self, drawn: Drawn, at: int) -> None:
        if drawn.held is not None:
            drawn.sources = drawn.held.sources_of(drawn.amount)
            self.books.take(at, drawn.held, drawn.amount)
            return
        self.books.move(at, drawn.account, -drawn.amount)
        if drawn.under is not None:
            drawn.under.use(at, drawn.amount)
            if drawn.account[1] == "pot":
                drawn.pieces = self.books.pots.spend(drawn.under, drawn.amount)

    def _draw(self, moves: list[Drawn], account: Account, most: int, under: Authorisation | None = None) -> int:
        taken = min(self.books.accounts.get(account, 0), most)
        if taken > 0:
            moves.append(Drawn(account, taken, under))
        return max(0, taken)

    def _quotas_pay(self, moves: list[Drawn], user: int, payable: int, at: int) -> int:
        paid = 0
        for quota in self.quotas.of(user):
            for held in () if self.books.is_frozen(quota.giver, at) else quota.holds:
                taken = min(held.remaining, payable - paid)
                if taken:
                    moves.append(Drawn((quota.giver, "held"), taken, quota=quota, held=held))
                    paid += taken
        return paid

    def _sharers_pay(self, moves: list[Drawn], user: int, payable: int, at: int) -> int:
        shared = 0
        mine = [one for one in self.authorisations.values() if one.user == user and one.state == "active"]
        for one in sorted(mine, key=lambda one: (one.rank, one.n)):
            if self.books.is_frozen(one.sharer, at):
                continue
            room = one.room(at)
            most = payable - shared if room is None else min(payable - shared, room)
            if self.rule.allotment is not None:
                most = min(most, sum(fen for _, _, fen in self.books.pots.left_for(one)))
            for kind in ("historical", "current") if self.rule.allotment is None else ("pot",):
                taken = self._draw(moves, (one.sharer, kind), most, one)
                most -= taken
                shared += taken
        return shared

    def count(self, patient: int, moves: list[tuple[str, str, int]], sign: int) -> None:
        """Move the benefit's counters, or move them back."""
        for counter, period, added in moves:
            place = (patient, counter, period)
            self.counters[place] = self.counters.get(place, 0) + sign * added

    def _count(self, told: Told, at: int, sign: int) -> None:
        """The benefit's counters and the funds."""
        self.count(told.patient, told.counters, sign)
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
        for drawn in told.moves:
            self._give_back(drawn, at, told.at)
        self._count(told, at, -1)
        figures = {name: -amount for name, amount in told.figures.items()}
        figures["balance_after"] = self.books.balance(told.patient)
        return Told(figures, at, True, patient=told.patient)

    def _give_back(self, drawn: Drawn, at: int, left: int) -> None:
        if drawn.held is not None:
            self._back_to_giver(drawn, drawn.held, at)
        elif drawn.under is not None and drawn.pieces:
            self.books.pots.come_back(at, drawn.under, drawn.pieces, left)
        else:
            self.books.give(at, drawn.account, drawn.amount, left)
        if drawn.under is not None:
            drawn.under.use(left, -drawn.amount)

    def _back_to_giver(self, drawn: Drawn, held: Held, at: int) -> None:
        """It is set aside again while the quota is in force, and nothing stops the giver's account."""
        giver, quota = held.person, drawn.quota
        came = [(self.books.give(at, (giver, kind), fen, held.since), fen) for kind, fen in drawn.sources]
        if quota is None or quota.state != "active" or self.books.is_frozen(giver, at):
            return
        again = Held(giver, drawn.amount, at, NEVER, came)
        for kind, fen in came:
            self.books.move(at, (giver, kind), -fen)
            self.books.move(at, (giver, "held"), fen)
        self.books.holds.append(again)
        quota.holds.append(again)


def _takes_in(area: str | None, region: str) -> bool:
    """Whether a region lies in the area that somebody chose: a city by four digits, a province by two."""
    return area is not None and region.startswith(area[:2] if area.endswith("0000") else area[:4])
