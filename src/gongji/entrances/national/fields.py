"""The value types of the national interface: how each is read from what hospitals really send, and how it is written.

The rules are those of the interface's 重点说明 (UTF-8, C empty = "", N empty = "0", D ``yyyy-MM-dd``, DT
``yyyy-MM-dd HH:mm:ss``, money in yuan with two decimals), widened by what real clients do against its letter: numbers as
text and as numbers, the words ``null`` and ``NULL`` for nothing, a day where a moment is asked and the other way round.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from msgspec import Raw

from gongji.entrances.national.deviations import note
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import InvalidInput
from gongji.foundation.money import parse_yuan, yuan

#: What clients send for "nothing" besides leaving the field out.
EMPTY_WORDS: Final = frozenset({"", "null", "NULL", "Null"})

#: No field of the interface is a number of more digits; beyond, Python itself refuses to print an int.
_LONGEST_NUMBER: Final = 10**40

_DECIMAL = re.compile(r"(-?)(\d{1,16})(?:\.(\d*))?")


@dataclass(frozen=True, slots=True)
class Kind:
    """A value type of the interface.

    Attributes:
        label: as the interface writes it: ``C(30)``, ``N(16,2)``, ``D``, ``DT``.
        read: makes our value of the sender's; gets the field's path for its refusal.
        write: makes a JSON value of ours (never of None).
        blank: our value for an empty field.
        longest: how long plain text may be; 0 for what is no plain text.
    """

    label: str
    read: Callable[[object, str], Any]
    write: Callable[[Any], object]
    blank: object
    longest: int = 0

    @property
    def as_it_is(self) -> bool:
        """Whether our values are written as they are."""
        return self.write is _same


def is_empty(value: object) -> bool:
    """Whether the sender means "nothing" by this value."""
    return value is None or (isinstance(value, str) and value.strip() in EMPTY_WORDS)


def unreadable(path: str, zh: str, en: str, accepted: str) -> InvalidInput:
    """The refusal of a field's value: where it stands, what is wrong with it, what is accepted (``field.invalid``)."""
    return InvalidInput("field.invalid", f"{path} {en}", f"{path} {zh}", field=path, accepted=accepted)


def C(length: int) -> Kind:
    """Text of at most `length` characters; whole numbers are taken as their digits, outer blanks are dropped."""

    def read(value: object, path: str) -> str:
        if type(value) is int and -_LONGEST_NUMBER < value < _LONGEST_NUMBER:
            value = str(value)
        if not isinstance(value, str) or "\0" in value:
            raise unreadable(path, "应为文本", "is not text", f"text of at most {length} characters")
        text = value.strip()
        if len(text) > length:
            raise unreadable(
                path,
                f"超长：最多 {length} 个字符，收到 {len(text)} 个",
                f"is too long: {len(text)} characters",
                f"at most {length} characters",
            )
        return text

    return Kind(f"C({length})", read, _same, "", length)


def padded(length: int, width: int) -> Kind:
    """A numeric code that clients also send without its leading zeros: ``1`` for ``01``."""
    text = C(length)

    def read(value: object, path: str) -> str:
        code: str = text.read(value, path)
        if len(code) < width and code.isdigit():
            note("unpadded", path, code)
            return code.zfill(width)
        return code

    return Kind(text.label, read, _same, "")


def choice(length: int, members: type[Enum]) -> Kind:
    """A code of which only the members of an enum are known here."""
    text = C(length)
    known: Mapping[str, Enum] = {str(member.value): member for member in members}
    accepted = " / ".join(known)

    def read(value: object, path: str) -> Enum:
        code = text.read(value, path)
        found = known.get(code)
        if found is None:
            raise unreadable(path, f"取值 {code} 不支持，可用 {accepted}", f"{code} is not supported", accepted)
        return found

    return Kind(text.label, read, lambda member: member.value, None)


def _same(value: object) -> object:
    return value


def _decimal_text(value: object) -> str | None:
    """The value as decimal text without an exponent; None when it is no number."""
    if isinstance(value, str):
        return value.strip()
    if type(value) is int:
        return str(value) if -_LONGEST_NUMBER < value < _LONGEST_NUMBER else None
    return f"{Decimal(repr(value)):f}" if isinstance(value, float) else None


