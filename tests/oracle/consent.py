"""Who may spend whose money: what comes of the family's steps, by the words of the two regions."""

from __future__ import annotations

from oracle.books import Authorisation
from oracle.family import FAMILY, relation_to
from oracle.operations import Bind, Change

#: What the two regions' texts say of sharing on the days of the stories.
RELATIVES = frozenset({"spouse", "parent", "child", "sibling", "grandparent", "grandchild"})
ONE_SHARER_AND_ONE_ROLE = {"211200": False, "370800": True}
LIMITS_ALLOWED = {"211200": False, "370800": True}


class Consent:
    """The family's authorisations."""

    def __init__(self, region: str) -> None:
        self.region = region
        self.authorisations: dict[int, Authorisation] = {}

    def bind(self, one: Bind) -> str:
        """A sharer gives leave."""
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

    def change(self, one: Change) -> str:
        """Somebody pauses, resumes, ends it, or sets limits."""
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
