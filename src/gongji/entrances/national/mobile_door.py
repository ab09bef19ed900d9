"""The door of mobile payment: sealed messages, posted to addresses that name the transaction.

A hospital may as well send the transactions of mobile payment in the common envelope; then this door passes them on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Final, cast

import msgspec
import structlog
from anyio import to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gongji.entrances.national.envelope import (
    LARGEST_BODY,
    decode,
    defect_of_ours,
    new_reference,
    read_envelope,
    too_large,
    unknown_transaction,
)
from gongji.entrances.national.sm import Application, seal, unseal
from gongji.entrances.national.transaction import Answer, Call
from gongji.entrances.national.transactions import carry_out
from gongji.entrances.platform import Platform
from gongji.entrances.posts import Answering, TakesWhole
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import GongjiError, InvalidInput, NotSignedIn
from gongji.settlement.mobile.applications import MobileApp, find_app

log = structlog.get_logger()

#: The last part of an address by the transaction that it names (``…/org/local/api/hos/uldFeeInfo``).
ADDRESSES: Final = {
    "parse_qrcode": "6101",
    "uldFeeInfo": "6201",
    "pay_order": "6202",
    "refund_Order": "6203",
    "sync_order_info": "6204",
    "query_order_info": "6301",
    "revoke_order": "6401",
}

#: How far a message's time may be from ours.
WINDOW: Final = timedelta(minutes=15)

_JSON: Final = {"content-type": "application/json;charset=UTF-8"}


def is_mobile(path: str) -> bool:
    """Whether an address is one of mobile payment's."""
    parts = path.rsplit("/", 2)
    return len(parts) == 3 and parts[1] == "hos" and parts[2] in ADDRESSES


def application(app: MobileApp) -> Application:
    """The keys of an application, as the envelope takes them."""
    return Application(app.app_id, app.secret, app.public, app.private)


class MobileDoor:
    """Opens sealed messages, lets the transactions do their work, and seals the answers.

    Args:
        platform: the running platform.
        gateway: where messages in the common envelope go.
    """

    def __init__(self, platform: Platform, gateway: ASGIApp) -> None:
        self._platform = platform
        self._gateway = gateway
        self._whole = gateway.whole if isinstance(gateway, TakesWhole) else None

    def whole(self, path: str) -> Answering | None:
        """Who answers what is posted to a path without ASGI between: the gateway, where it is no address of mobile payment."""
        return None if self._whole is None or is_mobile(path) else self._whole(path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI); one to an address that is not mobile payment's goes to the gateway as it is."""
        if scope["type"] != "http" or scope["method"] != "POST" or not is_mobile(scope["path"]):
            await self._gateway(scope, receive, send)
            return
        try:
            body = await _body(Request(scope, receive))
        except ClientDisconnect:
            return
        except InvalidInput as refusal:
            await _json(_refused(refusal))(scope, receive, send)
            return
        try:
            message = decode(body)
        except InvalidInput:
            message = {}
        if "encData" not in message:
            await self._gateway(scope, _again(body), send)
            return
        answer = await self._answer(scope["path"], message)
        await _json(answer)(scope, receive, send)

    async def _answer(self, path: str, message: Mapping[str, object]) -> dict[str, object]:
        try:
            app = await to_thread.run_sync(self._app, message)
            call = await to_thread.run_sync(self._open, path, message, app)
            answer = await carry_out(call)
            sealed = seal(application(app), _texts(answer), self._platform.clock.now().astimezone(CHINA))
            return {"code": 0, "success": True, "message": answer.warning or "成功", **sealed}
        except GongjiError as refusal:
            log.info("mobile.refused", path=path, code=refusal.code, field=refusal.field)
            return _refused(refusal)
        # As at the gateway: whoever pays must get an answer in the interface's form, and the log the traceback.
        except Exception as defect:
            reference = new_reference()
            log.error("mobile.defect", path=path, reference=reference, exc_info=defect)
            return _refused(defect_of_ours(reference))

    def _app(self, message: Mapping[str, object]) -> MobileApp:
        app_id, stamp, now = message.get("appId"), message.get("timestamp"), self._platform.clock.now()
        with self._platform.database.transaction() as connection:
            app = find_app(connection, self._platform.vault, str(app_id), now)
        if app is None:
            raise NotSignedIn("access.signature", "the appId is not registered", "appId 未登记", field="appId")
        earliest, latest = (f"{now.astimezone(CHINA) + ahead:%Y%m%d%H%M%S}" for ahead in (-WINDOW, WINDOW))
        if not (isinstance(stamp, str) and len(stamp) == 14 and earliest <= stamp <= latest):
            raise NotSignedIn(
                "access.timestamp",
                "the message's time is too far from ours: set the clock and sign again",
                "签名时间戳超时：请校准系统时间后重新签名",
                field="timestamp",
                accepted="yyyyMMddHHmmss, at most 15 minutes from now",
            )
        return app

    def _open(self, path: str, message: Mapping[str, object], app: MobileApp) -> Call:
        data = unseal(application(app), message)
        infno = ADDRESSES.get(path.rsplit("/", 1)[-1])
        if infno is None:
            raise unknown_transaction(path)
        # The envelope has no msgid: a message is the same when its signature is, which no two have alike.
        msgid = hashlib.sha256(str(message["signData"]).encode()).hexdigest()[:30]
        envelope = read_envelope({"infno": infno, "msgid": msgid, "fixmedins_code": app.institution.code})
        return Call(self._platform, envelope, app.institution, {"data": data}, self._platform.clock.now())


def _texts(answer: Answer) -> dict[str, object]:
    """The answer's data, its amounts as text: a number would be written otherwise by each side before it is signed."""
    data = cast(dict[str, object], (answer.output or {}).get("data", {}))
    return {key: bytes(value).decode() if isinstance(value, msgspec.Raw) else value for key, value in data.items()}


def _json(answer: dict[str, object]) -> Response:
    return Response(msgspec.json.encode(answer), headers=_JSON)


def _refused(refusal: GongjiError) -> dict[str, object]:
    return _failure(f"{refusal.zh}[{refusal.code}]")


def _failure(message: str) -> dict[str, object]:
    return {"code": -1, "success": False, "message": message}


async def _body(request: Request) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > LARGEST_BODY:
            raise too_large()
        chunks.append(chunk)
    return b"".join(chunks)


def _again(body: bytes) -> Receive:
    """The body once more, for who reads it next."""
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Message:
        return next(messages, {"type": "http.disconnect"})

    return receive
