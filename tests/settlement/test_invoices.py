"""What an institution tells as the number of an invoice, and what of it is one."""

from __future__ import annotations

import pytest

from gongji.settlement.invoices import invoice_number


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("24112000000012345678", "24112000000012345678"),
        (" 21120024-0012345678 ", "211200240012345678"),
        ("ab12345678", "AB12345678"),
        ("20220121", ""),
        ("2022-01-21", ""),
        ("7", ""),
        ("", ""),
        ("无发票号码先生", ""),
    ],
)
def test_a_number_is_written_in_one_way_and_a_day_is_none(told: str, kept: str) -> None:
    """Hospitals' systems send a day, a running number or nothing where no invoice is printed yet."""
    assert invoice_number(told) == kept
