"""The family of the page tests, and how its members come in."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import timedelta

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount

from gongji.entrances.api.app import build_api
from gongji.entrances.platform import Platform
from gongji.entrances.web.citizen import build_citizen_pages
from gongji.entrances.web.log_in import build_log_in_pages
from gongji.foundation.access import Caller, Role, grant
from gongji.foundation.settings import Settings
from gongji.rules.book import RuleBook
from gongji.settlement.model import Settlement, wire_id
from town import Town


@dataclass
class Family:
    """The people of the tests and what they settled.

    Attributes:
        mother: Wang Xiulan, retired, ¥35.20 in her account.
        daughter: Li Ting, active, ¥5,310.45; shares with her mother.
        son_in_law: Zhao Lei, a resident without any account.
        stranger: Qian Duo, who has nothing to do with them.
        visit: the mother's visit of ¥1,268.50, partly paid by the daughter.
        purchase: the mother's purchase of ¥68.50, taken back afterwards.
        refund: what took it back.
        own: the daughter's own visit.
    """

    town: Town
    mother: int
    daughter: int
    son_in_law: int
    stranger: int
    visit: Settlement
    purchase: Settlement
    refund: Settlement
    own: Settlement

    def token(self, person_id: int, *, lasts: timedelta = timedelta(days=1)) -> str:
        """A link's token for a person."""
        with self.town.database.transaction() as connection:
            caller = Caller(Role.CITIZEN, f"citizen-{person_id}", person_id)
            return grant(connection, caller, at=self.town.clock.now(), lasts=lasts)

    def officer_token(self) -> str:
        """An officer's token."""
        with self.town.database.transaction() as connection:
            caller = Caller(Role.OFFICER, "officer-7", region="211200")
            return grant(connection, caller, at=self.town.clock.now(), lasts=timedelta(days=1))

    def app(self) -> Starlette:
        """The pages where the platform serves them."""
        town = self.town
        platform = Platform(Settings(), town.database, town.vault, town.clock, RuleBook.shipped())
        return Starlette(
            routes=[
                Mount("/c", build_citizen_pages(platform)),
                Mount("/login", build_log_in_pages(platform)),
                Mount("/api", build_api(platform)),
            ]
        )


def enter(client: httpx.Client, family: Family, person_id: int) -> None:
    """Come in by a fresh link."""
    client.cookies.clear()
    answer = client.get("/c/enter", params={"token": family.token(person_id)}, follow_redirects=False)
    assert answer.status_code == 303


def csrf(client: httpx.Client, cookie: str = "gongji_session") -> str:
    """What a form of the session in a client's cookies carries."""
    return hmac.new(client.cookies[cookie].encode(), b"csrf", "sha256").hexdigest()


def address(settlement: Settlement) -> str:
    """A settlement's page."""
    return f"/c/settlements/{wire_id(settlement.region, settlement.id)}"
