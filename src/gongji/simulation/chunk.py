"""One chunk of a file, whole families of claims: read, settled, and turned into the rows that come back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import pyarrow as pa

from gongji.foundation.errors import InvalidInput
from gongji.rules import layout
from gongji.rules.model import Attribute
from gongji.simulation import flow
from gongji.simulation.cells import Cells, Fault, read_cells, read_ids
from gongji.simulation.columns import (
    COLUMNS,
    FEN_ACCEPTED,
    KINDS,
    UNKNOWN,
    YUAN_ACCEPTED,
    Header,
    Holds,
)
from gongji.simulation.plan import PLACES, Integers, Plan

#: What is wrong with a claim by its verdict: column, code, English, Chinese; what is accepted is the column's own text.
VERDICTS: Final[Mapping[int, tuple[str, str, str, str]]] = {
    flow.NOT_INSURED: (
        "status",
        "status.not_insured",
        "the scheme does not insure a person with this status",
        "该险种没有这一身份",
    ),
    flow.TIER_NEEDED: ("tier", "tier.needed", "the rule depends on the tier: state it", "该规则按级别不同，请填写级别"),
    flow.AGE_NEEDED: ("age", "age.needed", "the rule depends on age: state it", "该规则按年龄分档，请填写年龄"),
    flow.MONTHS_NEEDED: (
        "months_covered",
        "months_covered.needed",
        "the rule depends on how long the person has been insured: state the months",
        "该规则按连续参保时间分档，请填写参保月数",
    ),
    flow.DISEASE_NEEDED: (
        "disease",
        "disease.unknown",
        "the rule does not name this disease",
        "该规则未列这一病种",
    ),
    flow.BALANCE_DIFFERS: (
        "current_account",
        "account.differs",
        "an earlier claim of the family tells another opening balance of the same account",
        "与同一家庭前面记录的账户期初余额不一致",
    ),
}

_VISIT_COLUMNS: Final = {
    layout.STATUS: "status",
    layout.TIER: "tier",
    layout.AGE: "age",
    layout.COVERED: "months_covered",
    layout.DAYS: "days",
}
_AMOUNTS: Final = tuple(name for name, column in COLUMNS.items() if column.holds is Holds.AMOUNT)


@dataclass(frozen=True, slots=True)
class Defaults:
    """What stands for columns and cells that are missing, as text; empty where nothing does."""

    region: str = ""
    scheme: str = "310"
    kind: str = "outpatient"
    status: str = ""
    tier: str = ""
    date: str = ""

    def given(self) -> dict[str, str]:
        """Those that are there, by column."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name))}

    def numbers(self) -> dict[str, int]:
        """Each as the engine counts it.

        Raises:
            InvalidInput: a default that its column would not accept.
        """
        found = {}
        for name, value in self.given().items():
            cells = read_cells(pa.array([value]), COLUMNS[name], name, fen=False, words={})
            for fault in cells.faults:
                raise InvalidInput(fault.code, fault.en, fault.zh, field=name, accepted=fault.accepted)
            found[name] = int(cells.values[0])
        return found


@dataclass(slots=True)
class Chunk:
    """A chunk's claims and what is wrong with them."""

    claims: flow.Claims
    verdict: Integers
    faults: list[Fault]
    accounts: Mapping[str, Integers]


class ChunkReader:
    """Reads the chunks of one file."""

    def __init__(self, header: Header, defaults: Defaults, plan: Plan, names: list[str]) -> None:
        """
        Args:
            header: the file's columns.
            defaults: what stands for what is missing.
            plan: the rules.
            names: the columns as the file spells them.

        Raises:
            InvalidInput: a default that its column would not accept.
        """
        self._header = header
        self._plan = plan
        self._names = names
        self._given = defaults.numbers()
        self._words = {word: place for place, word in enumerate(plan.diseases)}

    def read(self, batch: pa.RecordBatch) -> Chunk:
        """Read a chunk.

        Raises:
            InvalidInput: ``columns.type``.
        """
        reading = _Reading(self, batch)
        claims = reading.claims()
        reading.check_duplicates(claims)
        return Chunk(claims, reading.verdict, reading.faults, reading.accounts)


