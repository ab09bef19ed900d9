"""Using a citizen's pages for them: a helper under a mandate, or a clerk at the window with the person beside them.

Whatever is opened or done is checked and noted for this very request, before the page is made.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from starlette.requests import Request

from gongji.entrances.web.session import OFFICERS, signed_in
from gongji.family import assistances, mandates
from gongji.family.assistances import Assistance
from gongji.family.mandates import Mandate
from gongji.foundation import audit
from gongji.foundation.access import Duty
from gongji.foundation.sessions import Session

if TYPE_CHECKING:
    from gongji.entrances.platform import Platform

#: Stopping is always possible, whatever became of the leave to act.
STOP: Final = "/help/stop"

#: What a page is called in logs, by how its address begins; the first that fits, else ``home``.
PAGES: Final = (
    ("/settlements", "payments"),
    ("/account", "payments"),
    ("/bind", "binding"),
    ("/applications", "binding"),
    ("/sharings", "sharing"),
    ("/order", "sharing"),
    ("/keep", "sharing"),
    ("/premiums", "premiums"),
    ("/claims", "claims"),
    ("/messages", "messages"),
    ("/wallet", "wallet"),
    ("/filings", "filings"),
)


def about(page: str) -> str:
    """What a page is called in logs."""
    return next((word for begins, word in PAGES if page.startswith(begins)), "home")


def mandate_of(connection: sa.Connection, session: Session, request: Request, now: datetime) -> Mandate | None:
    """The mandate that a session acts under, checked for this request and noted in the elder's log.

    Raises:
        NotAllowed: as `gongji.family.mandates.check`.
    """
    path = _path(request)
    if session.mandate_id is None or path == STOP:
        return None
    assert session.caller.person_id is not None
    one = mandates.find(connection, session.mandate_id)
    mandates.check(one, helper_id=session.caller.person_id, changing=request.method == "POST", at=now)
    mandates.note_act(connection, one, request.method, path[:100], now)
    return one


def assistance_of(
    connection: sa.Connection, platform: Platform, session: Session, request: Request, now: datetime
) -> Assistance | None:
    """What a clerk acts under, checked for this request and noted in the audit. The clerk has to be signed in at the
    office all the while: leaving there ends it here.

    Raises:
        NotSignedIn, NotAllowed: as `gongji.entrances.web.session.signed_in`; ``access.duty``, ``assistance.over``.
    """
    path = _path(request)
    if session.assistance_id is None or path == STOP:
        return None
    clerk = signed_in(connection, platform, OFFICERS, request).caller
    clerk.require_duty(Duty.CLERK)
    one = assistances.find(connection, session.assistance_id)
    assistances.check(one, holder=clerk.holder, at=now)
    verb = "did" if request.method == "POST" else "saw"
    audit.record(
        connection,
        one.clerk,
        f"assist.{verb}.{about(path)}",
        at=now,
        person_id=one.person_id,
        assistance=one.id,
        page=path[:100],
    )
    return one


def _path(request: Request) -> str:
    return request.url.path.removeprefix(request.scope.get("root_path", ""))
