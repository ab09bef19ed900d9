"""What hospitals really send, field by field: read where it can be understood, refused with its path where not."""

from __future__ import annotations

from datetime import date, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongji.entrances.national import fields
from gongji.entrances.national.fields import COUNT, DAY, MOMENT, MONEY, PRICE, RATIO, C, choice, is_empty, padded
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import InvalidInput
from gongji.rules.model import Scheme


@pytest.mark.parametrize("nothing", [None, "", "  ", "null", "NULL"])
def test_nothing_is_sent_in_five_ways(nothing: object) -> None:
    assert is_empty(nothing)


@pytest.mark.parametrize("something", ["0", 0, False, [], {}, "nul"])
def test_zero_is_not_nothing(something: object) -> None:
    assert not is_empty(something)


@pytest.mark.parametrize(
    ("kind", "sent", "read"),
    [
        (C(30), " 0053 ", "0053"),
        (C(30), 33010000000000000000000001, "33010000000000000000000001"),
        (padded(6, 2), "1", "01"),
        (padded(6, 2), 2, "02"),
        (padded(6, 2), "990201", "990201"),
        (choice(6, Scheme), "310", Scheme.EMPLOYEE),
        (choice(6, Scheme), 390, Scheme.RESIDENT),
        (MONEY, "1200", 1200_00),
        (MONEY, 1268.5, 1268_50),
        (MONEY, "1268.500", 1268_50),
        (MONEY, 0, 0),
        (COUNT, "10", 100_000),
        (COUNT, 0.5, 5_000),
        (COUNT, 1e-3, 10),
        (PRICE, "120", 120_000_000),
        (PRICE, 3.3333333333, 3_333_333),
        (PRICE, "0.0000005", 1),
        (PRICE, 0, 0),
        (RATIO, "0.55", 5_500),
        (DAY, "2020-01-01", date(2020, 1, 1)),
        (DAY, "2022-01-21 23:59:59", date(2022, 1, 21)),
        (MOMENT, "2022-01-21", datetime(2022, 1, 21, tzinfo=CHINA)),
        (MOMENT, "2022-01-21 10:00:05", datetime(2022, 1, 21, 10, 0, 5, tzinfo=CHINA)),
        (MOMENT, "2022-01-21T02:00:00Z", datetime(2022, 1, 21, 10, tzinfo=CHINA)),
    ],
)
def test_a_value_is_read_as_the_text_and_as_real_systems_write_it(
    kind: fields.Kind, sent: object, read: object
) -> None:
    assert kind.read(sent, "input.data.x") == read


@pytest.mark.parametrize(
    ("kind", "sent", "says"),
    [
        (C(4), "12345", "input.data.x 超长：最多 4 个字符，收到 5 个"),
        (C(4), "a\0b", "input.data.x 应为文本"),
        (C(4), ["a"], "input.data.x 应为文本"),
        (C(4), True, "input.data.x 应为文本"),
        (C(4), 10**50, "input.data.x 应为文本"),
        (choice(6, Scheme), "510", "input.data.x 取值 510 不支持，可用 310 / 390"),
        (MONEY, "-0.01", "input.data.x 不能是负数"),
        (MONEY, "0.001", "input.data.x 不是金额：请填写元，最多两位小数"),
        pytest.param(MONEY, 10**5000, "input.data.x 不是金额：请填写元，最多两位小数", id="longer-than-python-prints"),
        (MONEY, "壹佰", "input.data.x 不是金额：请填写元，最多两位小数"),
        (COUNT, "0", "input.data.x 必须大于 0"),
        (COUNT, -1, "input.data.x 必须大于 0"),
        (COUNT, True, "input.data.x 不是数字"),
        (PRICE, -0.01, "input.data.x 不能是负数"),
        (PRICE, "12,5", "input.data.x 不是数字"),
        (PRICE, "9" * 11, "input.data.x 不是数字"),
        (DAY, "20220121x", "input.data.x 不是日期时间，格式应为 yyyy-MM-dd"),
        (MOMENT, "2022-02-30", "input.data.x 不是日期时间，格式应为 yyyy-MM-dd HH:mm:ss"),
        (MOMENT, "0001-01-01 00:00:00", "input.data.x 不是日期时间，格式应为 yyyy-MM-dd HH:mm:ss"),
        (MOMENT, 20220121, "input.data.x 不是日期时间，格式应为 yyyy-MM-dd HH:mm:ss"),
        (fields.NESTED, "a\0b", "input.data.x 含有空字符（\\u0000）"),
        (fields.NESTED, {"payload": [{"a\0": "1"}]}, "input.data.x 含有空字符（\\u0000）"),
    ],
)
def test_value_is_refused_with_its_path(kind: fields.Kind, sent: object, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        kind.read(sent, "input.data.x")
    assert refused.value.zh == says
    assert refused.value.field == "input.data.x"
    assert refused.value.accepted


@given(st.integers(-(10**15), 10**15))
def test_amounts_are_json_numbers_with_two_decimals_that_read_back(fen: int) -> None:
    text = bytes(fields.AMOUNT.write(fen)).decode()
    assert text == f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"
    assert fields.AMOUNT.read(text, "x") == fen
    assert isinstance(msgspec.json.decode(text), float)


@given(st.integers(1, 10**15))
def test_prices_are_written_without_needless_zeros_and_read_back(millionths: int) -> None:
    text = bytes(PRICE.write(millionths)).decode()
    assert PRICE.read(text, "x") == millionths
    assert "." not in text or text[-1] != "0"
