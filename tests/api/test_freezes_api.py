"""An officer's program freezes the daughter's account; she reads why; nobody else's program does anything to it."""

from __future__ import annotations

from test_rest_api import World, problem, world

from gongji.foundation.access import Duty

__all__ = ["world"]


def test_frozen_read_and_lifted(world: World) -> None:
    address = f"/people/{world.people['李婷'].psn_no}/freezes"
    officer, daughter = world.officer(), world.citizen("李婷")
    made = officer.post(address, {"reason": "holder_asked", "note": "挂失单 88"}).json()
    assert (made["stands_until"], made["awaits"], made["ending"]) == (None, None, None)
    told = daughter.get(address).json()
    assert told["frozen"] is True
    balances = daughter.get(f"/people/{world.people['李婷'].psn_no}/balances").json()
    assert (balances["available_fen"], balances["hint"]) == (0, "frozen")
    assert sum(one["amount_fen"] for one in balances["accounts"]) > 0
    assert told["items"][0]["reason_words"]["zh"].startswith("本人申请冻结")
    assert "挂失单" not in str(told), "a note is for colleagues"
    assert "note" not in told["items"][0]
    problem(officer.post(address, {"reason": "holder_asked"}), 409, "freeze.already")
    lifted = officer.post(f"{address}/{made['id']}/lift", {"reason": "holder_asked"}).json()
    assert (lifted["ending"], lifted["lift_reason"]) == ("lifted", "holder_asked")
    assert daughter.get(address).json()["frozen"] is False
    problem(officer.post(f"{address}/{made['id']}/lift", {"reason": "checked"}), 409, "freeze.ended")
    assert {"account.freeze", "account.lift", "account.read_freeze"} <= set(world.audited())


def test_what_accuses_somebody_waits_for_a_second_officer(world: World) -> None:
    address = f"/people/{world.people['李婷'].psn_no}/freezes"
    made = world.officer().post(address, {"reason": "misuse_check"}).json()
    assert made["awaits"] == "freeze"
    assert made["stands_until"] is not None
    assert made["until"] is None


def test_another_officer_agrees_or_not(world: World) -> None:
    address = f"/people/{world.people['李婷'].psn_no}/freezes"
    made = world.officer().post(address, {"reason": "misuse_check"}).json()
    there = f"{address}/{made['id']}/second"
    agree = {"opinion": "agree"}
    problem(world.officer().post(there, agree), 403, "access.duty")
    problem(world.officer("211200", Duty.SECOND_REVIEWER).post(there, agree), 409, "freeze.same_officer")
    wu = world.officer("211200", Duty.SECOND_REVIEWER, number="0211")
    problem(world.officer("370800", Duty.SECOND_REVIEWER, number="0811").post(there, agree), 404, "person.unknown")
    problem(wu.post(there, {"opinion": "perhaps"}), 422, "request.invalid")
    agreed = wu.post(there, agree).json()
    assert (agreed["awaits"], agreed["stands_until"], agreed["ending"]) == (None, None, None)
    problem(wu.post(there, agree), 409, "freeze.awaits_nobody")
    asked = world.officer().post(f"{address}/{made['id']}/lift", {"reason": "checked"}).json()
    assert (asked["awaits"], asked["ending"]) == ("lift", None)
    assert wu.post(there, {"opinion": "disagree"}).json()["awaits"] is None
    assert world.citizen("李婷").get(address).json()["frozen"] is True, "its lifting was not agreed to"
    world.officer().post(f"{address}/{made['id']}/lift", {"reason": "checked"})
    assert wu.post(there, agree).json()["ending"] == "lifted"
    assert {"account.agree_freeze", "account.disagree_lift", "account.agree_lift"} <= set(world.audited())


def test_only_officers_of_her_region_freeze_her_account_and_only_for_a_known_reason(world: World) -> None:
    address = f"/people/{world.people['李婷'].psn_no}/freezes"
    mothers = f"/people/{world.people['王秀兰'].psn_no}/freezes"
    body = {"reason": "holder_asked"}
    made = world.officer().post(address, body).json()
    problem(world.officer("370800").post(address, body), 404, "person.unknown")
    problem(world.officer("370800").get(address), 404, "person.unknown")
    problem(world.citizen("王秀兰").get(address), 404, "person.unknown")
    problem(world.citizen("李婷").post(address, body), 403, "access.role")
    problem(world.integrator().get(address), 403, "access.role")
    problem(world.officer().post(f"{mothers}/{made['id']}/lift", {"reason": "checked"}), 404, "freeze.unknown")
    problem(world.officer().post(f"{address}/999/lift", {"reason": "checked"}), 404, "freeze.unknown")
    for wrong, code in (
        ({"reason": "mood"}, "freeze.reason"),
        ({"reason": "decision"}, "freeze.until"),
        ({"reason": "holder_asked", "until": "2020-01-01"}, "freeze.until"),
    ):
        problem(world.officer().post(mothers, wrong), 422, code)
