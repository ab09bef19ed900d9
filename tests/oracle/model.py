"""The oracle: what must come of every operation, worked out with dicts and plain arithmetic.

Nothing of the house is used but the reference of the benefit rule (what a fund pays of one bill, tested on its own).
Who pays the rest, limits, idempotency, reversals and the family's steps are written here a second time, as simply as
they can be said.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from gongji.benefit.assess import assess
from gongji.benefit.model import Bill, Circumstances
from gongji.foundation.clock import CHINA
from gongji.rules.book import RuleBook
from gongji.rules.model import CareKind, Scheme, Status, Tier
from oracle.family import FAMILY, relation_to
from oracle.operations import (
    MESSAGES,
    Bind,
    Change,
    Expire,
    GiveBack,
    Hold,
    Read,
    Repeat,
    Reverse,
    Settle,
    Story,
    Take,
)

BEGINNING = datetime(2025, 11, 20, 8, 0, tzinfo=CHINA)

#: place: (kind of care, tier that the rules see)
PLACES = {
    "hospital": (CareKind.OUTPATIENT, Tier.TIER_3),
    "community": (CareKind.OUTPATIENT, Tier.TIER_1),
    "pharmacy": (CareKind.PHARMACY, Tier.TIER_1),
}

#: What the two regions' texts say of sharing on the days of the stories.
RELATIVES = frozenset({"spouse", "parent", "child", "sibling", "grandparent", "grandchild"})
BY_ITSELF = {"211200": True, "370800": False}
IN_SCOPE_ONLY = {"211200": True, "370800": False}
ONE_SHARER_AND_ONE_ROLE = {"211200": False, "370800": True}
LIMITS_ALLOWED = {"211200": False, "370800": True}


def moment(minutes: int) -> datetime:
    """The moment so many minutes after the beginning."""
    return BEGINNING + timedelta(minutes=minutes)


@dataclass
class Authorisation:
    """A sharer's leave for a user."""

    n: int
    sharer: int
    user: int
    rank: int
    limit_total: int | None
    limit_month: int | None
    state: str = "active"
    used: dict[str, int] = field(default_factory=dict)


@dataclass
class Answer:
    """What a settlement or reversal came to, and what it moved."""

    figures: dict[str, int]
    takes_back: bool = False
    moves: list[tuple[int, str, int, int | None]] = field(default_factory=list)
    counters: list[tuple[str, str, int]] = field(default_factory=list)
    month: str = ""
    patient: int = 0


@dataclass
class Held:
    """Money set aside: how much remains, until which minute, and from where it came, what was drawn last at the end."""

    person: int
    remaining: int
    until: int
    state: str = "open"
    sources: list[tuple[str, int]] = field(default_factory=list)


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


