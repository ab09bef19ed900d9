"""Every address of the citizens' pages, tried with another person's numbers and with no session at all.

The addresses are those that the application has: a new one is tried without anybody thinking of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
import sqlalchemy as sa
from phone import Pages, Phone, serving_pages
from starlette.routing import Route

from gongji.entrances.web.citizen.app import citizen_routes
from gongji.entrances.web.problems import Problems
from gongji.family import mandates
from gongji.foundation.inbox import Message, messages_of, tell
from gongji.settlement.model import wire_id
from town import EXAMPLE_BILL, Town

#: Addresses for everybody, logged in or not, and what they answer to whoever is not.
FOR_EVERYBODY = {"/start": 200, "/about/{topic}": 404, "/enter": 401, "/mode": 303, "/language": 303, "/leave": 200}

#: Tables in which nothing of the family's may change.
THEIRS = (
    "authorisation",
    "authorisation_event",
    "binding_application",
    "mandate",
    "mandate_act",
    "settlement",
    "inbox_message",
    "wallet_quota",
)


@pytest.fixture
def pages(town: Town, tmp_path: Path) -> Iterator[Pages]:
    with serving_pages(town, data=tmp_path, sms_url="log") as served:
        yield served


@pytest.fixture
def numbers(pages: Pages) -> list[str]:
    """What a family has: a sharing, a request, a settlement, leave to help; as their addresses write them."""
    town = pages.town
    mother = town.person("王秀兰", "1953-03-08", "retired", balance=3_520, gender=2)
    daughter = town.person("李婷", "1980-05-20", "active", balance=531_045, gender=2)
    aunt = town.person("王秀梅", "1956-03-08", "resident", gender=2)
    case = town.share(daughter, mother, limit_month=100_000)
    hospital = town.institution("H21120200001")
    visit = town.settled(town.settle_visit(mother, hospital, *town.visit(mother, hospital, *EXAMPLE_BILL), use="2"))
    hers = pages.phone(daughter)
    hers.send("/c/bind/who", kind="01", relation="parent", name="王秀梅", number=pages.number(aunt))
    hers.send("/c/bind/check", commitment="yes")
    application = hers.path.rsplit("/", 1)[1]
    assert application.startswith("2024")
    with town.database.transaction() as connection:
        leave = mandates.give(
            connection,
            elder_id=mother,
            helper_id=daughter,
            scope=mandates.Scope.ACT,
            until=town.clock.now().date(),
            given_by="elder",
            at=town.clock.now(),
        )
        tell(connection, [Message(daughter, "money.used", {"amount": 1, "authorisation": case})], at=town.clock.now())
        (message,) = messages_of(connection, daughter, 1)
    numbers = [str(case), application, wire_id(visit.region, visit.id), str(leave.id), str(message.id)]
    return [*numbers, "0", "x", "9" * 18]


def routes(pages: Pages) -> list[Route]:
    return citizen_routes(pages.platform, Problems())


def tries(route: Route, numbers: list[str]) -> Iterator[tuple[str, str]]:
    """Every method and every address that a route has for the numbers."""
    names = list(route.param_convertors)
    for values in product(numbers, repeat=len(names)) if len(names) == 1 else ([one] * len(names) for one in numbers):
        path = route.path
        for name, value in zip(names, values, strict=True):
            path = path.replace(f"{{{name}}}", value)
        for method in sorted((route.methods or set()) - {"HEAD"}):
            yield method, f"/c{path}"


def state(pages: Pages) -> list[str]:
    """Everything that the family has, as text."""
    with pages.town.database.engine.connect() as connection:
        return [
            text
            for table in THEIRS
            for text in connection.execute(sa.text(f"SELECT t::text FROM {table} t ORDER BY 1")).scalars()
        ]


def ask(phone: Phone, method: str, path: str) -> None:
    if method == "POST":
        phone.send(path, sure="yes", answer="yes", step="pause", code="1", phone="13800138000", kept="1", limit="1")
    else:
        phone.open(path)


def test_a_stranger_meets_nothing_of_the_family_at_any_address(pages: Pages, numbers: list[str]) -> None:
    stranger = pages.phone(pages.town.person("钱多", "1990-01-01", "active", balance=0, household="别家"))
    before = state(pages)
    tried = 0
    for route in routes(pages):
        if route.path in FOR_EVERYBODY:
            continue
        for method, path in tries(route, numbers):
            ask(stranger, method, path)
            tried += 1
            assert stranger.last is not None
            for secret in ("秀兰", "秀梅", "李婷", "5,310.45", "1,268.50", "中心医院"):
                assert secret not in stranger.last.text, f"{method} {path}"
            if route.param_convertors:
                # 422: what is wrong with the number itself is told before whose it is.
                assert stranger.status in (403, 404, 409, 422), f"{method} {path}: {stranger.status}"
            else:
                assert stranger.status < 500, f"{method} {path}"
    assert tried > 100
    assert [row for row in state(pages) if row in before] == before, "nothing of theirs has changed"


def test_without_a_session_nothing_opens(pages: Pages, numbers: list[str]) -> None:
    import httpx

    with httpx.Client(base_url=pages.base, trust_env=False, timeout=60) as nobody:
        for route in routes(pages):
            for method, path in tries(route, numbers[:1]):
                answer = nobody.request(method, path, data={"x": "y"} if method == "POST" else None)
                wanted = FOR_EVERYBODY.get(route.path, 401)
                assert answer.status_code == wanted, f"{method} {path}: {answer.status_code}"


def test_every_form_needs_the_sessions_token(pages: Pages, numbers: list[str]) -> None:
    phone = pages.phone(pages.town.person("钱多", "1990-01-01", "active", balance=0, household="别家"))
    for route in routes(pages):
        if route.path not in FOR_EVERYBODY and "POST" in (route.methods or set()):
            for _, path in list(tries(route, numbers[:1]))[:1]:
                assert phone.client.post(path, data={"csrf": "0" * 64}).status_code == 403, path
