"""How the cells of a column become integers: whole columns at once, and one by one only what is not plain.

Text that is not plain (``1,268.50``, ``２０２４/6/1``) and columns of few different values are read value by different
value; the sentences about what is wrong are then those of the readers that other entrances use.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gongji.foundation.errors import InvalidInput
from gongji.foundation.money import parse_yuan
from gongji.rules import layout
from gongji.simulation.columns import FEN_ACCEPTED, YUAN_ACCEPTED, ClaimColumn, Holds
from gongji.simulation.flow import END_DAY, FIRST_DAY
from gongji.simulation.plan import Integers, region_code

#: Which of the rows of a column.
Which: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]

_EPOCH: Final = date(1970, 1, 1)
_DATE: Final = re.compile(
    r"(\d{4})(?:-(\d{1,2})-|/(\d{1,2})/|(\d{2}))(\d{1,2})(?:[ T]00:00(?::00(?:\.0+)?)?)?", re.ASCII
)
_PLAIN_YUAN: Final = r"^\d{1,11}(\.\d{1,2})?$"
_PLAIN_FEN: Final = r"^\d{1,14}$"
_LARGEST_EXACT: Final = 2.0**53
_LARGEST_WORD: Final = 1_000


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with some rows of a chunk, all in the same way.

    Attributes:
        rows: their places in the chunk.
        column: the column's name.
        code: stable English code.
        en, zh: what is wrong.
        accepted: what is accepted.
    """

    rows: Integers
    column: str
    code: str
    en: str
    zh: str
    accepted: str

    @classmethod
    def of(cls, rows: Integers, column: str, error: InvalidInput, accepted: str) -> Fault:
        """The fault that an error tells of."""
        return cls(rows, column, error.code, error.en, error.zh, error.accepted or accepted)


@dataclass(slots=True)
class Cells:
    """A column as integers.

    Attributes:
        values: one for each row; of any value where the row is empty or at fault.
        empty: which rows are empty; None when none is.
        faults: what is wrong.
    """

    values: Integers
    empty: Which | None = None
    faults: list[Fault] = field(default_factory=list)


def read_cells(array: pa.Array, column: ClaimColumn, name: str, *, fen: bool, words: Mapping[str, int]) -> Cells:
    """Read a column of a file.

    Args:
        array: the column of one chunk.
        column: what it should hold (no `Holds.ID`: see `read_ids`).
        name: its name in the file.
        fen: whether amounts are whole fen.
        words: the numbers of the words of a column `Holds.TEXT`.

    Raises:
        InvalidInput: ``columns.type`` when the whole column is of a type that holds nothing of the kind.
    """
    if pa.types.is_null(array.type):
        return Cells(np.zeros(len(array), np.int64), np.ones(len(array), np.bool_))
    match column.holds:
        case Holds.DAY:
            return _days(array, name, column)
        case Holds.AMOUNT:
            accepted = FEN_ACCEPTED if fen else YUAN_ACCEPTED
            return _within(_amounts(array, name, fen=fen), name, layout.LARGEST, 0, accepted, "amount")
        case Holds.COUNT:
            least = 1 if column.default == 1 else 0
            cells = _whole(array, name, column, lambda text: _integer(text, name, column.accepted))
            return _within(cells, name, column.most, least, column.accepted, "number")
        case Holds.REGION:
            cells = _whole(array, name, column, region_code)
            return _within(cells, name, 999_999, 100_000, column.accepted, "region")
        case Holds.TEXT:
            return _by_value(_text(array, name, column), name, lambda text: words.get(text, -1), column.accepted)
    return _words(array, name, column)


