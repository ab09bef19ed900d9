"""Why rows cannot be entered: one refusal a row, and the error that carries them all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from gongji.foundation.errors import InvalidInput, NotFound, Refused


class RowsRefused(Refused):
    """Some of the rows handed in together cannot be taken, so none was.

    The code, sentence and field are those of the first refusal; `refusals` holds the refusal of every row by its
    position, counted from 0, and `details["rows"]` the positions.
    """

    def __init__(self, refusals: Mapping[int, Refused]) -> None:
        self.refusals = dict(sorted(refusals.items()))
        first = next(iter(self.refusals.values()))
        super().__init__(
            first.code,
            first.en,
            first.zh,
            field=first.field,
            accepted=first.accepted,
            details={"rows": list(self.refusals)},
        )


def person_there_already() -> Refused:
    """``person.duplicate``: somebody with this certificate is in the registry or stands twice in the rows."""
    return Refused(
        "person.duplicate",
        "a person with this certificate is in the registry already, or stands twice in what was sent",
        "该证件号码的人员已登记，或在本次提交中重复出现",
        field="certificate",
        accepted="a certificate that is not registered yet; a further enrolment goes into an enrolments file",
    )


def card_taken() -> Refused:
    """``credential.duplicate``: the card belongs to somebody else."""
    return Refused(
        "credential.duplicate",
        "this social-security card belongs to another person already",
        "该社会保障卡号已属于其他人员",
        field="card",
        accepted="the number on the person's own card",
    )


def token_taken() -> Refused:
    """``credential.duplicate``: the e-credential's token belongs to somebody else."""
    return Refused(
        "credential.duplicate",
        "this e-credential belongs to another person already",
        "该医保电子凭证已属于其他人员",
        field="token",
        accepted="the token of the person's own e-credential",
    )


def enrolment_overlaps() -> Refused:
    """``enrolment.overlap``: the person is enrolled on one of these days already."""
    return Refused(
        "enrolment.overlap",
        "the person is enrolled on some of these days already: one person has one scheme at a time",
        "该人员在这段时间内已有参保记录：同一时间只能参加一种医保，不能重复参保",
        field="since",
        accepted="days on which the person has no other enrolment",
    )


def filing_overlaps() -> Refused:
    """``filing.overlap``: the same is filed for the person on one of these days already."""
    return Refused(
        "filing.overlap",
        "the same is filed for this person on some of these days already",
        "该人员在这段时间内已有同样的备案，无需重复申报",
        field="begndate",
        accepted="days on which the same is not filed; withdraw or end the filing that stands first",
    )


def filing_unknown() -> NotFound:
    """``filing.unknown``: the person has no such filing."""
    return NotFound(
        "filing.unknown",
        "this person has no such filing",
        "没有找到该人员的这条备案",
        field="trt_dcla_detl_sn",
        accepted="the number that the filing was answered with",
    )


#: What cannot be done any more with a filing that was decided on, by its state: in English and Chinese.
_DECIDED: Final = {
    "granted": (
        "the agency has granted this filing: it can be ended there, not taken back",
        "该备案已审核通过，不能撤销；如需终止，请到医保经办机构办理",
    ),
    "refused": (
        "the agency has refused this filing: it has to be filed again",
        "该备案没有通过审核，请重新申报",
    ),
    "withdrawn": ("this filing was withdrawn: it has to be filed again", "该备案已撤销，请重新申报"),
}


def filing_decided(state: str) -> Refused:
    """``filing.granted``, ``filing.refused``, ``filing.withdrawn``: it waits no more."""
    en, zh = _DECIDED[state]
    return Refused(f"filing.{state}", en, zh, field="trt_dcla_detl_sn", accepted="a filing that is still under review")


def filing_not_granted() -> Refused:
    """``filing.not_granted``: only what was granted ends."""
    return Refused(
        "filing.not_granted",
        "only a filing that was granted ends: one that is under review is withdrawn",
        "没有审核通过的备案不用终止；还在审核的，请撤销",
        field="trt_dcla_detl_sn",
    )


