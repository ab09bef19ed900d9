"""The code made for a table reads and writes what its columns by themselves would."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongji.entrances.national.deviations import begin_notes
from gongji.entrances.national.fields import is_empty
from gongji.entrances.national.lines import DrugDetail
from gongji.entrances.national.messages import NodeTable, table_of
from gongji.entrances.national.outpatient_settling import SettleInput
from gongji.entrances.national.pharmacy import Purchase
from gongji.entrances.national.transaction import Envelope
from gongji.foundation.errors import InvalidInput

_TABLES: list[NodeTable[Any]] = [table_of(one) for one in (Envelope, Purchase, DrugDetail, SettleInput)]

_VALUES = st.one_of(
    st.none(),
    st.sampled_from(
        ["", "null", "NULL", "  ", " null ", "01", "1", "310", "2", "12.50", "2024-06-12", "2024-06-12 10:30:00"]
    ),
    st.sampled_from(["a\0b", "自" * 31, "x" * 300, " padded ", "abcd"]),
    st.integers(-5, 10**41),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.lists(st.integers(), max_size=1),
)


def by_column(table: NodeTable[Any], row: Mapping[str, object], prefix: str) -> dict[str, object]:
    """What each column by itself makes of its value, in order; the reference."""
    read: dict[str, object] = {}
    for column in table.columns:
        value = row.get(column.name)
        if not is_empty(value):
            read[column.name] = column.kind.read(value, prefix + column.name)
        elif column.needed:
            raise InvalidInput("field.missing", "", "", field=prefix + column.name)
        else:
            read[column.name] = column.kind.blank
    return read


def outcome(read: Callable[[], Any]) -> Any:
    """What a reading comes to: its values, or code and field of its refusal."""
    try:
        return read()
    except InvalidInput as refusal:
        return refusal.code, refusal.field


@pytest.mark.parametrize("table", _TABLES, ids=lambda table: table.name or "envelope")
@given(data=st.data())
def test_a_row_is_read_as_its_columns_read_it(table: NodeTable[Any], data: st.DataObject) -> None:
    names = [column.name for column in table.columns]
    row = data.draw(st.dictionaries(st.sampled_from(names), _VALUES, max_size=len(names)))
    plausible = {"infno": "2102", "msgid": "1", "fixmedins_code": "H1", "psn_no": "1", "med_type": "41"}
    row = {name: value for name, value in plausible.items() if name in names} | row
    expected = outcome(lambda: by_column(table, row, "input.x."))
    found = outcome(lambda: table.read(row, "input.x"))
    if isinstance(found, tuple):
        assert found == expected
        return
    assert {name: getattr(found, name) for name in names} == expected
    written = {
        column.name: None if getattr(found, column.name) is None else column.kind.write(getattr(found, column.name))
        for column in table.columns
    }
    assert {name: _plain(value) for name, value in table.write(found).items()} == {
        name: _plain(value) for name, value in written.items()
    }


def _plain(value: object) -> object:
    return bytes(value) if type(value).__name__ == "Raw" else value  # type: ignore[call-overload]


def test_what_was_left_out_and_what_a_word_stood_for_is_noted() -> None:
    notes = begin_notes()
    row = {"infno": "2102", "msgid": "1", "fixmedins_code": "H1", "infver": "", "opter": "null", "sign_no": "NULL"}
    table_of(Envelope).read(row, "")
    assert ("null_word", "opter", "null") in notes
    assert ("null_word", "sign_no", "NULL") in notes
    ((_, prefix, left_out),) = [note for note in notes if note[0] == "left_out"]
    assert prefix == ""
    assert isinstance(left_out, tuple)
    assert "infver" in left_out
    assert not {"opter", "sign_no", "infno", "signtype"} & set(left_out), "told, or free to leave out"