def read_ids(arrays: Mapping[str, pa.Array]) -> dict[str, Cells]:
    """Columns of ids that are compared with each other, as integers of one numbering, none below zero."""
    plain = all(_is_plain_id(array) for array in arrays.values())
    if plain:
        return {name: Cells(_values(array), _empty(array)) for name, array in arrays.items()}
    texts = []
    for name, array in arrays.items():
        if pa.types.is_nested(array.type) or pa.types.is_binary(array.type):
            raise _wrong_type(name, array, "a number or a text")
        texts.append(array.cast(pa.string()))
    codes = _combined(pa.chunked_array(texts).dictionary_encode())
    found, begin = {}, 0
    for name, array in arrays.items():
        part = codes.indices[begin : begin + len(array)]
        found[name] = Cells(_values(part.cast(pa.int64())), _empty(part))
        begin += len(array)
    return found


def _is_plain_id(array: pa.Array) -> bool:
    if not pa.types.is_integer(array.type) or array.type == pa.uint64():
        return False
    least = pc.min(array).as_py()
    return least is None or least >= 0


def _combined(array: pa.ChunkedArray) -> Any:
    """One dictionary array of a chunked one."""
    return array.unify_dictionaries().combine_chunks()


def _values(array: pa.Array) -> Integers:
    """The integers of an array, 0 where it has none."""
    if array.null_count:
        array = array.fill_null(0)
    values: Integers = array.to_numpy(zero_copy_only=False)
    return values


def _empty(array: pa.Array) -> Which | None:
    if not array.null_count:
        return None
    empty: Which = array.is_null().to_numpy(zero_copy_only=False)
    return empty


def _which(array: pa.Array) -> Which:
    """Which rows a comparison holds for; not the empty ones."""
    found: Which = array.fill_null(False).to_numpy(zero_copy_only=False)
    return found


def _within(cells: Cells, name: str, most: int, least: int, accepted: str, what: str) -> Cells:
    """Refuse numbers that are too small or too large."""
    values = cells.values
    if len(values) and (values.min() < least or values.max() > most):
        outside = (values < least) | (values > most)
        if cells.empty is not None:
            outside &= ~cells.empty
        known = np.concatenate([fault.rows for fault in cells.faults]) if cells.faults else np.zeros(0, np.int64)
        outside[known] = False
        rows = np.flatnonzero(outside)
        if len(rows):
            cells.faults.append(
                Fault(rows, name, f"{what}.out_of_range", f"{name} is out of range", f"{name} 超出范围", accepted)
            )
    return cells


def _by_value(array: pa.Array, name: str, read: Callable[[str], int], accepted: str) -> Cells:
    """Read each different value once."""
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    table = np.zeros(max(1, len(array.dictionary)), np.int64)
    wrong: dict[tuple[str, str, str, str], list[int]] = {}
    empty_words = []
    for place, word in enumerate(array.dictionary.to_pylist()):
        text = unicodedata.normalize("NFKC", str(word)).strip() if word is not None else ""
        if not text:
            empty_words.append(place)
            continue
        try:
            table[place] = read(text)
        except InvalidInput as error:
            wrong.setdefault((error.code, error.en, error.zh, error.accepted or accepted), []).append(place)
    codes, empty = _values(array.indices), _empty(array.indices)
    if empty_words:
        blank = np.isin(codes, empty_words)
        empty = blank if empty is None else empty | blank
    cells = Cells(table[codes], empty)
    for (code, en, zh, told), places in wrong.items():
        bad = np.isin(codes, places)
        if empty is not None:
            bad &= ~empty
        cells.faults.append(Fault(np.flatnonzero(bad), name, code, en, zh, told))
    return cells


def _text(array: pa.Array, name: str, column: ClaimColumn) -> pa.Array:
    """A column as text, so that its different values can be read."""
    of_words = pa.types.is_dictionary(array.type) and pa.types.is_string(array.type.value_type)
    if of_words or pa.types.is_string(array.type):
        return array
    if pa.types.is_nested(array.type) or pa.types.is_binary(array.type):
        raise _wrong_type(name, array, column.accepted)
    return array.cast(pa.string())


def _wrong_type(name: str, array: pa.Array, accepted: str) -> InvalidInput:
    return InvalidInput(
        "columns.type",
        f"column {name} is of type {array.type}, which cannot be read here",
        f"{name} 列的类型 {array.type} 无法读取",
        field=name,
        accepted=accepted,
    )


