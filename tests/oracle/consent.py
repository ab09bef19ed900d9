"""Who may spend whose money, and how much of it where that has to be allotted: what comes of the family's steps."""

from __future__ import annotations

from oracle.books import Authorisation, Books, moment
from oracle.family import FAMILY, relation_to
from oracle.operations import Allot, Bind, Change
from oracle.pots import Part
from oracle.regions import REGIONS

#: Near relatives, whom all regions admit on the days of the stories.
RELATIVES = frozenset({"spouse", "parent", "child", "sibling", "grandparent", "grandchild"})


class Consent:
    """The family's authorisations, and what its sharers do with their pots."""

    def __init__(self, region: str, books: Books) -> None:
        self.rule = REGIONS[region]
        self.books = books
        #: By the number of the operation: (sharer, of, amount, back).
        self.deeds: dict[int, tuple[int, int | None, int, bool]] = {}
        self.authorisations: dict[int, Authorisation] = {}

    def bind(self, one: Bind) -> str:
        """A sharer gives leave."""
        if one.sharer == one.user:
            return "authorisation.same_person"
        if FAMILY[one.sharer].scheme == "390":
            return "authorisation.no_personal_account"
        if self.books.is_frozen(one.sharer, one.at):
            return "authorisation.account_frozen"
        if relation_to(one.sharer, one.user) not in RELATIVES:
            return "authorisation.not_near_relative"
        if (one.limit_total is not None or one.limit_month is not None) and not self.rule.limits_allowed:
            return "authorisation.limit_not_allowed"
        living = [known for known in self.authorisations.values() if known.state != "ended"]
        if any((known.sharer, known.user) == (one.sharer, one.user) for known in living):
            return "authorisation.already_open"
        if self.rule.one_sharer_and_one_role:
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

    def change(self, one: Change) -> str:
        """Somebody pauses, resumes, ends it, or sets limits."""
        made = self.authorisations.get(one.of)
        if made is None:
            return "nothing"
        if one.by not in (made.sharer, made.user):
            return "authorisation.unknown"
        if one.by != (made.user if one.action == "leave" else made.sharer):
            return "authorisation.not_yours"
        if one.action == "resume" and self.books.is_frozen(made.sharer, one.at):
            return "authorisation.account_frozen"
        allowed = {"pause": ("active",), "resume": ("paused",)}.get(one.action, ("active", "paused"))
        if made.state not in allowed:
            return "authorisation.transition"
        if one.action == "limits":
            if not self.rule.limits_allowed and (one.limit_total is not None or one.limit_month is not None):
                return "authorisation.limit_not_allowed"
            made.limit_total, made.limit_month = one.limit_total, one.limit_month
        else:
            after = {"pause": "paused", "resume": "active", "unbind": "ended", "leave": "ended"}
            made.state = after[one.action]
            if made.state == "ended":
                others = self._in_force(made.sharer)
                self.books.pots.end(one.at, made.sharer, [made.n] if others else [made.n, None])
        return made.state

    def _in_force(self, sharer: int) -> list[Authorisation]:
        return [one for one in self.authorisations.values() if one.sharer == sharer and one.state != "ended"]

    def allot(self, one: Allot) -> str:
        """A sharer allots or takes back under a key."""
        if one.of is not None and one.of not in self.authorisations:
            return "nothing"
        key = one.n if one.again is None else one.again
        known, wanted = self.deeds.get(key), (one.sharer, one.of, one.amount, one.back)
        if known is not None:
            return f"done {one.amount}" if known == wanted else "key.other_content"
        refused = self._not_taken_back(one) if one.back else self._not_allotted(one)
        if refused is not None:
            return refused
        if one.back:
            self.books.pots.take_back(one.at, one.sharer, one.of, one.amount)
        else:
            assert self.rule.allotment is not None, "refused elsewhere"
            self.books.turn(one.at, one.sharer, moment(one.at).year - 1)
            part = Part(year=moment(one.at).year, returns=not self.rule.allotment.stays)
            self.books.pots.allot(one.at, one.sharer, one.of, one.amount, part)
        self.deeds[key] = wanted
        return f"done {one.amount}"

    def _not_allotted(self, one: Allot) -> str | None:
        rule, mine = self.rule.allotment, self._in_force(one.sharer)
        if self.books.is_frozen(one.sharer, one.at):
            return "authorisation.account_frozen"
        if one.of is not None and all(known.n != one.of for known in mine):
            return "authorisation.unknown"
        if rule is None or not mine:
            return "allotment.not_here"
        if one.amount <= 0:
            return "allotment.amount"
        if rule.one_pot != (one.of is None):
            return "allotment.for_whom"
        # The first of a year turns the account: what returns at the end of the old one can be given anew.
        there = self.books.balance(one.sharer) + self.books.returning(one.sharer, moment(one.at).year - 1)
        return "allotment.not_enough" if one.amount > max(0, there - rule.floor) else None

    def _not_taken_back(self, one: Allot) -> str | None:
        part = self.books.pots.parts.get((one.sharer, one.of))
        if part is None or not part.left:
            return "allotment.nothing_given"
        if self.rule.allotment is not None and not self.rule.allotment.any_time:
            return "allotment.only_at_end"
        if one.amount <= 0:
            return "allotment.amount"
        return "allotment.too_much_back" if one.amount > part.left else None

    def active(self, sharer: int, user: int) -> Authorisation | None:
        """The leave that holds between two people now."""
        pair = [one for one in self.authorisations.values() if (one.sharer, one.user) == (sharer, user)]
        return next((one for one in pair if one.state == "active"), None)

    def usage(self) -> dict[tuple[int, str], int]:
        """What was shared under each authorisation, in all and by month."""
        return {
            (known.n, period): used
            for known in self.authorisations.values()
            for period, used in known.used.items()
            if used
        }
