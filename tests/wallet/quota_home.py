"""The same family after the quota regime has begun: a son in Jining with ¥9,000.00, his mother in Tieling."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from wallet_home import Home, caller_of

from gongji.foundation.inbox import messages_of
from gongji.settlement.model import Settlement
from gongji.settlement.telling import tell_sharers
from gongji.wallet.quotas import service, store
from gongji.wallet.quotas.model import Quota

#: The quota regime begins on this day in the tests.
BEGINS = date(2025, 6, 1)

PLACE = "H37080000001"


@dataclass
class QuotaHome:
    """A home whose wallets are of the second regime."""

    home: Home
    keys: int = 0

    def __post_init__(self) -> None:
        self.home.wallets = replace(self.home.wallets, quota_from=BEGINS)
        self.home.takes_wallet(PLACE)

    @property
    def mother(self) -> int:
        """Who is given a quota, insured as a resident in Tieling."""
        return self.home.mother

    @property
    def son(self) -> int:
        """Whose account it is."""
        return self.home.son

    def set(self, amount: int, **more: Any) -> Quota:
        """The son gives his mother a quota, with a new key unless one is named."""
        self.keys += 1
        named: dict[str, Any] = {"giver_id": self.son, "user_id": self.mother, "key": f"quota-{self.keys:06d}"} | more
        return service.set_quota(self.home.wallets, amount=amount, caller=caller_of(named["giver_id"]), **named)

    def accept(self, one: Quota) -> Quota:
        """Its user accepts."""
        return service.accept_quota(self.home.wallets, one.id, user_id=one.user_id, caller=caller_of(one.user_id))

    def given(self, amount: int, **more: Any) -> Quota:
        """A quota that was accepted."""
        return self.accept(self.set(amount, **more))

    def change(self, one: Quota, amount: int) -> Quota:
        """The giver sets the amount anew."""
        giver = one.giver_id
        return service.change_quota(self.home.wallets, one.id, giver_id=giver, amount=amount, caller=caller_of(giver))

    def end(self, one: Quota, person: int) -> Quota:
        """One of the two ends it."""
        return service.end_quota(self.home.wallets, one.id, person_id=person, caller=caller_of(person))

    def now(self, one: Quota) -> Quota:
        """A quota as it stands now."""
        with self.home.town.database.transaction() as connection:
            return store.select_quota(connection, one.id)

    def bought(self, yuan: str, *, person: int | None = None, use: str = "1") -> Settlement:
        """The mother buys something in Jining."""
        town = self.home.town
        who = self.mother if person is None else person
        return town.settled(town.purchase(who, town.institution(PLACE), ("C-A", 1, yuan), use=use))

    def took_back(self, one: Settlement) -> Settlement:
        """A settlement is reversed."""
        town = self.home.town
        return town.settled(town.reversal(one, town.institution(PLACE)))

    def told(self, person: int) -> list[tuple[str, int]]:
        """What a person was told, oldest first: kind and fen; uses are told from the books first."""
        town = self.home.town
        tell_sharers(town.database, town.clock.now())
        with town.database.transaction() as connection:
            found = messages_of(connection, person, 50)[::-1]
        return [(one.kind, one.facts["amount"]) for one in found]