def _whole(array: pa.Array, name: str, column: ClaimColumn, read: Callable[[str], int]) -> Cells:
    """Whole numbers; a column of floats holds some when its integers had gaps."""
    if pa.types.is_integer(array.type) and array.type != pa.uint64():
        return Cells(_values(array), _empty(array))
    if pa.types.is_floating(array.type):
        return _whole_floats(array, name, column.accepted)
    return _by_value(_text(array, name, column), name, read, column.accepted)


def _whole_floats(array: pa.Array, name: str, accepted: str) -> Cells:
    numbers = array.cast(pa.float64()).fill_null(float("nan")).to_numpy(zero_copy_only=False)
    empty = np.isnan(numbers)
    whole = (np.floor(numbers) == numbers) & (np.abs(numbers) < _LARGEST_EXACT)
    cells = Cells(np.where(whole, numbers, 0).astype(np.int64), empty)
    rows = np.flatnonzero(~whole & ~empty)
    if len(rows):
        en, zh = f"{name} is not a whole number", f"{name} 不是整数"
        cells.faults.append(Fault(rows, name, "number.invalid", en, zh, accepted))
    return cells


def _words(array: pa.Array, name: str, column: ClaimColumn) -> Cells:
    """Words of a closed list; those that are digits may come as numbers, flags as booleans."""
    known = column.words or {}

    def read(text: str) -> int:
        number = known.get(text.lower().removesuffix(".0"))
        if number is None:
            raise InvalidInput(
                "word.unknown",
                f"{name} is not one of the words that are accepted",
                f"{name} 不在可填写的范围内",
                field=name,
                accepted=column.accepted,
            )
        return number

    if pa.types.is_boolean(array.type) and column.holds is Holds.FLAG:
        return Cells(_values(array.cast(pa.int8())), _empty(array))
    if not pa.types.is_integer(array.type):
        return _by_value(_text(array, name, column), name, read, column.accepted)
    span = pc.min_max(array).as_py()
    if span["min"] is None or span["min"] < 0 or span["max"] >= _LARGEST_WORD:
        return _by_value(array.cast(pa.string()), name, read, column.accepted)
    table = np.full(_LARGEST_WORD, -1, np.int8)
    for word, number in known.items():
        if word.isdigit():
            table[int(word)] = number
    values, empty = table[_values(array)], _empty(array)
    bad = values < 0 if empty is None else (values < 0) & ~empty
    rows = np.flatnonzero(bad)
    faults = []
    if len(rows):
        en, zh = f"{name} is not one of the words that are accepted", f"{name} 不在可填写的范围内"
        faults.append(Fault(rows, name, "word.unknown", en, zh, column.accepted))
    return Cells(values, empty, faults)


def _integer(text: str, name: str, accepted: str) -> int:
    plain = text.removesuffix(".0")
    if not re.fullmatch(r"\d{1,9}", plain, re.ASCII):
        raise InvalidInput(
            "number.invalid", f"{name} is not a whole number", f"{name} 不是整数", field=name, accepted=accepted
        )
    return int(plain)


def _days(array: pa.Array, name: str, column: ClaimColumn) -> Cells:
    """Days since 1970."""
    if pa.types.is_timestamp(array.type) and array.type.tz is not None:
        array = pc.local_timestamp(array)
    if pa.types.is_timestamp(array.type):
        array = pc.floor_temporal(array, unit="day").cast(pa.date32(), safe=False)
    elif pa.types.is_date64(array.type):
        array = array.cast(pa.date32(), safe=False)
    if pa.types.is_date32(array.type):
        cells = Cells(_values(array.view(pa.int32())), _empty(array))
        return _within(cells, name, END_DAY - 1, FIRST_DAY, column.accepted, "date")

    def read(text: str) -> int:
        match = _DATE.fullmatch(text)
        if match:
            try:
                on = date(int(match[1]), int(match[2] or match[3] or match[4]), int(match[5]))
                return (on - _EPOCH) // timedelta(days=1)
            except ValueError:
                pass  # the 31st of June: no day, like any other nonsense
        raise InvalidInput(
            "date.invalid", f"{name} is not a day", f"{name} 不是有效的日期", field=name, accepted=column.accepted
        )

    cells = _by_value(_text(array, name, column), name, read, column.accepted)
    return _within(cells, name, END_DAY - 1, FIRST_DAY, column.accepted, "date")


