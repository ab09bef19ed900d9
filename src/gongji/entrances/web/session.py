"""The sessions of browsers: one cookie for citizens, one for officers. Who is both may be signed in as both."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import Response

from gongji.foundation.access import Caller, Role
from gongji.foundation.errors import NotAllowed, NotSignedIn
from gongji.foundation.sessions import Session, begin_session, end_session, find_session

if TYPE_CHECKING:
    from gongji.entrances.platform import Platform


@dataclass(frozen=True, slots=True)
class Area:
    """Pages for one role.

    Attributes:
        role: who may come in.
        base: where they are mounted.
        cookie: holds the session's token.
    """

    role: Role
    base: str
    cookie: str


CITIZENS: Final = Area(Role.CITIZEN, "/c", "gongji_session")
OFFICERS: Final = Area(Role.OFFICER, "/office", "gongji_office")
AREAS: Final = (CITIZENS, OFFICERS)


def area_at(path: str) -> Area | None:
    """The area that an address belongs to."""
    return next((area for area in AREAS if f"{path}/".startswith(f"{area.base}/")), None)


def sign_in(
    connection: sa.Connection, platform: Platform, area: Area, request: Request, caller: Caller
) -> tuple[str, timedelta]:
    """A new session for whoever has just proved who they are; the browser's former one ends.

    Returns:
        The token for `remember`, and how long it can hold.
    """
    lasts = timedelta(hours=platform.settings.session_hours)
    former = request.cookies.get(area.cookie)
    return begin_session(connection, caller, at=platform.clock.now(), lasts=lasts, replaces=former), lasts


def signed_in(connection: sa.Connection, platform: Platform, area: Area, request: Request) -> Session:
    """The session that a request carries.

    Raises:
        NotSignedIn: ``access.session`` without a cookie, ``access.session_over`` when it does not hold.
        NotAllowed: ``access.role``.
    """
    token = request.cookies.get(area.cookie)
    if not token:
        raise NotSignedIn("access.session", "you are not logged in", "您还没有登录，请先登录")
    idle = timedelta(minutes=platform.settings.session_idle_minutes)
    session = find_session(connection, token, at=platform.clock.now(), idle=idle)
    session.caller.require(area.role)
    return session


def sign_out(connection: sa.Connection, platform: Platform, area: Area, request: Request) -> None:
    """End the request's session, if it has one."""
    token = request.cookies.get(area.cookie)
    if token:
        end_session(connection, token, at=platform.clock.now())


def remember(response: Response, request: Request, area: Area, token: str, lasts: timedelta) -> None:
    """Put the session into a cookie that scripts cannot read and other sites cannot post with."""
    response.set_cookie(
        area.cookie,
        token,
        max_age=int(lasts.total_seconds()),
        path="/",  # log-in has to see it too, to end the session that it replaces
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def forget(response: Response, area: Area) -> None:
    """Take the cookie away."""
    response.delete_cookie(area.cookie, path="/", httponly=True, samesite="lax")


def csrf_token(request: Request, area: Area | None) -> str:
    """What every form of a signed-in page carries: it follows from the session's token, which no other site knows.

    Returns:
        "" without a session.
    """
    token = request.cookies.get(area.cookie) if area else None
    return hmac.new(token.encode(), b"csrf", "sha256").hexdigest() if token else ""


def check_csrf(request: Request, area: Area, given: str) -> None:
    """Refuse a form that was not made for this session.

    Raises:
        NotAllowed: ``access.form``.
    """
    if not hmac.compare_digest(given.encode(), csrf_token(request, area).encode()):
        raise NotAllowed(
            "access.form",
            "this form is from an earlier log-in or from another site: open the page again and send it once more",
            "这张表单是上次登录时打开的，或者来自别的网站，请重新打开这一页再提交",
        )
