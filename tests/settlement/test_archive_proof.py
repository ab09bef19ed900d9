"""A file of an archived month is proven without a database, in little memory, and whatever is done to it is found."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from gongji.foundation.clock import CHINA
from gongji.foundation.errors import GongjiError
from gongji.ledger import chain
from gongji.ledger.model import Journal, Transfer
from gongji.settlement.archive import check_archive

MARCH = datetime(2023, 3, 1, tzinfo=CHINA)


@dataclass
class Month:
    """A month of two posters that write by turns, `many` journals in blocks of three, as it stands in a file."""

    many: int = 24
    journals: list[list[object]] = field(default_factory=list)
    transfers: list[list[object]] = field(default_factory=list)
    blocks: list[list[object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        hashes = {poster: (0, chain.genesis(poster)) for poster in (7, 8)}
        blocks: dict[int, list[list[object]]] = {7: [], 8: []}
        for first in range(0, self.many, 3):
            poster = 7 + first // 3 % 2
            posted = [self._journal(number) for number in range(first, first + 3)]
            number, before = hashes[poster]
            hashes[poster] = number + 1, chain.block_hash(before, posted)
            named = "{" + ",".join(str(one.id) for one in posted) + "}"
            blocks[poster].append([poster, number + 1, named, "\\x" + hashes[poster][1].hex()])
        self.blocks = [*blocks[7], *blocks[8]]

    def _journal(self, number: int) -> Journal:
        """A purchase of ¥1.00 and more, of which a relative pays a fen; the last of each ten takes the first back."""
        journal_id, at = 1000 + number, MARCH + timedelta(minutes=number)
        reverses = journal_id - 9 if number % 10 == 9 else None
        legs = Transfer(5120, 9000, 100 + number), Transfer(6144, 9000, 1, 77)
        self.journals.append([journal_id, "settlement", reverses, at.isoformat(sep=" ")])
        for leg, one in enumerate(legs, start=1):
            self.transfers.append([journal_id, leg, one.debit, one.credit, one.amount, one.authorisation_id])
        return Journal(journal_id, "settlement", reverses, at, legs)

    def written(self, file: Path) -> Path:
        """The file."""
        tables = {
            "journal": (["id", "kind", "reverses", "posted_at"], self.journals),
            "transfer": (["journal_id", "leg", "debit", "credit", "amount", "authorisation_id"], self.transfers),
            "block": (["poster_id", "number", "journals", "hash"], self.blocks),
        }
        manifest = {
            "format": "gongji archived month 1",
            "month": "2023-03",
            "columns": {table: columns for table, (columns, _) in tables.items()},
            "rows": {table: len(rows) for table, (_, rows) in tables.items()},
            "before": {},
            "posters": [7, 8],
        }
        with ZipFile(file, "w", ZIP_DEFLATED) as made:
            for table, (columns, rows) in tables.items():
                text = io.StringIO()
                csv.writer(text).writerows([columns, *rows])
                made.writestr(f"{table}.csv", text.getvalue())
            made.writestr("manifest.json", json.dumps(manifest))
        return file


def refusal(file: Path) -> str:
    """Why a file is not believed, and of which block or journal it is said."""
    with pytest.raises(GongjiError) as refused:
        check_archive(file)
    return f"{refused.value.code}: {str(refused.value).rpartition(': ')[2]}"


def test_a_month_of_two_posters_holds(tmp_path: Path) -> None:
    assert check_archive(Month().written(tmp_path / "m.zip")).rows == {"journal": 24, "transfer": 48, "block": 8}


def peak(file: Path) -> int:
    """Most bytes that Python held at once while a file was proven."""
    tracemalloc.start()
    try:
        check_archive(file)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_ten_times_the_month_takes_no_more_memory(tmp_path: Path) -> None:
    small, large = (Month(many).written(tmp_path / f"{many}.zip") for many in (1_500, 15_000))
    peak(small)
    assert peak(large) < 1.2 * peak(small)


def remove_block(month: Month) -> None:
    del month.blocks[1]


def swap_blocks(month: Month) -> None:
    month.blocks[1][3], month.blocks[2][3] = month.blocks[2][3], month.blocks[1][3]


def remove_transfer(month: Month) -> None:
    del month.transfers[2]


def raise_amount(month: Month) -> None:
    month.transfers[0][4] = 101


def take_authorisation_away(month: Month) -> None:
    month.transfers[1][5] = None


def remove_journal(month: Month) -> None:
    del month.journals[0]
    del month.transfers[:2]


def add_journal(month: Month) -> None:
    month.journals.append([5000, "settlement", None, MARCH.isoformat(sep=" ")])


def repeat_journal(month: Month) -> None:
    month.journals.append(month.journals[-1])


def move_journal(month: Month) -> None:
    month.journals[9][2] = 1001


def transfer_of_no_journal(month: Month) -> None:
    month.transfers.append([5000, 1, 5120, 9000, 1, None])


def disorder_transfers(month: Month) -> None:
    month.transfers.reverse()


def name_a_journal_twice(month: Month) -> None:
    month.blocks[1][2] = month.blocks[0][2]


@pytest.mark.parametrize(
    ("alter", "said"),
    [
        (remove_block, "archive.not_whole: block 3 of poster 7"),
        (swap_blocks, "archive.not_whole: block 2 of poster 7"),
        (remove_transfer, "archive.not_whole: block 1 of poster 7"),
        (raise_amount, "archive.not_whole: block 1 of poster 7"),
        (take_authorisation_away, "archive.not_whole: block 1 of poster 7"),
        (remove_journal, "archive.not_whole: block 1 of poster 7"),
        (add_journal, "archive.not_whole: journal 5000"),
        (repeat_journal, "archive.not_whole: a journal stands twice"),
        (move_journal, "archive.not_whole: block 2 of poster 8"),
        (transfer_of_no_journal, "archive.not_whole: journal 5000"),
        (disorder_transfers, "archive.not_whole: journal 1022"),
        (name_a_journal_twice, "archive.not_whole: block 2 of poster 7"),
    ],
)
def test_whatever_is_altered_is_found(alter: Callable[[Month], None], said: str, tmp_path: Path) -> None:
    month = Month()
    alter(month)
    assert refusal(month.written(tmp_path / "m.zip")) == said


def word_for_amount(month: Month) -> None:
    month.transfers[0][4] = "one yuan"


def number_too_long(month: Month) -> None:
    month.journals[0][0] = 1 << 70


def row_too_short(month: Month) -> None:
    del month.journals[3][3]


@pytest.mark.parametrize("alter", [word_for_amount, number_too_long, row_too_short])
def test_what_was_never_written_so_is_unreadable(alter: Callable[[Month], None], tmp_path: Path) -> None:
    month = Month()
    alter(month)
    assert refusal(month.written(tmp_path / "m.zip")).startswith("archive.unreadable")


def test_a_bit_that_fell_on_the_disk_is_found(tmp_path: Path) -> None:
    """The zip's own sums see it before the chain does."""
    file = Month(3_000).written(tmp_path / "m.zip")
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 0x10
    file.write_bytes(content)
    assert refusal(file).startswith("archive.")


def test_a_file_without_one_of_its_tables_is_unreadable(tmp_path: Path) -> None:
    file = Month().written(tmp_path / "m.zip")
    with ZipFile(file) as whole, ZipFile(tmp_path / "less.zip", "w") as less:
        for name in ("journal.csv", "transfer.csv", "manifest.json"):
            less.writestr(name, whole.read(name))
    assert refusal(tmp_path / "less.zip").startswith("archive.unreadable")
