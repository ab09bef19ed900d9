"""Money is an `int` of fen everywhere inside; text in yuan with two decimals only at the edges.

Ratios are integers per ten thousand (``5_500`` is 55 %). Rounding is half-up, once per rule step
(taxonomy form F5 of the policy facts: round to 0.01 half up).
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from gongji.foundation.errors import InvalidInput

PER_TEN_THOUSAND: Final = 10_000

#: N(16,2) of the national interface: 14 digits before the point, 2 after it.
LARGEST_FEN: Final = 10**16 - 1

_YUAN = re.compile(r"(-?)(\d{1,14})(?:\.(\d{0,6}))?", re.ASCII)


def parse_yuan(value: object, field: str, *, negative: bool = False) -> int:
    """Read an amount in yuan as fen.

    Args:
        value: text (``"12.5"``), int, float (its shortest decimal text is taken) or Decimal, in yuan.
        field: the field's name, for the error.
        negative: whether amounts below zero are accepted.

    Returns:
        The amount in fen.

    Raises:
        InvalidInput: ``amount.invalid`` when it is no number or has a part smaller than one fen,
            ``amount.negative`` when it is below zero and may not be.
    """
    text = _plain_decimal(value)
    match = _YUAN.fullmatch(text) if text is not None else None
    if match is None or (match[3] and match[3][2:].strip("0")):
        raise InvalidInput(
            "amount.invalid",
            f"{field} is not an amount of yuan with at most two decimals",
            f"{field} 不是金额：请填写元，最多两位小数",
            field=field,
            accepted="a number such as 1268.50",
        )
    fen = int(match[2]) * 100 + int((match[3] or "").ljust(2, "0")[:2])
    if match[1] and fen:
        if not negative:
            raise InvalidInput(
                "amount.negative",
                f"{field} is below zero",
                f"{field} 不能是负数",
                field=field,
                accepted="0.00 or more",
            )
        fen = -fen
    return fen


def _plain_decimal(value: object) -> str | None:
    """The value as decimal text without an exponent, or None when it is no number."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    if isinstance(value, int):
        return str(value)
    exact = Decimal(repr(value)) if isinstance(value, float) else value
    return f"{exact:f}" if exact.is_finite() else None


def yuan(fen: int) -> str:
    """The amount as text in yuan with exactly two decimals: ``-5`` becomes ``"-0.05"``."""
    sign = "-" if fen < 0 else ""
    whole, part = divmod(abs(fen), 100)
    return f"{sign}{whole}.{part:02d}"


def part_of(fen: int, ratio: int) -> int:
    """`ratio` per ten thousand of a non-negative amount of fen, rounded half-up to the fen."""
    return (fen * ratio + PER_TEN_THOUSAND // 2) // PER_TEN_THOUSAND


def percent(ratio: int) -> str:
    """A ratio per ten thousand as a percentage without needless decimals: ``5_500`` becomes ``"55%"``."""
    whole, part = divmod(ratio, 100)
    return f"{whole}.{part:02d}".rstrip("0").rstrip(".") + "%"
