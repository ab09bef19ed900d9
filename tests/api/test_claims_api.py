"""王秀兰's program claims a bill that she paid in cash; the agency's programs decide and pay it."""

from __future__ import annotations

from typing import Any

import httpx
from test_rest_api import PNG, Client, World, problem, world

from gongji.foundation.access import Duty

__all__ = ["world"]

LINES = [
    {"name": "CT平扫", "code": "C-A", "total_fen": 800_00},
    {"name": "阿托伐他汀", "code": "C-B", "pieces": 2, "total_fen": 400_00},
    {"name": "自费贴膏", "code": "C-C", "total_fen": 68_50},
]


def patch(client: Client, path: str, body: Any) -> httpx.Response:
    """Fill in."""
    return client.http.patch(f"/api/v1{path}", json=body, headers={"Authorization": f"Bearer {client.token}"})


def filled_in(world: World, hers: Client, **more: Any) -> str:
    """A claim that could be handed in; gives its address."""
    made = hers.post("/claims", {"why": "platform_down"}).json()
    there = f"/claims/{made['id']}"
    assert next(task["task"] for task in made["tasks"] if not task["done"]) == "place"
    today = world.town.clock.now().date().isoformat()
    whole = {
        "institution": "H21120200001",
        "visit": {"med_type": "11", "began_on": today},
        "invoices": ["21120024000000000001"],
        "lines": LINES,
        "bank": {"bank": "铁岭银行", "account": "6222021100001234567", "holder": "王秀兰", "own": True},
    }
    assert patch(hers, there, whole | more).status_code == 200
    for kind in ("detail", "prescription"):
        answer = hers.post(f"{there}/documents", data={"kind": kind}, files={"file": ("a.png", PNG)})
        assert answer.status_code == 200, answer.text
    return there


def test_claimed_decided_and_paid(world: World) -> None:
    hers = world.citizen("王秀兰")
    there = filled_in(world, hers)
    came = hers.post(f"{there}/submit").json()
    assert (came["state"], came["total_fen"], came["tasks"]) == ("received", 1268_50, [])
    assert came["bank"] == "铁岭银行 6222*************67"
    reviewer = world.officer("211200", Duty.REVIEWER, number="0210")
    assert [one["id"] for one in reviewer.get("/claims").json()] == [came["id"]]
    problem(reviewer.post(f"{there}/decide", {}), 409, "claim.not_in_charge")
    reviewer.post(f"{there}/take")
    seen = reviewer.post(f"{there}/decide", {"preview": True}).json()
    assert (seen["state"], seen["decision"]["id"], seen["decision"]["funds_fen"]) == ("received", None, 468_05)
    decided = reviewer.post(f"{there}/decide", {}).json()
    assert (decided["state"], decided["due_fen"]) == ("to_pay", 468_05)
    told = hers.get(there).json()["decision"]
    assert [line["because_code"] for line in told["lines"]] == ["class_a", "class_b", "class_c"]
    assert sum(payer["amount_fen"] for payer in told["payers"]) == 1268_50
    assert all(payer["because"]["zh"] and payer["because"]["en"] for payer in told["payers"])
    assert told["steps"]
    payer = world.officer("211200", Duty.CLEARING_CLERK, number="0550")
    problem(reviewer.post(f"{there}/paid", {"reference": "ICBC-0001"}), 403, "access.duty")
    paid = payer.post(f"{there}/paid", {"reference": "ICBC-0001"}).json()
    assert (paid["state"], paid["due_fen"]) == ("paid", 0)
    assert payer.post(f"{there}/paid", {"reference": "ICBC-0001"}).json()["carried"] == paid["carried"]
    assert {"claim.begin", "claim.submit", "claim.take", "claim.decide", "claim.paid"} <= set(world.audited())


def test_the_same_key_begins_one_claim(world: World) -> None:
    hers = world.citizen("王秀兰")
    first = hers.post("/claims", {"why": "card_lost"}, key="one-and-the-same").json()
    assert hers.post("/claims", {"why": "card_lost"}, key="one-and-the-same").json()["id"] == first["id"]
    problem(hers.post("/claims", {"why": "no_idea"}), 422, "claim.word")


