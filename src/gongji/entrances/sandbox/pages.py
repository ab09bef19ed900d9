"""The sandbox's pages, mounted at ``/sandbox``: plain links and forms, no log-in, no script."""

from __future__ import annotations

import secrets
from typing import Final

import structlog
from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gongji.entrances.national.messages import table_of
from gongji.entrances.national.transaction import Envelope
from gongji.entrances.national.transactions import TRANSACTIONS
from gongji.entrances.sandbox.conformance.pages import ConformancePages
from gongji.entrances.sandbox.control import Control
from gongji.entrances.sandbox.host import Sandbox
from gongji.entrances.sandbox.institutions import BY_CODE, INSTITUTIONS
from gongji.entrances.sandbox.page import Shown
from gongji.entrances.sandbox.people import BY_KEY, PEOPLE, SHARINGS
from gongji.entrances.sandbox.reading import pretty, read_message
from gongji.entrances.sandbox.signature_page import SignaturePage
from gongji.entrances.sandbox.standing import standings
from gongji.entrances.web.headers import SafeHeaders
from gongji.entrances.web.pages import Reader
from gongji.entrances.web.switches import switch_language
from gongji.foundation.errors import GongjiError, NotFound

_log = structlog.get_logger()

#: Messages that the list shows at once.
_SHOWN: Final = 100

#: What a browser says of a request that our own page, or the reader's own hand, made.
_OWN_SITES: Final = ("", "same-origin", "none")


def build_sandbox_pages(sandbox: Sandbox) -> ASGIApp:
    """The pages, for mounting at ``/sandbox``."""
    shown = Shown(sandbox)
    pages, control, signature = SandboxPages(sandbox, shown), Control(sandbox), SignaturePage(shown)
    app = Starlette(
        routes=[
            Route("/", pages.home),
            Route("/messages", pages.messages),
            Route("/messages/{number:int}", pages.message),
            Route("/messages/{number:int}/{part}.txt", pages.raw),
            Route("/people", pages.people),
            Route("/institutions", pages.institutions),
            Route("/control", pages.control),
            Route("/fields", pages.transactions),
            Route("/fields/{infno}", pages.fields),
            Route("/clock", control.clock, methods=["POST"]),
            Route("/failures", control.plan, methods=["POST"]),
            Route("/failures/drop", control.drop, methods=["POST"]),
            Route("/reset", control.reset, methods=["POST"]),
            Route("/language", switch_language, methods=["POST"]),
            Route("/signature", signature.show),
            Route("/signature", signature.check, methods=["POST"]),
            *ConformancePages(sandbox, shown).routes(),
        ],
        exception_handlers={
            GongjiError: pages.refusal,
            HTTPException: pages.no_such_page,
            Exception: pages.our_fault,
        },
    )
    return SafeHeaders(OwnPagesOnly(app))


class OwnPagesOnly:
    """Without a log-in, a page elsewhere could have its reader's browser reset the sandbox: such a request is refused.
    Programs do not say where they come from and are let in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        site = next((value.decode() for name, value in scope["headers"] if name == b"sec-fetch-site"), "")
        if scope["method"] == "POST" and site not in _OWN_SITES:
            answer = PlainTextResponse("Only from the sandbox's own pages. 只接受沙箱自己页面的操作。\n", 403)
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)


class SandboxPages:
    """What the addresses answer."""

    def __init__(self, sandbox: Sandbox, shown: Shown) -> None:
        self._sandbox = sandbox
        self.page = shown.page

    async def home(self, request: Request) -> Response:
        """Where to begin."""
        address = f"{request.url.scheme}://{request.url.netloc}"
        return self.page(request, "home", address=address, institutions=INSTITUTIONS, first=PEOPLE[0])

    async def messages(self, request: Request) -> Response:
        """The last messages."""
        query = request.query_params
        institution, infno = query.get("institution", "")[:12], query.get("infno", "")[:6]
        found = self._sandbox.log.recent(institution, infno)
        return self.page(
            request,
            "messages",
            found=found[:_SHOWN],
            institution=institution,
            infno=infno,
            institutions=INSTITUTIONS,
            transactions=TRANSACTIONS,
        )

    async def message(self, request: Request) -> Response:
        """One message beside its field tables."""
        found = self._sandbox.log.find(request.path_params["number"])
        if found is None:
            raise _gone()
        return self.page(
            request,
            "message",
            message=found,
            reading=read_message(found),
            request_text=pretty(found.request.body),
            answer_text=pretty(found.answer),
            institution=BY_CODE.get(found.request.text("fixmedins_code")),
        )

    async def raw(self, request: Request) -> Response:
        """The very text of a request or an answer."""
        found, part = self._sandbox.log.find(request.path_params["number"]), request.path_params["part"]
        if found is None or part not in ("request", "answer"):
            raise _gone()
        body = found.request.body if part == "request" else found.answer
        return PlainTextResponse(body)

    async def people(self, request: Request) -> Response:
        """Everybody, with the case that they stand for and what they have now."""
        now = await to_thread.run_sync(standings, self._sandbox.platform)
        return self.page(
            request, "people", people=PEOPLE, sharings=SHARINGS, by_key=BY_KEY, standings=now, institutions=BY_CODE
        )

    async def institutions(self, request: Request) -> Response:
        """The institutions and their keys."""
        return self.page(request, "institutions", institutions=INSTITUTIONS)

    async def control(self, request: Request) -> Response:
        """Clock, failures and reset."""
        return self.page(
            request,
            "control",
            failures=self._sandbox.failures.planned(),
            institutions=INSTITUTIONS,
            transactions=TRANSACTIONS,
            typed=f"{self._sandbox.clock.now():%Y-%m-%dT%H:%M}",
        )

    async def transactions(self, request: Request) -> Response:
        """All transactions."""
        return self.page(request, "transactions", transactions=TRANSACTIONS)

    async def fields(self, request: Request) -> Response:
        """One transaction's field tables."""
        found = TRANSACTIONS.get(request.path_params["infno"])
        if found is None:
            raise NotFound("envelope.infno", "no such transaction is served", "没有这个交易", field="infno")
        return self.page(
            request,
            "fields",
            transaction=found,
            head=table_of(Envelope),
            inputs=[table_of(each) for each in found.inputs],
            outputs=[table_of(each) for each in found.outputs],
        )

    async def refusal(self, request: Request, problem: Exception) -> Response:
        """What was asked for cannot be done."""
        assert isinstance(problem, GongjiError)
        return self.page(request, "refused", status=problem.status, sentence=Reader.of(request).sentence(problem))

    async def no_such_page(self, request: Request, problem: Exception) -> Response:
        """No such address, or not in this way."""
        assert isinstance(problem, HTTPException)
        sentence = Reader.of(request).text("sandbox.no_page")
        return self.page(request, "refused", status=problem.status_code, sentence=sentence)

    async def our_fault(self, request: Request, problem: Exception) -> Response:
        """A defect of ours; the log has it under the number that the page names."""
        number = secrets.token_hex(4)
        _log.error("page.failed", request_id=number, path=request.url.path, problem=type(problem).__name__)
        sentence = Reader.of(request).text("sandbox.defect", number=number)
        return self.page(request, "refused", status=500, sentence=sentence)


def _gone() -> NotFound:
    return NotFound(
        "sandbox.message_gone",
        "no such message is kept: the sandbox keeps the last ones only",
        "没有这条报文：沙箱只保留最近的报文",
    )
