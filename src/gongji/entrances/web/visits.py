"""A look at a page by somebody who is signed in: one transaction, the session checked, the form read.

A page is a plain function from a `Visit` to a response; it may block, and what it raises is told by `problems`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from anyio import CapacityLimiter, to_thread
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gongji.entrances.web import acting
from gongji.entrances.web.pages import Reader, render
from gongji.entrances.web.session import CITIZENS, Area, check_csrf, signed_in
from gongji.family.assistances import Assistance
from gongji.family.mandates import Mandate
from gongji.foundation.access import Caller
from gongji.foundation.errors import InvalidInput
from gongji.foundation.sessions import Session

if TYPE_CHECKING:
    from gongji.entrances.platform import Platform

#: Most bytes of a form; a photographed document has up to 5 MiB.
MOST_POSTED: Final = 6 * 1024 * 1024

#: A photo of up to so many bytes is let come in, though it is refused.
_MOST_DRAINED: Final = 32 * 1024 * 1024

#: No keyboard types it, and the database keeps no text with it.
NUL: Final = "\x00"

#: Name of the hidden field that `csrf_token` stands in.
CSRF_FIELD: Final = "csrf"


#: Digits of a place in a list (a document, its page, a line of a bill).
PLACE: Final = 6


def whole(text: str, digits: int = 18) -> int | None:
    """A whole number as a form or an address has it; None for anything else, and for more digits, which no number of ours has."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a form: its name and type as the browser tells them, and what is in it."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """What was posted; empty for a GET."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A field without blanks around it; "" when it is not there."""
        return self.fields.get(name, [""])[0].strip()

    def all(self, name: str) -> list[str]:
        """All values of a field (check boxes)."""
        return self.fields.get(name, [])

    def file(self, name: str) -> Upload | None:
        """A file, if one was chosen."""
        return self.files.get(name)


@dataclass(frozen=True, slots=True)
class Visit:
    """A request of somebody who is signed in, in a transaction that commits when the page has answered.

    Attributes:
        request, platform, connection: what there is.
        area: whose pages these are.
        session: who is signed in.
        reader: how they want to be shown pages.
        form: what they posted; the CSRF token has been checked.
        now: the moment.
        mandate: under which the pages are used for somebody else, if they are.
        assistance: under which a clerk at the window uses them for the person whose they are, if one does.
    """

    request: Request
    platform: Platform
    connection: sa.Connection
    area: Area
    session: Session
    reader: Reader
    form: Form
    now: datetime
    mandate: Mandate | None = None
    assistance: Assistance | None = None

    @property
    def for_another(self) -> bool:
        """Whether somebody else than the person whose pages these are uses them."""
        return self.mandate is not None or self.assistance is not None

    @property
    def caller(self) -> Caller:
        """Who is signed in; whoever helps somebody stands in histories as a helper, a clerk as the officer they are."""
        if self.assistance is not None:
            return self.assistance.clerk
        return self.session.caller if self.mandate is None else replace(self.session.caller, holder="helper")

    @property
    def person_id(self) -> int:
        """The citizen whose pages these are: who is signed in, whom they help, or who sits beside the clerk."""
        if self.mandate is not None:
            return self.mandate.elder_id
        if self.assistance is not None:
            return self.assistance.person_id
        found = self.caller.person_id
        assert found is not None, "the database holds no citizen's session without a person"
        return found

    @property
    def posted(self) -> bool:
        """Whether a form was sent."""
        return self.request.method == "POST"

    def part(self, name: str) -> str:
        """A part of the address."""
        return str(self.request.path_params[name])

    def number(self, name: str = "number", digits: int = 18) -> int:
        """A part of the address that is a number of ours, of so many digits at most; 0 for anything else, which nothing has."""
        return whole(self.part(name), digits) or 0

    def query(self, name: str) -> str:
        """A value of the address's query; "" when it is not there, or holds what no text does (`NUL`)."""
        value = self.request.query_params.get(name, "").strip()
        return "" if NUL in value else value

    def render(self, template: str, *, status: int = 200, **values: object) -> Response:
        """A page of this area."""
        return render(
            template,
            self.request,
            status=status,
            signed_in=True,
            base=self.area.base,
            helping=self.mandate is not None,
            assisting=self.assistance,
            **values,
        )

    def go(self, path: str) -> Response:
        """Lead on to a page of this area after a form was taken (POST, redirect, GET)."""
        return RedirectResponse(f"{self.area.base}{path}", status_code=303)


PageWork = Callable[[Visit], Response]


def page(
    platform: Platform, area: Area, work: PageWork, turns: CapacityLimiter | None = None
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint for a page of an area, for GET and, with a CSRF token, POST.

    Args:
        platform: what there is.
        area: whose pages.
        work: makes the page.
        turns: how many pages are made at once; None for as many as there are threads.

    Raises:
        NotSignedIn, NotAllowed: as `gongji.entrances.web.session.signed_in` and `check_csrf`.
        InvalidInput: ``form.too_large``, ``form.length``, ``form.characters``.
    """

    async def endpoint(request: Request) -> Response:
        form = await read_form(request) if request.method == "POST" else Form()
        return await to_thread.run_sync(partial(_answer, platform, area, work, request, form), limiter=turns)

    return endpoint


def _answer(platform: Platform, area: Area, work: PageWork, request: Request, form: Form) -> Response:
    database = platform.database
    citizens = database.reading if request.method == "GET" else database.page
    with citizens() if area is CITIZENS else database.transaction() as connection:
        session = signed_in(connection, platform, area, request)
        if request.method == "POST":
            check_csrf(request, area, form.text(CSRF_FIELD))
        now = platform.clock.now()
        helped = acting.mandate_of(connection, session, request, now)
        assisted = acting.assistance_of(connection, platform, session, request, now)
        reader = Reader.of(request)
        return work(Visit(request, platform, connection, area, session, reader, form, now, helped, assisted))


async def read_form(request: Request) -> Form:
    """The form that a request brings.

    Raises:
        InvalidInput: ``form.length`` when its length is not told, ``form.too_large``, ``form.characters``.
    """
    length = request.headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()):
        raise InvalidInput("form.length", "the form's length is not told", "请求不完整，请返回重新提交")
    if int(length) > MOST_POSTED:
        if int(length) <= _MOST_DRAINED:
            # A browser that is still sending when the connection closes shows an error of its own, not our sentence.
            async for _ in request.stream():
                pass
        raise InvalidInput(
            "form.too_large",
            f"this is larger than {MOST_POSTED >> 20} MiB: make the picture smaller",
            "照片太大，请缩小后再交（每张不超过 5 MB）",
            field="file",
        )
    async with request.form(max_files=4, max_fields=200) as read:
        return await _copied(read)


async def _copied(read: FormData) -> Form:
    form = Form()
    for name, value in read.multi_items():
        if not isinstance(value, UploadFile):
            if NUL in value:
                raise InvalidInput(
                    "form.characters",
                    f"{name} holds a character that no text has: write it again",
                    "填写的内容里有无法保存的字符，请重新填写",
                    field=name,
                )
            form.fields.setdefault(name, []).append(value)
        elif value.filename:
            form.files[name] = Upload(value.filename, value.content_type or "", await value.read())
    return form