class Oracle:
    """One family's books as they must be."""

    def __init__(self, story: Story, rules: RuleBook) -> None:
        self.region = story.region
        self.rules = rules
        self.accounts: dict[tuple[int, str], int] = {}
        self.journal: list[tuple[int, tuple[int, str], int]] = []
        self.holds: dict[int, Held] = {}
        self.counters: dict[tuple[int, str, str], int] = {}
        self.authorisations: dict[int, Authorisation] = {}
        self.operations = {one.n: one for one in story.operations}
        #: By the number of the operation whose message it was: the content and the answer that are kept.
        self.kept: dict[int, tuple[str, Answer]] = {}
        self.reversed: set[int] = set()
        #: Reversals whose message was written when there was nothing to take back: it names a settlement of nobody.
        self.astray: dict[int, bool] = {}
        for person, money in enumerate(story.opening):
            if money is not None:
                self.accounts[person, "current"] = self.accounts[person, "historical"] = 0
                self._move(-1, (person, "current"), money[0])
                self._move(-1, (person, "historical"), money[1])

    def predict(self, one: Any) -> Any:
        """The outcome of an operation: figures, a state, something read, or the code of a refusal."""
        match one:
            case Settle() | Reverse() | Hold() | Take() | GiveBack():
                return self._message(one.n, "first", one.at, dry=isinstance(one, Settle) and one.dry)
            case Repeat():
                original = self.operations.get(one.of)
                if not isinstance(original, MESSAGES) or (isinstance(original, Settle) and original.dry):
                    return "nothing"
                return self._message(one.of, "other" if one.other else "first", one.at, dry=False)
            case Bind():
                return self._bind(one)
            case Change():
                return self._change(one)
            case Read():
                return self._read(one)
            case Expire():
                for held in self.holds.values():
                    if held.remaining and held.until <= one.at:
                        self._give_back(held, held.remaining, one.at)
                        held.state = "ended"
                return "expired"

    def _move(self, at: int, account: tuple[int, str], amount: int) -> None:
        self.accounts[account] += amount
        if amount:
            self.journal.append((at, account, amount))

    def balance(self, person: int) -> int:
        """What is in a person's two accounts, fen."""
        return sum(self.accounts.get((person, kind), 0) for kind in ("current", "historical"))

    def _message(self, n: int, content: str, at: int, *, dry: bool) -> Any:
        if not dry and n in self.kept:
            kept_content, answer = self.kept[n]
            return answer.figures if kept_content == content else "key.other_content"
        operation = self.operations[n]
        answer = self._decide(operation, at, dry)
        if isinstance(answer, str):
            return answer
        if not dry:
            self.kept[n] = (content, answer)
        return answer.figures

    def _decide(self, operation: Any, at: int, dry: bool) -> Answer | str:
        match operation:
            case Settle():
                return self._settle(operation, at, dry)
            case Reverse():
                return self._reverse(operation, at)
            case Hold():
                return self._hold(operation, at)
            case _:
                return self._step(operation, at)

    def _hold(self, one: Hold, at: int) -> Answer | str:
        if one.amount <= 0:
            return "hold.amount"
        if one.at + one.lasts <= at:
            return "hold.expires_at"
        if self.balance(one.person) < one.amount:
            return "hold.not_enough"
        held = Held(one.person, one.amount, one.at + one.lasts)
        rest = one.amount
        self.accounts.setdefault((one.person, "held"), 0)
        for kind in ("current", "historical"):
            taken = min(self.accounts[one.person, kind], rest)
            if taken:
                held.sources.append((kind, taken))
                self._move(at, (one.person, kind), -taken)
                rest -= taken
        self._move(at, (one.person, "held"), one.amount)
        self.holds[one.n] = held
        return Answer({"captured": 0, "released": 0, "remaining": one.amount})

    def _step(self, one: Take | GiveBack, at: int) -> Answer | str:
        held = self.holds.get(one.of)
        if self.astray.setdefault(one.n, held is None) or held is None:
            return "hold.unknown"
        if held.state == "ended":
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
            held.remaining -= taken
            self._move(at, (held.person, "held"), -taken)
            if one.rest:
                released = held.remaining
        else:
            released = amount
        self._give_back(held, released, at)
        if not held.remaining:
            held.state = "ended"
        return Answer({"captured": taken, "released": released, "remaining": held.remaining})

    def _give_back(self, held: Held, amount: int, at: int) -> None:
        """What was drawn last goes back first."""
        held.remaining -= amount
        self._move(at, (held.person, "held"), -amount)
        while amount:
            kind, drawn = held.sources.pop()
            part = min(drawn, amount)
            self._move(at, (held.person, kind), part)
            amount -= part
            if drawn > part:
                held.sources.append((kind, drawn - part))

    def _settle(self, one: Settle, at: int, dry: bool) -> Answer | str:
        if one.wrong_scheme:
            return "enrolment.other_scheme"
        if not one.items:
            return "settlement.nothing"
        if one.wrong_total:
            return "settlement.total"
        bill, on = split(one.items), moment(at).date()
        paid, counters, deductible = self._funds(one, bill, on)
        fund = sum(paid.values())
        payable = bill.in_scope + bill.first_self_pay - fund if IN_SCOPE_ONLY[self.region] else bill.total - fund
        moves: list[tuple[int, str, int, int | None]] = []
        own = 0
        if one.use != "0":
            for kind in ("current", "historical"):
                own += self._draw(moves, one.patient, kind, payable - own, None)
        shared = 0
        if one.use == "2" or (one.use == "1" and BY_ITSELF[self.region]):
            shared = self._sharers_pay(moves, one.patient, payable - own, f"{moment(at):%Y-%m}")
        figures = {
            "total": bill.total,
            "deductible": deductible,
            "fund_pool": paid.get("fund.pool", 0),
            "fund_large": paid.get("fund.large", 0),
            "own": own,
            "shared": shared,
            "cash": bill.total - fund - own - shared,
            "balance_after": self.balance(one.patient) - own,
        }
        answer = Answer(figures, False, moves, counters, f"{moment(at):%Y-%m}", one.patient)
        if not dry:
            self._apply(at, answer, 1)
        return answer

    def _funds(self, one: Settle, bill: Bill, on: date) -> tuple[dict[str, int], list[tuple[str, str, int]], int]:
        member = FAMILY[one.patient]
        care, tier = PLACES[one.place]
        rule = self.rules.benefit(self.region, Scheme(member.scheme), care, on)
        values = {
            name: self.counters.get((one.patient, f"{member.scheme}.{name}", counter.period(on)), 0)
            for name, counter in (rule.counters if rule else {}).items()
        }
        birthday_passed = (on.month, on.day) >= (member.born.month, member.born.day)
        age = on.year - member.born.year - (not birthday_passed)
        here = Circumstances(
            Status(member.status), tier, on, age, current_account=self.accounts.get((one.patient, "current"), 0)
        )
        said = assess(rule, bill, here, values)
        moved = [(f"{member.scheme}.{move.counter}", move.period, move.added) for move in said.moves]
        return {fund.fund: fund.amount for fund in said.funds}, moved, said.deductible

    def _draw(
        self, moves: list[tuple[int, str, int, int | None]], person: int, kind: str, most: int, under: int | None
    ) -> int:
        taken = min(self.accounts.get((person, kind), 0), most)
        if taken > 0:
            moves.append((person, kind, taken, under))
        return max(0, taken)

    def _sharers_pay(self, moves: list[tuple[int, str, int, int | None]], user: int, payable: int, month: str) -> int:
        shared = 0
        mine = [one for one in self.authorisations.values() if one.user == user and one.state == "active"]
        for one in sorted(mine, key=lambda one: (one.rank, one.n)):
            limits = ((one.limit_total, "total"), (one.limit_month, month))
            rooms = [max(0, limit - one.used.get(period, 0)) for limit, period in limits if limit is not None]
            most = min([payable - shared, *rooms])
            for kind in ("historical", "current"):
                taken = self._draw(moves, one.sharer, kind, most, one.n)
                most -= taken
                shared += taken
        return shared

    def _apply(self, at: int, answer: Answer, sign: int) -> None:
        for person, kind, amount, under in answer.moves:
            self._move(at, (person, kind), -sign * amount)
            if under is not None:
                used = self.authorisations[under].used
                for period in ("total", answer.month):
                    used[period] = used.get(period, 0) + sign * amount
        for counter, period, added in answer.counters:
            place = (answer.patient, counter, period)
            self.counters[place] = self.counters.get(place, 0) + sign * added

    def _reverse(self, one: Reverse, at: int) -> Answer | str:
        original = self.operations.get(one.of)
        kept = self.kept.get(one.of)
        if self.astray.setdefault(one.n, not isinstance(original, Settle | Reverse) or kept is None) or kept is None:
            return "settlement.unknown"
        answer = kept[1]
        if answer.takes_back or one.of in self.reversed:
            return "settlement.reversed"
        self.reversed.add(one.of)
        self._apply(at, answer, -1)
        figures = {name: -amount for name, amount in answer.figures.items()}
        figures["balance_after"] = self.balance(answer.patient)
        return Answer(figures, True, patient=answer.patient)

    def _bind(self, one: Bind) -> str:
        if one.sharer == one.user:
            return "authorisation.same_person"
        if FAMILY[one.sharer].scheme == "390":
            return "authorisation.no_personal_account"
        if relation_to(one.sharer, one.user) not in RELATIVES:
            return "authorisation.not_near_relative"
        if (one.limit_total is not None or one.limit_month is not None) and not LIMITS_ALLOWED[self.region]:
            return "authorisation.limit_not_allowed"
        living = [known for known in self.authorisations.values() if known.state != "ended"]
        if any((known.sharer, known.user) == (one.sharer, one.user) for known in living):
            return "authorisation.already_open"
        if ONE_SHARER_AND_ONE_ROLE[self.region]:
            if any(known.user == one.sharer for known in living):
                return "authorisation.sharer_is_user"
            if any(known.sharer == one.user for known in living):
                return "authorisation.user_is_sharer"
            if any(known.user == one.user for known in living):
                return "authorisation.already_bound"
        rank = 1 + max((known.rank for known in living if known.user == one.user), default=0)
        made = Authorisation(one.n, one.sharer, one.user, rank, one.limit_total, one.limit_month)
        self.authorisations[one.n] = made
        return "active"

    def _change(self, one: Change) -> str:
        made = self.authorisations.get(one.of)
        if made is None:
            return "nothing"
        if one.by not in (made.sharer, made.user):
            return "authorisation.unknown"
        if one.by != (made.user if one.action == "leave" else made.sharer):
            return "authorisation.not_yours"
        allowed = {"pause": ("active",), "resume": ("paused",)}.get(one.action, ("active", "paused"))
        if made.state not in allowed:
            return "authorisation.transition"
        if one.action == "limits":
            if not LIMITS_ALLOWED[self.region] and (one.limit_total is not None or one.limit_month is not None):
                return "authorisation.limit_not_allowed"
            made.limit_total, made.limit_month = one.limit_total, one.limit_month
        else:
            after = {"pause": "paused", "resume": "active", "unbind": "ended", "leave": "ended"}
            made.state = after[one.action]
        return made.state

    def _read(self, one: Read) -> Any:
        if one.what == "balances":
            return {
                kind: amount
                for (person, kind), amount in self.accounts.items()
                if person == one.person and kind != "held"
            }
        if one.what == "past":
            kinds = {kind for person, kind in self.accounts if person == one.person and kind != "held"}
            return {
                kind: sum(
                    amount for at, account, amount in self.journal if account == (one.person, kind) and at <= one.moment
                )
                for kind in kinds
            }
        if one.what == "statement":
            return sorted(
                (at, kind, amount)
                for at, (person, kind), amount in self.journal
                if person == one.person and kind != "held"
            )
        if one.what == "counters":
            return {place[1:]: value for place, value in self.counters.items() if place[0] == one.person and value}
        mine = {known.n for known in self.authorisations.values() if known.sharer == one.person}
        return {place: used for place, used in self.usage().items() if place[0] in mine}

    def usage(self) -> dict[tuple[int, str], int]:
        """What was shared under each authorisation, in all and by month."""
        return {
            (known.n, period): used
            for known in self.authorisations.values()
            for period, used in known.used.items()
            if used
        }
