"""Premiums that sharers order for relatives, and what the tax office makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from oracle.books import Authorisation, Books, Held, moment
from oracle.consent import Consent
from oracle.family import FAMILY
from oracle.operations import Order, TaxSays

#: Fen for a coverage year; of later years no text is known.
PREMIUM = {2025: 400_00, 2026: 400_00}

#: The tax office has three days.
_ANSWERED_WITHIN = 3 * 24 * 60

#: From July on the next year is shown; from September to December it can be paid.
_SHOWN_FROM, _SEASON_FROM = 7, 9


@dataclass
class Ordered:
    """An order: who pays whose year, and how it stands."""

    n: int
    sharer: int
    person: int
    year: int
    held: Held
    sources: list[tuple[str, int]]
    state: str = "booking"
    voucher: str | None = None
    reason: str | None = None


class Premiums:
    """The family's orders."""

    def __init__(self, books: Books, consent: Consent) -> None:
        self.books = books
        self.consent = consent
        self.orders: dict[int, Ordered] = {}
        #: (person, coverage year): the order that has it.
        self.years: dict[tuple[int, int], Ordered] = {}

    def order(self, one: Order) -> str:
        """A sharer orders under a key."""
        key = one.n if one.of is None else one.of
        on = moment(one.at).date()
        year = on.year + one.ahead
        known = self.orders.get(key)
        if known is not None:
            return known.state if (known.person, known.year) == (one.person, year) else "key.other_content"
        refused = self._refused(one, on, year)
        if refused is not None:
            return refused
        under = self.consent.active(one.sharer, one.person)
        assert under is not None, "who has no leave was refused"
        held = self._set_aside(under, PREMIUM[year], one.at)
        if isinstance(held, str):
            return held
        made = Ordered(key, one.sharer, one.person, year, held, list(held.sources))
        self.orders[key] = self.years[one.person, year] = made
        return made.state

    def _set_aside(self, under: Authorisation, amount: int, at: int) -> Held | str:
        allots = self.consent.rule.allotment is not None
        left = sum(fen for _, _, fen in self.books.pots.left_for(under))
        if self.books.is_frozen(under.sharer, at) or (allots and not left):
            return "hold.withheld"
        room, there = under.room(at), left if allots else self.books.balance(under.sharer)
        if amount > (there if room is None else min(room, there)):
            return "hold.not_enough"
        until = at + _ANSWERED_WITHIN
        if allots:
            return self.books.hold_out_of_pot(at, until, amount, under)
        return self.books.hold(at, until, under.sharer, amount, ("historical", "current"), under)

    def _refused(self, one: Order, on: date, year: int) -> str | None:
        if year not in ([on.year, on.year + 1] if on.month >= _SHOWN_FROM else [on.year]):
            return "premium.year"
        if self.consent.active(one.sharer, one.person) is None:
            return "premium.no_authorisation"
        taken = self.years.get((one.person, year))
        if taken is not None:
            standing = "paid" if taken.state == "booked" else "booking"
            return f"premium.{standing}" if taken.sharer == one.sharer else f"premium.{standing}_by_other"
        if FAMILY[one.person].scheme == "310":
            return "premium.employee"
        if year not in PREMIUM:
            return "premium.no_amount"
        in_season = date(year - 1, _SEASON_FROM, 1) <= on <= date(year - 1, 12, 31)
        return None if in_season else "premium.season"

    def tax_says(self, one: TaxSays) -> str:
        """The tax office answers, once."""
        made = self.orders.get(one.of)
        if made is None:
            return "nothing"
        if one.what == "send_back":
            return self._send_back(made, one)
        voucher, reason = (one.word, None) if one.what == "confirm" else (None, one.word)
        if made.state == "expired" or (made.state == "rejected" and voucher is not None):
            return "premium.over"
        if (made.voucher, made.reason) != (voucher, reason):
            if made.state != "booking":
                return "premium.answered"
            made.voucher, made.reason = voucher, reason
            return self._carry_out(made, one.at)
        return made.state

    def _carry_out(self, made: Ordered, at: int) -> str:
        held = made.held
        if made.voucher is not None and held.remaining and at < held.until:
            self.books.take(at, held, held.remaining)
            made.state = "booked"
            return made.state
        self._ends(made, "rejected" if made.reason is not None else "expired", at)
        return "premium.over" if made.voucher is not None else made.state

    def _ends(self, made: Ordered, state: str, at: int) -> None:
        self.books.give_back(at, made.held, made.held.remaining)
        del self.years[made.person, made.year]
        made.state = state

    def _send_back(self, made: Ordered, one: TaxSays) -> str:
        if made.state == "sent_back":
            return made.state if made.reason == one.word else "premium.answered"
        if made.state != "booked":
            return "premium.not_booked"
        assert made.held.under is not None, "a premium is held under an authorisation"
        if made.held.pieces:
            self.books.pots.come_back(one.at, made.held.under, made.held.pieces, made.held.since)
        for kind, amount in made.sources if not made.held.pieces else ():
            self.books.give(one.at, (made.sharer, kind), amount, made.held.since)
        made.held.under.use(made.held.since, -PREMIUM[made.year])
        del self.years[made.person, made.year]
        made.state, made.reason = "sent_back", one.word
        return made.state

    def follow(self, at: int) -> None:
        """Orders that the tax office never answered end."""
        for made in self.orders.values():
            if made.state == "booking" and made.held.until <= at:
                self._ends(made, "expired", at)

    def seen_by(self, person: int) -> list[tuple[int, int, str]]:
        """A sharer's orders: for whom, which year, how they stand."""
        return sorted((made.person, made.year, made.state) for made in self.orders.values() if made.sharer == person)
