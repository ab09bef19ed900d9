"""Whatever is altered behind the platform's back in pots is found by the proof; nothing is found where nothing was."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from allotting_home import Home

from gongji.allotment import verify as allotment
from gongji.ledger import pot_checks

CHECKS = pot_checks.CHECKS | allotment.CHECKS

#: What somebody did with the tables by hand, and which check finds it.
FAULTS = {
    "pots are the sum of their parts": "UPDATE pot_part SET historical = historical + 100 WHERE part <> 0",
    "parts of pots are the sum of their moves": (
        "UPDATE pot_part SET historical = historical - 100, current = current + 100 WHERE historical >= 100"
    ),
    "moves of pots match their journals": "UPDATE pot_move SET historical = historical * 2 WHERE historical < 0",
    "allotments match their journals": "UPDATE allotment_deed SET amount = amount + 1",
}


def findings(connection: sa.Connection) -> dict[str, int]:
    """How much each check finds, those that find nothing left out."""
    found = {name: len(list(check(connection))) for name, check in CHECKS.items()}
    return {name: count for name, count in found.items() if count}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(home: Home, name: str) -> None:
    home.allot(60_000, home.for_father)
    home.give_back(home.buy(home.father, "100.00"))
    home.buy(home.father, "450.00")
    with home.town.database.engine.connect() as connection:
        assert findings(connection) == {}
        for table in ("pot_move", "allotment_deed"):
            connection.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        connection.execute(sa.text(FAULTS[name]))
        assert name in findings(connection)
        connection.rollback()


def test_a_part_spent_under_another_authorisation_is_found(home: Home) -> None:
    home.allot(60_000, home.for_father)
    home.allot(60_000, home.for_mother)
    home.buy(home.father, "450.00")
    with home.town.database.engine.connect() as connection:
        connection.execute(sa.text("ALTER TABLE pot_move DISABLE TRIGGER USER"))
        connection.execute(
            sa.text("UPDATE pot_move SET part = :other WHERE historical < 0"), {"other": home.for_mother}
        )
        assert "moves of pots match their journals" in findings(connection)
        connection.rollback()
