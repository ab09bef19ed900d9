"""Certificates: which kinds are taken, how their numbers are written, and what a number itself tells.

Kinds are the codes of psn_cert_type (national interface, dictionary of person certificates). A citizen number is
GB 11643-1999: six digits of region, eight of birth, three in sequence (odd for men), and a check character after
ISO 7064 MOD 11-2. The residence permits for Hong Kong, Macao and Taiwan residents (17) and the newer permanent
residence permit of foreigners (07) are built in the same way.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Final

from gongji.foundation.errors import InvalidInput

CITIZEN_ID: Final = "01"
BIRTH_CERTIFICATE: Final = "990201"

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS: Final = "10X98765432"

#: Nobody insured today was born before; an earlier year is a slip of the pen.
_EARLIEST_YEAR: Final = 1900


@dataclass(frozen=True, slots=True)
class _Kind:
    title_en: str
    title_zh: str
    shape: re.Pattern[str]
    accepted: str
    accepted_zh: str


def _kind(title_en: str, title_zh: str, shape: str, accepted: str, accepted_zh: str) -> _Kind:
    return _Kind(title_en, title_zh, re.compile(shape), accepted, accepted_zh)


_KINDS: Final = {
    CITIZEN_ID: _kind(
        "citizen ID",
        "居民身份证",
        r"[1-9]\d{16}[\dX]",
        "18 characters: 17 digits and a check character (0–9 or X), with the date of birth in digits 7 to 14",
        "18 位：前 17 位是数字，最后一位是数字或 X，第 7 至 14 位是出生日期",
    ),
    "04": _kind(
        "Hong Kong passport or home return permit",
        "香港特区护照/港澳居民来往内地通行证",
        r"H\d{8}(\d{2})?|[A-Z]{1,2}\d{7,8}",
        "H and 8 or 10 digits, or one or two letters and 7 or 8 digits",
        "H 加 8 位或 10 位数字，或 1 至 2 位字母加 7 至 8 位数字",
    ),
    "05": _kind(
        "Macao passport or home return permit",
        "澳门特区护照/港澳居民来往内地通行证",
        r"M\d{8}(\d{2})?|[A-Z]{1,2}\d{7,8}",
        "M and 8 or 10 digits, or one or two letters and 7 or 8 digits",
        "M 加 8 位或 10 位数字，或 1 至 2 位字母加 7 至 8 位数字",
    ),
    "06": _kind(
        "mainland travel permit for Taiwan residents",
        "台湾居民来往大陆通行证",
        r"\d{8}(\d{2}[A-Z]?)?",
        "8 digits, or 10 digits with or without a letter",
        "8 位数字，或 10 位数字（可带一位字母）",
    ),
    "07": _kind(
        "foreigner's permanent residence permit",
        "外国人永久居留证",
        r"[A-Z]{3}\d{12}|9\d{16}[\dX]",
        "3 letters and 12 digits, or 18 characters beginning with 9",
        "3 位字母加 12 位数字，或以 9 开头的 18 位号码",
    ),
    "08": _kind(
        "foreign passport",
        "外国人护照",
        r"(?=.*\d)[A-Z0-9]{5,15}",
        "5 to 15 letters and digits, at least one digit",
        "5 至 15 位字母和数字，至少有一位数字",
    ),
    "16": _kind(
        "Chinese passport",
        "中国护照",
        r"[A-Z]{1,2}\d{7,8}|1[45]\d{7}",
        "one or two letters and 7 or 8 digits",
        "1 至 2 位字母加 7 至 8 位数字",
    ),
    "17": _kind(
        "residence permit for Hong Kong, Macao and Taiwan residents",
        "港澳台居民居住证",
        r"8[123]\d{15}[\dX]",
        "18 characters beginning with 81, 82 or 83",
        "以 81、82 或 83 开头的 18 位号码",
    ),
    BIRTH_CERTIFICATE: _kind(
        "medical certificate of birth",
        "出生医学证明",
        r"[A-Z]\d{9}",
        "one letter and 9 digits",
        "1 位字母加 9 位数字",
    ),
}

#: Kinds whose 18-character numbers carry a date of birth and a check character.
_WITH_BIRTH: Final = frozenset({CITIZEN_ID, "07", "17"})


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate whose number has been checked; made by `check_certificate`.

    Attributes:
        type: two digits of psn_cert_type (six for the newborn's birth certificate).
        number: the number as it is kept: no spaces, half-width, letters in capitals.
    """

    type: str
    number: str

    @property
    def key(self) -> str:
        """What the certificate is indexed as."""
        return f"{self.type}:{self.number}"

    @property
    def born_on(self) -> date | None:
        """The date of birth that stands in the number, None where none does."""
        return _birth_in(self.number) if self.type in _WITH_BIRTH and len(self.number) == 18 else None

    @property
    def gender(self) -> str | None:
        """1 male or 2 female as the number's sequence tells, None where it does not."""
        if self.type not in (CITIZEN_ID, "17"):
            return None
        return "1" if int(self.number[16]) % 2 else "2"