def last_day_outside(since: date, until: date | None) -> InvalidInput:
    """``filing.last_day``: the filing does not hold on it."""
    return InvalidInput(
        "filing.last_day",
        "the last day has to be one on which the filing holds",
        f"最后一天应在 {since.isoformat()} 到 {until.isoformat() if until else '以后'} 之间",
        field="last_day",
        accepted="a day on which the filing holds",
    )


def institution_there_already() -> Refused:
    """``institution.duplicate``: an institution with this code is there."""
    return Refused(
        "institution.duplicate",
        "an institution with this code is in the registry already, or stands twice in what was sent",
        "该定点医药机构编码已登记，或在本次提交中重复出现",
        field="code",
        accepted="a code that is not registered yet",
    )


def catalogue_overlaps() -> Refused:
    """``catalogue.overlap``: the area's catalogue says something of the item on these days already."""
    return Refused(
        "catalogue.overlap",
        "the area's catalogue holds this item on some of these days already",
        "该地区目录中此项目在这段时间内已有记录",
        field="since",
        accepted="days after the last day of the entry that stands",
    )


def paasid_taken() -> Refused:
    """``institution_key.duplicate``: a key is registered under this name."""
    return Refused(
        "institution_key.duplicate",
        "a key is registered under this name (paasid) already: rotate it, or take another name",
        "该名称（paasid）已登记密钥：请轮换密钥，或换一个名称",
        field="paasid",
        accepted="a new name for a new key; both hold while the key is being changed",
    )


def client_unreadable() -> InvalidInput:
    """``institution_key.client``: no name that a header can carry."""
    return InvalidInput(
        "institution_key.client",
        "the name of a key is 1 to 128 visible ASCII characters without spaces",
        "密钥名称应为 1 到 128 个可见的英文字符，不含空格",
        field="client",
        accepted="1 to 128 visible ASCII characters",
    )


def apikey_too_short(least: int) -> InvalidInput:
    """``institution_key.weak``: an apikey that could be guessed."""
    return InvalidInput(
        "institution_key.weak",
        f"an apikey has at least {least} characters: it is all that guards the door",
        f"apikey 至少 {least} 个字符：它是唯一的凭据",
        field="secret",
        accepted=f"at least {least} random characters; leave it out to have one made",
    )


def key_ends_before_it_begins() -> InvalidInput:
    """``institution_key.until``: a key would end before it begins."""
    return InvalidInput(
        "institution_key.until",
        "the end lies before the beginning",
        "截止时间早于开始时间",
        field="until",
        accepted="a moment after the beginning",
    )


def key_unknown() -> NotFound:
    """``institution_key.unknown``: the institution has no such key."""
    return NotFound(
        "institution_key.unknown",
        "the institution has no key with this number: list its keys first",
        "该机构没有这个编号的密钥，请先列出密钥",
        field="key",
        accepted="the number of a key of this institution",
    )


def key_over() -> Refused:
    """``institution_key.over``: it has ended already."""
    return Refused(
        "institution_key.over",
        "this key has ended already: add a new one",
        "该密钥已失效，请新增密钥",
        field="key",
        accepted="a key that holds",
    )


def too_many_keys(most: int) -> Refused:
    """``institution_key.too_many``: several rotations at once."""
    return Refused(
        "institution_key.too_many",
        f"{most} keys hold under this name already: withdraw one first",
        f"该名称下已有 {most} 个有效密钥，请先停用一个",
        field="key",
        accepted=f"fewer than {most} keys that hold under one name",
    )


def institution_unknown() -> NotFound:
    """``institution.unknown``: nobody has this code."""
    return NotFound(
        "institution.unknown",
        "no institution has this code",
        "没有这个编码的定点医药机构",
        field="code",
        accepted="the code of a designated institution, 12 characters",
    )
