"""Officers' programs look into a case; the pharmacy's program reads its letters and answers; nobody else's meets anything."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from test_rest_api import Client, World, problem, world

from gongji.foundation.access import Caller, Duty, Role
from gongji.oversight.alerts.rules import RULES
from gongji.oversight.alerts.scan import scan

__all__ = ["world"]

HUIMIN, HOSPITAL = "P21120200003", "H21120200001"


@pytest.fixture
def till(world: World) -> str:
    """Mr He's account pays ¥298.00 each for three relatives within eight minutes; gives his number."""
    town = world.town
    he = town.person("何平", "1985-04-01", "active", balance=9_000_00, household="何")
    pharmacy = town.institution(HUIMIN)
    for name, relation in (("何父", "parent"), ("何母", "parent"), ("何妻", "spouse")):
        one = town.person(name, "1958-04-01", "resident", household=name)
        town.share(he, one, relation=relation)
        town.settled(town.purchase(one, pharmacy, ("C-A", 1, "298.00"), use="2"))
        town.clock.advance(timedelta(minutes=4))
    scan(town.database, town.clock)
    return str(he)


def institution(world: World, code: str) -> Client:
    """An institution's program."""
    return Client(world.http, world._grant(Caller(Role.INTEGRATOR, code)))


def citizen(world: World, person_id: str) -> Client:
    """A citizen's program."""
    return Client(world.http, world._grant(Caller(Role.CITIZEN, "citizen", int(person_id))))


def put(client: Client, path: str, body: dict[str, Any]) -> httpx.Response:
    """Set something."""
    headers = {"Authorization": f"Bearer {client.token}"}
    return client.http.put(f"/api/v1{path}", json=body, headers=headers)


def case_of(world: World) -> tuple[Client, str, dict[str, Any]]:
    """An inspector's program, the case's address, and the case."""
    inspector = world.officer("211200", Duty.INSPECTOR, number="0215")
    (line,) = inspector.get("/oversight/cases").json()
    address = f"/oversight/cases/{line['id']}"
    return inspector, address, inspector.get(address).json()


def test_a_case_with_its_sentence_and_rows_is_asked_about_answered_and_concluded(world: World, till: str) -> None:
    inspector, address, case = case_of(world)
    (alert,) = case["alerts"]
    assert alert["told"]["zh"].endswith("15 分钟内同一家机构里给 3 位亲属付了钱，共 ¥894.00。")
    assert "for 3 relatives" in alert["told"]["en"]
    assert [row["amount_fen"] for row in alert["rows"]] == [298_00] * 3
    assert "何平" not in str(case), "names are masked"
    asked = {"reader": f"institution:{HUIMIN}", "words": "这三笔是同一个人来买的吗？"}
    problem(inspector.post(f"{address}/ask", asked), 409, "alert_case.not_in_charge")
    assert inspector.post(f"{address}/claim", {}).json()["holder"] == "0215"
    problem(inspector.post(f"{address}/ask", asked | {"reader": "person:1"}), 422, "alert_letter.reader")
    assert asked["reader"] in case["readers"]
    assert inspector.post(f"{address}/ask", asked).json()["letters"][0]["answered_at"] is None
    problem(inspector.post(f"{address}/ask", asked), 409, "alert_letter.asked_already")

    pharmacy = institution(world, HUIMIN)
    (letter,) = pharmacy.get("/oversight/letters").json()
    assert (letter["kind"], letter["words"], len(letter["payments"])) == ("ask", asked["words"], 3)
    there = f"/oversight/letters/{letter['id']}/answer"
    problem(institution(world, HOSPITAL).post(there, {"answer": "不是我们的信"}), 404, "alert_letter.unknown")
    problem(pharmacy.post(there, {"answer": "是"}), 422, "alert_letter.answer")
    assert pharmacy.post(there, {"answer": "三位老人一起来的，有监控"}).json()["answer"] == "三位老人一起来的，有监控"
    problem(pharmacy.post(there, {"answer": "再补充一句"}), 409, "alert_letter.answered")
    assert inspector.get(address).json()["letters"][0]["answer"] == "三位老人一起来的，有监控"

    end = {"outcome": "take_back", "reason": "card_lent", "words": "请撤销这三笔", "founded": [alert["id"]]}
    end["shown"] = [alert["id"]]
    problem(inspector.post(f"{address}/conclude", end | {"reason": "mood"}), 422, "alert_case.reason")
    problem(inspector.post(f"{address}/conclude", end | {"founded": []}), 422, "alert_case.founded")
    done = inspector.post(f"{address}/conclude", end).json()
    assert (done["outcome"], done["outcome_words"]["zh"]) == ("take_back", "退回结算")
    problem(inspector.post(f"{address}/conclude", end), 409, "alert_case.concluded")
    decision = pharmacy.get("/oversight/letters").json()[0]
    assert (decision["kind"], decision["outcome"], decision["words"]) == ("decision", "take_back", "请撤销这三笔")
    assert [one["taken_back"] for one in decision["payments"]] == [False] * 3
    assert citizen(world, till).get("/oversight/letters").json()[0]["outcome"] == "take_back"
    assert inspector.get("/oversight/cases").json() == []
    (line,) = inspector.get("/oversight/cases", show="concluded").json()
    assert line["outcome"] == "take_back"
    assert {"alert_case.read", "alert_case.ask", "alert_case.conclude", "alert_letter.answer"} <= set(world.audited())


