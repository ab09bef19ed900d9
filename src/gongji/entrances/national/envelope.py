"""The envelope: what stands around a transaction's input and output (§1.1, §1.2)."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from gongji.entrances.national.deviations import note
from gongji.entrances.national.fields import is_empty
from gongji.entrances.national.messages import table_of
from gongji.entrances.national.transaction import Answer, Envelope
from gongji.foundation.errors import Busy, GongjiError, InvalidInput

#: The interface limits input to 40,000 characters; an upload of many lines by a hospital that ignores it still fits.
LARGEST_BODY: Final = 1_000_000

#: Nodes within nodes: real messages have four. Deeper ones only serve to exhaust whoever walks them.
DEEPEST: Final = 32
#: 9101 brings a file of 8 MB along, a half longer as base64 and twice to four times as long as a list of numbers.
LARGEST_UPLOAD: Final = 32_000_000

#: err_msg and warn_msg are C(200) on the wire.
LONGEST_SENTENCE: Final = 200

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class UnknownTransaction(InvalidInput):
    """No such infno, or an address that belongs to another one: the router's own, shorter form of refusal."""


def unknown_transaction(infno: str) -> UnknownTransaction:
    """``envelope.infno``."""
    return UnknownTransaction(
        "envelope.infno",
        f"infno {infno} is not served, or not at this address",
        f"交易报文不正确：未知交易编号 {infno}！",
        field="infno",
        accepted="a transaction of this interface, at its own address or the common one",
    )


def too_large() -> InvalidInput:
    """``envelope.too_large``."""
    return InvalidInput(
        "envelope.too_large",
        f"the message is longer than {LARGEST_BODY} bytes: send fewer lines at once",
        f"报文超过 {LARGEST_BODY} 字节，请分批上传",
        accepted=f"at most {LARGEST_BODY} bytes",
    )


def too_slow(seconds: float) -> InvalidInput:
    """``envelope.too_slow``."""
    return InvalidInput(
        "envelope.too_slow",
        f"the message did not come within {seconds:g} seconds: send it again",
        f"{seconds:g} 秒内没有收到完整报文，请重新发送",
        accepted=f"the whole message within {seconds:g} seconds",
    )


def no_answer_yet(seconds: float) -> Busy:
    """``envelope.no_answer``: like the desk's, it says that the outcome is unknown."""
    return Busy(
        "envelope.no_answer",
        f"the transaction took more than {seconds:g} seconds and may still be done: send the same message again",
        f"交易处理超过 {seconds:g} 秒，结果未知：请用原报文（同一 msgid）重新发送确认",
        accepted="the same message with the same msgid",
    )


def decode(body: bytes) -> Mapping[str, object]:
    """The message as JSON.

    Raises:
        InvalidInput: ``envelope.not_json`` (also for other encodings than UTF-8 and for senseless depth),
            ``envelope.not_object``, ``envelope.too_deep``.
    """
    if body.startswith(_BYTE_ORDER_MARK):
        note("byte_order_mark")
    try:
        message = msgspec.json.decode(body.removeprefix(_BYTE_ORDER_MARK))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
        raise InvalidInput(
            "envelope.not_json",
            f"the message is not JSON in UTF-8: {problem}",
            "报文不是 UTF-8 编码的 JSON，无法解析",
            accepted="one JSON object in UTF-8",
        ) from None
    if not isinstance(message, dict):
        raise InvalidInput(
            "envelope.not_object",
            "the message is JSON but no object",
            "报文应为一个 JSON 对象",
            accepted="one JSON object with infno, msgid, fixmedins_code and input",
        )
    # Nothing with fewer brackets than that can be deeper: nearly every message passes here.
    if body.count(b"{") + body.count(b"[") > DEEPEST and _deeper_than(message, DEEPEST):
        raise InvalidInput(
            "envelope.too_deep",
            f"the message is nested more than {DEEPEST} levels deep",
            f"报文嵌套超过 {DEEPEST} 层",
            accepted=f"at most {DEEPEST} levels",
        )
    return message


def _deeper_than(value: object, levels: int) -> bool:
    """Whether objects and lists are nested more than so many levels; level by level, without recursion."""
    level: list[object] = [value]
    for _ in range(levels):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ())
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return False
    return True


