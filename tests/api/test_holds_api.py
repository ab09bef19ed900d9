"""A mother is admitted: she and her daughter set deposits aside, the hospital takes of them, what is left goes back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from test_rest_api import Client, World, problem, world

from gongji.foundation.access import Caller, Role, grant
from gongji.registry.e_credential import CODE_HOLDS
from gongji.settlement.admissions import admit
from gongji.settlement.model import RegisterVisit, wire_id
from town import JINING

__all__ = ["world"]

HOSPITAL = "H21120200001"


def institution(world: World, code: str) -> Client:
    """A hospital's program."""
    with world.town.database.transaction() as connection:
        caller = Caller(Role.INTEGRATOR, code)
        return Client(world.http, grant(connection, caller, at=world.town.clock.now(), lasts=timedelta(days=365)))


def admitted(world: World, name: str, code: str) -> str:
    """Somebody's admission; gives the mdtrt_id."""
    town, patient = world.town, world.people[name]
    hospital = town.institution(code)
    key = town.key(hospital, "2401")
    command = RegisterVisit(key, patient.id, "ZY1", town.scheme_of(patient.id), town.clock.now(), {})
    diagnosis = {"diag_code": "I10", "diag_name": "高血压", "maindiag_flag": "1"}
    made = admit(town.database, command, hospital, "21", [diagnosis], town.clock.now())
    return wire_id(hospital.region, made.id)


@pytest.fixture
def stay(world: World) -> str:
    """The mother's admission in Tieling, where nobody may set deposits aside for others."""
    return admitted(world, "王秀兰", HOSPITAL)


