"""Renders pages: one Jinja environment, and for each reader the language and size of type that their cookies say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from gongji.entrances import wording
from gongji.entrances.web.session import area_at, csrf_token
from gongji.entrances.wording import Language
from gongji.foundation.errors import GongjiError

_HERE: Final = Path(__file__).parent
STATIC: Final = _HERE / "static"

MODE_COOKIE: Final = "gongji_mode"
LANGUAGE_COOKIE: Final = "gongji_language"


@cache
def environment() -> Environment:
    """The templates; an undefined name is an error, never an empty place on a page."""
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # A page is made of four files or so, and each would be looked for on the disk every time.
        auto_reload=False,
    )
    made.globals["asset"] = style_address
    return made


def make_ready() -> None:
    """Read the catalogues and compile what citizens are shown, so that no reader waits for it."""
    for language in Language:
        wording.catalogue(language)
    for name in environment().list_templates():
        if name.startswith("citizen/"):
            environment().get_template(name)


@cache
def style_address(name: str) -> str:
    """The address of a style sheet (or script) under ``/c/static``, with its digest so that browsers may keep it."""
    return f"/c/static/{name}?{sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


@dataclass(frozen=True, slots=True)
class Reader:
    """How a reader wants to be shown pages."""

    language: Language
    elder: bool

    @classmethod
    def of(cls, request: Request) -> Reader:
        """From the cookies. Chinese unless the reader chose otherwise: many an elder's phone claims to prefer English,
        and the way back must not be in a language they cannot read."""
        chosen = request.cookies.get(LANGUAGE_COOKIE)
        language = Language(chosen) if chosen in tuple(Language) else Language.CHINESE
        return cls(language, request.cookies.get(MODE_COOKIE) == "elder")

    def text(self, msgid: str, **values: object) -> str:
        """A sentence of the catalogue in the reader's language."""
        return wording.text(msgid, self.language, **values)

    def sentence(self, problem: GongjiError) -> str:
        """A refusal in the reader's language."""
        return problem.zh if self.language is Language.CHINESE else problem.en

    def day(self, value: date) -> str:
        """A date in the reader's language."""
        return wording.day(value, self.language)

    def moment(self, value: datetime) -> str:
        """A moment in the reader's language."""
        return wording.moment(value, self.language)


def render(
    template: str, request: Request, *, status: int = 200, signed_in: bool = True, base: str = "/c", **values: object
) -> HTMLResponse:
    """A page.

    Args:
        template: its file under ``templates/``.
        request: whose cookies choose language and type.
        status: HTTP status.
        signed_in: whether the page offers to sign out.
        base: where the pages it belongs to are mounted: its start, and its switches.
        values: what the template shows.
    """
    reader = Reader.of(request)
    query = f"?{request.url.query}" if request.method == "GET" and request.url.query else ""
    page = environment().get_template(template)
    html = page.render(
        t=reader.text,
        money=wording.money,
        moment=reader.moment,
        language=reader.language,
        elder=reader.elder,
        stylesheet=style_address("citizen.css"),
        here=f"{request.url.path}{query}",
        signed_in=signed_in,
        base=base,
        csrf=csrf_token(request, area_at(base)),
        **values,
    )
    return page_of(html, status)


def page_of(html: str | bytes, status: int = 200) -> HTMLResponse:
    """The answer that a page is. What it says depends on cookies; no cache may hand one reader's page to another."""
    return HTMLResponse(html, status_code=status, headers={"Vary": "Cookie"})
