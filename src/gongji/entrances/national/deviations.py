"""What institutions' systems do against the letter (§1.5): noted while a message is read, counted in memory, written now and
then, never in the transaction of what the message does."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from gongji.foundation.database import AWAY, Database
from gongji.foundation.telemetry import masked
from gongji.registry.conformance import Deviation, add_deviations

log = structlog.get_logger()

#: What is noted, in Chinese and English. A refusal is ``refused.`` and its code.
KINDS: Final = {
    "left_out": ("接口要求的字段未上传", "a field that the interface demands was left out"),
    "null_word": ("用文字 null 表示空值", "the word null stood for nothing"),
    "one_object": ("列表节点只传了一个对象", "one object stood for a list"),
    "unpadded": ("代码缺少前导零", "a code came without its leading zeros"),
    "moment_form": ("日期时间格式与接口不同", "a day or moment in another form than asked"),
    "placeholder_credential": ("凭证编号只填了占位内容", "a placeholder stood for the credential's number"),
    "byte_order_mark": ("报文带有字节顺序标记", "the message began with a byte-order mark"),
    "msgid_form": ("msgid 不是机构编号+时间+顺序号", "msgid is not institution, time and number"),
    "msgid_again": ("不同交易使用同一个 msgid", "one msgid for two transactions"),
    "other_day": ("inf_time 与平台日期不同", "inf_time is another day than ours"),
    "warned": ("交易成功但有警告", "done, with a warning"),
    "not_kept": ("上传内容只检查格式，不保存", "uploaded: its form was checked, nothing was kept"),
}

#: Notes that one message may make: thousands of rows with the same habit need not be counted each.
_MOST_NOTES: Final = 500

#: Different notes that a process keeps at once.
_MOST_KEPT: Final = 50_000

#: Seconds until a new note is written; a frequent one is written at twice the distance each time, up to the last.
_FIRST, _LAST = 5.0, 640.0

_LONGEST_EXAMPLE: Final = 120

_ROW = re.compile(r"\[\d+\]")

_REFUSED: Final = "refused."


def words_of(kind: str) -> tuple[str, str]:
    """What a kind is, in Chinese and English."""
    if kind.startswith(_REFUSED):
        code = kind.removeprefix(_REFUSED)
        return f"被拒绝：{code}", f"refused: {code}"
    return KINDS.get(kind, (kind, kind))


Note = tuple[str, str, object]

#: The notes of the message that is being read; None where nobody wants them.
_notes: ContextVar[list[Note] | None] = ContextVar("notes", default=None)


def begin_notes() -> list[Note]:
    """Collect what is noted from here on, in this task and the threads that work for it."""
    notes: list[Note] = []
    _notes.set(notes)
    return notes


def note(kind: str, field: str = "", value: object = "") -> None:
    """Note a deviation of the message that is being read.

    Args:
        kind: of `KINDS`.
        field: its path.
        value: as it came; kept masked, as an example. Of ``left_out`` the names of the fields, `field` before each.
    """
    notes = _notes.get()
    if notes is not None and len(notes) < _MOST_NOTES:
        notes.append((kind, field, value))


#: Whose, in which transaction, what, where; and for ``left_out`` which fields: one row's are counted together.
_Key = tuple[int, str, str, str, tuple[str, ...]]


@dataclass(slots=True)
class _Count:
    """How often since it was written last, from when to when, and the first example."""

    times: int
    first: datetime
    last: datetime
    example: object


class DeviationBook:
    """Counts of one process.

    Args:
        database: where they are written.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._seen: dict[_Key, _Count] = {}
        # When each is due next, in ticks, and the distance of the time after.
        self._due: dict[_Key, tuple[int, int]] = {}
        self._tick = 0
        self._timer: threading.Timer | None = None

    def record(self, institution_id: int, infno: str, notes: Iterable[Note], at: datetime) -> None:
        """Count what was noted of a message."""
        with self._lock:
            for kind, field, value in notes:
                path = _ROW.sub("[]", field) if "[" in field else field
                names = value if isinstance(value, tuple) else ()
                key = (institution_id, infno, kind, path, names)
                known = self._seen.get(key)
                if known is not None:
                    known.times += 1
                    known.last = at
                elif len(self._seen) < _MOST_KEPT:
                    self._seen[key] = _Count(1, at, at, "" if names else value)
            if self._timer is None and self._seen:
                self._wait()

    def flush(self) -> None:
        """Write all that is counted."""
        with self._lock:
            rows, self._seen = self._seen, {}
        self._write(rows)

    def close(self) -> None:
        """Write what is left."""
        if self._timer is not None:
            self._timer.cancel()
        self.flush()

    def _wait(self) -> None:
        self._timer = threading.Timer(_FIRST, self._write_due)
        self._timer.daemon = True
        self._timer.start()

    def _write_due(self) -> None:
        with self._lock:
            self._tick += 1
            rows = {key: self._seen.pop(key) for key in list(self._seen) if self._is_due(key)}
            self._timer = None
            if self._seen:
                self._wait()
        self._write(rows)

    def _is_due(self, key: _Key) -> bool:
        due, distance = self._due.get(key, (0, 1))
        if self._tick < due:
            return False
        if len(self._due) >= _MOST_KEPT:
            self._due.clear()
        self._due[key] = (self._tick + distance, min(distance * 2, int(_LAST / _FIRST)))
        return True

    def _write(self, counts: Mapping[_Key, _Count]) -> None:
        rows = list(_rows(counts))
        try:
            for start in range(0, len(rows), 1000):
                with self._database.transaction() as connection:
                    add_deviations(connection, rows[start : start + 1000])
        except AWAY as problem:
            # Counts, not money: what could not be written is counted anew from here.
            log.warning("deviations.not_written", rows=len(rows), error=str(problem))


def _rows(counts: Mapping[_Key, _Count]) -> Iterable[Deviation]:
    """The counts by field: fields that were left out of one row together are told one by one, and a field that was left
    out in different company is added up."""
    found: dict[tuple[int, str, str, str], Deviation] = {}
    for (institution_id, infno, kind, path, names), count in counts.items():
        for field in [path + name for name in names] or [path]:
            key = (institution_id, infno, kind, field[:_LONGEST_EXAMPLE].replace("\0", ""))
            known = found.get(key)
            first, last = (count.first, count.last) if known is None else (known.first_seen, known.last_seen)
            found[key] = Deviation(
                *key,
                count.times + (known.count if known else 0),
                min(first, count.first),
                max(last, count.last),
                known.example if known else _example(field, count.example),
            )
    return found.values()


def _example(path: str, value: object) -> str:
    return str(masked(value, path.rpartition(".")[2]))[:_LONGEST_EXAMPLE].replace("\0", "")
