"""A statement as a file for the other side, who may be an installation of its own: written, read, and held against the books.

A ZIP with ``statement.json`` and ``lines.csv``. The JSON has the sums, the SM3 of the lines, and an HMAC-SM3 over itself under the
key that both sides share (``GONGJI_CLEARING_KEYS``); without a key it says so.
"""

from __future__ import annotations

import csv
import hmac
import io
import json
import lzma
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, Final

import sqlalchemy as sa

from gongji.clearing.monthly import store
from gongji.clearing.monthly.closing import read_month
from gongji.clearing.monthly.model import Line, LineKind, Statement
from gongji.foundation.errors import GongjiError, InvalidInput
from gongji.foundation.guomi import sm3
from gongji.foundation.money import LARGEST_FEN, parse_yuan, yuan

FORMAT: Final = "gongji-clearing/1"

COLUMNS: Final = (
    "event",
    "institution",
    "institution_name",
    "msgid",
    "setl_id",
    "psn_no",
    "at",
    "kind",
    "amount",
    "of_month",
)

#: Most bytes of a part once unpacked: some three hundred thousand lines.
_LARGEST: Final = 64 * 1024 * 1024

#: Most bytes of the head: a dozen short fields.
_LARGEST_HEAD: Final = 64 * 1024

#: A cell that begins so is a formula to a spreadsheet; an apostrophe before it makes it the text that it is.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

#: What reading a file that is none, or is damaged, may raise.
_UNREADABLE: Final = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, csv.Error, OSError, EOFError, RuntimeError),
    *(ValueError, KeyError, TypeError, NotImplementedError, RecursionError, OverflowError),
)


class Signed(StrEnum):
    """By whom a file was signed: by who has our key; by nobody; by somebody whose key is not here."""

    HOLDS = "holds"
    UNSIGNED = "unsigned"
    NO_KEY = "no_key"


class Differs(StrEnum):
    """How a line of the file differs from ours."""

    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    AMOUNT = "amount"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Told:
    """A line of a file; `amount` in fen."""

    event: str
    institution: str
    msgid: str
    setl_id: str
    kind: LineKind
    amount: int

    @property
    def key(self) -> tuple[str, str, LineKind]:
        """What both sides know it by."""
        return self.institution, self.msgid or self.event, self.kind


@dataclass(frozen=True, slots=True)
class LoadedStatement:
    """A statement out of a file. `amount` and `due` in fen."""

    month: date
    debtor: str
    creditor: str
    amount: int
    due: int
    lines: tuple[Told, ...]
    signed: Signed


@dataclass(frozen=True, slots=True)
class Difference:
    """A line that the two sides have differently; amounts in fen, None on the side that does not have it."""

    differs: Differs
    institution: str
    msgid: str
    kind: LineKind
    told: int | None
    ours: int | None
    our_month: date | None


def write_statement(
    connection: sa.Connection, one: Statement, keys: Mapping[str, str], at: datetime, file: IO[bytes]
) -> str:
    """Write a statement with its lines.

    Args:
        connection: the transaction.
        one: the statement.
        keys: the shared keys by region, hexadecimal.
        at: now.
        file: where to.

    Returns:
        The SM3 of the statement's JSON, hexadecimal.
    """
    lines = _csv(store.lines(connection, one.month, one.debtor, one.creditor))
    head: dict[str, object] = {
        "format": FORMAT,
        "month": f"{one.month:%Y-%m}",
        "debtor": one.debtor,
        "creditor": one.creditor,
        "amount_fen": one.amount,
        "refunds_fen": one.refunds,
        "carried_fen": one.carried,
        "due_fen": one.due,
        "lines": one.lines,
        "lines_sm3": sm3(lines).hex(),
        "made_at": at.isoformat(),
    }
    key = _key_for(keys, one.debtor, one.creditor)
    head["signature"] = _signature(head, key) if key else None
    told = json.dumps(head, ensure_ascii=False, indent=1).encode()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("statement.json", told)
        archive.writestr("lines.csv", lines)
    return sm3(told).hex()


def read_statement(file: Path | IO[bytes], keys: Mapping[str, str]) -> LoadedStatement:
    """Read a file that `write_statement` wrote, here or elsewhere; what was altered is refused.

    Raises:
        InvalidInput: ``clearing.file``, ``clearing.file_altered``, ``clearing.file_signature``.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            head = json.loads(_content(archive, "statement.json", _LARGEST_HEAD))
            content = _content(archive, "lines.csv", _LARGEST)
        if head["format"] != FORMAT:
            raise ValueError(f"format {head['format']}")
        debtor, creditor = _region(head["debtor"]), _region(head["creditor"])
        signed = _check_signature(head, _key_for(keys, debtor, creditor))
        if sm3(content).hex() != head["lines_sm3"]:
            raise _altered()
        lines = tuple(_told(cells) for cells in csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
        amount = sum(line.amount for line in lines)
        if (amount, len(lines)) != (head["amount_fen"], head["lines"]):
            raise _altered()
        due = head["due_fen"]
        if type(due) is not int or abs(due) > LARGEST_FEN:
            raise ValueError("due_fen is no amount")
        return LoadedStatement(read_month(head["month"]), debtor, creditor, amount, due, lines, signed)
    except _UNREADABLE as problem:
        raise InvalidInput(
            "clearing.file",
            f"the file is no statement of clearing that can be read: {problem}",
            f"这不是可读取的清算单文件：{problem}",
            field="file",
            accepted="a file that `gongji clearing export` wrote",
        ) from problem


def compare(connection: sa.Connection, loaded: LoadedStatement) -> list[Difference]:
    """Hold a file's lines against our books, message by message: what differs, by institution and message."""
    ours_of_month = store.lines(connection, loaded.month, loaded.debtor, loaded.creditor)
    named = {(one.institution, one.msgid) for one in loaded.lines if one.msgid}
    elsewhere = [
        one
        for one in store.lines_named(connection, loaded.debtor, loaded.creditor, sorted(named))
        if one.month != loaded.month
    ]
    return differences(loaded.lines, ours_of_month, elsewhere)


