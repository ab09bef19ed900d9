"""A citizen's phone: opens pages, reads them as their reader does, and sends their forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount
from web_family import csrf

from gongji.entrances.platform import Platform
from gongji.entrances.server import serving
from gongji.entrances.web.citizen import build_citizen_pages
from gongji.foundation.access import Caller, Role, grant
from gongji.foundation.settings import Settings
from gongji.registry.service import people_by_id
from gongji.rules.book import RuleBook
from town import Town


@dataclass
class Phone:
    """One person's browser."""

    client: httpx.Client
    last: httpx.Response | None = None

    def open(self, path: str) -> str:
        """Open a page; gives its words."""
        self.last = self.client.get(path, follow_redirects=True)
        return self.words

    def send(self, path: str, files: Any = None, **fields: Any) -> str:
        """Send a form of the session; gives the words of the page it leads to."""
        data = {"csrf": csrf(self.client)} | fields
        self.last = self.client.post(path, data=data, files=files, follow_redirects=True)
        return self.words

    @property
    def words(self) -> str:
        """The last page without tags, blanks drawn together; a paper has none."""
        assert self.last is not None
        if not self.last.headers.get("content-type", "").startswith("text/html"):
            return ""
        body = self.last.text[self.last.text.index("<main") : self.last.text.index("</main>")]
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body))).strip()

    @property
    def path(self) -> str:
        """The last page's address."""
        assert self.last is not None
        return self.last.url.path

    @property
    def status(self) -> int:
        """The last answer's status."""
        assert self.last is not None
        return self.last.status_code

    @property
    def heading(self) -> str:
        """The last page's first heading."""
        assert self.last is not None
        return unescape(re.sub(r"<[^>]+>", "", re.findall(r"<h1>(.*?)</h1>", self.last.text, re.S)[0])).strip()


@dataclass
class Pages:
    """The citizens' pages over a town, served."""

    town: Town
    platform: Platform
    base: str

    def link(self, person: int) -> str:
        """A link with which a person comes in."""
        with self.town.database.transaction() as connection:
            caller = Caller(Role.CITIZEN, "citizen", person)
            return f"/c/enter?token={grant(connection, caller, at=self.town.clock.now(), lasts=timedelta(days=300))}"

    def phone(self, person: int) -> Phone:
        """The phone of somebody who is signed in."""
        client = httpx.Client(base_url=self.base, trust_env=False, timeout=60)
        client.get(self.link(person))
        return Phone(client)

    def number(self, person: int) -> str:
        """A person's ID number."""
        with self.town.database.transaction() as connection:
            return people_by_id(connection, self.town.vault, [person])[person].certificate


@contextmanager
def serving_pages(town: Town, rules: RuleBook | None = None, **settings: Any) -> Iterator[Pages]:
    """The citizens' pages over a town while the block runs."""
    made = Settings(**({"sms_url": "http://127.0.0.1:9/sms"} | settings))
    platform = Platform(made, town.database, town.vault, town.clock, rules or RuleBook.shipped())
    app = Starlette(routes=[Mount("/c", build_citizen_pages(platform))])
    with serving(app, "127.0.0.1", 0) as base:
        yield Pages(town, platform, base)
