"""Straight-line code for a field table: reading a row into its class, and writing one as JSON values.

Every field of every message passes here. As a loop over the columns, reading and writing took nearly half of the time that
the gateway spends on a settlement; as code made for the table they take half of that (28 and 17 % of it before). What a
value of a column may be is said in `fields` alone: this code takes the usual by itself, and anything else as the column
has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from gongji.entrances.national.deviations import note
from gongji.entrances.national.fields import EMPTY_WORDS, ZERO, Kind, money_written

#: Reads a row, given the prefix of its fields' paths.
Reading = Callable[[Mapping[str, object], str], Any]
Writing = Callable[[Any], dict[str, object]]


class Field(Protocol):
    """What this code has to know of a column."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def official(self) -> bool: ...
    @property
    def needed(self) -> bool: ...


#: Reads the value of one column by itself: (column, value, prefix).
Careful = Callable[[Any, object, str], object]

_READ_TEXT: Final = """
    v = get({name!r})
    if v.__class__ is str and (t := v.strip()) and len(t) <= {longest} and (len(t) != 4 or t not in words) and NUL not in t:
        x{place} = t
    elif {absent}:
        x{place} = ""{left_out}
    else:
        x{place} = careful(column{place}, v, prefix)
"""

_READ_OTHER: Final = """
    v = get({name!r})
    if v is not None and (v.__class__ is not str or v.strip() not in words):
        x{place} = read{place}(v, prefix + {name!r})
    elif {absent}:
        x{place} = blank{place}{left_out}
    else:
        x{place} = careful(column{place}, v, prefix)
"""


def reading(columns: Sequence[Field], make: Callable[..., Any], careful: Careful) -> Reading:
    """The code that reads a row.

    Args:
        columns: the table.
        make: the class of its rows.
        careful: for what is not usual: words for nothing, what is missing, what cannot be read.
    """
    names: dict[str, Any] = {"make": make, "careful": careful, "words": EMPTY_WORDS, "note": note, "NUL": "\0"}
    body = ["def read(row, prefix):", "    get = row.get", "    left_out = []"]
    for place, column in enumerate(columns):
        names |= {f"column{place}": column, f"read{place}": column.kind.read, f"blank{place}": column.kind.blank}
        body.append(
            (_READ_TEXT if column.kind.longest else _READ_OTHER).format(
                name=column.name,
                place=place,
                longest=column.kind.longest,
                # Nothing that is needed may be absent: that is told with care.
                absent="False" if column.needed else 'v is None or v == ""',
                left_out=f"; left_out.append({column.name!r})" if column.official else "",
            )
        )
    given = ", ".join(f"{column.name}=x{place}" for place, column in enumerate(columns))
    body += ['    if left_out: note("left_out", prefix, tuple(left_out))', f"    return make({given})"]
    found: Reading = _compiled("\n".join(body), names)["read"]
    return found


def writing(columns: Sequence[Field]) -> Writing:
    """The code that writes a row."""
    names: dict[str, Any] = {"zero": ZERO, "money": money_written}
    parts = []
    for place, column in enumerate(columns):
        field, write = f"row.{column.name}", column.kind.write
        if column.kind.as_it_is:
            parts.append(f"{column.name!r}: {field}")
            continue
        names[f"write{place}"] = write
        written = "zero if v == 0 else money(v)" if write is money_written else f"write{place}(v)"
        parts.append(f"{column.name!r}: None if (v := {field}) is None else {written}")
    found: Writing = _compiled(f"def write(row):\n    return {{{', '.join(parts)}}}", names)["write"]
    return found


def _compiled(source: str, names: dict[str, Any]) -> dict[str, Any]:
    exec(compile(source, __name__, "exec"), names)
    return names
