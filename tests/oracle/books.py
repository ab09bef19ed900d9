"""The family's money as it must be: what is in which account, what is set aside, and every movement there was."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from gongji.foundation.clock import CHINA
from oracle.pots import Piece, Pots

BEGINNING = datetime(2025, 11, 20, 8, 0, tzinfo=CHINA)

#: (person, kind of account)
Account = tuple[int, str]


def moment(minutes: int) -> datetime:
    """The moment so many minutes after the beginning."""
    return BEGINNING + timedelta(minutes=minutes)


def minutes(at: datetime) -> int:
    """The minutes from the beginning to a moment."""
    return round((at - BEGINNING).total_seconds() / 60)


def month_of(at: int) -> str:
    """The month of a minute, as limits count it."""
    return f"{moment(at):%Y-%m}"


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

    def room(self, at: int) -> int | None:
        """What the limits leave in a month, fen; None without limits."""
        limits = ((self.limit_total, "total"), (self.limit_month, month_of(at)))
        return min(
            (max(0, limit - self.used.get(period, 0)) for limit, period in limits if limit is not None), default=None
        )

    def use(self, at: int, amount: int) -> None:
        """Count what was shared, in all and in the month."""
        for period in ("total", month_of(at)):
            self.used[period] = self.used.get(period, 0) + amount


@dataclass
class Held:
    """Money set aside: how much remains, since and until which minute, and from where it came, what was drawn last at the
    end; under an authorisation when it is a sharer's, out of a pot when that has `pieces`. `taken` of it is gone for good."""

    person: int
    remaining: int
    since: int
    until: int
    sources: list[tuple[str, int]]
    under: Authorisation | None = None
    pieces: list[Piece] = field(default_factory=list)
    taken: int = 0

    def sources_of(self, amount: int) -> list[tuple[str, int]]:
        """Where the next fen that are taken came from."""
        found, begins = [], 0
        for kind, fen in self.sources:
            part = min(self.taken + amount, begins + fen) - max(self.taken, begins)
            begins += fen
            if part > 0:
                found.append((kind, part))
        return found


