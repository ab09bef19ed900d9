"""An agency's program lists what was filed, grants, refuses, takes back and ends; the mother is told and reads why."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from test_rest_api import World, problem, world

from gongji.foundation.access import Duty
from gongji.foundation.inbox import messages_of
from gongji.registry import filings
from gongji.registry.filings import FilingKind, NewFiling

__all__ = ["world"]


def filed(world: World, name: str = "王秀兰", disease: str = "M07803", since: date = date(2024, 3, 1)) -> str:
    """A hospital files a special disease for somebody; its number."""
    with world.town.database.transaction() as connection:
        return str(
            filings.file(
                connection,
                world.town.database.serials,
                NewFiling(
                    world.people[name].id,
                    FilingKind.SPECIAL_DISEASE,
                    disease,
                    since,
                    name="慢性肾功能衰竭透析",
                    details={"filed_by": "H21120200001"},
                ),
                world.town.clock.now(),
            )
        )


def told(world: World, name: str = "王秀兰") -> list[tuple[str, str]]:
    """What somebody was told, oldest first, and the page that it leads to."""
    with world.town.database.transaction() as connection:
        found = messages_of(connection, world.people[name].id, 20)
    return [(one.kind, one.about) for one in reversed(found)]


def mothers(world: World) -> str:
    return f"/people/{world.people['王秀兰'].psn_no}/filings"


def test_granted_and_ended_with_a_reason_that_she_reads(world: World) -> None:
    number = filed(world)
    reviewer, mother = world.officer("211200", Duty.REVIEWER), world.citizen("王秀兰")
    (waiting,) = reviewer.get("/filings").json()["items"]
    assert (waiting["id"], waiting["state"], waiting["subject"]) == (number, "filed", "M07803")
    assert waiting["psn_no"] == world.people["王秀兰"].psn_no
    there = f"{mothers(world)}/{number}"
    for _ in range(2):
        assert reviewer.post(f"{there}/grant").json()["state"] == "granted"
    assert told(world) == [("filing.granted", "filings")], "granted twice, told once"
    assert reviewer.get("/filings").json()["items"] == []
    problem(reviewer.post(f"{there}/refuse", {"reason": "not_met"}), 409, "filing.granted")
    problem(reviewer.post(f"{there}/withdraw", {"reason": "asked"}), 409, "filing.granted")
    ending: dict[str, Any] = {"last_day": "2024-12-31", "reason": "recovered", "note": "复查报告 7 号"}
    ended = reviewer.post(f"{there}/end", ending).json()
    assert (ended["until"], ended["reason"]) == ("2024-12-31", "recovered")
    problem(reviewer.post(f"{there}/end", ending | {"last_day": "2025-01-01"}), 422, "filing.last_day")
    (read,) = mother.get(mothers(world)).json()
    assert read["reason_words"]["zh"] == "已经治好，不再需要。"
    assert read["reason_words"]["en"].startswith("You have recovered")
    assert "复查报告" not in str(read), "a note is for colleagues"
    assert told(world)[1:] == [("filing.ended", "filings")]
    assert {"filing.read_waiting", "filing.grant", "filing.end", "filing.read"} <= set(world.audited())


def test_refused_told_and_filed_anew(world: World) -> None:
    number = filed(world)
    reviewer = world.officer("211200", Duty.REVIEWER)
    there = f"{mothers(world)}/{number}"
    problem(reviewer.post(f"{there}/refuse", {"reason": "mood"}), 422, "filing.reason")
    problem(reviewer.post(f"{there}/refuse", {"reason": "not_shown", "note": "长" * 201}), 422, "request.invalid")
    for _ in range(2):
        refused = reviewer.post(f"{there}/refuse", {"reason": "not_shown"}).json()
        assert (refused["state"], refused["reason"]) == ("refused", "not_shown")
    assert told(world) == [("filing.refused", "filings")]
    problem(reviewer.post(f"{there}/grant"), 409, "filing.refused")
    problem(reviewer.post(f"{there}/withdraw", {"reason": "asked"}), 409, "filing.refused")
    problem(reviewer.post(f"{there}/end", {"last_day": "2024-12-31", "reason": "moved"}), 409, "filing.not_granted")
    again = filed(world)
    assert [one["id"] for one in reviewer.get("/filings").json()["items"]] == [again]


def test_taken_back_at_the_window(world: World) -> None:
    number = filed(world)
    clerk = world.officer("211200", Duty.CLERK)
    there = f"{mothers(world)}/{number}"
    problem(clerk.post(f"{there}/grant"), 403, "access.duty")
    problem(clerk.post(f"{there}/refuse", {"reason": "not_met"}), 403, "access.duty")
    assert clerk.post(f"{there}/withdraw", {"reason": "mistake"}).json()["state"] == "withdrawn"
    assert told(world) == [("filing.withdrawn", "filings")]
    problem(world.officer("211200", Duty.REVIEWER).post(f"{there}/grant"), 409, "filing.withdrawn")


def test_all_that_waits_is_paged_through_while_some_of_it_is_decided(world: World) -> None:
    numbers = []
    for count in range(7):
        world.town.clock.advance(timedelta(minutes=count % 2))  # several of one moment
        numbers.append(filed(world, disease=f"M0780{count}"))
    filed(world, "孙强")
    reviewer = world.officer("211200", Duty.REVIEWER)
    found: list[str] = []
    after = None
    while True:
        page = reviewer.get("/filings", limit=3, **({"after": after} if after else {})).json()
        found += [one["id"] for one in page["items"]]
        after = page["next"]
        if after is None:
            break
        reviewer.post(f"{mothers(world)}/{after}/grant")  # what the page ended with waits no more
    assert sorted(found) == sorted(numbers)
    assert len(found) == 7
    assert [one["subject"] for one in reviewer.get("/filings", kind="referral").json()["items"]] == []
    problem(reviewer.get("/filings", after="999"), 404, "filing.unknown")


def test_nobody_else_decides_or_reads(world: World) -> None:
    number = filed(world)
    there = f"{mothers(world)}/{number}"
    problem(world.officer().post(f"{there}/grant"), 403, "access.duty")
    problem(world.officer("370800", Duty.REVIEWER).post(f"{there}/grant"), 404, "person.unknown")
    assert world.officer("370800").get("/filings").json()["items"] == []
    assert [one["id"] for one in world.officer("210000").get("/filings").json()["items"]] == [number]
    problem(world.citizen("李婷").get(mothers(world)), 404, "person.unknown")
    problem(world.citizen("王秀兰").post(f"{there}/grant"), 403, "access.role")
    problem(world.citizen("王秀兰").get("/filings"), 403, "access.role")
    problem(world.integrator().get("/filings"), 403, "access.role")
    daughters = f"/people/{world.people['李婷'].psn_no}/filings/{number}"
    problem(world.officer("211200", Duty.REVIEWER).post(f"{daughters}/grant"), 404, "filing.unknown")
    assert told(world) == []