def _scaled(label: str, decimals: int, *, zero: bool, whole: int, signed: bool = False) -> Kind:
    """A number of our own unit, ``10 ** -decimals``; digits beyond that are rounded half-up, because unit prices and
    counts are often quotients (3.33333333) at the sender."""
    accepted = "a number of 0 or more" if zero else "a number above 0"
    if signed:
        accepted = "a number other than 0"

    def read(value: object, path: str) -> int:
        text = _decimal_text(value)
        match = _DECIMAL.fullmatch(text) if text is not None else None
        if match is None or len(match[2].lstrip("0")) > whole:
            raise unreadable(path, "不是数字", "is not a number", accepted)
        digits = (match[3] or "").ljust(decimals + 1, "0")
        units = int(match[2] + digits[:decimals]) + (digits[decimals] >= "5")
        if signed and units:
            return -units if match[1] else units
        if (match[1] and units) or not (units or zero):
            raise unreadable(path, "不能是负数" if zero else "必须大于 0", "is out of range", accepted)
        return units

    one = 10**decimals
    written = f"%d.%0{decimals}d".encode()

    def write(units: int) -> Raw:
        if units % one == 0:
            return Raw(b"%d" % (units // one))
        text = (written % divmod(abs(units), one)).rstrip(b"0")
        return Raw(text if units > 0 else b"-" + text)

    return Kind(label, read, write, None)


def money_written(fen: int) -> Raw:
    """Fen as yuan with two decimals."""
    if fen > 0:  # as `yuan` writes it, without the way over text
        return Raw(b"%d.%02d" % divmod(fen, 100))
    return ZERO if fen == 0 else Raw(yuan(fen).encode())


#: No money: what most amounts of an answer are.
ZERO: Final = Raw(b"0.00")


def _read_money(value: object, path: str) -> int:
    return parse_yuan(_bounded(value), path)


def _read_amount(value: object, path: str) -> int:
    return parse_yuan(_bounded(value), path, negative=True)


def _bounded(value: object) -> object:
    """The value, unless it is a number too long to print: then None, which no amount is."""
    return None if type(value) is int and not -_LONGEST_NUMBER < value < _LONGEST_NUMBER else value


#: Money in fen, never below zero: what a hospital tells us.
MONEY: Final = Kind("N(16,2)", _read_money, money_written, None)

#: Money in fen that a reversal makes negative: what we answer.
AMOUNT: Final = Kind("N(16,2)", _read_amount, money_written, None)

#: cnt, in ten-thousandths.
COUNT: Final = _scaled("N(16,4)", 4, zero=False, whole=12)

#: cnt of a line that may take another back, in ten-thousandths.
SIGNED_COUNT: Final = _scaled("N(16,4)", 4, zero=False, whole=12, signed=True)

#: pric, in millionths of a yuan.
PRICE: Final = _scaled("N(16,6)", 6, zero=True, whole=10)

#: selfpay_prop, pool_prop_selfpay: per ten thousand, written as a fraction of one.
RATIO: Final = _scaled("N(5,4)", 4, zero=True, whole=1)

#: diag_srt_no, geso_val, prd_days, age: small numbers that are kept as they are written.
SMALL: Final = _scaled("N(4,2)", 2, zero=True, whole=4)


def _read_day(value: object, path: str) -> date:
    return _moment(value, path, "yyyy-MM-dd").date()


def _read_moment(value: object, path: str) -> datetime:
    return _moment(value, path, "yyyy-MM-dd HH:mm:ss")


def _moment(value: object, path: str, form: str) -> datetime:
    """A day or a moment in China's time: ``2024-06-12``, ``2024-06-12 10:30:00``, also with T, without seconds or
    with fractions of them."""
    try:
        if isinstance(value, str) and len(value.strip()) >= len("2024-06-12"):
            read = datetime.fromisoformat(value.strip())
            if 1900 <= read.year <= 2100:
                if len(value) != len(form):
                    note("moment_form", path, value)
                return read.replace(tzinfo=CHINA) if read.tzinfo is None else read.astimezone(CHINA)
    except ValueError:
        pass  # told below, as for every value that is no moment
    raise unreadable(path, f"不是日期时间，格式应为 {form}", f"is not a moment: write {form}", form)


def _write_moment(moment: datetime) -> str:
    return moment.astimezone(CHINA).replace(tzinfo=None).isoformat(" ", "seconds")


#: A day.
DAY: Final = Kind("D", _read_day, date.isoformat, None)

#: A moment, in China's time.
MOMENT: Final = Kind("DT", _read_moment, _write_moment, None)


def _read_anything(value: object, path: str) -> object:
    return value


def _read_nested(value: object, path: str) -> object:
    waiting: list[object] = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, str) and "\0" in one:
            raise unreadable(path, "含有空字符（\\u0000）", "holds the character NUL", "text without NUL")
    return value


#: A nested node that is kept as it came; the database holds no character NUL.
NESTED: Final = Kind("JSON", _read_nested, _same, None)

#: A node that is read further by tables of its own.
NODES: Final = Kind("JSON", _read_anything, _same, None)
