"""A family in a region whose rule asks for allotment: a daughter who shares, and her parents who are treated."""

from __future__ import annotations

from dataclasses import dataclass

from gongji.allotment import service
from gongji.allotment.model import Deed, Done, Standing
from gongji.family import service as family
from gongji.foundation.access import Caller, Role
from gongji.ledger.service import balances_of
from gongji.settlement.model import Settlement
from town import Town


def caller_of(person_id: int) -> Caller:
    """A citizen who acts for themself."""
    return Caller(Role.CITIZEN, "citizen", person_id)


@dataclass
class Home:
    """The daughter 李婷 has ¥3,000.00 of earlier years and ¥2,310.45 of this one; her father and mother may spend hers."""

    town: Town
    daughter: int
    father: int
    mother: int
    for_father: int
    for_mother: int
    keys: int = 0

    def allot(self, amount: int, to: int | None, key: str | None = None) -> Done:
        """The daughter allots."""
        return self._do(Deed.ALLOT, amount, to, key)

    def take_back(self, amount: int, to: int | None, key: str | None = None) -> Done:
        """The daughter takes back."""
        return self._do(Deed.TAKE_BACK, amount, to, key)

    def _do(self, deed: Deed, amount: int, to: int | None, key: str | None) -> Done:
        self.keys += 1
        act = service.allot if deed is Deed.ALLOT else service.take_back
        town = self.town
        with town.database.transaction() as connection:
            return act(
                connection,
                town.rules,
                town.database.serials,
                sharer_id=self.daughter,
                authorisation_id=to,
                amount=amount,
                key=key or f"deed-{self.keys:06d}",
                caller=caller_of(self.daughter),
                at=town.clock.now(),
            )

    def standing(self) -> Standing | None:
        """The daughter's money as it stands."""
        town = self.town
        with town.database.transaction() as connection:
            return service.standing_of(connection, town.rules, self.daughter, town.clock.now())

    def figures(self) -> tuple[int, int, int, int]:
        """Her money: (all, kept, given, still to be given), in fen; they add up."""
        now = self.standing()
        assert now is not None
        assert now.total == now.kept + now.allotted + now.can_give
        return now.total, now.kept, now.allotted, now.can_give

    def given(self) -> dict[int | None, int]:
        """What each has left, by authorisation."""
        now = self.standing()
        return {one.authorisation_id: one.amount for one in now.given} if now is not None else {}

    def purse(self) -> dict[str, int]:
        """The daughter's balances in fen, those of zero left out."""
        with self.town.database.transaction() as connection:
            found = balances_of(connection, self.daughter)
        return {kind.name.removeprefix("PERSONAL_").lower(): fen for kind, fen in found.items() if fen}

    def buy(self, who: int, price: str) -> Settlement:
        """Somebody buys an item of class A at the pharmacy, and asks for the relatives' money."""
        pharmacy = self.town.institution("P21120200003")
        return self.town.settled(self.town.purchase(who, pharmacy, ("C-A", 1, price), use="2"))

    def give_back(self, bought: Settlement) -> Settlement:
        """The pharmacy takes a purchase back."""
        return self.town.settled(self.town.reversal(bought, self.town.institution("P21120200003")))

    def unbind(self, authorisation_id: int) -> None:
        """The daughter ends a sharing."""
        with self.town.database.transaction() as connection:
            family.unbind(
                connection,
                authorisation_id,
                person_id=self.daughter,
                actor="citizen",
                at=self.town.clock.now(),
            )


def a_home(town: Town) -> Home:
    """The family, with sharings in force since January."""
    daughter = town.person("李婷", "1980-05-20", "active", balance=231_045, historical=300_000, gender=2)
    father = town.person("李建国", "1951-02-01", "resident")
    mother = town.person("王秀兰", "1953-03-08", "resident", gender=2)
    return Home(town, daughter, father, mother, town.share(daughter, father), town.share(daughter, mother))
