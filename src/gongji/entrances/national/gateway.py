"""The gateway: one ASGI endpoint for all transactions, whatever address they are posted to."""

from __future__ import annotations

import secrets
from typing import Final

import structlog
from anyio import to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from gongji.entrances.national.auth import Gatekeeper, Rejected, check_own_code
from gongji.entrances.national.envelope import (
    LARGEST_BODY,
    MessageNumbers,
    Times,
    UnknownTransaction,
    decode,
    failure,
    read_envelope,
    read_input,
    router_failure,
    success,
    too_large,
    unknown_transaction,
)
from gongji.entrances.national.reception import Reception
from gongji.entrances.national.services import names_other_service
from gongji.entrances.national.transaction import Answer, Call, Envelope
from gongji.entrances.national.transactions import TRANSACTIONS
from gongji.entrances.platform import Platform
from gongji.foundation.clock import Clock
from gongji.foundation.errors import GongjiError
from gongji.registry.model import Institution

log = structlog.get_logger()

#: Some clients look at the header's beginning, one fails without it, one takes octet-stream for a file (§1.2).
CONTENT_TYPE: Final = "application/json;charset=UTF-8"


_ONLY_POST: Final = "Hospitals' systems post here. 这是定点医药机构接口，只接受 POST 请求。\n"


class NationalGateway:
    """Serves the national interface: POST any transaction to any path below the one it is mounted at.

    Every answer that carries an infcode has HTTP status 200, because clients retry or give up on others.

    Args:
        platform: the running platform.
        signed_by: the clock that signatures are held against, where it is not the platform's (a sandbox moves that one,
            and whoever signs has no other than the machine's).
    """

    def __init__(self, platform: Platform, signed_by: Clock | None = None) -> None:
        self._platform = platform
        self._signed_by = signed_by or platform.clock
        self._gatekeeper = Gatekeeper(platform)
        self._reception = Reception(platform.database, platform.vault)
        self._numbers = MessageNumbers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        request = Request(scope, receive)
        if request.method != "POST":
            await PlainTextResponse(_ONLY_POST, 405, headers={"allow": "POST"})(scope, receive, send)
            return
        try:
            body = await self._answer(request)
        except ClientDisconnect:
            return  # nobody is left to answer
        # Starlette would append a second charset to a media_type given as such.
        await Response(body, headers={"content-type": CONTENT_TYPE})(scope, receive, send)

    async def _answer(self, request: Request) -> bytes:
        clock, path = self._platform.clock, request.scope["path"]
        received_at = clock.now()
        try:
            institution, envelope = await self._admit(request)
            call = Call(self._platform, self._reception, envelope, institution, read_input(envelope), received_at)
            answer = await _carry_out(call)
            return success(answer, institution.region, self._numbers.take(), Times(received_at, clock.now()))
        except Rejected as refusal:
            log.info("national.refused", path=path, code=refusal.code, field=refusal.field)
            return refusal.body
        except UnknownTransaction as refusal:
            return router_failure(refusal, _reference())
        except GongjiError as refusal:
            log.info("national.refused", path=path, code=refusal.code, field=refusal.field)
            return failure(refusal, Times(received_at, clock.now()))
        except ClientDisconnect:
            raise
        # The one place where a defect becomes an answer: a cashier must get the interface's form, not a broken
        # connection. The log has the traceback, under the number that the answer names.
        except Exception as defect:
            reference = _reference()
            log.error("national.defect", path=path, reference=reference, exc_info=defect)
            return failure(_defect(reference), Times(received_at, clock.now()))

    async def _admit(self, request: Request) -> tuple[Institution, Envelope]:
        """The sender and the message's header, once both are in order."""
        body = await _read_body(request)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.scope["headers"]}
        institution = await self._gatekeeper.identify(headers, body, self._signed_by.now())
        envelope = read_envelope(decode(body))
        if envelope.infno not in TRANSACTIONS or names_other_service(request.scope["path"], envelope.infno):
            raise unknown_transaction(envelope.infno)
        check_own_code(institution, envelope.fixmedins_code)
        return institution, envelope


async def _read_body(request: Request) -> bytes:
    """The body; reading stops as soon as it is too long.

    Raises:
        InvalidInput: ``envelope.too_large``.
    """
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > LARGEST_BODY:
            raise too_large()
        chunks.append(chunk)
    return b"".join(chunks)


async def _carry_out(call: Call) -> Answer:
    """Let a transaction do its work: in a worker thread, or on the loop when it only waits."""
    transaction = TRANSACTIONS[call.envelope.infno]
    outcome = transaction.handle(call) if transaction.waits else await to_thread.run_sync(transaction.handle, call)
    return outcome if isinstance(outcome, Answer) else await outcome


def _reference() -> str:
    """Ten digits under which an answer is found again in the log."""
    return f"{secrets.randbelow(10**10):010d}"


def _defect(reference: str) -> GongjiError:
    return GongjiError(
        "platform.defect",
        f"the platform failed: tell its operator the number {reference}",
        f"平台内部错误，请联系平台运维并提供异常流水号 {reference}",
    )
