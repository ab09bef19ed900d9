"""What comes into the accounts each month, and what becomes of it at the end of the year."""

from __future__ import annotations

from datetime import date

from oracle.books import Books, moment
from oracle.family import FAMILY
from oracle.operations import Credit, YearEnd
from oracle.regions import REGIONS

_SEVENTY = 70


def month_back(at: int, back: int) -> date:
    """The first day of the month so many months before a minute's."""
    on = moment(at).date()
    year, month = divmod(on.year * 12 + on.month - 1 - back, 12)
    return date(year, month + 1, 1)


class Years:
    """The family's accounts over the years."""

    def __init__(self, region: str, books: Books) -> None:
        self.region = region
        self.books = books

    def credit(self, one: Credit) -> str:
        """One line of a file."""
        month, member = month_back(one.at, one.back), FAMILY[one.person]
        if month > moment(one.at).date():
            return "credit.month_ahead"
        if any(fen is not None and fen <= 0 for fen in (one.amount, one.base)):
            return "credit.zero"
        if one.amount is None and one.base is None and one.kind != "retired":
            return "credit.nothing"
        if member.scheme == "390":
            return "credit.not_enrolled"
        if (member.status == "retired") != (one.kind == "retired"):
            return "credit.other_status"
        computed = self._computed(one, month)
        if computed is not None and one.amount is not None and computed != one.amount:
            return "credit.amount_differs"
        amount = computed if computed is not None else one.amount
        if amount is None:
            return "credit.no_rule"
        if amount <= 0:
            return "credit.zero"
        key = (one.person, f"{month:%Y-%m}", one.kind)
        known = self.books.credited.get(key)
        if known is not None:
            return f"already {amount}" if known == amount else "credit.other_amount"
        self.books.turn(one.at, one.person, month.year - 1)
        kind = "historical" if month.year <= self.books.turned[one.person][0] else "current"
        self.books.move(one.at, (one.person, kind), amount)
        self.books.credited[key] = amount
        return f"credited {amount}"

    def _computed(self, one: Credit, month: date) -> int | None:
        if one.kind == "retired":
            below, above = REGIONS[self.region].retired
            return above if FAMILY[one.person].age(month) >= _SEVENTY else below
        if one.kind == "employer" and one.base is not None:
            return (one.base * 200 + 5000) // 10_000
        return None

    def turn(self, one: YearEnd) -> str:
        """The agency turns the family's accounts for last year."""
        carried = self.turn_all(one.at)
        return f"{len(carried)} turned, {sum(carried)} carried"

    def turn_all(self, at: int) -> list[int]:
        """The accounts that have not seen it see the end of last year: what became historical of each, fen."""
        people = [person for person, kind in self.books.accounts if kind == "current"]
        turned = [self.books.turn(at, person, moment(at).year - 1) for person in people]
        return [amount for amount in turned if amount is not None]
