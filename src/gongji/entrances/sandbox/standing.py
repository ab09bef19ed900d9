"""What the sandbox's people have at this moment: their numbers and their balances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gongji.entrances.platform import Platform
from gongji.entrances.sandbox.people import PEOPLE
from gongji.ledger.model import AccountKind
from gongji.ledger.service import balances_of
from gongji.registry.service import certificate_key, people_by_id, person_ids_by_certificate


@dataclass(frozen=True, slots=True)
class Standing:
    """One person's number and fen by kind of account."""

    psn_no: str
    current: int
    historical: int
    held: int


def standings(platform: Platform) -> Mapping[str, Standing]:
    """Everybody's, by key."""
    keys = {person.key: certificate_key(person.certificate.type, person.certificate.number) for person in PEOPLE}
    with platform.database.transaction() as connection:
        ids = person_ids_by_certificate(connection, platform.vault, keys.values())
        found = people_by_id(connection, platform.vault, ids.values())
        balances = {person_id: balances_of(connection, person_id) for person_id in found}
    return {
        key: Standing(
            found[ids[certificate]].psn_no,
            balances[ids[certificate]].get(AccountKind.PERSONAL_CURRENT, 0),
            balances[ids[certificate]].get(AccountKind.PERSONAL_HISTORICAL, 0),
            balances[ids[certificate]].get(AccountKind.PERSONAL_HELD, 0),
        )
        for key, certificate in keys.items()
    }
