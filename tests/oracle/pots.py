"""What sharers have allotted (划拨): whose it is, and from which account each fen of it came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oracle.books import Authorisation, Books

#: (the authorisation whose part it is, None for all relatives; the account that it came from; fen)
Piece = tuple[int | None, str, int]

_ORIGINS = ("historical", "current")


@dataclass
class Part:
    """What is left of a part, by the account it came from; of which year it is, and whether it returns at that one's end."""

    historical: int = 0
    current: int = 0
    year: int = 0
    returns: bool = False

    @property
    def left(self) -> int:
        """All of it, fen."""
        return self.historical + self.current

    def add(self, origin: str, amount: int) -> None:
        """Change what is there of one origin."""
        setattr(self, origin, getattr(self, origin) + amount)


class Pots:
    """The pots of a family; a part is known by (sharer, authorisation or None)."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.parts: dict[tuple[int, int | None], Part] = {}

    def left_for(self, under: Authorisation) -> list[Piece]:
        """What may be spent under an authorisation, in the order in which it is: savings first."""
        return [
            (n, origin, fen)
            for n in (under.n, None)
            if (part := self.parts.get((under.sharer, n))) is not None
            for origin in _ORIGINS
            if (fen := getattr(part, origin))
        ]

    def spend(self, under: Authorisation, amount: int) -> list[Piece]:
        """What an amount that is there is made of; it leaves its parts, and whoever asks moves the account."""
        pieces = []
        for n, origin, there in self.left_for(under):
            taken = min(there, amount)
            amount -= taken
            if taken:
                pieces.append((n, origin, taken))
                self.parts[under.sharer, n].add(origin, -taken)
        return pieces

    def allot(self, at: int, sharer: int, n: int | None, amount: int, part: Part) -> None:
        """Savings first, out of the account."""
        self.books.accounts.setdefault((sharer, "pot"), 0)
        mine = self.parts.setdefault((sharer, n), Part())
        mine.year, mine.returns = part.year, part.returns
        for origin in _ORIGINS:
            taken = min(self.books.accounts[sharer, origin], amount)
            amount -= taken
            mine.add(origin, taken)
            self._move(at, sharer, origin, -taken)

    def take_back(self, at: int, sharer: int, n: int | None, amount: int) -> None:
        """Last what would be spent first."""
        part = self.parts[sharer, n]
        for origin in reversed(_ORIGINS):
            taken = min(getattr(part, origin), amount)
            amount -= taken
            part.add(origin, -taken)
            self._move(at, sharer, origin, taken)

    def end(self, at: int, sharer: int, numbers: list[int | None]) -> None:
        """What is left of some parts goes back to the accounts."""
        mine = [self.parts[sharer, n] for n in numbers if (sharer, n) in self.parts]
        for origin in _ORIGINS:
            self._move(at, sharer, origin, sum(getattr(part, origin) for part in mine))
        for part in mine:
            part.historical = part.current = 0

    def come_back(self, at: int, under: Authorisation, pieces: list[Piece], left: int) -> list[int]:
        """What left a pot at a minute comes into it again, as far as the sharing and its year go on; else to the accounts.
        The fen of each movement."""
        sharer, turned = under.sharer, self.books.has_turned(under.sharer, left)
        year_is_over = turned and any(self.parts[sharer, n].returns for n, _, _ in pieces)
        if under.state == "ended" or year_is_over:
            for _, origin, amount in pieces:
                self.books.give(at, (sharer, origin), amount, left)
            return [amount for _, _, amount in pieces]
        for n, origin, amount in pieces:
            self.parts[sharer, n].add("historical" if turned else origin, amount)
        self.books.move(at, (sharer, "pot"), sum(amount for _, _, amount in pieces))
        return [sum(amount for _, _, amount in pieces)]

    def over(self, sharer: int, year: int) -> dict[int | None, Part]:
        """The parts of which something returns at the end of a year."""
        mine = {n: part for (whose, n), part in self.parts.items() if whose == sharer and part.left}
        return {n: part for n, part in mine.items() if part.returns and part.year <= year}

    def turn(self, at: int, sharer: int, year: int, *, has_earlier_money: bool) -> None:
        """The end of a year: what is of it returns, or stays and has become historical."""
        mine = {n: part for (whose, n), part in self.parts.items() if whose == sharer and part.left}
        over = self.over(sharer, year)
        self.end(at, sharer, list(over))
        for n, part in mine.items():
            if n not in over and has_earlier_money:
                part.historical, part.current = part.left, 0

    def _move(self, at: int, sharer: int, origin: str, amount: int) -> None:
        """Fen to a personal account (below zero: from it), out of the pot or into it."""
        if amount:
            self.books.move(at, (sharer, origin), amount)
            self.books.move(at, (sharer, "pot"), -amount)
