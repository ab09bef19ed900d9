"""Two regions' programs clear a month over REST: closed, disputed, accepted, paid by two officers; the file is checked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from test_rest_api import World, problem, world

from gongji.foundation.access import Duty
from gongji.foundation.clock import CHINA
from gongji.oversight.service import readings_of

__all__ = ["world"]

CLERK, SECOND = Duty.CLEARING_CLERK, Duty.SECOND_REVIEWER


def treated(world: World, *prices: str) -> None:
    """The daughter of Tieling is treated in Jining, and it is July."""
    hospital, town = world.town.institution("H37080000001"), world.town
    for price in prices:
        visit, total = town.visit(world.people["李婷"].id, hospital, ("C-A", 1, price))
        town.settled(town.settle_visit(world.people["李婷"].id, hospital, visit, total))
    town.clock.set(datetime(2024, 7, 2, 9, tzinfo=CHINA))


def payment(amount: int, **more: Any) -> dict[str, Any]:
    """The body of a payment."""
    return {"amount_fen": amount, "reference": "YH-20240702-1", "paid_on": "2024-07-02"} | more


@pytest.fixture
def statement(world: World) -> str:
    """June is closed: Tieling owes Jining ¥250.00 and ¥100.00; the number of its statement."""
    treated(world, "250.00", "100.00")
    closed = world.officer("211200", CLERK).post("/clearing/months/2024-06/close").json()
    assert (closed["statements"], closed["bills"], closed["again"]) == (1, 1, False)
    (one,) = world.officer("211200", CLERK).get("/clearing/months/2024-06/statements").json()
    return str(one["id"])


def test_a_month_is_read_while_it_is_open(world: World) -> None:
    treated(world, "250.00")
    told = world.officer("211200", Duty.AUDITOR).get("/clearing/months/2024-06").json()
    (position,) = told["positions"]
    assert (position["debtor"], position["creditor"], position["amount_fen"]) == ("211200", "370800", 250_00)
    assert (position["kinds_fen"], position["statement"], told["closed_at"]) == ({"own": 250_00}, None, None)
    assert sum(one["net_fen"] for one in told["sheet"]) == sum(one["net_fen"] for one in told["provinces"]) == 0
    assert world.officer("110100", CLERK).get("/clearing/months/2024-06").json()["positions"] == []
    problem(world.officer("211200", CLERK).post("/clearing/months/2024-07/close"), 409, "clearing.not_over")
    problem(world.officer("211200", SECOND).post("/clearing/months/2024-06/close"), 403, "access.duty")
    problem(world.officer().get("/clearing/months/2024-06"), 403, "access.duty")
    problem(world.citizen("李婷").get("/clearing/months/2024-06"), 403, "access.role")
    problem(world.officer("211200", CLERK).get("/clearing/months/2024-13"), 422, "request.invalid")


def test_from_the_dispute_to_the_last_fen(world: World, statement: str) -> None:
    there = f"/clearing/statements/{statement}"
    tieling, jining = world.officer("211200", CLERK), world.officer("370800", CLERK)
    second = world.officer("211200", SECOND, number="0299")
    lines = tieling.get(f"{there}/lines", limit=1).json()
    assert lines["next"] == 1
    (last,) = tieling.get(f"{there}/lines", after=1).json()["items"]
    assert (last["amount_fen"], last["institution"], last["takes_back"]) == (100_00, "H37080000001", None)
    body = {"event": last["event"], "kind": "own", "reason": "amount", "note": "金额应为 90.00"}
    problem(jining.post(f"{there}/disputes", body), 403, "clearing.other_region")
    disputed = tieling.post(f"{there}/disputes", body).json()
    problem(tieling.post(f"{there}/disputes", body), 409, "clearing.line_disputed")
    problem(tieling.post(f"{there}/payments", payment(1)), 409, "clearing.not_checked")
    accepted = tieling.post(f"{there}/accept").json()
    assert (accepted["state"], accepted["due_fen"], accepted["excluded_fen"]) == ("checked", 250_00, 100_00)
    problem(tieling.post(f"{there}/payments", payment(250_01)), 422, "clearing.amount")
    asked = tieling.post(f"{there}/payments", payment(250_00)).json()
    problem(tieling.post(f"{there}/payments", payment(250_00)), 422, "clearing.amount")
    assert [one["id"] for one in second.get("/clearing/payments").json()] == [asked["id"]]
    agree = {"opinion": "agree"}
    problem(tieling.post(f"/clearing/payments/{asked['id']}/second", agree), 403, "access.duty")
    booked = second.post(f"/clearing/payments/{asked['id']}/second", agree).json()
    assert booked["event"] is not None
    problem(second.post(f"/clearing/payments/{asked['id']}/second", agree), 409, "clearing.decided")
    problem(
        tieling.post(f"/clearing/disputes/{disputed['id']}/answer", {"outcome": "stands", "note": "见附件"}),
        403,
        "clearing.other_region",
    )
    answer = {"outcome": "stands", "note": "金额无误，见附件"}
    assert jining.post(f"/clearing/disputes/{disputed['id']}/answer", answer).json()["outcome"] == "stands"
    told = jining.get(there).json()
    assert (told["state"], told["due_fen"], told["paid_fen"], told["left_fen"]) == ("part_paid", 350_00, 250_00, 100_00)
    assert {"clearing.close", "clearing.dispute", "clearing.accept", "clearing.ask", "clearing.agree"} <= set(
        world.audited()
    )


def test_the_file_goes_to_the_other_side(world: World, statement: str) -> None:
    fetched = world.officer("211200", CLERK).get(f"/clearing/statements/{statement}/file")
    assert fetched.headers["content-type"] == "application/zip"
    jining = world.officer("370800", CLERK)
    files = {"file": ("june.zip", fetched.content, "application/zip")}
    told = jining.post("/clearing/check", files=files).json()
    assert (told["amount_fen"], told["lines"], told["signed"], told["differences"]) == (350_00, 2, "unsigned", [])
    broken = jining.post("/clearing/check", files={"file": ("x", b"x")})
    problem(broken, 422, "clearing.file")
    stranger = world.officer("110100", CLERK)
    problem(
        stranger.post("/clearing/check", files=files),
        403,
        "clearing.other_region",
    )
    problem(stranger.get(f"/clearing/statements/{statement}/file"), 404, "clearing.unknown")


def test_an_institution_and_an_advance(world: World, statement: str) -> None:
    jining = world.officer("370800", CLERK)
    (bill,) = jining.get("/clearing/months/2024-06/bills").json()
    detail = jining.get(f"/clearing/bills/{bill['id']}").json()
    (part,) = detail["parts"]
    assert (part["clr_optins"], part["insutype"], part["clr_type"], part["accounts_fen"]) == (
        "211200",
        "310",
        "11",
        350_00,
    )
    problem(world.officer("211200", CLERK).get(f"/clearing/bills/{bill['id']}"), 404, "clearing.unknown")
    problem(jining.post(f"/clearing/bills/{bill['id']}/payments", payment(1, retention=True)), 422, "clearing.amount")
    asked = jining.post(f"/clearing/bills/{bill['id']}/payments", payment(350_00)).json()
    second = world.officer("370800", SECOND, number="0899")
    second.post(f"/clearing/payments/{asked['id']}/second", {"opinion": "agree"})
    assert jining.get(f"/clearing/bills/{bill['id']}").json()["left_fen"] == 0
    tieling = world.officer("211200", CLERK)
    problem(
        tieling.post("/clearing/advances", payment(1, payer="370800", payee="211200")), 403, "clearing.other_region"
    )
    ahead = tieling.post("/clearing/advances", payment(380_00, payer="211200", payee="370800")).json()
    world.officer("211200", SECOND, number="0299").post(
        f"/clearing/payments/{ahead['id']}/second", {"opinion": "agree"}
    )
    (one,) = jining.get("/clearing/advances").json()
    assert (one["left_fen"], one["target_fen"], one["alarm"]) == (380_00, 700_00, "red")


def test_whose_settlements_are_read_or_exported_is_noted_for_them(world: World, statement: str) -> None:
    clerk = world.officer("211200", CLERK)
    for n, path in enumerate(("lines", "file"), start=1):
        clerk.get(f"/clearing/statements/{statement}/{path}")
        assert world.audited().count("clearing.read_line") == n
    with world.town.database.transaction() as connection:
        read = readings_of(connection, world.people["李婷"].id)
    assert [one.action for one in read].count("clearing.read_line") == 2
