"""The code tables of the interface: what its dictionary says of each value, in ``codes.csv``.

gend has no table in the dictionary; its values are those of GB/T 2261.1. Values that single provinces added are not in it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from importlib.resources import files
from typing import Final


def _read() -> dict[str, dict[str, str]]:
    tables: dict[str, dict[str, str]] = {}
    text = files(__package__).joinpath("codes.csv").read_text("utf-8")
    for row in csv.DictReader(text.splitlines()):
        tables.setdefault(row["type"], {})[row["value"]] = row["label"]
    return tables


#: Labels by field and value.
CODES: Final[Mapping[str, Mapping[str, str]]] = _read()