def clean_type(certificate_type: str) -> str:
    """The kind's code with both digits: ``"1"``, ``" 1 "`` and ``"１"`` are ``"01"``."""
    return clean_number(certificate_type).zfill(2)


def clean_number(number: str) -> str:
    """The number half-width and in capitals, without spaces and invisible characters (pasted tables carry them)."""
    wide = unicodedata.normalize("NFKC", number)
    return "".join(c for c in wide if not c.isspace() and unicodedata.category(c) != "Cf").upper()


def certificate_key(certificate_type: str, number: str) -> str:
    """What a certificate is indexed as, ``type:number``; not checked, so that a look-up of nonsense finds nobody."""
    return f"{clean_type(certificate_type)}:{clean_number(number)}"


def check_digit(first_17: str) -> str:
    """The check character after the first 17 digits of a citizen number (GB 11643, ISO 7064 MOD 11-2)."""
    return _CHECK_CHARACTERS[sum(w * int(d) for w, d in zip(_WEIGHTS, first_17, strict=True)) % 11]


def check_certificate(
    certificate_type: str, number: str, *, type_field: str = "psn_cert_type", field: str = "certno"
) -> Certificate:
    """Read a certificate: tidy up how it is written, then check it.

    Args:
        certificate_type: code of psn_cert_type, with or without leading zero.
        number: the number as somebody wrote it.
        type_field: what the sender calls the field of the kind, for the error.
        field: what the sender calls the field of the number, for the error.

    Returns:
        The certificate as it is kept.

    Raises:
        InvalidInput: ``certificate.type`` (a kind that is not taken), ``certificate.shape`` (length, characters or
            date of birth), ``certificate.check_digit``. The number itself is never repeated in the sentence.
    """
    code = clean_type(certificate_type)
    kind = _KINDS.get(code)
    if kind is None:
        known = ", ".join(f"{c} {k.title_en}" for c, k in _KINDS.items())
        raise InvalidInput(
            "certificate.type",
            f"{type_field} is no kind of certificate that is taken",
            "证件类型不受理：请填写 " + "、".join(f"{c} {k.title_zh}" for c, k in _KINDS.items()),
            field=type_field,
            accepted=known,
        )
    certificate = Certificate(code, clean_number(number))
    # isascii: `\d` would let through digits of other scripts that NFKC leaves alone
    if not (certificate.number.isascii() and kind.shape.fullmatch(certificate.number)):
        raise InvalidInput(
            "certificate.shape",
            f"{field} is not the number of a {kind.title_en}",
            f"{kind.title_zh}号码的格式不对：应为 {kind.accepted_zh}",
            field=field,
            accepted=kind.accepted,
        )
    if code in _WITH_BIRTH and len(certificate.number) == 18:
        _check_birth_and_digit(certificate.number, kind, field)
    return certificate


def _check_birth_and_digit(number: str, kind: _Kind, field: str) -> None:
    if _birth_in(number) is None:
        raise InvalidInput(
            "certificate.shape",
            f"{field}: digits 7 to 14 are not a date of birth",
            f"{kind.title_zh}号码第 7 至 14 位不是有效的出生日期，请核对",
            field=field,
            accepted=kind.accepted,
        )
    if check_digit(number[:17]) != number[17]:
        raise InvalidInput(
            "certificate.check_digit",
            f"{field}: the last character does not fit the other 17, so one of them was mistyped",
            f"{kind.title_zh}号码的校验位不对，其中有一位写错了，请对照证件核对",
            field=field,
            accepted="a number whose check character fits (GB 11643)",
        )


def _birth_in(number: str) -> date | None:
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
    return born if born.year >= _EARLIEST_YEAR else None
