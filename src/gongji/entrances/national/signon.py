"""9001 签到 and 9002 签退."""

from __future__ import annotations

from datetime import datetime

from gongji.entrances.national.fields import MOMENT, C
from gongji.entrances.national.messages import asked, needed, node, read_node, write_node
from gongji.entrances.national.transaction import Answer, Call, Transaction
from gongji.registry import service as registry


@node("signIn", "表 367 签到")
class SignIn:
    """An operator comes."""

    opter_no: str = needed(C(20), "操作员编号")
    mac: str = asked(C(20), "签到MAC地址")
    ip: str = asked(C(50), "签到IP地址", "C(20) in the text; an IPv6 address is longer")


@node("signinoutb", "表 368 签到结果")
class SignedIn:
    """The number to send along from now on."""

    sign_time: datetime = needed(MOMENT, "签到时间")
    sign_no: str = needed(C(30), "签到编号")


@node("signOut", "表 369 签退")
class SignOut:
    """An operator leaves."""

    sign_no: str = needed(C(30), "签到编号")
    opter_no: str = needed(C(20), "操作员编号")


@node("signoutoutb", "表 370 签退结果")
class SignedOut:
    """When. The text calls the node sign_time, real centres signoutoutb."""

    sign_time: datetime = needed(MOMENT, "签退时间")


def sign_in(call: Call) -> Answer:
    """9001."""
    data = read_node(SignIn, call.input)
    with call.platform.database.transaction() as connection:
        sign_no = registry.sign_on(connection, call.institution, data.opter_no, call.received_at)
    return Answer({"signinoutb": write_node(SignedIn(sign_time=call.received_at, sign_no=sign_no))})


def sign_out(call: Call) -> Answer:
    """9002."""
    data = read_node(SignOut, call.input)
    with call.platform.database.transaction() as connection:
        registry.sign_off(connection, call.institution, data.sign_no, data.opter_no, call.received_at)
    return Answer({"signoutoutb": write_node(SignedOut(sign_time=call.received_at))})


TRANSACTIONS = (
    Transaction("9001", "签到", (SignIn,), (SignedIn,), sign_in),
    Transaction("9002", "签退", (SignOut,), (SignedOut,), sign_out),
)
