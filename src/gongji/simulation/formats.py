"""The formats of files of claims, and how one is told from its name or its first bytes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final


class Format(StrEnum):
    """How a file of claims is written."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


class Compression(StrEnum):
    """How a Parquet file is made smaller."""

    NONE = "none"
    LZ4 = "lz4"
    SNAPPY = "snappy"
    ZSTD = "zstd"


SUFFIXES: Final[Mapping[str, Format]] = {
    **{".csv": Format.CSV, ".txt": Format.CSV, ".tsv": Format.CSV},
    **{".jsonl": Format.JSONL, ".ndjson": Format.JSONL, ".json": Format.JSONL},
    **{".parquet": Format.PARQUET, ".pq": Format.PARQUET},
}


def format_of(path: Path, told: Format | None = None) -> Format:
    """The format of a file: as told, by its suffix, else by its first bytes."""
    if told is not None:
        return told
    if path.suffix.lower() in SUFFIXES:
        return SUFFIXES[path.suffix.lower()]
    with path.open("rb") as file:
        start = file.read(64)
    if start.startswith(b"PAR1"):
        return Format.PARQUET
    return Format.JSONL if start.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{") else Format.CSV