def _amounts(array: pa.Array, name: str, *, fen: bool) -> Cells:
    """Amounts in fen."""
    kind = array.type
    factor = 1 if fen else 100
    accepted = FEN_ACCEPTED if fen else YUAN_ACCEPTED
    if pa.types.is_dictionary(kind):
        array, kind = array.dictionary_decode(), kind.value_type
    if pa.types.is_integer(kind) and kind != pa.uint64():
        values = _values(array)
        if fen:
            return Cells(values, _empty(array))
        # What times 100 would not fit is out of range either way.
        return Cells(np.clip(values.astype(np.int64), -1, layout.LARGEST) * 100, _empty(array))
    if pa.types.is_float64(kind):
        return _float_amounts(array, name, factor, accepted)
    if pa.types.is_floating(kind):
        raise _wrong_type(name, array, f"64-bit floats at least: {kind} cannot hold fen; or {accepted}")
    if pa.types.is_boolean(kind) or pa.types.is_temporal(kind) or pa.types.is_nested(kind) or pa.types.is_binary(kind):
        raise _wrong_type(name, array, accepted)
    return _text_amounts(array.cast(pa.string()), name, accepted, fen=fen)


def _float_amounts(array: pa.Array, name: str, factor: int, accepted: str) -> Cells:
    """The fen of floats whose shortest decimal has no part smaller than one fen."""
    numbers = array.fill_null(float("nan")).to_numpy(zero_copy_only=False)
    empty = np.isnan(numbers)
    with np.errstate(invalid="ignore", over="ignore"):
        fen = np.rint(numbers * factor)
        exact = (fen / factor == numbers) & (np.abs(fen) < _LARGEST_EXACT)
    cells = Cells(np.where(exact, fen, 0).astype(np.int64), empty)
    rows = np.flatnonzero(~exact & ~empty)
    if len(rows):
        en, zh = f"{name} is not an amount with whole fen", f"{name} 不是金额，或含有不足一分的部分"
        cells.faults.append(Fault(rows, name, "amount.invalid", en, zh, accepted))
    return cells


def _text_amounts(array: pa.Array, name: str, accepted: str, *, fen: bool) -> Cells:
    plain = pc.match_substring_regex(array, _PLAIN_FEN if fen else _PLAIN_YUAN)
    numbers = pc.if_else(plain, array, "0").cast(pa.float64()).fill_null(0.0).to_numpy(zero_copy_only=False)
    cells = Cells(np.rint(numbers * (1 if fen else 100)).astype(np.int64), _empty(array))
    odd = np.flatnonzero(~_which(plain) if cells.empty is None else ~_which(plain) & ~cells.empty)
    if not len(odd):
        return cells

    def read(text: str) -> int:
        if fen:
            if not re.fullmatch(r"\d{1,14}", text, re.ASCII):
                raise InvalidInput(
                    "amount.invalid", f"{name} is not a whole number of fen", f"{name} 不是以分为单位的整数", field=name
                )
            return int(text)
        return parse_yuan(text, name)

    others = _by_value(array.take(pa.array(odd)), name, read, accepted)
    cells.values[odd] = others.values
    if others.empty is not None:
        empty = np.zeros(len(array), np.bool_) if cells.empty is None else cells.empty.copy()
        empty[odd] |= others.empty
        cells.empty = empty
    for fault in others.faults:
        cells.faults.append(Fault(odd[fault.rows], name, fault.code, fault.en, fault.zh, fault.accepted))
    return cells
