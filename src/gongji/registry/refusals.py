"""Why rows cannot be entered: one refusal a row, and the error that carries them all."""

from __future__ import annotations

from collections.abc import Mapping

from gongji.foundation.errors import Refused


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
    """``institution_key.duplicate``: a key is registered under this paasid."""
    return Refused(
        "institution_key.duplicate",
        "a key is registered under this paasid already",
        "该 paasid 已登记密钥",
        field="paasid",
        accepted="a new paasid for a new key; both hold while the key is being changed",
    )
