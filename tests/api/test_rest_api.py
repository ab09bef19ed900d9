"""The REST API as its clients meet it: a daughter, her mother, an officer, and people who have no business there."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from PIL import Image
from starlette.applications import Starlette
from starlette.routing import Mount

from gongji.entrances.api.app import LARGEST_BODY, build_api
from gongji.entrances.platform import Platform
from gongji.entrances.server import serving
from gongji.foundation.access import Caller, Duty, Role, grant
from gongji.foundation.audit import audit_entry
from gongji.foundation.replies import rest_reply
from gongji.foundation.settings import Settings
from gongji.ledger.holds import HoldPurpose
from gongji.registry.certificate import check_digit
from gongji.registry.model import Person
from gongji.registry.service import people_by_id
from gongji.rules.book import RuleBook
from gongji.settlement.holds.model import HoldKey, PlaceHold
from gongji.settlement.model import Settlement, wire_id
from town import EXAMPLE_BILL, JINING, Town


def picture(colour: str) -> bytes:
    """A photo of a household register, so to speak."""
    out = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(out, "PNG")
    return out.getvalue()


PNG = picture("navy")


@dataclass
class Client:
    """Somebody with a token."""

    http: httpx.Client
    token: str
    keys: int = 0

    def get(self, path: str, **query: Any) -> httpx.Response:
        """Read."""
        return self.http.get(f"/api/v1{path}", params=query, headers={"Authorization": f"Bearer {self.token}"})

    def post(self, path: str, body: Any = None, key: str | None = None, **more: Any) -> httpx.Response:
        """Change, under a fresh key unless one is given; "" sends none."""
        self.keys += 1
        key = f"{self.token[:8]}-{self.keys}" if key is None else key
        headers = {"Authorization": f"Bearer {self.token}"} | ({"Idempotency-Key": key} if key else {})
        return self.http.post(f"/api/v1{path}", json=body, headers=headers, **more)


@dataclass
class World:
    """The people and their clients."""

    town: Town
    http: httpx.Client
    people: dict[str, Person]

    def citizen(self, name: str) -> Client:
        """A client signed in as one of the people."""
        person = self.people[name]
        return Client(self.http, self._grant(Caller(Role.CITIZEN, f"citizen-{person.id}", person.id)))

    def officer(self, region: str = "211200", *duties: Duty, number: str = "") -> Client:
        """An officer of a region."""
        caller = Caller(Role.OFFICER, number or f"officer-{region}", region=region, duties=frozenset(duties))
        return Client(self.http, self._grant(caller))

    def integrator(self) -> Client:
        """A program."""
        return Client(self.http, self._grant(Caller(Role.INTEGRATOR, "hospital-group")))

    def _grant(self, caller: Caller) -> str:
        with self.town.database.transaction() as connection:
            return grant(connection, caller, at=self.town.clock.now(), lasts=timedelta(days=365))

    def binding(self, name: str, relation: str, **more: Any) -> dict[str, Any]:
        """The body that shares with somebody."""
        person = self.people[name]
        return {
            "user": {"certificate_number": person.certificate, "name": person.name},
            "relation": relation,
            "commitment": True,
            **more,
        }

    def audited(self) -> list[str]:
        """The actions in the audit."""
        with self.town.database.transaction() as connection:
            return list(connection.execute(sa.select(audit_entry.c.action).order_by(audit_entry.c.id)).scalars())


@pytest.fixture
def world(town: Town, tmp_path: Path) -> Iterator[World]:
    """Tieling: Li Ting (account ¥5,310.45), her mother Wang Xiulan, her husband Zhao Lei. Jining: the Suns. A server."""
    ids = {
        "李婷": town.person("李婷", "1980-05-20", "active", balance=121_045, historical=410_000, gender=2),
        "王秀兰": town.person("王秀兰", "1953-03-08", "retired", balance=3_520, gender=2),
        "赵磊": town.person("赵磊", "1979-01-15", "resident"),
        "孙强": town.person("孙强", "1975-02-02", "active", balance=50_000, region=JINING, household="孙"),
        "孙母": town.person("孙母", "1949-09-09", "resident", region=JINING, household="孙", gender=2),
    }
    with town.database.transaction() as connection:
        rest_reply.create(connection, checkfirst=True)
        found = people_by_id(connection, town.vault, ids.values())
    platform = Platform(Settings(data=tmp_path), town.database, town.vault, town.clock, RuleBook.shipped())
    app = Starlette(routes=[Mount("/api", build_api(platform))])
    with serving(app, "127.0.0.1", 0) as base, httpx.Client(base_url=base, trust_env=False, timeout=60) as http:
        yield World(town, http, {name: found[person_id] for name, person_id in ids.items()})


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The answer, which must be this problem in the common form."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert set(body) == {"code", "message", "field", "accepted", "details", "request_id"}
    assert body["code"] == code
    assert body["message"]["zh"]
    assert body["message"]["en"]
    assert answer.headers["x-request-id"] == body["request_id"]
    return dict(body)


def settle_the_mothers_visit(world: World) -> Settlement:
    """¥1,268.50 at the hospital with what the daughter shares."""
    town, mother = world.town, world.people["王秀兰"].id
    hospital = town.institution("H21120200001")
    return town.settled(town.settle_visit(mother, hospital, *town.visit(mother, hospital, *EXAMPLE_BILL), use="2"))


# ---- reading people


def test_a_citizen_reads_herself_and_an_officer_of_her_region_reads_her_too(world: World) -> None:
    mother = world.people["王秀兰"]
    for client in (world.citizen("王秀兰"), world.officer("211200"), world.officer("210000")):
        body = client.get(f"/people/{mother.psn_no}").json()
        assert body["name"] == "王秀兰"
        assert body["certificate_number"] == mother.masked_certificate
        assert body["enrolments"][0]["scheme"] == "310"
    assert world.audited() == ["person.read"] * 3


@pytest.mark.parametrize("path", ["", "/balances", "/holds", "/statement", "/settlements"])
def test_nobody_else_learns_even_that_she_exists(world: World, path: str) -> None:
    psn_no = world.people["王秀兰"].psn_no
    strangers = [
        world.citizen("赵磊").get(f"/people/{psn_no}{path}"),
        world.officer(JINING).get(f"/people/{psn_no}{path}"),
    ]
    nobody = world.citizen("赵磊").get(f"/people/21120000000000000001{path}")
    answers = [problem(one, 404, "person.unknown") for one in (*strangers, nobody)]
    assert answers[0]["message"] == answers[2]["message"]
    problem(world.integrator().get(f"/people/{psn_no}{path}"), 403, "access.role")


def test_what_is_set_aside_is_told_to_its_owner(world: World) -> None:
    """¥30.00 of the daughter's own money are held for a deposit; the admission's number is hers to see."""
    daughter = world.people["李婷"]
    command = PlaceHold(
        HoldKey("ward:1", b"1" * 32),
        daughter.id,
        daughter.id,
        30_00,
        HoldPurpose.DEPOSIT,
        "ZY1",
        world.town.clock.now() + timedelta(days=30),
    )
    (placed,) = world.town.do(command)
    told = world.citizen("李婷").get(f"/people/{daughter.psn_no}/holds").json()
    assert told["held_fen"] == placed.remaining == 30_00
    assert [(one["id"], one["purpose"], one["reference"]) for one in told["items"]] == [
        (str(placed.hold_id), "deposit", "ZY1")
    ]


def test_balances_say_which_zero_it_is(world: World) -> None:
    daughter = world.citizen("李婷").get(f"/people/{world.people['李婷'].psn_no}/balances").json()
    assert daughter["available_fen"] == 531_045
    assert daughter["accounts"] == [
        {"account": "personal.current", "amount_fen": 121_045},
        {"account": "personal.historical", "amount_fen": 410_000},
    ]
    assert daughter["hint"] is None
    husband = world.citizen("赵磊").get(f"/people/{world.people['赵磊'].psn_no}/balances").json()
    assert (husband["available_fen"], husband["accounts"], husband["hint"]) == (0, [], "resident")
    assert husband["hint_words"]["zh"].startswith("居民医保没有个人账户")


def test_the_statement_runs_from_the_opening_to_the_last_movement(world: World) -> None:
    world.town.share(world.people["李婷"].id, world.people["王秀兰"].id)
    world.town.clock.advance(timedelta(days=1))
    visit = settle_the_mothers_visit(world)
    daughter, psn_no = world.citizen("李婷"), world.people["李婷"].psn_no

    lines = daughter.get(f"/people/{psn_no}/statement").json()["lines"]

    assert [line["kind"] for line in lines] == ["opening", "opening", "settlement"]
    assert lines[-1]["amount_fen"] == -visit.shared
    assert lines[-1]["account"] == "personal.historical"
    assert lines[-1]["balance_fen"] == 410_000 - visit.shared
    one_day = daughter.get(f"/people/{psn_no}/statement", **{"from": "2024-06-13", "to": "2024-06-13"}).json()
    assert [line["kind"] for line in one_day["lines"]] == ["settlement"]
    long_ago = daughter.get(f"/people/{psn_no}/statement", **{"from": "0001-01-01", "to": "2024-06-12"}).json()
    assert len(long_ago["lines"]) == 2
    wrong = daughter.get(f"/people/{psn_no}/statement", **{"from": "2024-07-01", "to": "2024-06-01"})
    assert problem(wrong, 422, "statement.span")["field"] == "from"
    assert (
        problem(daughter.get(f"/people/{psn_no}/statement", **{"from": "June"}), 422, "request.invalid")["field"]
        == "from"
    )


# ---- settlements


def test_a_settlement_explains_itself_in_both_languages_and_adds_up(world: World) -> None:
    world.town.share(world.people["李婷"].id, world.people["王秀兰"].id)
    visit = settle_the_mothers_visit(world)
    number = wire_id(visit.region, visit.id)

    body = world.citizen("王秀兰").get(f"/settlements/{number}").json()

    assert body["id"] == number
    assert body["total_fen"] == 126_850 == sum(payer["amount_fen"] for payer in body["payers"])
    assert [payer["payer"] for payer in body["payers"]] == ["fund.pool", "own", "shared", "wallet", "cash"]
    assert body["payers"][3] | {"clause": None} == {
        "payer": "wallet",
        "label": {"zh": "医保钱包", "en": "Wallet"},
        "amount_fen": 0,
        "because_code": "wallet.none",
        "because": {"zh": "这次没有用医保钱包。", "en": "The wallet was not used."},
        "clause": None,
        "inputs": {},
    }
    assert "sharer" not in body["payers"][2]["inputs"]
    assert [step["code"] for step in body["steps"]] == ["split", "deductible", "ratio", "cap"]
    assert body["steps"][1]["clause"]["grade"] in "ABCD"
    assert world.officer().get(f"/settlements/{number}").json() == body


def test_a_sharer_gets_what_her_account_paid_and_strangers_nothing(world: World) -> None:
    world.town.share(world.people["李婷"].id, world.people["王秀兰"].id)
    visit = settle_the_mothers_visit(world)
    number = wire_id(visit.region, visit.id)

    body = world.citizen("李婷").get(f"/settlements/{number}").json()

    assert body["view"] == "sharer"
    assert body["paid_fen"] == visit.shared > 0
    assert set(body) == {"view", "id", "kind", "at", "place", "paid_fen"}
    for nobody in (world.citizen("赵磊"), world.officer(JINING)):
        problem(nobody.get(f"/settlements/{number}"), 404, "settlement.unknown")
    problem(world.citizen("李婷").get("/settlements/1"), 404, "settlement.unknown")
    assert "settlement.read_as_sharer" in world.audited()


def test_settlements_come_page_by_page_with_reversals_shown(world: World) -> None:
    town, mother = world.town, world.people["王秀兰"]
    pharmacy = town.institution("P21120200003")
    done = []
    for _ in range(3):
        town.clock.advance(timedelta(minutes=1))
        done.append(town.settled(town.purchase(mother.id, pharmacy, ("C-A", 1, "10.00"))))
    town.clock.advance(timedelta(minutes=1))
    back = town.settled(town.reversal(done[0], pharmacy))
    client = world.citizen("王秀兰")

    first = client.get(f"/people/{mother.psn_no}/settlements", limit=3).json()
    second = client.get(f"/people/{mother.psn_no}/settlements", limit=3, before=first["next"]).json()

    assert [one["kind"] for one in first["items"]] == ["reverse", "settle", "settle"]
    assert first["items"][0]["reverses"] == second["items"][0]["id"]
    assert second["items"][0]["reversed_by"] == wire_id(back.region, back.id)
    assert second["next"] is None
    assert client.get(f"/people/{mother.psn_no}/settlements", before="0001-01-01T00:00:00").json()["items"] == []
    problem(client.get(f"/people/{mother.psn_no}/settlements", limit=0), 422, "request.invalid")


# ---- authorisations


def test_by_commitment_the_son_binds_at_once_and_his_mother_may_leave(world: World) -> None:
    son = world.citizen("孙强")
    made = son.post("/authorisations", world.binding("孙母", "parent", limit_month_fen=50_000)).json()
    assert made["state"] == "active"
    assert made["limit_month_fen"] == 50_000
    lower = son.post(
        f"/authorisations/{made['id']}/limits", {"limit_total_fen": 90_000, "limit_month_fen": None}
    ).json()
    assert (lower["limit_total_fen"], lower["limit_month_fen"]) == (90_000, None)
    assert made["user"] == {"name": "*母", "psn_no": None}
    assert made["sharer"]["psn_no"] == world.people["孙强"].psn_no

    mother = world.citizen("孙母")
    listed = mother.get("/authorisations", person=world.people["孙母"].psn_no).json()
    assert [one["id"] for one in listed["as_user"]] == [made["id"]]
    assert listed["as_sharer"] == []
    left = mother.post(f"/authorisations/{made['id']}/end").json()
    assert (left["state"], left["end_reason"]) == ("ended", "left")
    assert [event["state"] for event in son.get(f"/authorisations/{made['id']}").json()["events"]][-1] == "ended"


def test_by_review_the_daughter_hands_in_a_document_and_an_officer_approves(world: World) -> None:
    daughter, officer = world.citizen("李婷"), world.officer()
    made = daughter.post("/authorisations", world.binding("王秀兰", "parent")).json()
    assert made["state"] == "submitted"
    path = f"/authorisations/{made['id']}"
    file = {"file": ("book.png", PNG, "image/png")}

    handed = daughter.post(f"{path}/evidence", data={"kind": "household_book"}, files=file).json()
    assert handed["state"] == "under_review"
    (case,) = officer.get("/review-queue").json()
    assert (case["authorisation"]["id"], case["documents"]) == (made["id"], 1)
    assert world.officer(JINING).get("/review-queue").json() == []

    document = officer.get(f"{path}/evidence/{handed['documents'][0]['number']}")
    assert Image.open(io.BytesIO(document.content)).size == (60, 40)
    assert document.headers["content-type"] == "image/jpeg"
    assert document.headers["content-disposition"] == "attachment"
    problem(daughter.get(f"{path}/evidence/1"), 403, "access.role")
    problem(officer.get(f"{path}/evidence/999999"), 404, "evidence.unknown")

    returned = officer.post(f"{path}/review", {"decision": "return", "item": "household_book", "reason": "unreadable"})
    assert returned.json()["state"] == "returned"
    again = {"file": ("book.png", picture("white"), "image/png")}
    daughter.post(f"{path}/evidence", data={"kind": "household_book"}, files=again)
    approved = officer.post(f"{path}/review", {"decision": "approve"}).json()
    assert approved["state"] == "active"
    assert {"authorisation.bind", "authorisation.hand_in", "evidence.read", "authorisation.approve"} <= set(
        world.audited()
    )


def test_pause_resume_limits_and_the_end_are_the_sharers(world: World) -> None:
    number = world.town.share(world.people["李婷"].id, world.people["王秀兰"].id)
    path, daughter, mother = f"/authorisations/{number}", world.citizen("李婷"), world.citizen("王秀兰")

    assert daughter.post(f"{path}/pause").json()["state"] == "paused"
    assert problem(daughter.post(f"{path}/pause"), 409, "authorisation.transition")["details"]["next"]
    problem(mother.post(f"{path}/resume"), 409, "authorisation.not_yours")
    assert daughter.post(f"{path}/resume").json()["state"] == "active"
    limited = daughter.post(f"{path}/limits", {"limit_total_fen": None, "limit_month_fen": 30_000})
    assert problem(limited, 409, "authorisation.limit_not_allowed")["details"]["action"] == "drop_limit"
    free = daughter.post(f"{path}/limits", {"limit_total_fen": None, "limit_month_fen": None}).json()
    assert (free["limit_total_fen"], free["limit_month_fen"]) == (None, None)
    assert daughter.post(f"{path}/end").json()["end_reason"] == "unbound"


def test_an_officer_ends_with_a_reason(world: World) -> None:
    number = world.town.share(world.people["李婷"].id, world.people["王秀兰"].id)
    officer = world.officer()
    problem(officer.post(f"/authorisations/{number}/end"), 422, "end.reason_missing")
    problem(officer.post(f"/authorisations/{number}/end", {"reason": "weather"}), 422, "authorisation.word_unknown")
    assert officer.post(f"/authorisations/{number}/end", {"reason": "misuse"}).json()["end_reason"] == "misuse"


@pytest.mark.parametrize("step", ["pause", "resume", "end", "limits", "evidence"])
def test_a_strangers_token_finds_no_authorisation(world: World, step: str) -> None:
    number = world.town.share(world.people["李婷"].id, world.people["王秀兰"].id)
    bodies: dict[str, Any] = {"limits": {"body": {"limit_total_fen": None, "limit_month_fen": 1}}}
    bodies["evidence"] = {"data": {"kind": "household_book"}, "files": {"file": ("a.png", PNG, "image/png")}}
    stranger = world.citizen("孙强")

    problem(stranger.get(f"/authorisations/{number}"), 404, "authorisation.unknown")
    problem(stranger.post(f"/authorisations/{number}/{step}", **bodies.get(step, {})), 404, "authorisation.unknown")
    problem(stranger.post("/authorisations/999424/pause"), 404, "authorisation.unknown")
    problem(world.officer(JINING).get(f"/authorisations/{number}"), 404, "authorisation.unknown")
    outside = world.officer(JINING).post(f"/authorisations/{number}/review", {"decision": "approve"})
    problem(outside, 404, "authorisation.unknown")


def test_whoever_tries_numbers_and_names_learns_nothing(world: World) -> None:
    son = world.citizen("孙强")
    wrong_name = world.binding("孙母", "parent")
    wrong_name["user"]["name"] = "孙某"
    nobody = world.binding("孙母", "parent")
    nobody["user"]["certificate_number"] = "11010119490909004" + check_digit("11010119490909004")

    answers = [
        problem(son.post("/authorisations", body), 404, "authorisation.name_mismatch") for body in (wrong_name, nobody)
    ]

    assert [{**answer, "request_id": ""} for answer in answers[:1]] == [
        {**answer, "request_id": ""} for answer in answers[1:]
    ]


# ---- the same request twice


def test_the_same_key_with_the_same_body_binds_once(world: World) -> None:
    son, body = world.citizen("孙强"), world.binding("孙母", "parent")
    first = son.post("/authorisations", body, key="the-same-key")
    son.post(f"/authorisations/{first.json()['id']}/pause")
    again = son.post("/authorisations", body, key="the-same-key")

    assert again.status_code == 200
    assert again.json() == first.json(), "the answer of then, although it has been paused since"
    other = son.post("/authorisations", body | {"commitment": False}, key="the-same-key")
    assert problem(other, 409, "key.other_content")["field"] == "Idempotency-Key"
    # Another caller's key is another key.
    problem(world.citizen("孙母").post("/authorisations", body, key="the-same-key"), 422, "authorisation.same_person")


def test_ten_at_once_with_one_key_bind_once(world: World) -> None:
    son, body = world.citizen("孙强"), world.binding("孙母", "parent")
    answers: list[httpx.Response] = []
    threads = [
        threading.Thread(target=lambda: answers.append(son.post("/authorisations", body, key="ten-at-once")))
        for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [answer.status_code for answer in answers] == [200] * 10
    assert len({answer.json()["id"] for answer in answers}) == 1
    listed = son.get("/authorisations", person=world.people["孙强"].psn_no).json()
    assert len(listed["as_sharer"]) == 1


def test_after_a_refusal_the_key_may_be_used_again(world: World) -> None:
    son = world.citizen("孙强")
    refused = son.post("/authorisations", world.binding("孙母", "parent", commitment=False), key="corrected")
    problem(refused, 409, "authorisation.commitment_missing")

    assert son.post("/authorisations", world.binding("孙母", "parent"), key="corrected").json()["state"] == "active"


@pytest.mark.parametrize("key", ["", "short", "with blanks in it"])
def test_a_binding_needs_a_proper_key(world: World, key: str) -> None:
    answer = world.citizen("孙强").post("/authorisations", world.binding("孙母", "parent"), key=key)
    assert problem(answer, 422, "request.invalid")["field"] == "Idempotency-Key"


# ---- what goes wrong, in one form


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}])
@pytest.mark.parametrize("path", ["/people/1", "/settlements/1", "/authorisations/1", "/review-queue"])
def test_without_a_token_that_holds_nothing_is_told(world: World, path: str, header: dict[str, str]) -> None:
    answer = world.http.get(f"/api/v1{path}", headers=header)
    problem(answer, 401, "access.token")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_token_that_is_over_holds_no_longer(world: World) -> None:
    daughter = world.citizen("李婷")
    world.town.clock.advance(timedelta(days=366))
    problem(daughter.get(f"/people/{world.people['李婷'].psn_no}"), 401, "access.token")


def test_roles_are_kept_apart(world: World) -> None:
    problem(world.citizen("李婷").get("/review-queue"), 403, "access.role")
    problem(world.officer().post("/authorisations", world.binding("王秀兰", "parent")), 403, "access.role")
    problem(world.citizen("李婷").post("/authorisations/1/review", {"decision": "approve"}), 403, "access.role")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"relation": "cousin"}, "relation"),
        ({"limit_month_fen": -1}, "limit_month_fen"),
        ({"limit_month_fen": 12.5}, "limit_month_fen"),
        ({"limit_month_fen": 10**20}, "limit_month_fen"),
        ({"limit_total_fen": "500"}, "limit_total_fen"),
        ({"purposes": ["fun"]}, "purposes.0"),
        ({"limit_mouth_fen": 1}, "limit_mouth_fen"),
        ({"user": {"name": "孙母"}}, "user.certificate_number"),
    ],
)
def test_a_field_that_cannot_be_read_is_named(world: World, change: dict[str, Any], field: str) -> None:
    answer = world.citizen("孙强").post("/authorisations", world.binding("孙母", "parent") | change)
    told = problem(answer, 422, "request.invalid")
    assert told["field"] == field
    assert "孙母" not in answer.text, "what was sent is not repeated"


@pytest.mark.parametrize("number", ["x", "-1", "9" * 19, "1%00", "١"])
def test_an_id_that_is_none_is_refused(world: World, number: str) -> None:
    problem(world.citizen("李婷").get(f"/authorisations/{number}"), 422, "request.invalid")
    problem(world.citizen("李婷").get(f"/settlements/{number}"), 404, "settlement.unknown")


def test_names_and_numbers_are_read_generously_and_nonsense_is_refused(world: World) -> None:
    son, body = world.citizen("孙强"), world.binding("孙母", "parent")
    odd = dict(body, user={"certificate_number": "12345", "name": "孙母"})
    assert problem(son.post("/authorisations", odd), 422, "certificate.shape")["field"] == "user.certificate_number"
    nul = dict(body, user=body["user"] | {"name": "孙\x00母"})
    assert problem(son.post("/authorisations", nul), 422, "request.invalid")["field"] == "user.name"
    spaced = " ".join(body["user"]["certificate_number"])
    assert (
        son.post("/authorisations", dict(body, user={"certificate_number": spaced, "name": " 孙母 "})).status_code
        == 200
    )


def test_what_is_no_address_no_method_no_json_or_too_large_has_the_same_form(world: World) -> None:
    daughter = world.citizen("李婷")
    problem(daughter.get("/nowhere"), 404, "path.unknown")
    problem(world.http.delete("/api/v1/review-queue"), 405, "method.unknown")
    headers = {"Authorization": f"Bearer {daughter.token}", "Idempotency-Key": "not-json-at-all"}
    broken = world.http.post(
        "/api/v1/authorisations", content=b"{", headers=headers | {"Content-Type": "application/json"}
    )
    problem(broken, 422, "request.invalid")
    huge = {"file": ("a.png", PNG + b"0" * LARGEST_BODY, "image/png")}
    problem(
        daughter.post("/authorisations/1/evidence", data={"kind": "household_book"}, files=huge),
        422,
        "request.too_large",
    )


def test_a_file_that_is_no_picture_is_refused(world: World) -> None:
    daughter = world.citizen("李婷")
    made = daughter.post("/authorisations", world.binding("王秀兰", "parent")).json()
    path = f"/authorisations/{made['id']}/evidence"
    html = {"file": ("a.png", b"<script>", "image/png")}
    problem(daughter.post(path, data={"kind": "household_book"}, files=html), 422, "document.type")
    unknown = {"file": ("a.png", PNG, "image/png")}
    problem(daughter.post(path, data={"kind": "diary"}, files=unknown), 422, "authorisation.word_unknown")


def test_a_failure_of_ours_has_the_same_form_and_no_traceback(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gongji.ledger.service.balances_of", lambda *_: 1 // 0)
    answer = world.citizen("李婷").get(f"/people/{world.people['李婷'].psn_no}/balances")
    problem(answer, 500, "server.failed")
    assert "ZeroDivision" not in answer.text


# ---- documentation


def test_the_documentation_lists_every_operation_and_loads_nothing(world: World) -> None:
    openapi = world.http.get("/api/openapi.json").json()
    page = world.http.get("/api/docs")

    assert page.status_code == 200
    operations = [(method, path) for path, methods in openapi["paths"].items() for method in methods]
    assert len(operations) >= 30
    for _, path in operations:
        assert f"/api{path}" in page.text
    assert 'curl -X POST "$GONGJI/api/v1/authorisations"' in unescape(page.text)
    assert "<script" not in page.text
    assert "//" not in page.text.replace("http://127.0.0.1:8000", ""), "no other address"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for methods in openapi["paths"].values():
        for operation in methods.values():
            assert operation["description"]
            public = operation["tags"] == ["rules"]
            refusals = {"404", "422"} if public else {"401", "404", "409", "422"}
            assert refusals <= operation["responses"].keys()
            assert bool(operation.get("security")) is not public
