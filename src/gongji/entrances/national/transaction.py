"""What a transaction of the interface is made of: the call that comes in, the answer that goes out, and who handles it."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from inspect import iscoroutinefunction
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from gongji.entrances.national.fields import NODES, C
from gongji.entrances.national.mailbox import answered
from gongji.entrances.national.messages import asked, free, needed, node
from gongji.entrances.national.replays import Signature
from gongji.entrances.platform import Platform
from gongji.foundation import audit
from gongji.foundation.access import Caller, Role
from gongji.registry.model import Institution
from gongji.settlement.model import MessageKey, Settlement


@node("", "表 1 报文头")
class Envelope:
    """What stands around every transaction's input (§1.1). Unknown keys are ignored."""

    infno: str = needed(C(6), "交易编号")
    msgid: str = needed(C(30), "发送方报文ID")
    mdtrtarea_admvs: str = asked(C(6), "就医地医保区划")
    insuplc_admdvs: str = free(C(6), "参保地医保区划")
    recer_sys_code: str = asked(C(200), "接收方系统代码")
    signtype: str = free(C(200), "签名类型")
    infver: str = asked(C(20), "接口版本号")
    opter_type: str = asked(C(20), "经办人类别")
    opter: str = asked(C(30), "经办人")
    opter_name: str = asked(C(50), "经办人姓名")
    inf_time: str = asked(C(30), "交易时间", "DT in the text; taken in any form, for real clients are days off anyhow")
    fixmedins_code: str = needed(C(12), "定点医药机构编号")
    fixmedins_name: str = asked(C(200), "定点医药机构名称", "C(20) in the text, everyone sends more")
    sign_no: str = free(C(30), "签到流水号", "real clients send none, null or 1")
    input: Any = free(NODES, "交易输入")


class Call(Struct, frozen=True, dict=True):
    """One authenticated call.

    Attributes:
        platform: the running platform.
        envelope: its header fields.
        institution: whose signature it carries; the same as its fixmedins_code.
        input: its nodes.
        received_at: when it came in.
        signature: that it came with, which has to be noted before anything is done for it; None where there is none.
    """

    platform: Platform
    envelope: Envelope
    institution: Institution
    input: Mapping[str, object]
    received_at: datetime
    signature: Signature | None = None

    @cached_property
    def key(self) -> MessageKey:
        """What makes a repeat of this call recognisable. The digest is over the input alone, with sorted keys: a
        client that repeats a lost call may stamp a new inf_time."""
        content = msgspec.json.encode(self.input, order="sorted")
        digest = hashlib.sha256(content).digest()
        return MessageKey(self.institution.id, self.envelope.infno, self.envelope.msgid, digest)


@dataclass(frozen=True, slots=True)
class Download:
    """A file in place of an answer (9102).

    Attributes:
        name: as it is offered to be called.
        size: bytes of its content.
        content: piece by piece.
    """

    name: str
    size: int
    content: Iterator[bytes]


class Answer(Struct, frozen=True):
    """What a transaction answers.

    Attributes:
        output: its nodes, None for a transaction without output.
        warning: warn_msg: something the sender should know although the call succeeded.
        file: goes out in place of all that.
        own: the same, for a transaction whose answer stands in no envelope (1162).
    """

    output: Mapping[str, object] | None
    warning: str | None = None
    file: Download | None = None
    own: Mapping[str, object] | None = None


def record(connection: sa.Connection, call: Call, action: str, person_id: int | None, **details: object) -> None:
    """Note for the audit that the institution's operator read or changed something with this message.

    Args:
        connection: the transaction.
        call: the message.
        action: what was done.
        person_id: whose data; None where it was nobody's alone.
        details: what else is worth knowing.
    """
    caller = Caller(Role.INTEGRATOR, f"{call.institution.code}/{call.envelope.opter}")
    message = {"infno": call.envelope.infno, "msgid": call.envelope.msgid}
    audit.record(connection, caller, action, at=call.received_at, person_id=person_id, **message, **details)


@dataclass(frozen=True)
class Transaction:
    """A transaction of the interface.

    Attributes:
        infno: its number.
        title: its Chinese name.
        inputs, outputs: the nodes of its request and answer, as field tables.
        handle: reads the call, does its work and answers. A plain function runs in a worker thread and may use the
            database; a coroutine runs on the event loop and only waits, at the reception and the desk.
        at_desk: whether `handle` leaves it to the desk's reception to note the signature (`patient.served`).
    """

    infno: str
    title: str
    inputs: tuple[type[Any], ...]
    outputs: tuple[type[Any], ...]
    handle: Callable[[Call], Answer | Awaitable[Answer]]
    at_desk: bool = False

    @cached_property
    def waits(self) -> bool:
        """Whether `handle` is a coroutine."""
        return iscoroutinefunction(self.handle)


async def settled(settlement: Future[Settlement]) -> Settlement:
    """What the desk came to; a settlement in progress cannot be called off by whoever waits for it."""
    return await answered(settlement)
