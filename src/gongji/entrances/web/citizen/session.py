"""Coming in by a link, staying for half a day, and leaving."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import Response

from gongji.foundation.access import Caller, Role, grant, identify, revoke
from gongji.foundation.errors import NotSignedIn

SESSION_COOKIE: Final = "gongji_session"
SESSION_LASTS: Final = timedelta(hours=12)


def begin(connection: sa.Connection, token: str, at: datetime) -> str:
    """A session for the citizen whose link token this is.

    The link's token stays good until it ends by itself: messaging apps open links before their reader does, and a
    reader who taps twice must not find it spent. The session gets a token of its own, so that leaving ends only it.

    Returns:
        The session's token, for the cookie.

    Raises:
        NotSignedIn: ``access.token``.
        NotAllowed: ``access.role`` when the link is not a citizen's.
    """
    caller = identify(connection, token, at=at)
    caller.require(Role.CITIZEN)
    return grant(connection, caller, at=at, lasts=SESSION_LASTS)


def citizen(connection: sa.Connection, request: Request, at: datetime) -> tuple[Caller, int]:
    """The citizen whose session the request carries, with their person id.

    Raises:
        NotSignedIn: ``access.session`` without a cookie, ``access.token`` when the session is over.
        NotAllowed: ``access.role``.
    """
    token = request.cookies.get(SESSION_COOKIE)
    if not token:
        raise NotSignedIn("access.session", "there is no session: open your link", "请从收到的链接重新进入")
    caller = identify(connection, token, at=at)
    caller.require(Role.CITIZEN)
    assert caller.person_id is not None, "the database holds no citizen's token without a person"
    return caller, caller.person_id


def end(connection: sa.Connection, request: Request, at: datetime) -> None:
    """End the request's session, if it has one."""
    token = request.cookies.get(SESSION_COOKIE)
    if token:
        revoke(connection, token, at=at)


def remember(response: Response, request: Request, token: str) -> None:
    """Put the session into a cookie that scripts cannot read and other sites cannot post with."""
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(SESSION_LASTS.total_seconds()),
        path="/c",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def forget(response: Response) -> None:
    """Take the cookie away."""
    response.delete_cookie(SESSION_COOKIE, path="/c", httponly=True, samesite="lax")
