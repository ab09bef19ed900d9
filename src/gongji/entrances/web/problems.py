"""What went wrong, as a page in words: what happened, what to do, and for failures of ours a number to tell."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gongji.entrances.web.pages import Reader, render
from gongji.entrances.web.session import CITIZENS, Area
from gongji.entrances.wording import Language
from gongji.foundation.errors import (
    Busy,
    GongjiError,
    InvalidInput,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Refused,
    TooMany,
)

_log = structlog.get_logger()

#: Which text tells of a refusal: title, what happened, what to do (``error.<kind>.…``).
_KINDS: Final[tuple[tuple[type[GongjiError], str], ...]] = (
    (NotSignedIn, "signed_out"),
    (NotFound, "missing"),
    (TooMany, "too_many"),
    (NotAllowed, "not_allowed"),
    (InvalidInput, "input"),
    (Busy, "busy"),
    (Refused, "refused"),
)

#: Refusals with a text of their own.
_CODES: Final[Mapping[str, str]] = {
    "access.session": "log_in",
    "access.role": "not_citizen",
    "access.form": "old_form",
    "form.too_large": "too_large",
}

#: Kinds that say what the refusal itself says, in place of a general text.
_IN_ITS_OWN_WORDS: Final = frozenset({"too_many", "not_allowed", "refused", "too_large"})


@dataclass(frozen=True, slots=True)
class Problems:
    """The pages for what went wrong in one area.

    Attributes:
        area: whose pages they are.
        template: how they look; gets kind, text, next, request_id and log_in (an address, or "").
    """

    area: Area = CITIZENS
    template: str = "citizen/message.html"

    def handlers(self) -> dict[Any, Any]:
        """For Starlette's ``exception_handlers``."""
        return {GongjiError: self.refusal, HTTPException: self.no_such_page, Exception: self.our_fault}

    def refusal(self, request: Request, problem: Exception) -> Response:
        """A refusal, in words."""
        assert isinstance(problem, GongjiError)
        found = next((kind for error, kind in _KINDS if isinstance(problem, error)), None)
        if found is None:
            return self.our_fault(request, problem)
        kind = _CODES.get(problem.code, found)
        signed_in = not isinstance(problem, NotSignedIn) and problem.code != "access.role"
        own = problem if kind in _IN_ITS_OWN_WORDS else None
        return self.message(kind, request, status=problem.status, signed_in=signed_in, problem=own)

    def no_such_page(self, request: Request, problem: Exception) -> Response:
        """An address or a method that the pages do not have."""
        assert isinstance(problem, HTTPException)
        missing = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)
        kind = "missing" if problem.status_code in missing else "input"
        return self.message(kind, request, status=problem.status_code)

    def our_fault(self, request: Request, problem: Exception) -> Response:
        """A failure of ours: the reader gets a number to tell, the log has the rest under it."""
        number = secrets.token_hex(4)
        _log.error("page.failed", request_id=number, path=request.url.path, problem=type(problem).__name__)
        return self.message("ours", request, status=500, request_id=number)

    def message(
        self,
        kind: str,
        request: Request,
        *,
        status: int,
        signed_in: bool = True,
        request_id: str = "",
        problem: GongjiError | None = None,
    ) -> HTMLResponse:
        """A page of ``error.<kind>``.

        Args:
            kind: which text.
            request: what it answers.
            status: HTTP status.
            signed_in: False takes the way to sign out from the page.
            request_id: number of a failure of ours.
            problem: says itself what happened, and perhaps what to do.
        """
        reader = Reader.of(request)
        next_step = "next" if reader.language is Language.CHINESE else "next_en"
        own_next = str(problem.details.get(next_step, "")) if problem else ""
        back = quote(request.url.path if request.method == "GET" else f"{self.area.base}/", safe="/")
        return render(
            self.template,
            request,
            status=status,
            base=self.area.base,
            signed_in=signed_in and self.area.cookie in request.cookies,
            kind=kind,
            text=reader.sentence(problem) if problem else reader.text(f"error.{kind}.text"),
            next=own_next or reader.text(f"error.{kind}.next"),
            request_id=request_id,
            log_in=f"/login/?back={back}" if kind in ("log_in", "signed_out", "left") else "",
        )
