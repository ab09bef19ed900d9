"""2601 over HTTP, as the centre of Hangzhou answers it."""

from __future__ import annotations

from typing import Any

from counter_window import Household, Window, sample
from test_family_at_the_counter import payment, registered, uploaded


def paid(hospital: Window, household: Household) -> tuple[dict[str, Any], dict[str, Any]]:
    """A settled visit: the message and its setlinfo."""
    visit = registered(hospital, household)
    uploaded(hospital, household, visit)
    message = hospital.message("2207", payment(household, visit))
    return message, hospital.post(message).json()["output"]["setlinfo"]


def undo_of(household: Household, message: dict[str, Any], infno: str = "") -> dict[str, Any]:
    """The input of 2601 for a message."""
    told = {"psn_no": household.mother.psn_no, "omsgid": message["msgid"], "oinfno": infno or message["infno"]}
    return {"data": told}


def test_a_settlement_whose_answer_was_lost_is_undone_and_found_nowhere(hospital: Window, household: Household) -> None:
    """Mother's 200.00 and the son's 521.95 are back; the settlement is not found any more."""
    message, info = paid(hospital, household)
    assert hospital.town.balance(household.mother.id) == 0
    assert hospital.done("2601", undo_of(household, message)) is None
    assert hospital.town.balance(household.mother.id) == 200_00
    assert hospital.town.balance(household.son.id) == 5_000_00
    query = {"data": {"psn_no": info["psn_no"], "setl_id": info["setl_id"], "mdtrt_id": info["mdtrt_id"]}}
    assert "[settlement.unknown]" in hospital.refused("5203", query)
    totals = hospital.done("5206", {"data": {"psn_no": info["psn_no"], "cum_ym": ""}})["cuminfo"]
    assert {row["cum"] for row in totals} == {0.0}
    again = hospital.post(message).json()
    assert (again["infcode"], again["output"]) == (-1, None)
    assert "[message.undone]" in again["err_msg"]


def test_hangzhous_2601_after_a_refund_is_refused_as_there(hospital: Window, household: Household) -> None:
    real = sample("zhejiang_2601_already_refunded")
    message, info = paid(hospital, household)
    hospital.done(
        "2208", {"data": {"psn_no": info["psn_no"], "setl_id": info["setl_id"], "mdtrt_id": info["mdtrt_id"]}}
    )
    told = real["request"]["input"]["data"] | {"psn_no": info["psn_no"], "omsgid": message["msgid"]}
    assert told["oinfno"] == "2207A"  # sent as 2207: the other spelling is found too
    sentence = hospital.refused("2601", {"data": told})
    assert "冲正的结算信息退费结算标志不为未退费，不能办理冲正交易" in sentence
    assert "冲正的结算信息退费结算标志不为未退费，不能办理冲正交易" in real["response"]["err_msg"]


def test_what_cannot_be_undone_is_told_by_field(hospital: Window, household: Household) -> None:
    message, _ = paid(hospital, household)
    assert "[undo.infno]" in hospital.refused("2601", undo_of(household, message, "2204"))
    assert "[undo.unknown]" in hospital.refused("2601", undo_of(household, message | {"msgid": "H21120200001x"}))
    assert "[field.missing]" in hospital.refused("2601", {"data": {"psn_no": household.mother.psn_no}})
