"""A family in two provinces: a mother in Tieling, her son in Jining, and what they do with their wallets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from gongji.family.kinship_store import record_kinship
from gongji.family.model import FactKind, KinshipFact
from gongji.foundation.access import Caller, Role
from gongji.foundation.errors import GongjiError
from gongji.ledger.service import balances_of
from gongji.wallet import answering, service, store
from gongji.wallet.model import Transfer
from gongji.wallet.service import Wallets
from town import Town


@dataclass
class Home:
    """A mother in Tieling, insured as a resident, and her son with ¥9,000.00 in Jining; both have opened their wallets."""

    town: Town
    wallets: Wallets
    mother: int
    son: int
    keys: int = 0

    def send(self, amount: int, **more: Any) -> Transfer:
        """The son sends his mother money, with a new key unless one is named."""
        self.keys += 1
        named: dict[str, Any] = {"sender_id": self.son, "receiver_id": self.mother, "key": f"transfer-{self.keys:04d}"}
        named |= more
        return service.send(self.wallets, amount=amount, caller=caller_of(named["sender_id"]), **named)

    def accept(self, one: Transfer) -> Transfer:
        """The receiver accepts."""
        who = one.receiver_id
        return answering.accept(self.wallets, one.id, receiver_id=who, caller=caller_of(who))

    def decline(self, one: Transfer) -> Transfer:
        """The receiver declines."""
        who = one.receiver_id
        return answering.decline(self.wallets, one.id, receiver_id=who, caller=caller_of(who))

    def purse(self, person: int) -> dict[str, int]:
        """A person's balances in fen, those of zero left out."""
        with self.town.database.transaction() as connection:
            found = balances_of(connection, person)
        return {kind.name.removeprefix("PERSONAL_").lower(): fen for kind, fen in found.items() if fen}

    def now(self, one: Transfer) -> Transfer:
        """A transfer as it stands now."""
        with self.town.database.transaction() as connection:
            return store.select_transfer(connection, one.id)

    def open(self, person: int, area: str) -> None:
        """Open somebody's wallet."""
        service.open_wallet(self.wallets, person_id=person, area=area, caller=caller_of(person))

    def takes_wallet(self, code: str) -> None:
        """An institution takes the wallet."""
        with self.town.database.transaction() as connection:
            store.take_wallet(connection, self.town.institution(code).id, date(2025, 1, 1), None)

    def parent(self, parent: int, child: int) -> None:
        """Record that one is the other's parent."""
        with self.town.database.transaction() as connection:
            fact = KinshipFact(FactKind.PARENT, parent, child, date(1980, 3, 1), None, "户口簿")
            record_kinship(connection, [fact], self.town.clock.now())


def caller_of(person: int) -> Caller:
    """Somebody who acts for themself."""
    return Caller(Role.CITIZEN, f"citizen-{person}", person_id=person)


def refusal(call: Any, *args: Any, **named: Any) -> GongjiError:
    """The refusal of a call that is refused."""
    with pytest.raises(GongjiError) as caught:
        call(*args, **named)
    return caught.value