def test_all_of_it_is_filled_in_or_nothing(world: World) -> None:
    hers = world.citizen("王秀兰")
    there = filled_in(world, hers)
    wrong = {"lines": [{"name": "药", "total_fen": 1}], "invoices": ["短"]}
    problem(patch(hers, there, wrong), 422, "claim.invoices")
    now = hers.get(there).json()
    assert (now["total_fen"], now["invoices"]) == (1268_50, ["21120024000000000001"])
    problem(patch(hers, there, {"lines": [{"name": "药", "total_fen": 0}]}), 422, "request.invalid")
    problem(patch(hers, there, {"institution": "H99999999999"}), 422, "claim.institution")


def test_nobody_else_meets_it(world: World) -> None:
    hers = world.citizen("王秀兰")
    there = filled_in(world, hers)
    problem(world.citizen("李婷").get(there), 404, "claim.unknown")
    problem(world.officer("211200", Duty.REVIEWER).get(there), 404, "claim.unknown")
    hers.post(f"{there}/submit")
    assert world.officer("211200", Duty.REVIEWER).get(there).status_code == 200
    problem(world.officer("370800", Duty.REVIEWER).get(there), 404, "claim.unknown")
    clerk = world.officer("211200", Duty.CLERK)
    problem(clerk.get(f"{there}/documents/1"), 403, "access.duty")
    assert hers.get(f"{there}/documents/1").headers["content-type"] == "image/jpeg"


def test_returned_for_one_item_and_appealed(world: World) -> None:
    hers = world.citizen("王秀兰")
    there = filled_in(world, hers)
    hers.post(f"{there}/submit")
    reviewer = world.officer("211200", Duty.REVIEWER, number="0210")
    reviewer.post(f"{there}/take")
    back = reviewer.post(f"{there}/return", {"task": "bank", "reason": "wrong_number", "note": "少一位"}).json()
    assert (back["state"], back["returned"], back["due_on"]) == ("returned", "bank", None)
    problem(patch(hers, there, {"lines": LINES}), 409, "claim.other_task")
    bank = {"bank": "农业银行", "account": "6228480000001234", "holder": "李婷", "own": False}
    patch(hers, there, {"bank": bank})
    hers.post(f"{there}/submit")
    reviewer.post(f"{there}/take")
    refused = reviewer.post(f"{there}/refuse", {"reason": "third_party"}).json()
    assert refused["refused_words"]["en"] == "Whoever caused the injury has to pay it."
    appealed = hers.post(f"{there}/appeal", {"words": "是我自己摔的"}).json()
    assert appealed["state"] == "appealed"
    problem(reviewer.post(f"{there}/take"), 409, "claim.same_officer")
    other = world.officer("211200", Duty.REVIEWER, number="0220")
    other.post(f"{there}/take")
    assert other.post(f"{there}/uphold", {"note": "有事故认定书"}).json()["state"] == "refused"
    problem(hers.post(f"{there}/appeal", {"words": "再来"}), 409, "claim.appealed")


def test_whoever_reads_a_claim_is_noted_also_in_a_list_and_in_a_preview(world: World) -> None:
    hers = world.citizen("王秀兰")
    there = filled_in(world, hers)
    hers.post(f"{there}/submit")
    clerk = world.officer("211200", Duty.CLERK, number="0101")
    (listed,) = clerk.get("/claims").json()
    assert world.audited().count("claim.read") == 1
    assert clerk.get("/claims", after=listed["id"]).json() == []
    problem(clerk.post(f"{there}/decide", {"preview": True}), 403, "access.duty")
    second = world.officer("211200", Duty.SECOND_REVIEWER, number="0330")
    assert second.post(f"{there}/decide", {"preview": True}).status_code == 200
    assert world.audited().count("claim.read") == 2
