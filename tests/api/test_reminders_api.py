"""A daughter's program asks to be reminded, or to have it done then; nobody else sees it, and no day comes from the request."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import sqlalchemy as sa
from test_rest_api import World, problem, world

from gongji.entrances.platform import Platform
from gongji.entrances.reminding import carry_out_reminders
from gongji.family import service as family
from gongji.family.model import AuthorisationState
from gongji.foundation.clock import CHINA
from gongji.foundation.settings import Settings
from gongji.registry.service import end_enrolment
from gongji.rules.book import RuleBook

__all__ = ["world"]


def shared(world: World) -> int:
    """Li Ting shares with her mother since today; she may unbind thirty days later."""
    town = world.town
    daughter, mother = (world.people[name].id for name in ("李婷", "王秀兰"))
    return town.share(daughter, mother, since=town.clock.now(), unbind_after_days=30)


def rounds(world: World) -> int:
    """A round of the server."""
    town = world.town
    return carry_out_reminders(Platform(Settings(), town.database, town.vault, town.clock, RuleBook.shipped()))


def test_do_it_then(world: World) -> None:
    """Told of the day first, then to be done in its place: one waits; it is done on that day and gone from the list."""
    number, daughter = shared(world), world.citizen("李婷")
    body = {"about": "unbinding", "authorisation": str(number)}
    told = daughter.post("/reminders", body).json()
    assert (told["kind"], told["authorisation"]) == ("unbind_day", str(number))
    asked = daughter.post("/reminders", body | {"do_it": True}).json()
    day = world.town.clock.now().date() + timedelta(days=30)
    assert asked["kind"] == "unbind"
    assert datetime.fromisoformat(asked["due_at"]) == datetime.combine(day, datetime.min.time(), CHINA)
    assert "替您解绑母亲 **兰" in asked["words"]["zh"]
    assert "**兰" in asked["words"]["en"]
    assert daughter.get("/reminders").json() == [asked]
    world.town.clock.set(datetime.combine(day, datetime.min.time(), CHINA))
    assert rounds(world) == 1
    assert daughter.get("/reminders").json() == []
    with world.town.database.transaction() as connection:
        assert family.authorisation(connection, number).state is AuthorisationState.ENDED
    problem(daughter.post("/reminders", body), 409, "reminder.needless")
    assert {"reminder.ask", "reminders.read"} <= set(world.audited())


def test_called_off_once_and_by_nobody_else(world: World) -> None:
    number, daughter = shared(world), world.citizen("李婷")
    asked = daughter.post("/reminders", {"about": "unbinding", "authorisation": str(number), "do_it": True}).json()
    for other in ("王秀兰", "赵磊"):
        assert world.citizen(other).get("/reminders").json() == []
        problem(world.citizen(other).post(f"/reminders/{asked['id']}/cancel"), 404, "reminder.unknown")
        problem(
            world.citizen(other).post("/reminders", {"about": "unbinding", "authorisation": str(number)}),
            404,
            "authorisation.unknown",
        )
    for _ in range(2):
        assert daughter.post(f"/reminders/{asked['id']}/cancel").status_code == 204
    assert daughter.get("/reminders").json() == []
    problem(daughter.post("/reminders/999/cancel"), 404, "reminder.unknown")
    problem(world.officer().get("/reminders"), 403, "access.role")
    problem(world.integrator().post("/reminders", {"about": "wallet"}), 403, "access.role")


def test_a_relative_who_is_not_insured_and_nothing_of_the_trial_stays(world: World) -> None:
    """No day is known: it is looked up daily. She could bind her husband today, so there is nothing to remind her of; and
    asking has bound nobody."""
    with world.town.database.transaction() as connection:
        end_enrolment(connection, world.people["王秀兰"].id, date(2024, 6, 1))
    daughter = world.citizen("李婷")

    def about(name: str, relation: str) -> dict[str, object]:
        bound = world.binding(name, relation)
        return {"about": "binding", "user": bound["user"], "relation": relation, "commitment": True}

    asked = daughter.post("/reminders", about("王秀兰", "parent")).json()
    assert (asked["kind"], asked["due_at"]) == ("enrolled", None)
    assert "母亲 **兰" in asked["words"]["zh"]
    problem(daughter.post("/reminders", about("赵磊", "spouse")), 409, "reminder.needless")
    problem(daughter.post("/reminders", {"about": "binding"}), 409, "reminder.needless")
    wrong = about("王秀兰", "parent") | {
        "user": {"certificate_number": world.people["王秀兰"].certificate, "name": "王秀"}
    }
    problem(daughter.post("/reminders", wrong), 404, "authorisation.name_mismatch")
    with world.town.database.transaction() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM authorisation")).scalar_one() == 0


def test_what_the_wallet_waits_for_and_what_cannot_be_read(world: World) -> None:
    """Nothing that clears by itself stands in the way of sending; a body that is none of the three is told as such."""
    daughter = world.citizen("李婷")
    problem(daughter.post("/reminders", {"about": "wallet"}), 409, "reminder.needless")
    for wrong in ({}, {"about": "mood"}, {"about": "unbinding"}, {"about": "unbinding", "authorisation": "x"}):
        problem(daughter.post("/reminders", wrong), 422, "request.invalid")
