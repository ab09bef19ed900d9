"""A page of the sandbox: what all of them show."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse

from gongji.entrances.sandbox.host import Sandbox
from gongji.entrances.web.pages import Reader, render, style_address
from gongji.entrances.wording import Language

BASE: Final = "/sandbox"

#: The pages that every page leads to.
MENU: Final = ("messages", "conformance", "people", "institutions", "control", "fields", "signature")


class Shown:
    """Makes pages: each with the clock, the planned failures, and what was just done."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def page(self, request: Request, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
        """A page from its template below ``templates/sandbox``."""
        return render(
            f"sandbox/{template}.html",
            request,
            status=status,
            signed_in=False,
            base=BASE,
            sheet=style_address("sandbox.css"),
            page=template,
            menu=MENU,
            now=self._sandbox.clock.now(),
            ahead=self._sandbox.clock.ahead,
            planned=len(self._sandbox.failures.planned()),
            done=request.query_params.get("done", "")[:20],
            chinese=Reader.of(request).language is Language.CHINESE,
            **values,
        )