def differences(told: Sequence[Told], ours: Sequence[Line], elsewhere: Sequence[Line] = ()) -> list[Difference]:
    """What differs between a file's lines and ours of the same month; `elsewhere`: ours of other months.

    A message may have several lines of a kind (a relative who pays later); both sides are held together by their sums.
    """
    theirs: dict[tuple[str, str, LineKind], int] = defaultdict(int)
    for line in told:
        theirs[line.key] += line.amount
    mine, other = _sums(ours), _sums(elsewhere)
    months = {_key(line): line.month for line in elsewhere}
    found = []
    for key in sorted(theirs.keys() | mine.keys()):
        their, our = theirs.get(key), mine.get(key)
        if their == our:
            continue
        how = (
            Differs.MISSING_THERE
            if their is None
            else Differs.AMOUNT
            if our is not None
            else Differs.MONTH
            if other.get(key) == their
            else Differs.MISSING_HERE
        )
        institution, msgid, kind = key
        ours_there = our if our is not None else other.get(key)
        found.append(Difference(how, institution, msgid, kind, their, ours_there, months.get(key)))
    return found


def _sums(lines: Sequence[Line]) -> dict[tuple[str, str, LineKind], int]:
    sums: dict[tuple[str, str, LineKind], int] = defaultdict(int)
    for line in lines:
        sums[_key(line)] += line.amount
    return sums


def _key(line: Line) -> tuple[str, str, LineKind]:
    return line.institution, line.msgid or str(line.journal_id), line.kind


def _csv(lines: Sequence[Line]) -> bytes:
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line in lines:
        first = f"{line.first_month:%Y-%m}" if line.first_month else ""
        known = (line.institution, line.institution_name, line.msgid, line.setl_id, line.psn_no)
        texts = (_cell(one) for one in known)
        writer.writerow((line.journal_id, *texts, line.at.isoformat(), line.kind, yuan(line.amount), first))
    # Spreadsheets take a text without the mark for one in their own encoding.
    return made.getvalue().encode("utf-8-sig")


def _told(cells: Mapping[str, Any]) -> Told:
    if not all(isinstance(cells.get(column), str) for column in COLUMNS):
        raise ValueError(f"a line does not have the columns {', '.join(COLUMNS)}")
    event, institution, msgid, setl_id = (_plain(cells[name]) for name in ("event", "institution", "msgid", "setl_id"))
    if not (event + institution + msgid + setl_id).isprintable():
        raise ValueError("a line has a character that no number has")
    return Told(
        event,
        institution,
        msgid,
        setl_id,
        LineKind(cells["kind"]),
        parse_yuan(cells["amount"], "amount", negative=True),
    )


def _cell(text: str) -> str:
    """A text as a cell that no spreadsheet takes for a formula; `_plain` gives it back."""
    return f"'{text}" if text.startswith((*_FORMULA, "'")) else text


def _plain(cell: str) -> str:
    return cell.removeprefix("'")


def _region(text: object) -> str:
    if not (isinstance(text, str) and len(text) == 6 and text.isascii() and text.isdigit()):
        raise ValueError("debtor and creditor are six-digit regions")
    return text


def _content(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    with archive.open(name) as entry:
        content = entry.read(most + 1)
    if len(content) > most:
        raise ValueError(f"{name} has more than {most} bytes")
    return content


def _key_for(keys: Mapping[str, str], debtor: str, creditor: str) -> bytes | None:
    for region in (creditor, debtor):
        for whose in (region, f"{region[:2]}0000"):
            if whose in keys:
                return bytes.fromhex(keys[whose])
    return None


def _signature(head: Mapping[str, object], key: bytes) -> str:
    signed = {name: value for name, value in head.items() if name != "signature"}
    content = json.dumps(signed, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return hmac.new(key, content, "sm3").hexdigest()


def _check_signature(head: Mapping[str, object], key: bytes | None) -> Signed:
    told = head["signature"]
    if key is None:
        return Signed.UNSIGNED if told is None else Signed.NO_KEY
    if told is None or not hmac.compare_digest(str(told), _signature(head, key)):
        raise InvalidInput(
            "clearing.file_signature",
            "the file is not signed with the key that you share with that region: ask for it again, and compare keys",
            "文件的签名与双方约定的密钥不符，请向对方重新索取并核对密钥",
            field="file",
        )
    return Signed.HOLDS


def _altered() -> GongjiError:
    return InvalidInput(
        "clearing.file_altered",
        "the file's lines are not those that its head tells of: it was altered, or broke on its way",
        "文件明细与抬头不一致：可能被改动或传输损坏，请重新索取",
        field="file",
    )