class Books:
    """Accounts, holds and the turn of the year, with nothing but additions."""

    def __init__(self, opening: tuple[tuple[int, int] | None, ...]) -> None:
        self.accounts: dict[Account, int] = {}
        self.journal: list[tuple[int, Account, int]] = []
        self.funds: list[tuple[int, int]] = []
        #: What is owed on claims, by person, and what the region's bank carried for them.
        self.owed: list[tuple[int, int, int]] = []
        self.treasury: list[tuple[int, int]] = []
        self.holds: list[Held] = []
        #: By person: the last year whose end the account has seen, and since when it holds the next year's money.
        self.turned: dict[int, tuple[int, int]] = {}
        self.credited: dict[tuple[int, str, str], int] = {}
        self.pots = Pots(self)
        #: By person, the last day on which nothing is paid from the account.
        self.frozen_until: dict[int, date] = {}
        for person, money in enumerate(opening):
            if money is not None:
                self.accounts[person, "current"] = self.accounts[person, "historical"] = 0
                self.move(-1, (person, "current"), money[0])
                self.move(-1, (person, "historical"), money[1])

    def move(self, at: int, account: Account, amount: int) -> None:
        """Add to an account, or take from it."""
        self.accounts[account] += amount
        if amount:
            self.journal.append((at, account, amount))

    def moved_by_region(self) -> dict[str, int]:
        """What the funds have got (below zero: paid), and what the region's bank carried to people."""
        return {
            "funds": sum(fen for _, fen in self.funds),
            "treasury": sum(fen for _, fen in self.treasury),
        }

    def balance(self, person: int) -> int:
        """What is in a person's own two accounts, fen."""
        return sum(self.accounts.get((person, kind), 0) for kind in ("current", "historical"))

    def is_frozen(self, person: int, at: int) -> bool:
        """Whether an agency lets nothing be paid from a person's account."""
        return person in self.frozen_until and moment(at).date() <= self.frozen_until[person]

    def has_turned(self, person: int, left: int) -> bool:
        """Whether the year in which a minute lies is over for an account."""
        year, since = self.turned.get(person, (0, left))
        return moment(left).year <= year or left < since

    def give(self, at: int, account: Account, amount: int, left: int) -> str:
        """Give money back that left an account at a minute: last year's is historical by now. Tells where it came to."""
        person, kind = account
        if kind == "current" and self.has_turned(person, left):
            kind = "historical"
        self.move(at, (person, kind), amount)
        return kind

    def hold(
        self, at: int, until: int, person: int, amount: int, order: tuple[str, ...], under: Authorisation | None = None
    ) -> Held:
        """Set money aside that is there."""
        sources, rest = [], amount
        self.accounts.setdefault((person, "held"), 0)
        for kind in order:
            taken = min(self.accounts[person, kind], rest)
            if taken:
                sources.append((kind, taken))
                self.move(at, (person, kind), -taken)
                self.move(at, (person, "held"), taken)
                rest -= taken
        assert not rest, "more was set aside than there was"
        if under is not None:
            under.use(at, amount)
        self.holds.append(Held(person, amount, at, until, sources, under))
        return self.holds[-1]

    def hold_out_of_pot(self, at: int, until: int, amount: int, under: Authorisation) -> Held:
        """Set money aside that is there for a relative."""
        held = self.hold(at, until, under.sharer, amount, ("pot",), under)
        held.pieces = self.pots.spend(under, amount)
        return held

    def take(self, at: int, held: Held, amount: int) -> None:
        """Take held money away."""
        held.taken += amount
        self._leave(at, held, amount)

    def _leave(self, at: int, held: Held, amount: int) -> None:
        held.remaining -= amount
        self.move(at, (held.person, "held"), -amount)

    def give_back(self, at: int, held: Held, amount: int) -> None:
        """Give held money back: what was drawn last goes back first, and is no use of an authorisation any more."""
        if held.under is not None:
            held.under.use(held.since, -amount)
        while amount:
            kind, drawn = held.sources.pop()
            part = min(drawn, amount)
            self._leave_for(at, held, kind, part)
            amount -= part
            if drawn > part:
                held.sources.append((kind, drawn - part))

    def _leave_for(self, at: int, held: Held, kind: str, amount: int) -> None:
        """Held money goes back to an account, or into the pot that it came out of, which gets it back whole."""
        if kind != "pot":
            self._leave(at, held, amount)
            self.give(at, (held.person, kind), amount, held.since)
            return
        assert held.under is not None, "a pot is spent under an authorisation"
        for leg in self.pots.come_back(at, held.under, held.pieces, held.since):
            self._leave(at, held, leg)

    def expire(self, at: int) -> None:
        """Whatever is held and over goes back."""
        for held in self.holds:
            if held.remaining and held.until <= at:
                self.give_back(at, held, held.remaining)

    def returning(self, person: int, year: int) -> int:
        """What the end of a year will bring back out of a pot, fen; nothing once the account has seen it."""
        if self.turned.get(person, (0, 0))[0] >= year:
            return 0
        return sum(part.left for part in self.pots.over(person, year).values())

    def turn(self, at: int, person: int, year: int) -> int | None:
        """The end of a year for one account: the fen that became historical, None when it had seen it before."""
        if self.turned.get(person, (0, 0))[0] >= year:
            return None
        begins = datetime(year + 1, 1, 1, tzinfo=CHINA)
        place = (person, "current")
        money = any(when < minutes(begins) for when, account, amount in self.journal if account == place and amount > 0)
        months = [month for who, month, _ in self.credited if who == person]
        earlier = money or any(month < f"{begins:%Y-%m}" for month in months)
        self.pots.turn(at, person, year, has_earlier_money=earlier)
        if not earlier:
            self.turned[person] = (year, minutes(begins))
            return 0
        self.turned[person] = (year, at)
        carried = self.accounts[place]
        self.move(at, place, -carried)
        self.move(at, (person, "historical"), carried)
        return carried
