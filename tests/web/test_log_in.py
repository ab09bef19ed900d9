"""Logging in at an identity provider, as citizen and as officer, and everything that must not let anybody in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import sqlalchemy as sa
from joserfc import jwk, jwt
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from web_family import Family, csrf

from gongji.entrances.demo.identity import BASE, Account, DemoIdentity
from gongji.entrances.platform import Platform
from gongji.entrances.server import serving
from gongji.entrances.web.citizen import build_citizen_pages
from gongji.entrances.web.headers import SafeHeaders
from gongji.entrances.web.leaving import leave_route
from gongji.entrances.web.log_in import build_log_in_pages
from gongji.entrances.web.problems import Problems
from gongji.entrances.web.session import OFFICERS
from gongji.entrances.web.visits import Visit, page
from gongji.foundation.access import Duty
from gongji.foundation.log_ins import account_seen, log_in_attempt
from gongji.foundation.sessions import web_session
from gongji.foundation.settings import Settings
from gongji.registry.service import people_by_id
from gongji.rules.book import RuleBook


@dataclass
class House:
    """The pages with a log-in: citizens, and one page for officers."""

    family: Family
    platform: Platform
    identity: DemoIdentity
    base: str
    client: httpx.Client

    def go(self, back: str = "/c/") -> str:
        """Begin a log-in; gives the provider's address that the browser is sent to."""
        answer = self.client.get("/login/go", params={"back": back})
        assert answer.status_code == 303
        return answer.headers["location"]

    def picked(self, where: str, who: str) -> str:
        """Pick somebody at the provider; gives the address back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(where).query).items()}
        answer = self.client.post(f"{BASE}/pick", data=asked | {"who": who})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def log_in(self, who: str, back: str = "/c/") -> httpx.Response:
        """All of it; gives the answer to the last step."""
        return self.client.get(self.picked(self.go(back), who))


def officers_page(visit: Visit) -> PlainTextResponse:
    visit.caller.require_duty(Duty.REVIEWER)
    return PlainTextResponse(f"{visit.caller.holder} {visit.caller.region} {visit.form.text('word')}")


@pytest.fixture
def house(family: Family) -> Iterator[House]:
    town = family.town
    with town.database.transaction() as connection:
        mother = people_by_id(connection, town.vault, [family.mother])[family.mother]
    citizens = [
        Account("wang", "王秀兰", "", {"certificate_number": mother.certificate}),
        Account("nobody", "无人", "", {"certificate_number": "11010119900307663X"}),
        Account("odd", "怪号", "", {"certificate_number": "12345"}),
    ]
    officers = [
        Account("7", "7", "", {"officer_number": "0210", "region": "211200", "duties": ["reviewer", "emperor"]}),
        Account("8", "8", "", {"officer_number": "0211", "region": "211200", "duties": "auditor"}),
        Account("9", "9", "", {"officer_number": "0212"}),
    ]
    identity = DemoIdentity(town.clock, citizens, officers)
    platform = Platform(Settings(), town.database, town.vault, town.clock, RuleBook.shipped())
    problems = Problems(OFFICERS)
    office = Starlette(
        routes=[
            Route("/", page(platform, OFFICERS, officers_page), methods=["GET", "POST"]),
            leave_route(platform, problems),
        ],
        exception_handlers=problems.handlers(),
    )
    routes = [
        Mount("/c", build_citizen_pages(platform)),
        Mount("/office", SafeHeaders(office)),
        Mount("/login", build_log_in_pages(platform)),
        Mount(BASE, identity.app()),
    ]
    with (
        serving(Starlette(routes=routes), "127.0.0.1", 0) as base,
        httpx.Client(base_url=base, trust_env=False, timeout=60, headers={"Connection": "close"}) as client,
    ):
        identity.serve_at(base)
        platform.settings = platform.settings.model_copy(update=identity.settings())
        yield House(family, platform, identity, base, client)


def test_wang_xiulan_logs_in_from_the_page_that_she_wanted(house: House) -> None:
    closed = house.client.get("/c/settlements/1")
    assert closed.status_code == 401
    door = re.findall(r'href="(/login/[^"]+)"', closed.text)[0]
    choose = house.client.get(door)
    go = re.findall(r'href="(/login/go[^"]+)"', choose.text)[0]

    where = house.client.get(go).headers["location"]
    asked = parse_qs(urlsplit(where).query)
    assert {"state", "nonce", "code_challenge"} <= asked.keys()
    assert asked["code_challenge_method"] == ["S256"]
    list_of_people = house.client.get(where)
    assert "不用密码" in list_of_people.text
    answer = house.client.get(house.picked(where, "wang"))

    assert answer.headers["location"] == "/c/settlements/1"
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "王秀兰，您好" in house.client.get("/c/").text
    with house.family.town.database.transaction() as connection:
        (seen,) = connection.execute(sa.select(account_seen)).all()
    assert (seen.subject, seen.person_id) == ("wang", house.family.mother)


def test_the_session_is_new_at_every_log_in_and_the_former_one_is_over(house: House) -> None:
    house.log_in("wang")
    first = house.client.cookies["gongji_session"]
    house.log_in("wang")
    second = house.client.cookies["gongji_session"]

    assert first != second
    stolen = httpx.get(f"{house.base}/c/", cookies={"gongji_session": first}, trust_env=False, timeout=60)
    assert stolen.status_code == 401
    with house.family.town.database.transaction() as connection:
        kept = connection.execute(sa.select(web_session.c.digest)).scalars().all()
    assert all(first.encode() not in bytes(one) for one in kept), "only digests are kept"


def test_a_session_ends_after_half_an_hour_without_use_and_after_twelve_hours_with_it(house: House) -> None:
    clock = house.family.town.clock
    house.log_in("wang")
    for _ in range(23):
        clock.advance(timedelta(minutes=29))
        assert house.client.get("/c/").status_code == 200
    clock.advance(timedelta(minutes=54))
    assert house.client.get("/c/").status_code == 401, "twelve hours are over"

    house.log_in("wang")
    clock.advance(timedelta(minutes=31))
    assert house.client.get("/c/").status_code == 401, "nothing was opened for half an hour"


def test_an_officer_has_pages_and_duties_of_their_own(house: House) -> None:
    house.log_in("7", "/office/")
    assert house.client.get("/office/").text.strip() == "0210 211200"
    assert house.client.get("/c/").status_code == 401, "an officer's log-in is no citizen's"

    house.log_in("8", "/office/")
    refused = house.client.get("/office/")
    assert refused.status_code == 403
    assert "岗位" in refused.text


def test_an_officer_without_a_region_and_a_citizen_nobody_knows_do_not_come_in(house: House) -> None:
    for who, back, words in (
        ("9", "/office/", "还没有开通经办权限"),
        ("nobody", "/c/", "没有查到您的参保信息"),
        ("odd", "/c/", "没有查到您的参保信息"),
    ):
        answer = house.log_in(who, back)
        assert answer.status_code == 403
        assert words in answer.text
    assert "gongji_session" not in house.client.cookies
    assert "gongji_office" not in house.client.cookies


def test_the_provider_s_answer_works_once_and_only_in_the_browser_that_asked(house: House) -> None:
    where = house.picked(house.go(), "wang")
    other = httpx.get(where, trust_env=False, timeout=60)
    assert other.status_code == 401, "another browser holds another cookie"
    assert house.client.get(where).status_code == 303, "and could not spoil it for the right one"
    assert house.client.get(where).status_code == 401, "a second time it is over"

    late = house.picked(house.go(), "wang")
    house.family.town.clock.advance(timedelta(minutes=11))
    assert house.client.get(late).status_code == 401


@pytest.mark.parametrize(
    "query", ["", "?code=x", "?state=x&code=y", "?error=access_denied&state=%00", "?code=%00&state="]
)
def test_nonsense_from_a_provider_is_told_in_words(house: House, query: str) -> None:
    answer = house.client.get(f"/login/back{query}")
    assert answer.status_code == 401
    assert "重新登录" in answer.text or "请重新打开链接" in answer.text
    assert "set-cookie" not in answer.headers


def test_a_code_for_another_log_in_does_not_fit(house: House) -> None:
    """PKCE and the nonce: somebody's code, put into another log-in of the same browser, opens nothing."""
    first = parse_qs(urlsplit(house.picked(house.go(), "wang")).query)["code"][0]
    second = parse_qs(urlsplit(house.go()).query)["state"][0]
    answer = house.client.get("/login/back", params={"code": first, "state": second})
    assert answer.status_code == 401
    assert "gongji_session" not in house.client.cookies


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"iss": "https://evil.example"}, "InvalidClaimError"),
        ({"aud": "another-client"}, "InvalidClaimError"),
        ({"nonce": "another"}, "InvalidClaimError"),
        ({"exp": 1_000_000}, "ExpiredTokenError"),
        ({"azp": "another-client"}, "another client"),
        ({"sub": None}, "MissingClaimError"),
    ],
)
def test_an_id_token_that_is_not_for_this_log_in_is_refused(
    house: House,
    changes: dict[str, object],
    why: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    genuine = jwt.encode

    def forged(header: dict[str, object], claims: dict[str, object], key: jwk.ECKey) -> str:
        return genuine(header, {k: v for k, v in (claims | changes).items() if v is not None}, key)

    monkeypatch.setattr(jwt, "encode", forged)
    answer = house.log_in("wang")
    assert answer.status_code == 401
    assert "gongji_session" not in house.client.cookies


def test_a_token_signed_with_another_key_or_with_a_secret_is_refused(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = jwt.encode
    stranger = jwk.ECKey.generate_key("P-256")
    for sign in (
        lambda header, claims, key: genuine(header, claims, stranger),
        lambda header, claims, key: genuine(
            {"alg": "HS256", "kid": key.kid}, claims, jwk.OctKey.import_key("a secret that is no key of the provider")
        ),
    ):
        monkeypatch.setattr(jwt, "encode", sign)
        assert house.log_in("wang").status_code == 401
    assert "gongji_session" not in house.client.cookies


def test_a_provider_with_new_keys_is_asked_for_them_and_a_silent_one_is_said_to_be_silent(house: House) -> None:
    house.log_in("wang")
    house.platform.settings = house.platform.settings.model_copy(
        update={
            "officer_log_in": house.identity.settings()["officer_log_in"].model_copy(
                update={"issuer": "http://127.0.0.1:9"}
            )
        }
    )
    answer = house.client.get("/login/go", params={"back": "/office/"})
    assert answer.status_code == 503


def test_ten_failures_lock_the_account_for_a_quarter_of_an_hour_and_not_longer(house: House) -> None:
    for _ in range(10):
        assert house.log_in("nobody").status_code == 403
    locked = house.log_in("nobody")
    assert locked.status_code == 429
    assert "以后再试" in locked.text
    assert house.log_in("wang").status_code == 303, "others of the same address come in"
    house.family.town.clock.advance(timedelta(minutes=16))
    assert house.log_in("nobody").status_code == 403


def test_an_address_that_fails_sixty_times_waits(house: House) -> None:
    for _ in range(60):
        house.client.get("/login/back?code=x&state=y")
    assert house.client.get("/login/back?code=x&state=y").status_code == 429
    assert house.client.get("/login/go").status_code == 429


def test_a_form_without_the_session_s_token_changes_nothing(house: House) -> None:
    house.log_in("7", "/office/")
    for token in ("", "x", "0" * 64):
        assert house.client.post("/office/", data={"csrf": token, "word": "hello"}).status_code == 403
    cookie = house.client.cookies["gongji_office"]
    good = csrf(house.client, "gongji_office")
    assert "hello" in house.client.post("/office/", data={"csrf": good, "word": "hello"}).text
    assert house.client.post("/office/leave").status_code == 403
    assert "已退出登录" in house.client.post("/office/leave", data={"csrf": good}).text
    assert house.client.get("/office/", headers={"Cookie": f"gongji_office={cookie}"}).status_code == 401


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/c/../x", "/api/v1", "", "/c/?a=\r\nX: y"]
)
def test_log_in_never_leads_to_another_site(house: House, back: str) -> None:
    answer = house.log_in("wang", back)
    assert answer.headers["location"] == "/c/"


def test_without_a_provider_the_page_says_so(house: House) -> None:
    house.platform.settings = house.platform.settings.model_copy(update={"citizen_log_in": None})
    assert "没有开通登录" in house.client.get("/login/").text
    assert house.client.get("/login/go").status_code == 404


def test_a_form_that_is_too_large_is_refused_before_it_is_read(house: House) -> None:
    house.log_in("7", "/office/")
    answer = house.client.post("/office/", data={"csrf": "", "word": "x" * (7 << 20)})
    assert answer.status_code == 422


def test_nothing_is_left_of_log_ins_that_nobody_finished(house: House) -> None:
    from gongji.entrances.maintenance import maintain

    house.go()
    house.family.town.clock.advance(timedelta(days=120))
    maintain(house.family.town.database, house.family.town.clock)
    with house.family.town.database.transaction() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(log_in_attempt)).scalar_one() == 0
        assert connection.execute(sa.select(sa.func.count()).select_from(web_session)).scalar_one() == 0