class _Reading:
    """One chunk on its way into integers."""

    def __init__(self, of: ChunkReader, batch: pa.RecordBatch) -> None:
        self._of = of
        self._batch = batch
        self._rows = batch.num_rows
        self.faults: list[Fault] = []
        self.verdict = np.zeros(self._rows, np.int8)
        self.accounts: dict[str, Integers] = {}

    def claims(self) -> flow.Claims:
        """Every column."""
        ids = self._ids()
        bill = self._bill()
        header = self._of._header
        if header.accounts:
            self.accounts = {name: self._column(name, np.int64) for name in _AMOUNTS if name.endswith("account")}
        return flow.Claims(
            family=ids["family"],
            person=ids["person"],
            sharer=ids["sharer"],
            place=self._place(),
            day=self._column("date", np.int32),
            word=self._column("disease", np.int16),
            prescriber=self._column("prescriber", np.int8),
            late=self._column("late", np.int8),
            missed_years=self._column("missed_years", np.int16),
            repaid_years=self._column("repaid_years", np.int16),
            visits=self._visits(),
            **bill,
        )

    def _visits(self) -> Integers:
        """What a visit is, as the kernel reads it; its month and its disease are the rules' to fill in."""
        visits = np.empty((layout.VISIT_SIZE, self._rows), np.int16)
        for place, name in _VISIT_COLUMNS.items():
            visits[place] = self._column(name, np.int16)
        visits[layout.CASES] = self._cases(visits[layout.STATUS])
        return visits

    def fault(self, fault: Fault) -> None:
        """Take rows out for a reason."""
        if len(fault.rows):
            self.faults.append(fault)
            self.verdict[fault.rows] = flow.UNREADABLE

    def check_duplicates(self, claims: flow.Claims) -> None:
        """A claim's number may come once in a family; rows that are rejected anyway do not count."""
        found = self._of._header.found
        if "claim" not in found:
            return
        array = self._batch.column(found["claim"])
        codes = read_ids({"claim": array})["claim"]
        counts = self.verdict == flow.PAYS
        known = np.flatnonzero(counts if codes.empty is None else counts & ~codes.empty)
        if len(np.unique(codes.values[known])) == len(known):
            return
        order = known[np.lexsort((known, codes.values[known], claims.family[known]))]
        again = (np.diff(claims.family[order]) == 0) & (np.diff(codes.values[order]) == 0)
        rows = np.sort(order[1:][again])
        en, zh = "the family has this claim already", "同一家庭中该结算号重复"
        self.fault(Fault(rows, "claim", "claim.twice", en, zh, "each claim once"))

    def _ids(self) -> dict[str, Integers]:
        found = self._of._header.found
        people = {name: self._batch.column(found[name]) for name in ("person", "sharer") if name in found}
        read = read_ids(people)
        if "family" in found:
            read |= read_ids({"family": self._batch.column(found["family"])})
        columns: dict[str, Integers] = {}
        for name in ("person", "family", "sharer"):
            if name not in read:
                columns[name] = columns["person"] if name == "family" else _constant(UNKNOWN, np.int64, self._rows)
                continue
            columns[name] = self._settled(read[name], name, np.int64, UNKNOWN if name == "sharer" else None)
        return columns

    def _settled(self, cells: Cells, name: str, kind: type[np.generic], default: int | None) -> Integers:
        """A column with its empty cells filled and its faults told; of its own memory, so that it may be compiled for."""
        for fault in cells.faults:
            self.fault(fault)
        values = cells.values
        if cells.empty is not None:
            if default is None:
                accepted = COLUMNS[name].accepted
                self.fault(
                    Fault(np.flatnonzero(cells.empty), self._shown(name), "cell.empty", "is empty", "未填写", accepted)
                )
            values = np.where(cells.empty, 0 if default is None else default, values)
        if cells.faults:
            # What could not be read must not be looked up in a table either.
            values = np.array(values)
            for fault in cells.faults:
                values[fault.rows] = 0
        return np.array(values, dtype=kind)

    def _shown(self, name: str) -> str:
        place = self._of._header.found.get(name)
        return self._of._names[place] if place is not None else name

    def _column(self, name: str, kind: type[np.generic]) -> Integers:
        header, column = self._of._header, COLUMNS[name]
        default = self._of._given.get(name, column.default)
        if name not in header.found:
            return _constant(default if default is not None else 0, kind, self._rows)
        array = self._batch.column(header.found[name])
        cells = read_cells(array, column, self._shown(name), fen=header.fen, words=self._of._words)
        return self._settled(cells, name, kind, default)

    def _place(self) -> Integers:
        region = self._column("region", np.int32)
        numbers = self._of._plan.region_numbers(region)
        place = np.where(numbers < 0, 0, numbers) * np.int32(PLACES)
        place += self._column("scheme", np.int32) * np.int32(len(KINDS))
        place += self._column("kind", np.int32)
        return place

    def _cases(self, status: Integers) -> Integers:
        """The bits of the layout."""
        cases = _STATUS_BITS[status]
        cases |= self._column("offsite", np.int16)
        for attribute in Attribute:
            if str(attribute) in self._of._header.found:
                cases |= self._column(str(attribute), np.int16) * np.int16(layout.CASE_BITS[str(attribute)])
        return cases

    def _bill(self) -> dict[str, Integers]:
        """The bill's total, its first-self-pay part and what is in scope."""
        found = self._of._header.found
        total = self._column("total", np.int64)
        first_self_pay = self._column("first_self_pay", np.int64)
        others = first_self_pay
        for name in ("self_paid", "over_limit"):
            if name in found:
                others = others + self._column(name, np.int64)
        left = total - others
        if "in_scope" not in found:
            rows = np.flatnonzero(left < 0) if len(left) and left.min() < 0 else np.zeros(0, np.int64)
            in_scope = left
        else:
            told = self._column("in_scope", np.int64)
            in_scope = np.where(told < 0, left, told)
            rows = np.flatnonzero((in_scope != left) | (left < 0))
        rows = rows[self.verdict[rows] == flow.PAYS]
        en = "self-paid, over-limit, first-self-pay and in-scope do not add up to the total"
        zh = "全自费、超限价、先行自付、政策范围内四部分相加不等于总费用"
        accepted = FEN_ACCEPTED if self._of._header.fen else YUAN_ACCEPTED
        self.fault(Fault(rows, self._shown("total"), "bill.parts", en, zh, f"{accepted}; parts that add up"))
        return {"total": total, "first_self_pay": first_self_pay, "in_scope": in_scope}


_STATUS_BITS: Final = np.array([layout.CASE_BITS[str(status)] for status in layout.STATUS_PLACES], np.int16)


def _constant(value: int, kind: type[np.generic], rows: int) -> Integers:
    """A column of one value, never to be written to."""
    return _block(value, np.dtype(kind).str, 1 << max(10, rows.bit_length()))[:rows]


@cache
def _block(value: int, kind: str, rows: int) -> Integers:
    return np.full(rows, value, kind)
