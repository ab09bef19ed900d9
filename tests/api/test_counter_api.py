"""The same at the counter over REST: bound, asked for, ended, by an institution's own token."""

from __future__ import annotations

from typing import Any

from test_holds_api import HOSPITAL, institution
from test_rest_api import World, problem, world

from gongji.registry import e_credential
from town import JINING

__all__ = ["world"]


def person(world: World, name: str) -> dict[str, Any]:
    """Somebody's certificate."""
    one = world.people[name]
    return {"certificate_number": one.certificate, "name": one.name}


def test_bound_asked_for_and_ended(world: World) -> None:
    desk, town = institution(world, "H37080000001"), world.town
    son = world.people["孙强"]
    hospital = town.institution("H37080000001")
    with town.database.transaction() as connection:
        now = town.clock.now()
        code = e_credential.issue(connection, town.vault, son.id, JINING, "show", now)
        _, token = e_credential.read_code(connection, town.vault, code, hospital.id, "M1", now)
    body = {"sharer": {"ec_token": token}, "user": person(world, "孙母"), "relation": "parent", "commitment": True}
    made = desk.post("/counter/authorisations", body, key="counter-1").json()
    assert (made["state"], made["procedure"]) == ("active", "commitment")
    assert made["sharer"] == {"name": "*强", "psn_no": None}
    assert desk.post("/counter/authorisations", body, key="counter-1").json() == made
    problem(desk.post("/counter/authorisations", body), 409, "authorisation.already_open")
    asked = desk.post("/counter/authorisations/query", {"person": person(world, "孙母")}).json()
    assert [one["id"] for one in asked] == [made["id"]]
    ended = desk.post(f"/counter/authorisations/{made['id']}/end", {"person": {"ec_token": token}}).json()
    assert (ended["state"], ended["end_reason"]) == ("ended", "unbound")
    assert world.audited().count("authorisation.bind") == 1


def test_only_an_institution_binds_at_its_counter_and_only_whom_it_names_rightly(world: World) -> None:
    body = {"sharer": person(world, "孙强"), "user": person(world, "孙母"), "relation": "parent", "commitment": True}
    problem(world.citizen("孙强").post("/counter/authorisations", body), 403, "access.role")
    problem(world.integrator().post("/counter/authorisations", body), 403, "access.institution")
    desk = institution(world, HOSPITAL)
    wrong = person(world, "孙母") | {"name": "孙父"}
    problem(desk.post("/counter/authorisations", body | {"user": wrong}), 404, "authorisation.name_mismatch")
    problem(desk.post("/counter/authorisations", body | {"user": {"ec_token": "0" * 40}}), 404, "person.unknown")
    lost = [{"kind": "household_book", "file": "0" * 30}]
    problem(desk.post("/counter/authorisations", body | {"evidence": lost}), 404, "file.unknown")
    made = desk.post("/counter/authorisations", body).json()
    stranger = {"person": person(world, "李婷")}
    problem(desk.post(f"/counter/authorisations/{made['id']}/end", stranger), 404, "authorisation.unknown")
