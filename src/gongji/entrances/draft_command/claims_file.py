"""The file of claims that an agency gets out of its own books: Parquet in the columns of `gongji assess`, nobody named in it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from gongji.rules.model import Attribute
from gongji.settlement.settled_claims import SettledClaim
from gongji.simulation.targets import unwritable

#: Beside the columns of a claim: what the funds paid by the books, and why working it out anew may come to another sum.
PAID: Final = ("settled_pool_fen", "settled_large_fen", "settled_civil_fen", "settled_aid_fen")
MAY_DIFFER: Final = "may_differ"

#: Under this word the file says what it holds.
TOLD: Final = "gongji.claims"

_WORD: Final = pa.dictionary(pa.int32(), pa.string())
_AMOUNTS: Final = ("total", "self_paid", "over_limit", "first_self_pay", "in_scope")

SCHEMA: Final = pa.schema(
    [
        pa.field("claim", pa.int64(), nullable=False),
        pa.field("person", pa.int64(), nullable=False),
        pa.field("date", pa.date32(), nullable=False),
        pa.field("region", pa.int32(), nullable=False),
        pa.field("scheme", _WORD, nullable=False),
        pa.field("kind", _WORD, nullable=False),
        pa.field("status", _WORD, nullable=False),
        pa.field("tier", _WORD, nullable=False),
        pa.field("prescriber", _WORD),
        pa.field("age", pa.int16(), nullable=False),
        pa.field("months_covered", pa.int16(), nullable=False),
        pa.field("late", _WORD),
        pa.field("missed_years", pa.int16(), nullable=False),
        pa.field("repaid_years", pa.int16(), nullable=False),
        pa.field("offsite", _WORD, nullable=False),
        *(pa.field(str(attribute), pa.int8(), nullable=False) for attribute in Attribute),
        pa.field("days", pa.int16(), nullable=False),
        pa.field("disease", _WORD),
        *(pa.field(f"{name}_fen", pa.int64(), nullable=False) for name in _AMOUNTS),
        *(pa.field(name, pa.int64(), nullable=False) for name in PAID),
        pa.field(MAY_DIFFER, _WORD),
    ]
)

#: The most that the columns of a file of claims take; nobody's claim comes near.
_MOST_MONTHS: Final = 1800
_MOST_DAYS: Final = 3660
_MOST_YEARS: Final = 99

_ROWS_AT_A_TIME: Final = 65_536


class ClaimsFile:
    """The file being written; only its owner may read it, and it is there whole or not at all.

    People are numbered as they come, so the order in which they are handed in must say nothing of them.
    """

    def __init__(self, path: Path, told: str) -> None:
        """
        Args:
            path: where the file goes; another one there is replaced.
            told: what the file says of itself.

        Raises:
            InvalidInput: ``out.unwritable``.
        """
        self.rows = 0
        self.people = 0
        self._path = path
        self._part = path.with_name(f".{path.name}.{os.getpid()}.part")
        self._columns: dict[str, list[object]] = {name: [] for name in SCHEMA.names}
        try:
            self._file = os.fdopen(os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        except OSError as problem:
            raise unwritable(path, problem) from problem
        self._writer = pq.ParquetWriter(self._file, SCHEMA.with_metadata({TOLD: told}))

    def __enter__(self) -> ClaimsFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._writer.close()
            self._file.close()
        self._part.unlink(missing_ok=True)

    def add_person(self, claims: Sequence[SettledClaim]) -> None:
        """Write the claims of the next person, in the order in which they are worked out.

        Raises:
            InvalidInput: ``out.unwritable`` when the disk is full.
        """
        if not claims:
            return
        self.people += 1
        for claim in claims:
            self.rows += 1
            for name, value in _row(self.rows, self.people, claim).items():
                self._columns[name].append(value)
        if len(self._columns["claim"]) >= _ROWS_AT_A_TIME:
            self._write()

    def close(self) -> None:
        """Have everything on disk; `publish` puts the file in its place.

        Raises:
            InvalidInput: ``out.unwritable``.
        """
        self._write()
        try:
            self._writer.close()
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as problem:
            raise unwritable(self._path, problem) from problem

    def publish(self) -> None:
        """Put the file in its place.

        Raises:
            InvalidInput: ``out.unwritable``.
        """
        try:
            self._part.replace(self._path)
        except OSError as problem:
            raise unwritable(self._path, problem) from problem

    def _write(self) -> None:
        arrays = []
        for field in SCHEMA:
            values = self._columns[field.name]
            plain = pa.array(values, pa.string() if field.type == _WORD else field.type)
            arrays.append(plain.dictionary_encode() if field.type == _WORD else plain)
            values.clear()
        try:
            self._writer.write_batch(pa.record_batch(arrays, schema=SCHEMA))
        except OSError as problem:
            raise unwritable(self._path, problem) from problem


def _row(number: int, person: int, claim: SettledClaim) -> Mapping[str, object]:
    case = claim.circumstances
    return {
        "claim": number,
        "person": person,
        "date": case.on,
        "region": int(claim.region),
        "scheme": str(claim.scheme),
        "kind": str(claim.kind),
        "status": str(case.status),
        "tier": str(case.tier),
        "prescriber": str(case.prescriber) if case.prescriber is not None else None,
        "age": case.age,
        "months_covered": min(case.months_covered, _MOST_MONTHS),
        "late": str(case.late) if case.late is not None else None,
        "missed_years": min(case.missed_years, _MOST_YEARS),
        "repaid_years": min(case.repaid_years, _MOST_YEARS),
        "offsite": str(case.offsite),
        **{str(attribute): int(attribute in case.attributes) for attribute in Attribute},
        "days": min(case.days, _MOST_DAYS),
        "disease": case.disease or None,
        **{f"{name}_fen": getattr(claim.bill, name) for name in _AMOUNTS},
        **dict(zip(PAID, claim.funds, strict=True)),
        MAY_DIFFER: " ".join(claim.why) or None,
    }
