"""The agency of the page tests: officers with their duties, a family that asked, an order for a premium, a dispute."""

from __future__ import annotations

import hashlib
import hmac
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import httpx
from PIL import Image, ImageDraw
from starlette.applications import Starlette
from starlette.routing import Mount

from gongji.entrances.platform import Platform
from gongji.entrances.server import serving
from gongji.entrances.web.citizen import build_citizen_pages
from gongji.entrances.web.office import build_office_pages, carry_out_decisions
from gongji.family import service as family
from gongji.family.model import Authorisation
from gongji.foundation.access import Caller, Duty, Role
from gongji.foundation.clock import CHINA
from gongji.foundation.documents import Document, read_document
from gongji.foundation.sessions import begin_session
from gongji.foundation.settings import Settings
from gongji.registry import service as registry
from gongji.rules.book import RuleBook
from gongji.rules.model import Relation
from gongji.settlement.model import Settlement, wire_id
from town import JINING, Town

COOKIES = {Role.CITIZEN: "gongji_session", Role.OFFICER: "gongji_office"}


def book_page(text: str = "household book") -> bytes:
    """A photo of a page, so to speak."""
    picture = Image.new("RGB", (600, 420), "#f4ead2")
    ImageDraw.Draw(picture).text((40, 40), text, fill="black")
    out = io.BytesIO()
    picture.save(out, "JPEG")
    return out.getvalue()


@dataclass
class Browser:
    """Somebody signed in, with a browser without JavaScript."""

    client: httpx.Client
    cookie: str

    def get(self, path: str) -> httpx.Response:
        """A page."""
        return self.client.get(path)

    def post(self, path: str, **fields: str) -> httpx.Response:
        """A form of a page of this session; where it leads is not followed."""
        token = hmac.new(self.client.cookies[self.cookie].encode(), b"csrf", "sha256").hexdigest()
        return self.client.post(path, data={"csrf": token, **fields})

    def follow(self, path: str, **fields: str) -> httpx.Response:
        """The page that a form leads to."""
        answer = self.post(path, **fields)
        assert answer.status_code == 303, answer.text
        return self.client.get(answer.headers["location"])


@dataclass
class House:
    """The town, its pages, and who works there."""

    town: Town
    folder: Path
    base: str = ""
    numbers: int = 0
    opened: list[httpx.Client] = field(default_factory=list)

    def __post_init__(self) -> None:
        settings = Settings(data=self.folder)
        town = self.town
        self.platform = Platform(settings, town.database, town.vault, town.clock, RuleBook.shipped())

    def app(self) -> Starlette:
        """Both areas where the platform serves them."""
        return Starlette(
            routes=[
                Mount("/c", build_citizen_pages(self.platform)),
                Mount("/office", build_office_pages(self.platform)),
            ]
        )

    def close(self) -> None:
        """Let the browsers and the desk go."""
        for client in self.opened:
            client.close()
        if "desk" in self.platform.__dict__:
            self.platform.desk.close()

    def token(self, caller: Caller) -> str:
        """A session for somebody."""
        with self.town.database.transaction() as connection:
            return begin_session(connection, caller, at=self.town.clock.now(), lasts=timedelta(hours=12))

    def browser(self, caller: Caller) -> Browser:
        """Somebody's browser."""
        client = httpx.Client(base_url=self.base, trust_env=False, timeout=30)
        self.opened.append(client)
        cookie = COOKIES[caller.role]
        client.cookies.set(cookie, self.token(caller))
        return Browser(client, cookie)

    def officer(self, number: str, *duties: Duty, region: str = "211200") -> Browser:
        """An officer, of Tieling unless told otherwise; a reviewer without duties named."""
        return self.browser(Caller(Role.OFFICER, number, None, region, frozenset(duties or (Duty.REVIEWER,))))

    def citizen(self, person_id: int) -> Browser:
        """A citizen."""
        return self.browser(Caller(Role.CITIZEN, "citizen", person_id))

    def request(self, name: str = "赵军", *, limit_month: int | None = None) -> Authorisation:
        """Somebody asks for his mother and hands in a page of the household book; under review in Tieling."""
        self.numbers += 1
        mother = self.town.person("王秀兰", "1955-08-13", "retired", balance=0, gender=2, household=f"{self.numbers}")
        son = self.town.person(name, "1980-02-02", "active", balance=1_000_00, household=f"{self.numbers}")
        with self.town.database.transaction() as connection:
            made = family.bind(
                connection,
                self.platform.rules,
                sharer_id=son,
                user_id=mother,
                relation=Relation.PARENT,
                limit_month=limit_month,
                commitment=True,
                actor="citizen",
                at=self.town.clock.now(),
                serials=self.town.database.serials,
            )
            return family.hand_in_evidence(
                connection,
                self.platform.files,
                made.id,
                kind="household_book",
                document=self.document(),
                person_id=son,
                actor="citizen",
                at=self.town.clock.now(),
            )

    def document(self) -> Document:
        """A page that differs from every other."""
        self.numbers += 1
        content = book_page(f"household book {self.numbers}")
        return read_document(content) if self.numbers < 3 else Document(hashlib.sha256(content).digest(), (content,))

    def ten_minutes_later(self) -> int:
        """The clock moves on; what was decided is carried out."""
        self.town.clock.advance(timedelta(minutes=10))
        return carry_out_decisions(self.platform)

    def numbers_of(self, person_id: int) -> tuple[str, str]:
        """Somebody's ID number and person number."""
        with self.town.database.transaction() as connection:
            found = registry.people_by_id(connection, self.town.vault, [person_id])[person_id]
        return found.certificate, found.psn_no

    def season(self) -> tuple[int, int, int]:
        """October 2024 in Jining: a mother who is a resident, her son with ¥1,000.00, and their sharing."""
        self.town.clock.set(datetime(2024, 10, 14, 9, 0, tzinfo=CHINA))
        mother = self.town.person("孔母", "1955-08-13", "resident", region=JINING, gender=2)
        son = self.town.person("孔明", "1980-03-01", "active", balance=1_000_00, region=JINING, household="另一家")
        under = self.town.share(
            son, mother, region=JINING, purposes=["care", "pharmacy", "resident_premium"], exclusive=True
        )
        return mother, son, under

    def purchase(self, person: int, price: str = "50.00") -> Settlement:
        """Somebody buys something with what is shared."""
        pharmacy = self.town.institution("P21120200003")
        return self.town.settled(self.town.purchase(person, pharmacy, ("C-A", 1, price), use="2"))


def open_house(town: Town, folder: Path) -> Iterator[House]:
    """The agency with its pages served on a free port; for fixtures to yield from."""
    made = House(town, folder)
    with serving(made.app(), "127.0.0.1", 0) as base:
        made.base = base
        yield made
    made.close()


def settlement_number(settlement: Settlement) -> str:
    """Its number on the wire."""
    return wire_id(settlement.region, settlement.id)


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    return re.findall(rf'name="{name}" value="([^"]*)"', page)[0]
