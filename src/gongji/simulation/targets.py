"""Where assessed claims go: a file in the wanted format, there as a whole at the end or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol

import msgspec
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from gongji.foundation.errors import InvalidInput
from gongji.simulation.formats import Compression, Format


class _Writer(Protocol):
    def write(self, rows: pa.RecordBatch) -> None: ...
    def close(self) -> None: ...


class Target:
    """A file that is being written; a context manager that keeps it only when all went well.

    Attributes:
        path: where the file will be.
    """

    def __init__(self, path: Path, form: Format, compression: Compression, told: Mapping[str, str]) -> None:
        """
        Args:
            path: where the file goes; one that is there is replaced at the end.
            form: how it is written.
            compression: of Parquet.
            told: what a Parquet file says of itself beside its columns.

        Raises:
            InvalidInput: ``out.unwritable``.
        """
        self.path = path
        self._form = form
        self._compression = compression
        self._told = dict(told)
        self._part = path.with_name(f".{path.name}.{os.getpid()}.part")
        self._writer: _Writer | None = None
        try:
            self._part.touch()
        except OSError as problem:
            raise unwritable(path, problem) from problem

    def __enter__(self) -> Target:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._writer is not None:
                self._writer.close()
            if kind is None:
                self._part.replace(self.path)
        except OSError as problem:
            raise unwritable(self.path, problem) from problem
        finally:
            self._part.unlink(missing_ok=True)

    def write(self, rows: pa.RecordBatch) -> None:
        """Write rows; the first ones tell the columns.

        Raises:
            InvalidInput: ``out.unwritable`` when the disk is full, ``out.columns`` for columns that the format cannot hold.
        """
        try:
            if self._writer is None:
                self._writer = self._open(rows.schema)
            self._writer.write(rows)
        except OSError as problem:
            raise unwritable(self.path, problem) from problem
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as problem:
            raise InvalidInput(
                "out.columns",
                f"a column cannot be written as {self._form}: {problem}",
                f"有的列无法写成 {self._form} 格式",
                field="out",
                accepted="Parquet, which holds columns of every type",
            ) from problem

    def _open(self, schema: pa.Schema) -> _Writer:
        match self._form:
            case Format.PARQUET:
                return _ParquetTarget(self._part, schema.with_metadata(self._told), self._compression)
            case Format.JSONL:
                return _JsonTarget(self._part)
        return _CsvTarget(self._part, schema)


def unwritable(path: Path, problem: OSError) -> InvalidInput:
    """``out.unwritable``."""
    return InvalidInput(
        "out.unwritable",
        f"{path} cannot be written: {problem.strerror or problem}",
        f"无法写入 {path}",
        field="out",
        accepted="a path that may be written, on a disk with room",
    )


#: As many as a batch has rows.
_VALUES_AT_A_TIME: Final = 131_072


class _ParquetTarget:
    """Plain columns without statistics: encoding is what bounds a run, and a column of fen neither repeats nor sorts."""

    def __init__(self, path: Path, schema: pa.Schema, compression: Compression) -> None:
        of_words = [name for name in schema.names if pa.types.is_dictionary(schema.field(name).type)]
        self._writer = pq.ParquetWriter(
            path,
            schema,
            compression=compression,
            use_dictionary=of_words or False,
            write_statistics=False,
            # Whole columns at a time instead of 1,024 values: a fourteenth less.
            write_batch_size=_VALUES_AT_A_TIME,
        )

    def write(self, rows: pa.RecordBatch) -> None:
        self._writer.write_batch(rows, row_group_size=max(1, rows.num_rows))

    def close(self) -> None:
        self._writer.close()


class _CsvTarget:
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._writer = pacsv.CSVWriter(path, _plain(schema), write_options=pacsv.WriteOptions(quoting_style="needed"))

    def write(self, rows: pa.RecordBatch) -> None:
        self._writer.write_batch(rows.cast(_plain(rows.schema)))

    def close(self) -> None:
        self._writer.close()


def _plain(schema: pa.Schema) -> pa.Schema:
    """The columns with words in place of their numbers, and flags as 1 and 0."""
    return pa.schema(
        [
            field.with_type(field.type.value_type)
            if pa.types.is_dictionary(field.type)
            else field.with_type(pa.int8())
            if pa.types.is_boolean(field.type)
            else field
            for field in schema
        ]
    )


class _JsonTarget:
    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._encoder = msgspec.json.Encoder(decimal_format="number", enc_hook=str)

    def write(self, rows: pa.RecordBatch) -> None:
        self._file.write(self._encoder.encode_lines(_without_empty(row) for row in rows.to_pylist()))

    def close(self) -> None:
        self._file.close()


def _without_empty(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}