def placed(client: Client, stay: str, amount: int, **more: Any) -> dict[str, Any]:
    """A deposit that goes through."""
    answer = client.post("/holds", {"stay": stay, "amount_fen": amount, **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_placed_taken_in_parts_and_given_back(world: World, stay: str) -> None:
    """¥35.20 are hers; 30.00 are held, 12.00 taken, 8.00 given back, then the last 10.00 taken."""
    mother, desk = world.citizen("王秀兰"), institution(world, HOSPITAL)
    hold = placed(mother, stay, 30_00)
    assert (hold["kind"], hold["remaining_fen"]) == ("hold", 30_00)
    assert hold["words"]["zh"] == "已冻结 ¥30.00，这些钱别处不能再用。"
    address = f"/holds/{hold['hold']}"
    assert world.town.balance(world.people["王秀兰"].id) == 35_20
    first = desk.post(f"{address}/capture", {"amount_fen": 12_00}).json()
    assert (first["captured_fen"], first["remaining_fen"]) == (12_00, 18_00)
    back = desk.post(f"{address}/release", {"amount_fen": 8_00}).json()
    assert (back["released_fen"], back["remaining_fen"]) == (8_00, 10_00)
    told = mother.get(address).json()
    assert (told["state"], told["stay"], told["captured_fen"], told["released_fen"]) == ("open", stay, 12_00, 8_00)
    assert sum(one["amount_fen"] for one in told["sources"]) == 30_00
    assert "¥10.00" in told["words"]["en"]
    problem(desk.post(f"{address}/capture", {"amount_fen": 10_01}), 409, "hold.too_much")
    last = desk.post(f"{address}/capture", {"amount_fen": 10_00}).json()
    assert last["remaining_fen"] == 0
    problem(desk.post(f"{address}/release", {}), 409, "hold.ended")
    assert world.town.balance(world.people["王秀兰"].id) == 13_20
    assert {"hold.place", "hold.capture", "hold.release", "hold.read"} <= set(world.audited())


def test_the_same_key_does_a_step_once(world: World, stay: str) -> None:
    mother, desk = world.citizen("王秀兰"), institution(world, HOSPITAL)
    body = {"stay": stay, "amount_fen": 20_00}
    first = mother.post("/holds", body, key="deposit-1").json()
    assert mother.post("/holds", body, key="deposit-1").json() == first
    problem(mother.post("/holds", body | {"amount_fen": 21_00}, key="deposit-1"), 409, "key.other_content")
    problem(mother.post("/holds", body, key=""), 422, "request.invalid")
    address = f"/holds/{first['hold']}/capture"
    taken = desk.post(address, {"amount_fen": 5_00, "release_rest": True}, key="capture-1").json()
    assert (taken["released_fen"], taken["remaining_fen"]) == (15_00, 0)
    assert desk.post(address, {"amount_fen": 5_00, "release_rest": True}, key="capture-1").json() == taken


def test_the_son_sees_what_is_held_of_his_for_his_mother(world: World) -> None:
    """Jining lets deposits be shared: ¥300.00 of the son's are held for his mother; he sees that, not for which stay."""
    town, mother, son = world.town, world.citizen("孙母"), world.citizen("孙强")
    sharing = str(
        town.share(world.people["孙强"].id, world.people["孙母"].id, region=JINING, purposes=["care", "deposit"])
    )
    stay = admitted(world, "孙母", "H37080000001")
    hold = placed(son, stay, 300_00, authorisation=sharing, days=30)
    his = son.get(f"/people/{world.people['孙强'].psn_no}/holds").json()
    assert (his["held_fen"], his["items"][0]["reference"]) == (300_00, None)
    seen = son.get(f"/holds/{hold['hold']}").json()
    assert (seen["stay"], seen["authorisation"]) == (None, sharing)
    assert seen["sources"] == [{"account": "personal.current", "amount_fen": 300_00}]
    told = mother.get(f"/holds/{hold['hold']}").json()
    assert (told["sources"], told["stay"]) == ([], stay)
    placed(mother, stay, 10_00, authorisation=sharing)
    assert mother.get(f"/people/{world.people['孙母'].psn_no}/holds").json()["items"] == []
    back = world.officer(JINING).post(f"/holds/{hold['hold']}/release", {}).json()
    assert back["released_fen"] == 300_00
    assert son.get(f"/people/{world.people['孙强'].psn_no}/holds").json()["held_fen"] == 10_00
    problem(
        world.citizen("李婷").post("/holds", {"stay": stay, "amount_fen": 1, "authorisation": sharing}),
        404,
        "authorisation.unknown",
    )


def test_where_the_region_shares_no_deposits_it_says_so(world: World, stay: str) -> None:
    sharing = str(world.town.share(world.people["李婷"].id, world.people["王秀兰"].id))
    body = {"stay": stay, "amount_fen": 1_00, "authorisation": sharing}
    problem(world.citizen("李婷").post("/holds", body), 409, "hold.withheld")


def test_what_is_not_ones_own_is_not_there(world: World, stay: str) -> None:
    husband = world.citizen("赵磊")
    problem(husband.post("/holds", {"stay": stay, "amount_fen": 1}), 404, "visit.unknown")
    problem(husband.post("/holds", {"stay": "2" * 22, "amount_fen": 1}), 404, "visit.unknown")
    problem(husband.post("/holds", {"stay": "x", "amount_fen": 1}), 422, "request.invalid")
    hold = placed(world.citizen("王秀兰"), stay, 10_00)
    address = f"/holds/{hold['hold']}"
    other = institution(world, "H21120200002")
    for client in (husband, other, world.officer("370800")):
        problem(client.get(address), 404, "hold.unknown")
    problem(other.post(f"{address}/capture", {"amount_fen": 1}), 404, "hold.unknown")
    problem(other.post(f"{address}/release", {}), 404, "hold.unknown")
    problem(world.citizen("王秀兰").post(f"{address}/release", {}), 403, "access.role")
    problem(institution(world, HOSPITAL).post("/holds", {"stay": stay, "amount_fen": 1}), 403, "access.role")
    problem(world.citizen("王秀兰").post("/holds", {"stay": stay, "amount_fen": 25_21}), 409, "hold.not_enough")


def test_a_code_for_the_phone_is_ones_own_and_short_lived(world: World) -> None:
    mother, psn_no = world.citizen("王秀兰"), world.people["王秀兰"].psn_no
    code = mother.post(f"/people/{psn_no}/e-credential", {"use": "pay"}).json()
    assert (len(code["code"]), code["code"][-6:], code["use"]) == (28, "211200", "pay")
    assert code["expires_at"] == (world.town.clock.now() + CODE_HOLDS).isoformat()
    problem(world.citizen("李婷").post(f"/people/{psn_no}/e-credential", {}), 404, "person.unknown")
    problem(world.officer().post(f"/people/{psn_no}/e-credential", {}), 403, "access.role")
    assert "credential.issue" in world.audited()
