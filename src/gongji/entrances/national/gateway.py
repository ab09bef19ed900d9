"""The gateway: one ASGI endpoint for all transactions, whatever address they are posted to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote

import msgspec
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from gongji.entrances.national.auth import Gatekeeper, Rejected, check_own_code
from gongji.entrances.national.bodies import UPLOAD, Bodies
from gongji.entrances.national.deadlines import Deadlines
from gongji.entrances.national.deviations import begin_notes, note
from gongji.entrances.national.envelope import (
    LARGEST_BODY,
    MessageNumbers,
    Times,
    UnknownTransaction,
    decode,
    defect_of_ours,
    failure,
    new_reference,
    no_answer_yet,
    read_envelope,
    read_input,
    router_failure,
    success,
    too_large,
    too_slow,
    unknown_transaction,
)
from gongji.entrances.national.pace import Pace
from gongji.entrances.national.services import names_other_service
from gongji.entrances.national.transaction import Answer, Call, Download, Envelope
from gongji.entrances.national.transactions import TRANSACTIONS, carry_out
from gongji.entrances.platform import Platform
from gongji.entrances.posts import Answering, Headers, Reply
from gongji.foundation.clock import Clock
from gongji.foundation.errors import GongjiError
from gongji.registry.model import Institution

log = structlog.get_logger()

#: Some clients look at the header's beginning, one fails without it, one takes octet-stream for a file (§1.2).
CONTENT_TYPE: Final = "application/json;charset=UTF-8"

_HEAD: Final = f"content-type: {CONTENT_TYPE}\r\n".encode()


#: Institution (12), yyyyMMddHHmmss (14), number (4).
_LENGTH_OF_MSGID: Final = 30

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
        self._numbers = MessageNumbers()
        settings = platform.settings
        self._pace = Pace(settings.institution_rate, settings.workers)
        self._bodies = Bodies()
        self._deadlines = Deadlines()
        self._deviations = platform.deviations
        self._last_message: dict[int, tuple[str, str]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        request = Request(scope, receive)
        if request.method != "POST":
            await PlainTextResponse(_ONLY_POST, 405, headers={"allow": "POST"})(scope, receive, send)
            return
        headers = {"content-type": CONTENT_TYPE}
        try:
            answer = await self._answer(scope["path"], scope["headers"], request)
        except ClientDisconnect:
            return  # nobody is left to answer
        except _Unfinished as refusal:
            answer = refusal.body
            headers["connection"] = "close"  # what may still come is nobody's message
        if isinstance(answer, Download):
            await _stream(answer)(scope, receive, send)
            return
        # Starlette would append a second charset to a media_type given as such.
        await Response(answer, headers=headers)(scope, receive, send)

    def whole(self, path: str) -> Answering | None:
        """Who answers messages that are there as a whole: this gateway, whatever they are posted to."""
        return self._answer_whole

    async def _answer_whole(self, path: str, headers: Headers, body: bytes) -> Reply:
        answer = await self._answer(path, headers, body)
        if isinstance(answer, Download):
            head = "".join(f"{name}: {value}\r\n" for name, value in _of_file(answer).items())
            return Reply(head.encode("ascii"), content=answer.content, length=answer.size)
        return Reply(_HEAD, answer)

    async def _answer(self, path: str, headers: Headers, message: bytes | Request) -> bytes | Download:
        """The answer to a message, or to one that is still to be read."""
        clock = self._platform.clock
        received_at = clock.now()
        notes = begin_notes()
        known = _Known()
        settings = self._platform.settings
        try:
            with self._deadlines.watched(settings.body_seconds) as deadline, self._bodies.room() as room:
                # What is there as a whole needs no room kept for it.
                body = message if isinstance(message, bytes) else await room.read(message)
                known.whole = True
                deadline.at += settings.answer_seconds - settings.body_seconds
                answer, region = await self._attend(path, headers, body, known, received_at)
            if answer.file is not None:
                return answer.file
            if answer.own is not None:
                return msgspec.json.encode(answer.own)
            return success(answer, region, self._numbers.take(), Times(received_at, clock.now()))
        except TimeoutError:
            if not known.whole:
                raise _Unfinished(too_slow(settings.body_seconds), received_at, clock.now()) from None
            log.warning("national.no_answer", path=path, infno=known.infno)
            return failure(no_answer_yet(settings.answer_seconds), Times(received_at, clock.now()))
        except (ClientDisconnect, _Unfinished):
            raise
        # The one place where a defect becomes an answer: a cashier must get the interface's form, not a broken
        # connection.
        except Exception as problem:  # noqa: BLE001
            return _refused(problem, path, Times(received_at, clock.now()))
        finally:
            if known.institution is not None and notes:
                self._deviations.record(known.institution.id, known.infno, notes, received_at)

    async def _attend(
        self, path: str, headers: Headers, body: bytes, known: _Known, received_at: datetime
    ) -> tuple[Answer, str]:
        """What a message's transaction answers, and the region of the institution that it is answered to."""
        told = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
        institution, signature = await self._gatekeeper.identify(told, body, self._signed_by.now())
        known.institution = institution
        self._pace.take(institution.id)
        envelope = read_envelope(decode(body))
        if len(body) > LARGEST_BODY and envelope.infno != UPLOAD:
            raise too_large()
        if envelope.infno not in TRANSACTIONS or names_other_service(path, envelope.infno):
            raise unknown_transaction(envelope.infno)
        known.infno = envelope.infno
        check_own_code(institution, envelope.fixmedins_code)
        self._note_habits(institution, envelope, received_at)
        nodes = read_input(envelope)
        call = Call(self._platform, envelope, institution, nodes, received_at, signature)
        answer = await carry_out(call)
        if answer.warning is not None:
            note("warned", "", answer.warning)
        return answer, institution.region

    def _note_habits(self, institution: Institution, envelope: Envelope, received_at: datetime) -> None:
        """Note what the header says otherwise than the text asks."""
        if len(envelope.msgid) != _LENGTH_OF_MSGID or not envelope.msgid.startswith(institution.code):
            note("msgid_form", "msgid", envelope.msgid)
        last = self._last_message.get(institution.id)
        if last is not None and last[0] == envelope.msgid and last[1] != envelope.infno:
            note("msgid_again", "msgid", envelope.msgid)
        self._last_message[institution.id] = (envelope.msgid, envelope.infno)
        if envelope.inf_time and envelope.inf_time[:10] != received_at.date().isoformat():
            note("other_day", "inf_time", envelope.inf_time)


