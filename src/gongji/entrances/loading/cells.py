"""How a cell of a loaded file is read: each function takes the text and the column's name and returns the value."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final, TypeVar

from gongji.foundation.errors import InvalidInput
from gongji.foundation.money import PER_TEN_THOUSAND, parse_yuan

T = TypeVar("T")

DATE_ACCEPTED: Final = "a day such as 2024-06-12, 2024/6/12 or 20240612"
REGION_ACCEPTED: Final = "the six digits of a region (admdvs), such as 211200"
RATIO_ACCEPTED: Final = (
    "a percentage with its sign (10%) or a ratio from 0 to 1 (0.1), exact to a hundredth of a percent"
)
YUAN_ACCEPTED: Final = "an amount of yuan such as 1268.50"

_LONGEST_TEXT: Final = 200
_DATE: Final = re.compile(r"(\d{4})(?:-(\d{1,2})-|/(\d{1,2})/|(\d{2}))(\d{1,2})(?:[ T]00:00(?::00)?)?", re.ASCII)
_RATIO: Final = re.compile(r"(\d{1,3})(?:\.(\d{1,8}))?(%?)", re.ASCII)
_PRICE: Final = re.compile(r"(\d{1,12})(?:\.(\d{1,6}))?", re.ASCII)
_MILLIONTHS: Final = 10**6


def refused(field: str, en: str, zh: str, accepted: str) -> InvalidInput:
    """``load.cell``: a cell that does not hold what its column takes."""
    return InvalidInput("load.cell", f"{field} {en}", f"{field} {zh}", field=field, accepted=accepted)


def text(value: str, field: str) -> str:
    """Plain text of at most 200 characters without control characters."""
    if len(value) > _LONGEST_TEXT or any(unicodedata.category(c) in ("Cc", "Cs") for c in value):
        raise refused(
            field,
            "is too long or has control characters",
            "过长或含有不能识别的字符",
            f"at most {_LONGEST_TEXT} characters on one line",
        )
    return value


def matching(pattern: str, accepted: str) -> Callable[[str, str], str]:
    """Text of one shape; written half-width and in capitals."""
    shape = re.compile(pattern, re.ASCII)

    def read(value: str, field: str) -> str:
        plain = unicodedata.normalize("NFKC", value).upper()
        if not shape.fullmatch(plain):
            raise refused(field, "has not the shape that is accepted", "格式不正确", accepted)
        return plain

    return read


region: Final = matching(r"[1-9]\d{5}", REGION_ACCEPTED)


def word(words: Mapping[str, T]) -> Callable[[str, str], T]:
    """One of a closed list of words, in any case."""
    accepted = ", ".join(words)

    def read(value: str, field: str) -> T:
        plain = unicodedata.normalize("NFKC", value).lower()
        if plain not in words:
            raise refused(field, "is not one of the words that are accepted", "不在可填写的范围内", accepted)
        return words[plain]

    return read


flag: Final = word(
    {"1": True, "0": False, "true": True, "false": False, "yes": True, "no": False, "是": True, "否": False}
)


def day(value: str, field: str) -> date:
    """A day; a time of midnight behind it, as spreadsheets write it, is passed over."""
    match = _DATE.fullmatch(unicodedata.normalize("NFKC", value))
    if match:
        try:
            return date(int(match[1]), int(match[2] or match[3] or match[4]), int(match[5]))
        except ValueError:
            pass  # the 31st of June: no day, like any other nonsense
    raise refused(field, "is not a day", "不是有效的日期", DATE_ACCEPTED)


def count(value: str, field: str) -> int:
    """A whole number from 0 to 99."""
    plain = unicodedata.normalize("NFKC", value)
    if not re.fullmatch(r"\d{1,2}", plain, re.ASCII):
        raise refused(field, "is no whole number from 0 to 99", "不是 0 到 99 的整数", "a whole number such as 3")
    return int(plain)


def ratio(value: str, field: str) -> int:
    """A ratio per ten thousand, from a percentage with its sign or from a number between 0 and 1.

    ``10`` without the sign is refused: it may be meant as ten percent or be a slip.
    """
    match = _RATIO.fullmatch(unicodedata.normalize("NFKC", value).replace(" ", ""))
    if match:
        digits = match[2] or ""
        numerator = int(match[1] + digits) * (PER_TEN_THOUSAND // 100 if match[3] else PER_TEN_THOUSAND)
        scale: int = 10 ** len(digits)
        parts, rest = divmod(numerator, scale)
        if rest == 0 and parts <= PER_TEN_THOUSAND:
            return parts
    raise refused(field, "is not a ratio", "不是有效的比例", RATIO_ACCEPTED)


def unit_price(value: str, field: str) -> int:
    """A price above zero in millionths of a yuan, from yuan with at most six decimals."""
    match = _PRICE.fullmatch(unicodedata.normalize("NFKC", value))
    price = int(match[1]) * _MILLIONTHS + int((match[2] or "").ljust(6, "0")) if match else 0
    if price == 0:
        raise refused(field, "is not a price above zero", "不是大于零的价格", "a price in yuan such as 12.345678")
    return price


def fen(value: str, field: str) -> int:
    """An amount in fen, from yuan with at most two decimals."""
    return parse_yuan(unicodedata.normalize("NFKC", value), field)
