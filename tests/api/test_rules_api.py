"""The rules over REST, as anybody without a token meets them: numbers with clauses, and what a bill comes to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from gongji.entrances.api.app import LARGEST_BODY, build_api
from gongji.entrances.platform import Platform
from gongji.entrances.server import serving
from gongji.foundation.clock import Clock
from gongji.foundation.settings import Settings
from gongji.rules.book import RuleBook

#: Li Yulan of Tieling, 68, retired, at a tier-3 hospital; ¥200.00 of her own, a daughter with ¥1,000.00.
TIELING = {
    "region": "211202",
    "on": "2024-03-05",
    "status": "retired",
    "tier": "tier_3",
    "total_fen": 126_850,
    "self_paid_fen": 6_850,
    "over_limit_fen": 1_000,
    "first_self_pay_fen": 3_900,
    "own": {"current_fen": 20_000},
    "sharers": [{"historical_fen": 100_000}],
}


@pytest.fixture
def http(clock: Clock) -> Iterator[httpx.Client]:
    """A client without a token, at an API that has no database at all: the rules need none."""
    platform = Platform(Settings(), None, None, clock, RuleBook.shipped())  # type: ignore[arg-type]
    app = Starlette(routes=[Mount("/api", build_api(platform))])
    with (
        serving(app, "127.0.0.1", 0) as base,
        httpx.Client(base_url=f"{base}/api/v1", trust_env=False, timeout=60) as client,
    ):
        yield client


def assess(http: httpx.Client, **changed: Any) -> dict[str, Any]:
    """What a bill comes to: the Tieling one, but for what is changed."""
    answer = http.post("/assess", json=TIELING | changed)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The answer, which must be this problem in the common form."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = dict(answer.json())
    assert body["code"] == code
    assert body["message"]["zh"]
    assert body["message"]["en"]
    return body


def test_all_regions_are_listed_with_spans_and_grade(http: httpx.Client) -> None:
    items = {one["region"]: one for one in http.get("/rules").json()["items"]}

    assert set(items) == set(RuleBook.shipped().regions())
    tieling = items["211200"]
    assert tieling["name"] == "铁岭市"
    assert tieling["grade"] == "C"
    assert tieling["benefits"] == [
        {"scheme": "310", "kind": "outpatient", "spans": [{"effective": "2024-01-01", "until": None}]},
        {"scheme": "310", "kind": "inpatient", "spans": [{"effective": "2024-01-01", "until": None}]},
        {
            "scheme": "390",
            "kind": "inpatient",
            "spans": [{"effective": "2024-01-01", "until": "2024-12-31"}, {"effective": "2025-01-01", "until": None}],
        },
        {"scheme": "390", "kind": "two_diseases", "spans": [{"effective": "2025-01-01", "until": None}]},
    ]
    jining = items["370800"]["benefits"][0]["spans"]
    assert [span["effective"] for span in jining] == ["2023-01-01", "2024-01-01"]
    assert jining[0]["until"] == "2023-12-31"
    assert items["210300"]["benefits"] == []
    assert items["210300"]["grade"] is None
    assert items["210300"]["sharing"][-1] == {"effective": "2026-01-09", "until": None}


def test_a_regions_rule_has_every_number_with_its_clause(http: httpx.Client) -> None:
    body = http.get("/rules/211202", params={"on": "2024-06-12"}).json()

    assert (body["region"], body["name"], body["on"]) == ("211200", "铁岭市", "2024-06-12")
    assert [(one["scheme"], one["kind"]) for one in body["benefits"]] == [
        ("310", "outpatient"),
        ("310", "inpatient"),
        ("390", "inpatient"),
    ]
    outpatient = body["benefits"][0]
    ratios = {
        (one["case"]["status"], one["case"]["tier"]): one for one in outpatient["numbers"] if one["section"] == "share"
    }
    assert {key: one["number"] for key, one in ratios.items()} == {
        ("active", "tier_1"): 7_000,
        ("active", "tier_2"): 6_000,
        ("active", "tier_3"): 5_000,
        ("retired", "tier_1"): 7_500,
        ("retired", "tier_2"): 6_500,
        ("retired", "tier_3"): 5_500,
    }
    assert all(one["clause"]["rule"].startswith("cn/") for one in outpatient["numbers"])
    assert outpatient["interpretations"] == {"mixed_tiers": "one_counter"}
    assert outpatient["readings"][0]["options"] == ["one_counter", "counter_per_tier", "higher_tops_up"]
    terms = {one["name"]: one["value"] for one in body["sharing"]["terms"]}
    assert terms["trigger"] == "automatic"
    assert "parent" in terms["relations"]
    assert {one["about"] for one in body["conflicts"]} >= {"deductible.2023"}
    assert {one["about"] for one in body["gaps"]} >= {"employee.outpatient"}


def test_what_is_known_beside_benefits_comes_with_its_clause(http: httpx.Client) -> None:
    body = http.get("/rules/210700", params={"on": "2025-02-01"}).json()
    known = {(one["section"], one["name"], *one["path"]): one for one in body["known"]}

    premium = known["values", "resident_premium", "low_income_edge"]
    assert (premium["value"], premium["unit"]) == (16_000, "fen")
    credit = known["accrual", "active.contribution_base"]
    assert (credit["value"], credit["unit"]) == (200, "ratio")
    assert known["waiting", "resident", "outside_window"]["value"] == 3
    assert known["enrolment", "window", "closes"]["value"] == "2025-03-31"
    assert known["enrolment", "newborn", "within_days"]["clause"]["rule"] == (
        "cn/liaoning/jinzhou#enrolment.newborn.within_days"
    )
    assert known["wallet", "goes_back"]["value"] is False
    assert not any(section == "sharing" for section, *_ in known), "the whole rule stands in `sharing`"


def test_before_the_first_rule_there_is_none_in_force(http: httpx.Client) -> None:
    body = http.get("/rules/211200", params={"on": "2023-06-12"}).json()

    assert body["benefits"] == []


def test_the_tieling_example_comes_to_the_fen(http: httpx.Client) -> None:
    body = assess(http)

    assert body["applies"]
    assert (body["fund_fen"], body["own_fen"], body["shared_fen"], body["cash_fen"]) == (46_805, 20_000, 52_195, 7_850)
    assert (body["deductible_fen"], body["ratio"], body["in_scope_fen"]) == (30_000, 5_500, 115_100)
    assert body["funds"] == [{"fund": "fund.pool", "amount_fen": 46_805}]
    assert sum(payer["amount_fen"] for payer in body["payers"]) == 126_850
    assert [step["code"] for step in body["steps"]] == ["split", "deductible", "ratio", "cap"]
    assert "按 55% 报销，是 ¥468.05" in body["steps"][2]["sentence"]["zh"]
    assert body["steps"][2]["clause"]["grade"] == "C"
    assert body["cautions"][0]["zh"] == "数字出自转载资料，还没有和官方原文核对。"
    assert {(move["counter"], move["added"]) for move in body["counters"]} == {
        ("deductible_borne", 30_000),
        ("fund_paid", 46_805),
    }
    assert body["interpretations"] == {"mixed_tiers": "one_counter", "first_self_pay": "payable"}


def test_counters_so_far_are_counted(http: httpx.Client) -> None:
    body = assess(http, counters={"deductible_borne": 30_000, "fund_paid": 290_000})

    assert body["deductible_fen"] == 0
    assert body["fund_fen"] == 10_000, "¥2,900.00 of ¥3,000.00 had been paid"


def test_in_jining_relatives_pay_only_when_asked(http: httpx.Client) -> None:
    jining = {"region": "370800", "on": "2024-06-12", "own": {"current_fen": 0}}
    silent = assess(http, **jining, account_use="1")
    asked = assess(http, **jining, account_use="2")

    assert silent["shared_fen"] == 0
    assert [one["because_code"] for one in silent["payers"] if one["payer"] == "shared"] == ["shared.none.not_started"]
    assert asked["shared_fen"] > 0
    assert asked["fund_fen"] == silent["fund_fen"]
    assert asked["cash_fen"] == silent["cash_fen"] - asked["shared_fen"]


def test_another_reading_gives_another_share(http: httpx.Client) -> None:
    body = assess(http, readings={"first_self_pay": "not_payable"})

    assert body["shared_fen"] == 52_195 - 3_900
    assert body["interpretations"]["first_self_pay"] == "not_payable"


def test_where_nothing_is_known_that_is_said(http: httpx.Client) -> None:
    body = assess(http, region="210300")

    assert not body["applies"]
    assert body["fund_fen"] == 0
    assert [step["code"] for step in body["steps"]] == ["split", "no_rule"]
    assert "不知道" in body["cautions"][0]["zh"]


def test_treatment_elsewhere_that_the_rule_is_silent_on_is_not_guessed(http: httpx.Client) -> None:
    body = assess(http, offsite="unfiled")

    assert not body["applies"]
    assert "异地" in body["steps"][1]["sentence"]["zh"]


@pytest.mark.parametrize(
    ("changed", "status", "code", "field"),
    [
        ({"region": "999999"}, 404, "region.unknown", "region"),
        ({"region": "Tieling"}, 422, "request.invalid", "region"),
        ({"status": "resident"}, 422, "status.not_insured", "status"),
        ({"scheme": "390", "own": None}, 422, "status.not_insured", "status"),
        ({"total_fen": 100}, 422, "bill.parts", "total"),
        ({"in_scope_fen": 115_101}, 422, "bill.parts", "bill"),
        ({"total_fen": -1}, 422, "request.invalid", "total_fen"),
        ({"total_fen": 12.5}, 422, "request.invalid", "total_fen"),
        ({"counters": {"moon": 1}}, 422, "counter.unknown", "counters.moon"),
        ({"readings": {"mixed_tiers": "moon"}}, 422, "reading.unknown", "mixed_tiers"),
        ({"readings": {"moon": "full"}}, 422, "reading.unknown", "moon"),
        ({"scheme": "390", "status": "resident"}, 422, "own.resident", "own"),
        ({"totl": 5}, 422, "request.invalid", "totl"),
    ],
)
def test_what_cannot_be_is_said_in_words(
    http: httpx.Client, changed: dict[str, Any], status: int, code: str, field: str
) -> None:
    body = problem(http.post("/assess", json=TIELING | changed), status, code)

    assert body["field"] == field
    assert body["accepted"]


def test_a_region_that_nobody_knows_and_a_day_that_is_none(http: httpx.Client) -> None:
    problem(http.get("/rules/999999"), 404, "region.unknown")
    problem(http.get("/rules/21"), 422, "region.invalid")
    problem(http.get("/rules/211200", params={"on": "2024-02-30"}), 422, "request.invalid")


def test_a_body_that_is_too_large_is_refused(http: httpx.Client) -> None:
    problem(http.post("/assess", content=b" " * (LARGEST_BODY + 1)), 422, "request.too_large")


def test_an_age_is_asked_for_where_the_numbers_depend_on_it(http: httpx.Client) -> None:
    plain = dict.fromkeys(("self_paid_fen", "over_limit_fen", "first_self_pay_fen"), 0)
    beijing = {"region": "110000", "total_fen": 300_000, "own": None, "sharers": []} | plain
    body = problem(http.post("/assess", json=TIELING | beijing), 422, "age.needed")

    assert body["field"] == "age"
    at_68, at_72 = (assess(http, **beijing, age=age)["ratio"] for age in (68, 72))
    assert (at_68, at_72) == (8_500, 9_000)


def test_earlier_visits_move_the_counters_and_are_told(http: httpx.Client) -> None:
    body = assess(http, earlier=[{"on": "2024-02-01", "tier": "tier_1", "in_scope_fen": 15_000}])

    assert body["fund_fen"] == 55_055, "(1,151.00 less the 150.00 still to bear) × 55 %"
    assert [(one["on"], one["fund_fen"]) for one in body["year"]] == [("2024-02-01", 0), ("2024-03-05", 55_055)]
    later = http.post(
        "/assess", json=TIELING | {"earlier": [{"on": "2024-04-01", "tier": "tier_1", "in_scope_fen": 1}]}
    )
    assert problem(later, 422, "earlier.later")["field"] == "earlier"


def test_an_answer_says_how_far_to_trust_it_and_over_which_years(http: httpx.Client) -> None:
    body = assess(http)

    assert body["grade"] == "C"
    assert body["coverage"]["state"] in ("secondary", "conflicting")
    assert body["coverage"]["benefit"] == "employee.outpatient"
    assert {"effective": "2024-01-01", "until": None} in body["timeline"]
    assert len(body["digest"]) == 64
    nowhere = assess(http, region="210300")
    assert (nowhere["grade"], nowhere["timeline"]) == (None, [])


def test_a_region_tells_its_coverage_and_its_years(http: httpx.Client) -> None:
    body = http.get("/rules/370800", params={"on": "2024-06-12"}).json()

    (outpatient,) = [one for one in body["timeline"] if one["benefit"] == "310.outpatient"]
    assert [span["effective"] for span in outpatient["spans"]] == ["2023-01-01", "2024-01-01"]
    assert body["grade"] in ("A", "B", "C", "K")
    states = {one["benefit"]: one for one in body["coverage"]}
    assert states["employee.outpatient"]["year"] == 2024
    assert states["employee.outpatient"]["checked"]