@dataclass(slots=True)
class _Known:
    """Whose message it is and what it asks for, as far as it was read."""

    institution: Institution | None = None
    infno: str = ""
    whole: bool = False


class _Unfinished(Exception):
    """A message that never came whole; its answer closes the connection."""

    def __init__(self, refusal: GongjiError, received_at: datetime, now: datetime) -> None:
        super().__init__(refusal.code)
        self.body = failure(refusal, Times(received_at, now))


def _refused(problem: Exception, path: str, times: Times) -> bytes:
    """The answer to a message that was refused, or at which we failed: of that the log has the traceback, under the number
    that the answer names."""
    if isinstance(problem, UnknownTransaction):
        note(f"refused.{problem.code}", "infno")
        return router_failure(problem, new_reference())
    if isinstance(problem, GongjiError):
        log.info("national.refused", path=path, code=problem.code, field=problem.field)
        if isinstance(problem, Rejected):
            return problem.body
        note(f"refused.{problem.code}", problem.field or "", problem.zh)
        return failure(problem, times)
    reference = new_reference()
    log.error("national.defect", path=path, reference=reference, exc_info=problem)
    return failure(defect_of_ours(reference), times)


def _of_file(file: Download) -> dict[str, str]:
    """The headers of a file but its length; its name in the form that HTTP has for other letters than ASCII."""
    return {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(file.name)}",
        "content-type": "application/octet-stream",
    }


def _stream(file: Download) -> Response:
    """A file as a stream of bytes."""
    return StreamingResponse(file.content, headers=_of_file(file) | {"content-length": str(file.size)})