def test_rules_tell_how_right_they_are_and_are_changed_with_a_reason(world: World, till: str) -> None:
    inspector, address, case = case_of(world)
    inspector.post(f"{address}/claim", {})
    founded = [case["alerts"][0]["id"]]
    warned = {"outcome": "warned", "reason": "card_lent", "words": "请不要出借医保码", "founded": founded}
    warned["shown"] = founded
    inspector.post(f"{address}/conclude", warned)
    rules = {one["rule"]: one for one in inspector.get("/oversight/rules").json()}
    assert len(rules) == len(RULES)
    told = rules["relatives_at_one_till"]
    assert (told["found"], told["decided"], told["founded"], told["precision_percent"]) == (1, 1, 1, 100)
    assert rules["over_volume"]["precision_percent"] is None
    assert all(one["about"]["zh"] and one["about"]["en"] for one in rules.values())
    there = "/oversight/rules/relatives_at_one_till"
    body = {"active": True, "thresholds": {"relatives": 4}, "reason": "体检季误报多"}
    problem(put(inspector, there, body | {"thresholds": {"relatives": 1}}), 422, "rule.threshold")
    problem(put(inspector, there, body | {"thresholds": {"heads": 4}}), 422, "rule.threshold")
    problem(put(inspector, there, body | {"reason": ""}), 422, "rule.reason")
    problem(put(inspector, "/oversight/rules/nothing", body), 404, "rule.unknown")
    changed = put(inspector, there, body).json()
    values = {one["name"]: (one["value"], one["default"]) for one in changed["thresholds"]}
    assert values == {"relatives": (4, 3), "minutes": (15, 15)}
    elsewhere = world.officer("370800", Duty.INSPECTOR, number="0815")
    assert next(one for one in elsewhere.get("/oversight/rules").json() if one["rule"] == told["rule"])["found"] == 0


def test_counts_hide_what_could_be_somebody(world: World, till: str) -> None:
    inspector, _, _ = case_of(world)
    (count,) = inspector.get("/oversight/counts", since="2020-01-01").json()
    assert (count["rule"], count["region"], count["alerts"], count["founded"]) == (
        "relatives_at_one_till",
        "211200",
        None,
        0,
    )


def test_who_has_no_business_there_meets_nothing(world: World, till: str) -> None:
    _, address, _ = case_of(world)
    for path in (address, "/oversight/cases", "/oversight/rules", "/oversight/counts"):
        asked = {"since": "2020-01-01"}
        problem(world.citizen("李婷").get(path, **asked), 403, "access.role")
        problem(institution(world, HUIMIN).get(path, **asked), 403, "access.role")
        problem(world.officer("211200", Duty.REVIEWER).get(path, **asked), 403, "access.duty")
    elsewhere = world.officer("370800", Duty.INSPECTOR, number="0815")
    problem(elsewhere.get(address), 404, "alert_case.unknown")
    problem(elsewhere.post(f"{address}/claim", {}), 404, "alert_case.unknown")
    auditor = world.officer("210000", Duty.AUDITOR)
    assert auditor.get(address).status_code == 200
    problem(auditor.post(f"{address}/claim", {}), 403, "access.duty")
    problem(world.integrator().get("/oversight/letters"), 403, "access.institution")
    assert world.citizen("李婷").get("/oversight/letters").json() == []


def test_no_text_has_a_character_that_no_text_can_have(world: World, till: str) -> None:
    inspector, address, case = case_of(world)
    inspector.post(f"{address}/claim", {})
    broken = "请说明\x00这几笔"
    problem(inspector.post(f"{address}/ask", {"reader": case["readers"][0], "words": broken}), 422, "request.invalid")
    end = {"outcome": "explained", "reason": "family_together", "shown": [case["alerts"][0]["id"]]}
    problem(inspector.post(f"{address}/conclude", end | {"note": broken}), 422, "request.invalid")
    rule = {"active": True, "reason": broken}
    problem(put(inspector, "/oversight/rules/over_volume", rule), 422, "request.invalid")
    headers = {"Authorization": f"Bearer {inspector.token}", "Content-Type": "application/json"}
    half = inspector.http.put(
        "/api/v1/oversight/rules/over_volume",
        content=b'{"active": true, "reason": "half a character \\ud800"}',
        headers=headers,
    )
    problem(half, 422, "request.invalid")
