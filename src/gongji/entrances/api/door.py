"""Who calls, and what they may see: a bearer token opens a transaction with the caller in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request

from gongji.entrances.platform import Platform
from gongji.foundation import audit
from gongji.foundation.access import Caller, Role, identify
from gongji.foundation.errors import NotFound, NotSignedIn
from gongji.registry import service as registry
from gongji.registry.model import Enrolment, Person

_bearer = HTTPBearer(auto_error=False, description="a token of `gongji token`, as citizen, officer or integrator")


@dataclass(frozen=True, slots=True)
class Call:
    """One call: its transaction, who makes it, and when."""

    platform: Platform
    connection: sa.Connection
    caller: Caller
    now: datetime

    def note(self, action: str, person_id: int | None = None, **details: object) -> None:
        """Write the call into the audit."""
        audit.record(self.connection, self.caller, action, at=self.now, person_id=person_id, **details)

    def person(self, psn_no: str) -> tuple[Person, list[Enrolment]]:
        """A person whom the caller may see: themself, or for an officer somebody insured in the officer's region.

        Returns:
            The person and their enrolments, newest first.

        Raises:
            NotFound: ``person.unknown``, whether there is nobody or somebody whom the caller may not see.
        """
        found = registry.person_by_psn_no(self.connection, self.platform.vault, psn_no)
        enrolments = registry.enrolments_of(self.connection, found.id) if found else []
        if found is None or not self._may_see(found, enrolments):
            raise NotFound(
                "person.unknown",
                "there is no person with this number whom you may see",
                "没有找到这个人员编号，或者您不能查看",
                field="psn_no",
                accepted="20 digits",
            )
        return found, enrolments

    def _may_see(self, person: Person, enrolments: list[Enrolment]) -> bool:
        if self.caller.role is Role.CITIZEN:
            return self.caller.person_id == person.id
        region = enrolments[0].region if enrolments else person.psn_no[:6]
        return self.caller.covers(region)


class Door:
    """The platform and the token that came with a request."""

    def __init__(
        self, request: Request, credential: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
    ) -> None:
        self._platform: Platform = request.app.state.platform
        self._token = credential.credentials if credential else None

    @contextmanager
    def open(self, *roles: Role) -> Iterator[Call]:
        """A call by one of these roles; its transaction is committed before the answer goes out.

        Raises:
            NotSignedIn: ``access.token``.
            NotAllowed: ``access.role``.
        """
        if self._token is None:
            raise NotSignedIn(
                "access.token",
                "send a token: Authorization: Bearer <token>",
                "请在 Authorization 头中带上 Bearer 令牌",
                field="Authorization",
                accepted="Bearer <token>",
            )
        now = self._platform.clock.now()
        with self._platform.database.transaction() as connection:
            caller = identify(connection, self._token, at=now)
            caller.require(*roles)
            yield Call(self._platform, connection, caller, now)
