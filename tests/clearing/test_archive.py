"""What an institution uploads is looked into before it is believed."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from gongji.clearing import archive, detail
from gongji.foundation.errors import InvalidInput


def packed(*entries: tuple[str, bytes], **options: Any) -> io.BytesIO:
    """A ZIP archive of files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, **options) as zipped:
        for name, content in entries:
            zipped.writestr(name, content)
    return made


def test_lines_come_out_with_or_without_byte_order_mark_and_in_either_ending() -> None:
    content = packed(("a.TXT", "\ufeff结算\tnull\r\n\r\n第二行\n最后".encode()))
    assert list(archive.lines_of(content)) == ["结算\tnull", "第二行", "最后"]


def test_what_we_pack_we_read() -> None:
    lines = [f"第{number}行\t{number}.00" for number in range(20_000)]
    with archive.pack("r.txt", lines) as made:
        assert archive.check_archive(made) == sum(len(line.encode()) + 1 for line in lines)
        assert list(archive.lines_of(made)) == lines


def _bomb() -> io.BytesIO:
    return packed(("a.txt", b"\n" * (archive.LARGEST_TEXT + 1)))


def _ratio() -> io.BytesIO:
    return packed(("a.txt", b"0\n" * 4_000_000))


def _liar() -> io.BytesIO:
    """The directory says that the text is short."""
    raw = packed(("a.txt", b"0\n" * 4_000_000)).getvalue()
    real, told = (8_000_000).to_bytes(4, "little"), (100).to_bytes(4, "little")
    assert raw.count(real) == 2
    return io.BytesIO(raw.replace(real, told))


def _locked() -> io.BytesIO:
    raw = bytearray(packed(("a.txt", b"1")).getvalue())
    raw[6] |= 1
    raw[raw.rindex(b"PK\x01\x02") + 8] |= 1
    return io.BytesIO(bytes(raw))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (io.BytesIO(b""), "archive.broken"),
        (io.BytesIO(b"setl_id\tmdtrt_id"), "archive.broken"),
        (io.BytesIO(packed(("a.txt", b"1" * 5000)).getvalue()[:60]), "archive.broken"),
        (packed(), "archive.entries"),
        (packed(("a.txt", b"1"), ("b.txt", b"2")), "archive.entries"),
        (packed(("../a.txt", b"1")), "archive.name"),
        (packed(("/etc/a.txt", b"1")), "archive.name"),
        (packed(("a/b.txt", b"1")), "archive.name"),
        (packed(("a.csv", b"1")), "archive.name"),
        (_locked(), "archive.encrypted"),
        (_bomb(), "archive.bomb"),
        (_ratio(), "archive.bomb"),
        (_liar(), "archive.broken"),
        (packed(("a.txt", "结算".encode("gbk"))), "archive.encoding"),
        (packed(("a.txt", b"1" * 70_000)), "archive.line"),
    ],
)
def test_archives_that_are_refused(content: io.BytesIO, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        list(archive.lines_of(content))
    assert refused.value.code == code


def test_columns_are_read_and_named_by_line_when_they_are_wrong() -> None:
    (told,) = detail.read(["2112000000000000000001\tnull\t\t1.5\t0\tnull\t0"])
    assert (told.total, told.funds, told.accounts, told.refund, told.settlement_id) == (150, 0, 0, False, 1)
    for lines, code, word in (
        (["1\t2"], "detail.columns", "第 1 行"),
        (["a\tb\tc\t1\t2\t3\t0", "a\tb\tc\t1.005\t2\t3\t0"], "amount.invalid", "line 2"),
        (["a" * 31 + "\tb\tc\t1\t2\t3\t0"], "detail.cell", "第 1 行 setl_id"),
        (["a\tb\0\tc\t1\t2\t3\t0"], "detail.cell", "第 1 行 mdtrt_id"),
        ([], "detail.lines", "没有数据"),
    ):
        with pytest.raises(InvalidInput) as refused:
            detail.read(lines)
        assert refused.value.code == code
        assert word in refused.value.zh
