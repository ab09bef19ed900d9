"""The oracle: what must come of every operation, worked out with dicts and plain arithmetic.

Nothing of the house is used but the reference of the benefit rule (what a fund pays of one bill, tested on its own).
Who pays the rest, limits, idempotency, reversals, the years, wallets, premiums and the family's steps are written here a
second time, as simply as they can be said.
"""

from __future__ import annotations

from typing import Any

from gongji.rules.book import RuleBook
from oracle.books import Books
from oracle.claims import Claims
from oracle.consent import Consent
from oracle.freezes import Freezes
from oracle.operations import (
    MESSAGES,
    Allot,
    Answer,
    Bind,
    Change,
    Credit,
    Expire,
    File,
    Freeze,
    OpenWallet,
    Operation,
    Order,
    Read,
    Repeat,
    Send,
    SetQuota,
    Settle,
    StepOfClaim,
    StepOfFreeze,
    StepOfQuota,
    Story,
    TaxSays,
    YearEnd,
)
from oracle.premiums import Premiums
from oracle.purses import Purses
from oracle.quotas import Quotas
from oracle.till import Till
from oracle.years import Years


class Oracle:
    """One family's books as they must be."""

    def __init__(self, story: Story, rules: RuleBook) -> None:
        self.operations: dict[int, Operation] = {one.n: one for one in story.operations}
        self.books = Books(story.opening)
        self.consent = Consent(story.region, self.books)
        self.freezes = Freezes(self.books)
        self.purses = Purses(self.books, story.quotas_from)
        self.quotas = Quotas(self.books, self.purses, story.quotas_from)
        self.premiums = Premiums(self.books, self.consent)
        self.years = Years(story.region, self.books)
        self.till = Till(story.region, rules, self.books, self.consent, self.purses, self.quotas, self.operations)
        self.claims = Claims(self.books, self.till)

    def predict(self, one: Operation) -> Any:
        """The outcome of an operation: figures, a state, something read, or the code of a refusal."""
        if isinstance(one, MESSAGES):
            return self.till.message(one.n, "first", one.at, dry=isinstance(one, Settle) and one.dry)
        match one:
            case Repeat():
                if not self.till.can_be_repeated(one.of):
                    return "nothing"
                return self.till.message(one.of, "other" if one.other else "first", one.at)
            case Bind():
                return self.consent.bind(one)
            case Change():
                return self.consent.change(one)
            case Credit():
                return self.years.credit(one)
            case YearEnd():
                return self.years.turn(one)
            case OpenWallet():
                return self.purses.open(one)
            case Send():
                return self.purses.send(one)
            case Answer():
                return self.purses.answer(one)
            case Order():
                return self.premiums.order(one)
            case TaxSays():
                return self.premiums.tax_says(one)
            case SetQuota():
                return self.quotas.set(one)
            case StepOfQuota():
                return self.quotas.step(one)
            case Allot():
                return self.consent.allot(one)
            case Freeze():
                return self.freezes.freeze(one)
            case StepOfFreeze():
                return self.freezes.step(one)
            case File():
                return self.claims.file(one)
            case StepOfClaim():
                return self.claims.step(one)
            case Expire():
                self.expire(one.at)
                return "expired"
            case Read():
                return self._read(one)
        raise AssertionError(one)

    def expire(self, at: int) -> None:
        """Whatever is over goes back."""
        self.books.expire(at)
        self.premiums.follow(at)
        self.purses.follow(at)

    def users(self) -> list[int]:
        """Those who may use somebody else's money now, once for each way."""
        bound = [one.user for one in self.consent.authorisations.values() if one.state == "active"]
        return bound + [one.user for one in self.quotas.given.values() if one.state == "active"]

    def parts(self) -> dict[tuple[int, int | None], tuple[int, int]]:
        """What is left of each part of a pot, by the account it came from."""
        return {place: (part.historical, part.current) for place, part in self.books.pots.parts.items()}

    def _read(self, one: Read) -> Any:
        kinds = {kind for person, kind in self.books.accounts if person == one.person}
        mine = [(at, kind, amount) for at, (person, kind), amount in self.books.journal if person == one.person]
        match one.what:
            case "balances":
                return {kind: self.books.accounts[one.person, kind] for kind in kinds}
            case "past":
                return {
                    kind: sum(amount for at, moved, amount in mine if moved == kind and at <= one.moment)
                    for kind in kinds
                }
            case "statement":
                return sorted(moved for moved in mine if moved[0] <= one.moment)
            case "counters":
                counters = self.till.counters
                return {place[1:]: value for place, value in counters.items() if place[0] == one.person and value}
            case "transfers":
                return self.purses.seen_by(one.person)
            case "orders":
                return self.premiums.seen_by(one.person)
            case "quotas":
                return self.quotas.seen_by(one.person)
            case "claims":
                return self.claims.seen_by(one.person)
            case "owed":
                return self.claims.owed_at(one.person, one.moment)
            case "parts":
                return {place: fen for place, fen in self.parts().items() if place[0] == one.person}
        authorisations = self.consent.authorisations
        return {
            place: used for place, used in self.consent.usage().items() if authorisations[place[0]].sharer == one.person
        }
