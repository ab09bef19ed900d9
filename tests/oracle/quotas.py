"""Quotas that relatives give a wallet (额度): what stands aside for whom, and what can be used of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from oracle.books import Books, Held, moment
from oracle.consent import RELATIVES
from oracle.family import relation_to
from oracle.operations import SetQuota, StepOfQuota
from oracle.purses import Purses

#: A minute that never comes.
NEVER = 1 << 40


@dataclass
class Quota:
    """From whom to whom, how much (what was used included), and the holds in which it stands, oldest first."""

    n: int
    giver: int
    user: int
    amount: int
    asked: int
    holds: list[Held] = field(default_factory=list)
    state: str = "proposed"
    accepted_at: int = 0

    @property
    def left(self) -> int:
        """What can still be used, fen."""
        return sum(held.remaining for held in self.holds)

    def told(self) -> str:
        """How it stands."""
        return f"{self.state} {self.amount} {self.left}"


class Quotas:
    """The family's quotas, from a day on."""

    def __init__(self, books: Books, purses: Purses, since: date | None) -> None:
        self.books = books
        self.purses = purses
        self.since = since
        self.given: dict[int, Quota] = {}

    def have_begun(self, at: int) -> bool:
        """Whether relatives set quotas and send nothing any more."""
        return self.since is not None and moment(at).date() >= self.since

    def of(self, user: int) -> list[Quota]:
        """What a person may use, in the order in which it is taken."""
        mine = [one for one in self.given.values() if one.user == user and one.state == "active"]
        return sorted(mine, key=lambda one: (one.accepted_at, one.n))

    def set(self, one: SetQuota) -> str:
        """Somebody sets one under a key."""
        key = one.n if one.of is None else one.of
        known = self.given.get(key)
        if known is not None:
            return known.told() if (known.user, known.asked) == (one.user, one.amount) else "key.other_content"
        if one.amount <= 0:
            return "quota.amount"
        refused = self._giver_refused(one.giver, one.at)
        if refused is not None:
            return refused
        refused = self._user_refused(one)
        if refused is not None:
            return refused
        made = Quota(key, one.giver, one.user, one.amount, one.amount)
        refused = self._set_aside(made, one.at, one.amount)
        if refused is not None:
            return refused
        self.given[key] = made
        return made.told()

    def _giver_refused(self, giver: int, at: int) -> str | None:
        if not self.have_begun(at):
            return "quota.not_begun"
        if (giver, "current") not in self.books.accounts:
            return "quota.no_account"
        return None if giver in self.purses.areas else "wallet.not_opened"

    def _user_refused(self, one: SetQuota) -> str | None:
        pair = [made for made in self.given.values() if (made.giver, made.user) == (one.giver, one.user)]
        conditions = (
            ("wallet.same_person", one.giver != one.user),
            ("wallet.not_a_relative", relation_to(one.giver, one.user) in RELATIVES),
            ("quota.standing", all(made.state == "ended" for made in pair)),
            ("wallet.receiver_not_opened", one.user in self.purses.areas),
        )
        return next((code for code, holds in conditions if not holds), None)

    def _set_aside(self, made: Quota, at: int, amount: int) -> str | None:
        if amount > self.books.balance(made.giver):
            return "quota.not_enough"
        if self.books.is_frozen(made.giver, at):
            return "hold.account_frozen"
        made.holds.append(self.books.hold(at, NEVER, made.giver, amount, ("historical", "current")))
        return None

    def step(self, one: StepOfQuota) -> str:
        """Somebody does something with one."""
        made = self.given.get(one.of)
        if made is None:
            return "nothing"
        if one.by not in (made.giver, made.user):
            return "quota.unknown"
        match one.what:
            case "accept":
                return self._accept(made, one)
            case "change":
                return self._change(made, one)
        if made.state != "ended":
            made.amount -= made.left
            self._give_back(made, one.at, made.left)
            made.state = "ended"
        return made.told()

    def _accept(self, made: Quota, one: StepOfQuota) -> str:
        if one.by != made.user:
            return "quota.not_yours"
        if made.state == "ended":
            return "quota.ended"
        if made.state == "proposed":
            made.state, made.accepted_at = "active", one.at
        return made.told()

    def _change(self, made: Quota, one: StepOfQuota) -> str:
        if one.by != made.giver:
            return "quota.not_yours"
        if one.amount <= 0:
            return "quota.amount"
        if made.state == "ended":
            return "quota.ended"
        if one.amount < made.amount - made.left:
            return "quota.used"
        more = one.amount - made.amount
        if more > 0:
            refused = self._giver_refused(made.giver, one.at) or self._set_aside(made, one.at, more)
            if refused is not None:
                return refused
        else:
            self._give_back(made, one.at, -more)
        made.amount = one.amount
        return made.told()

    def _give_back(self, made: Quota, at: int, amount: int) -> None:
        """What was set aside last goes back first."""
        for held in reversed(made.holds):
            part = min(held.remaining, amount)
            self.books.give_back(at, held, part)
            amount -= part

    def seen_by(self, person: int) -> list[tuple[int, int, int, int, str]]:
        """What somebody gave and was given."""
        mine = [one for one in self.given.values() if person in (one.giver, one.user)]
        return sorted((one.giver, one.user, one.amount, one.left, one.state) for one in mine)
