"""A bill that was settled where it was made is not claimed in cash as well; what slips through is told to the agency."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from claims_home import Home, at
from msgspec.structs import replace

from gongji.foundation.errors import Refused
from gongji.oversight.alerts import store
from gongji.oversight.alerts.model import Alert, RowKind
from gongji.oversight.alerts.scan import scan
from gongji.oversight.alerts.tables import alert
from gongji.settlement.model import Settlement
from town import Town

PHARMACY = "P21120200003"
INVOICE = "211200240012345678"


@pytest.fixture
def father(town: Town) -> int:
    """A pensioner with an account."""
    return town.person("李国强", "1950-02-01", "retired", balance=1_000_00)


def settled(town: Town, person: int, invoice: str, code: str = PHARMACY) -> Settlement:
    """A purchase of ¥60.00 over which the pharmacy tells an invoice."""
    command = town.purchase(person, town.institution(code), ("C-A", 1, "60.00"))
    return town.settled(replace(command, invoice=invoice))


def found(town: Town) -> list[Alert]:
    """The alerts that stand after a scan."""
    scan(town.database, town.clock)
    with town.database.transaction() as connection:
        cases = connection.execute(sa.select(alert.c.case_id)).scalars().all()
        alerts = [one for some in store.alerts_of(connection, cases).values() for one in some]
    return [one for one in alerts if one.lapsed_at is None]


@pytest.mark.parametrize("told", [INVOICE, "0012345678"])
def test_a_bill_that_was_settled_is_not_claimed_until_it_is_taken_back(
    home: Home, town: Town, father: int, told: str
) -> None:
    """The pharmacy tells code and number, or the number alone."""
    bought = settled(town, father, told)
    with pytest.raises(Refused, match=r"claim\.invoice_settled") as refused:
        home.claim(father, invoices=[INVOICE])
    assert refused.value.details == {"invoice": INVOICE}
    assert home.claim(father, invoices=["211200240012345679"]).received_at is not None
    town.settled(town.reversal(bought, town.institution(PHARMACY)))
    assert home.claim(father, invoices=[INVOICE]).received_at is not None
    home.check_books()


def test_what_is_settled_after_it_was_claimed_is_an_alert_until_it_is_taken_back(
    home: Home, town: Town, father: int
) -> None:
    claim = home.claim(father, invoices=[INVOICE])
    settled(town, father, INVOICE)
    assert found(town) == [], "nothing was decided yet"
    home.decide(claim)
    (one,) = found(town)
    assert (one.rule, one.measured) == ("invoice_used_twice", {"invoice": INVOICE, "times": 2, "people": 1})
    assert {row.kind for row in one.rows} == {RowKind.SETTLEMENT, RowKind.CLAIM}
    home.take_back(claim)
    assert found(town) == []


def test_an_invoice_of_two_people_is_told_of_each_with_what_is_theirs(home: Home, town: Town, father: int) -> None:
    """A neighbour claims what the father had settled: the claim is not refused, for a number can be mistyped."""
    neighbour = town.person("赵铁柱", "1951-03-01", "retired")
    settled(town, father, INVOICE)
    home.decide(home.claim(neighbour, invoices=[INVOICE]))
    alerts = found(town)
    assert {row.facts["person"] for one in alerts for row in one.rows} == {father, neighbour}
    for one in alerts:
        assert len(one.rows) == 1
        assert one.measured == {"invoice": INVOICE, "times": 2, "people": 2}


def test_a_short_number_is_an_invoice_of_its_institution(home: Home, town: Town, father: int) -> None:
    """Two pharmacies number their paper invoices alike; one of them sells the father two things over one invoice."""
    neighbour = town.person("赵铁柱", "1951-03-01", "retired", balance=1_000_00)
    for person, code in ((father, PHARMACY), (father, PHARMACY), (neighbour, "H21120200002")):
        settled(town, person, "0012345678", code)
    assert found(town) == []
    settled(town, neighbour, "0012345678")
    assert len(found(town)) == 2
    town.clock.set(at("2024-03-06"))
    home.check_books()
