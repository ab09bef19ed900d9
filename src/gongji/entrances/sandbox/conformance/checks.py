"""What a scenario may hold against a message. Each check says in Chinese what is wrong, or nothing."""

from __future__ import annotations

from gongji.entrances.sandbox.conformance.model import Check, Seen, values
from gongji.foundation.errors import GongjiError
from gongji.foundation.money import parse_yuan

#: Headers that carry a signature, in any way of signing.
_SIGNATURES = ("x-tif-signature", "_api_signature", "x-ca-signature")


def patient(path: str) -> Check:
    """The message is about the scenario's patient."""

    def check(seen: Seen) -> str | None:
        told = values(seen.message.request.input, path)
        if all(value == seen.psn_no for value in told) and told:
            return None
        return f"input.{path} 应为本场景就诊人的人员编号 {seen.psn_no}，收到 {_told(told)}"

    return check


def holds(path: str, *accepted: str) -> Check:
    """A field has one of some values."""

    def check(seen: Seen) -> str | None:
        told = values(seen.message.request.input, path)
        if told and all(str(value) in accepted for value in told):
            return None
        return f"input.{path} 应为 {' 或 '.join(accepted)}，收到 {_told(told)}"

    return check


def given(path: str, step: int, answered: str) -> Check:
    """A field has the value that an earlier step's answer gave."""

    def check(seen: Seen) -> str | None:
        told, wanted = values(seen.message.request.input, path), values(seen.before[step].output, answered)
        if wanted and told and all(value == wanted[0] for value in told):
            return None
        infno = seen.before[step].request.text("infno")
        return f"input.{path} 应为 {infno} 返回的 {answered}（{_told(wanted)}），收到 {_told(told)}"

    return check


def same_message(step: int) -> Check:
    """The message is an earlier step's once more: the same msgid and the same input, signed afresh."""

    def check(seen: Seen) -> str | None:
        first, again = seen.before[step].request, seen.message.request
        if first.text("msgid") != again.text("msgid"):
            return (
                f"没有收到回复时应使用原 msgid 重发：原报文 {first.text('msgid')}，收到 {again.text('msgid')}。"
                "换新 msgid 会被当作另一笔业务，可能重复扣款"
            )
        if first.input != again.input:
            return f"重发的报文 input 必须与原报文 {first.text('msgid')} 完全相同"
        return signed_anew(step)(seen)

    return check


def another_message(step: int) -> Check:
    """The message has a msgid of its own."""

    def check(seen: Seen) -> str | None:
        if seen.before[step].request.text("msgid") != seen.message.request.text("msgid"):
            return None
        return f"内容变化后应使用新的 msgid，收到的仍是 {seen.message.request.text('msgid')}"

    return check


def signed_anew(step: int) -> Check:
    """The message carries a signature of its own; a way of signing without one passes."""

    def check(seen: Seen) -> str | None:
        first, again = dict(seen.before[step].request.headers), dict(seen.message.request.headers)
        for name in _SIGNATURES:
            if name in again and first.get(name) == again[name]:
                return f"重发时必须重新签名（新的时间戳和随机数），收到的 {name} 与原报文相同"
        return None

    return check


def refers(path: str, step: int, name: str) -> Check:
    """A field names an earlier message by a field of its envelope."""

    def check(seen: Seen) -> str | None:
        told, wanted = values(seen.message.request.input, path), seen.before[step].request.text(name)
        return None if told == [wanted] else f"input.{path} 应为原报文的 {name} {wanted}，收到 {_told(told)}"

    return check


def pays(path: str) -> Check:
    """The answer says that something was paid in this way."""

    def check(seen: Seen) -> str | None:
        told = values(seen.message.output, path)
        try:
            paid = bool(told) and parse_yuan(told[0], path) > 0
        except GongjiError:
            paid = False
        return (
            None
            if paid
            else f"回复中 {path} 应大于 0，实际为 {_told(told)}：请检查就诊人和 acct_used_flag，或先恢复初始状态"
        )

    return check


def answers(path: str, wanted: str, meaning: str) -> Check:
    """The answer says something."""

    def check(seen: Seen) -> str | None:
        told = values(seen.message.output, path)
        return None if told == [wanted] else f"回复中 {path} 应为 {wanted}（{meaning}），实际为 {_told(told)}"

    return check


def _told(found: list[object]) -> str:
    return "、".join(str(value) for value in found[:3]) or "空"
