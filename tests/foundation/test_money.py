"""Money: fen inside, yuan at the edge, never off by one."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongji.foundation.errors import InvalidInput
from gongji.foundation.money import LARGEST_FEN, parse_yuan, part_of, percent, yuan


@given(st.integers(-LARGEST_FEN, LARGEST_FEN))
def test_what_is_written_is_read_back(fen: int) -> None:
    assert parse_yuan(yuan(fen), "amount", negative=True) == fen


@given(st.integers(0, 10**9))
def test_a_float_of_two_decimals_is_read_to_the_fen(fen: int) -> None:
    """JSON numbers arrive as floats; float arithmetic would be off by a fen in some per cent of amounts."""
    assert parse_yuan(fen / 100, "amount") == fen


@given(st.integers(0, 10**12), st.integers(0, 10_000))
def test_a_part_is_rounded_half_up_once(fen: int, ratio: int) -> None:
    exact = Decimal(fen) * ratio / 10_000
    assert part_of(fen, ratio) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@pytest.mark.parametrize(
    ("given_as", "fen"),
    [("1268.50", 126850), ("1268.5", 126850), (" 7 ", 700), (0.1, 10), (3, 300), ("12.500000", 1250), ("-0", 0)],
)
def test_amounts_that_are_taken(given_as: object, fen: int) -> None:
    assert parse_yuan(given_as, "amount") == fen


@pytest.mark.parametrize(
    "given_as", ["", "abc", "1,268.50", "1.005", "1e3", None, True, float("nan"), float("inf"), [], "１２", "9" * 15]
)
def test_amounts_that_are_refused_name_the_field(given_as: object) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_yuan(given_as, "medfee_sumamt")
    assert (refused.value.code, refused.value.field) == ("amount.invalid", "medfee_sumamt")


def test_a_negative_amount_is_refused_where_none_may_be() -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_yuan("-0.01", "pric")
    assert refused.value.code == "amount.negative"


def test_percentages_read_without_needless_decimals() -> None:
    assert [percent(ratio) for ratio in (5_500, 10_000, 6_525, 5, 0)] == ["55%", "100%", "65.25%", "0.05%", "0%"]
