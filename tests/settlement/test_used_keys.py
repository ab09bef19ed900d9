"""A message that bears another one's key is told what it has that is different, by the names that its sender knows."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from gongji.foundation.errors import Refused
from gongji.rules.model import Scheme
from gongji.settlement.model import Command, Settlement, SettlePurchase, SettleVisit
from town import EXAMPLE_BILL, Town

#: The digest of whatever differs.
_OTHER = b"other content".ljust(32, b".")


@pytest.fixture
def father(town: Town) -> int:
    """Who buys and is treated."""
    return town.person("李国强", "1958-02-01", "retired", balance=3_000_00)


def refused(town: Town, first: Command, **other: Any) -> Refused:
    """What becomes of a message with the key of another, and with these things different; nothing was moved by it."""
    key = replace(first.key, digest=_OTHER)
    before = town.balance(first.person_id)
    (answer,) = town.do(replace(first, key=key, **other))
    assert isinstance(answer, Refused)
    assert (answer.code, answer.field) == ("key.other_content", "msgid")
    assert town.balance(first.person_id) == before
    return answer


@pytest.fixture
def bought(town: Town, father: int) -> SettlePurchase:
    """He bought for ¥120.00 at the pharmacy."""
    command = town.purchase(father, town.institution("P21120200003"), ("C-A", 2, "60.00"))
    town.settled(command)
    return command


def test_a_purchase_of_more_and_of_other_things(town: Town, father: int, bought: SettlePurchase) -> None:
    """The till forgot to count its messages: the next customer's purchase comes under the father's number."""
    other = town.purchase(father, bought.institution, ("C-A", 1, "60.00"))
    answer = refused(town, bought, lines=other.lines, total=60_00)
    assert answer.details["differs"] == "medfee_sumamt, feedetail"
    assert "(medfee_sumamt, feedetail differ)" in answer.en
    assert "内容不同（medfee_sumamt, feedetail 不一致）" in answer.zh


def test_a_purchase_of_somebody_else_under_another_insurance(town: Town, bought: SettlePurchase) -> None:
    mother = town.person("王秀兰", "1960-08-13", "resident")
    answer = refused(town, bought, person_id=mother, scheme=Scheme.RESIDENT, certificate_kind="03", med_type="14")
    assert answer.details["differs"] == "psn_no, insutype, med_type, mdtrt_cert_type"


def test_what_a_settlement_does_not_hold_is_not_named(town: Town, bought: SettlePurchase) -> None:
    answer = refused(town, bought)
    assert answer.details == {}
    assert "differ" not in answer.en


@pytest.fixture
def seen(town: Town, father: int) -> tuple[SettleVisit, Settlement]:
    """He was seen at the hospital."""
    hospital = town.institution("H21120200001")
    command = town.settle_visit(father, hospital, *town.visit(father, hospital, *EXAMPLE_BILL))
    return command, town.settled(command)


def test_a_visit_that_is_another(town: Town, father: int, seen: tuple[SettleVisit, Settlement]) -> None:
    first, _ = seen
    visit, total = town.visit(father, first.institution, ("C-A", 1, "15.00"))
    assert refused(town, first, visit_id=visit, total=total).details["differs"] == "mdtrt_id, medfee_sumamt"
    assert refused(town, first, med_type="").details == {}


def test_a_reversal_of_another_settlement(town: Town, father: int, seen: tuple[SettleVisit, Settlement]) -> None:
    first, settled = seen
    reversal = town.reversal(settled, first.institution)
    town.settled(reversal)
    again = town.settled(
        town.settle_visit(father, first.institution, *town.visit(father, first.institution, *EXAMPLE_BILL))
    )
    answer = refused(town, reversal, settlement_id=again.id, visit_id=again.visit_id)
    assert answer.details["differs"] == "mdtrt_id, setl_id"