def read_envelope(message: Mapping[str, object]) -> Envelope:
    """The header fields; unknown keys are ignored.

    Raises:
        InvalidInput: ``field.missing``, ``field.invalid``, naming the field.
    """
    return table_of(Envelope).read(message, "")


def read_input(envelope: Envelope) -> Mapping[str, object]:
    """The nodes of the input; transactions without any send ``""``.

    Raises:
        InvalidInput: ``envelope.input``.
    """
    if is_empty(envelope.input):
        return {}
    if not isinstance(envelope.input, dict):
        raise InvalidInput(
            "envelope.input",
            "input is not an object of nodes",
            "input 应为由各节点组成的 JSON 对象",
            field="input",
            accepted='{"data": {…}} or the nodes that the transaction names',
        )
    return envelope.input


class MessageNumbers:
    """Hands out the ten digits that end an inf_refmsgid: four drawn for this process, six counted on, so that workers
    and hosts do not give the same number in the same second."""

    def __init__(self) -> None:
        self._process = secrets.randbelow(10_000)
        self._next = itertools.count(secrets.randbelow(10**6))

    def take(self) -> str:
        """The next number."""
        return f"{self._process:04d}{next(self._next) % 10**6:06d}"


class Times(Struct, frozen=True):
    """When a message came in and when it was answered."""

    received: datetime
    responded: datetime


def success(answer: Answer, region: str, number: str, times: Times) -> bytes:
    """The envelope of an answer.

    Args:
        answer: output and warning.
        region: 接收方区划, six digits.
        number: ten digits from `MessageNumbers`.
        times: when.
    """
    return _envelope(
        infcode=0,
        inf_refmsgid=f"{region}{digits(times.received)}{number}",
        times=times,
        err_msg=None,
        output=answer.output,
        warn_msg=None if answer.warning is None else _cut(answer.warning, LONGEST_SENTENCE),
    )


def failure(refusal: GongjiError, times: Times) -> bytes:
    """The envelope of a refusal: inf_refmsgid null, as real centres answer."""
    return _envelope(infcode=-1, inf_refmsgid=None, times=times, err_msg=sentence(refusal), output=None, warn_msg=None)


def router_failure(refusal: GongjiError, reference: str) -> bytes:
    """The router's form of a refusal, without any of the envelope's other keys."""
    text = f"FSI-{refusal.zh}[{refusal.code}],异常流水号:{reference}"
    return msgspec.json.encode({"type": "error", "infcode": -1, "err_msg": text})


def sentence(refusal: GongjiError) -> str:
    """err_msg: the Chinese sentence, then the code in brackets, in at most 200 characters."""
    code = f"[{refusal.code}]"
    return _cut(refusal.zh, LONGEST_SENTENCE - len(code)) + code


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _envelope(
    *,
    infcode: int,
    inf_refmsgid: str | None,
    times: Times,
    err_msg: str | None,
    output: Mapping[str, object] | None,
    warn_msg: str | None,
) -> bytes:
    return msgspec.json.encode(
        {
            "infcode": infcode,
            "inf_refmsgid": inf_refmsgid,
            "refmsg_time": _stamp(times.received),
            "respond_time": _stamp(times.responded),
            "err_msg": err_msg,
            "output": output,
            "warn_msg": warn_msg,
            "cainfo": None,
            "signtype": None,
        }
    )


def _stamp(moment: datetime) -> str:
    """17 digits, to the millisecond."""
    return str(_as_number(moment) * 1000 + moment.microsecond // 1000)


def digits(moment: datetime) -> str:
    """14 digits, to the second."""
    return str(_as_number(moment))


def _as_number(moment: datetime) -> int:
    """yyyyMMddHHmmss. A quarter of the C library's time for it, which every answer would take three times."""
    day = (moment.year * 100 + moment.month) * 100 + moment.day
    return ((day * 100 + moment.hour) * 100 + moment.minute) * 100 + moment.second


def new_reference() -> str:
    """Ten digits under which an answer is found again in the log."""
    return f"{secrets.randbelow(10**10):010d}"


def defect_of_ours(reference: str) -> GongjiError:
    """``platform.defect``: what a sender is told when we fail; the log has the rest under the number."""
    return GongjiError(
        "platform.defect",
        f"the platform failed: tell its operator the number {reference}",
        f"平台内部错误，请联系平台运维并提供异常流水号 {reference}",
    )
