"""One fee line becomes self-paid, over-limit, first-self-pay and in-scope cost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gongji.benefit.split import Approval, FeeLine, ItemClass, LineSplit, split_line
from gongji.foundation.errors import InvalidInput

#: Ten tablets at 12.34 yuan: 123.40.
TABLETS = FeeLine(amount=12_340, count=100_000, price=12_340_000, item_class=ItemClass.A, first_self_pay=0)


def test_a_class_a_drug_is_all_in_scope() -> None:
    assert split_line(TABLETS) == LineSplit(12_340, 0, 0, 0, 12_340)


def test_a_class_b_drug_leaves_its_first_self_pay_with_the_patient() -> None:
    """123.40 at 10 %: 12.34 first, 111.06 in scope."""
    assert split_line(replace(TABLETS, item_class=ItemClass.B, first_self_pay=1_000)) == LineSplit(
        12_340, 0, 0, 1_234, 11_106
    )


def test_what_is_above_the_price_ceiling_is_over_limit_and_comes_off_first() -> None:
    """Ceiling 12.00: 10 × 12.00 = 120.00 counts, 3.40 is over the limit; 10 % of 120.00 = 12.00 first."""
    line = replace(TABLETS, item_class=ItemClass.B, first_self_pay=1_000, ceiling=12_000_000)
    assert split_line(line) == LineSplit(12_340, 0, 340, 1_200, 10_800)


def test_a_price_at_the_ceiling_is_not_over_it() -> None:
    assert split_line(replace(TABLETS, ceiling=12_340_000)).over_limit == 0


def test_a_hospitals_rounding_up_is_not_over_a_ceiling_that_the_price_keeps() -> None:
    assert split_line(replace(TABLETS, amount=12_341, ceiling=12_340_000)).over_limit == 0


def test_half_a_fen_within_the_ceiling_counts_as_one() -> None:
    """0.5 × 0.01 = 0.005 counts as 0.01; of 0.02 paid, 0.01 is over the limit."""
    line = FeeLine(amount=2, count=5_000, price=40_000, item_class=ItemClass.A, first_self_pay=0, ceiling=10_000)
    assert split_line(line) == LineSplit(2, 0, 1, 0, 1)


def test_a_part_of_a_box_over_the_ceiling_by_less_than_a_fen_is_not_over_it() -> None:
    """0.3333 boxes at 10.000000, ceiling 9.995000: 0.3333 × 9.995 = 3.3313335, 3.33 counts; nothing is over 3.33."""
    line = FeeLine(333, 3_333, 10_000_000, ItemClass.A, 0, ceiling=9_995_000)
    assert split_line(line) == LineSplit(333, 0, 0, 0, 333)


def test_class_c_and_what_is_not_in_the_catalogue_is_self_paid() -> None:
    assert split_line(replace(TABLETS, item_class=ItemClass.C)) == LineSplit(12_340, 12_340, 0, 0, 0)


@pytest.mark.parametrize(
    ("restricted", "approval", "covered"),
    [
        (True, Approval.NOT_NEEDED, False),
        (True, Approval.APPROVED, True),
        (True, Approval.NOT_APPROVED, False),
        (False, Approval.NOT_NEEDED, True),
        (False, Approval.APPROVED, True),
        (False, Approval.NOT_APPROVED, False),
    ],
)
def test_the_hospitals_answer_to_a_restricted_item(restricted: bool, approval: Approval, covered: bool) -> None:
    """Transaction 2204 of the national interface, rules a) and b)."""
    split = split_line(replace(TABLETS, restricted=restricted, approval=approval))
    assert split.in_scope == (12_340 if covered else 0)
    assert split.self_paid == (0 if covered else 12_340)


def test_a_negative_price_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"line\.negative"):
        split_line(replace(TABLETS, price=-1))


def test_a_first_self_pay_of_more_than_the_whole_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"line\.ratio"):
        split_line(replace(TABLETS, first_self_pay=10_001))


lines = st.builds(
    FeeLine,
    amount=st.integers(0, 10**12),
    count=st.integers(0, 10**10),
    price=st.integers(0, 10**12),
    item_class=st.sampled_from(ItemClass),
    first_self_pay=st.integers(0, 10_000),
    ceiling=st.none() | st.integers(0, 10**12),
    restricted=st.booleans(),
    approval=st.sampled_from(Approval),
)


@given(lines)
def test_the_parts_of_any_line_add_up_and_none_is_negative(line: FeeLine) -> None:
    split = split_line(line)
    assert split.total == line.amount
    assert split.self_paid + split.over_limit + split.first_self_pay + split.in_scope == line.amount
    assert min(split.self_paid, split.over_limit, split.first_self_pay, split.in_scope) >= 0


@given(lines, st.integers(0, 10**12))
def test_a_lower_ceiling_never_brings_more_into_scope(line: FeeLine, ceiling: int) -> None:
    if line.ceiling is None or ceiling <= line.ceiling:
        assert split_line(replace(line, ceiling=ceiling)).in_scope <= split_line(line).in_scope
