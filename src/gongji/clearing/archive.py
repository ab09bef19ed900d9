"""ZIP archives with one text file, as 9101 and 9102 carry them; what comes in is not trusted."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from typing import IO, Final

from gongji.foundation.errors import InvalidInput

#: Most bytes of text in an archive: a year of a large hospital's settlements.
LARGEST_TEXT: Final = 64 * 1024 * 1024

#: How many times larger than its archive a text may be; digits in columns come to about five, a bomb to a thousand.
LARGEST_RATIO: Final = 100

#: A small text of equal lines may be packed better than that.
_SMALL: Final = 1024 * 1024

#: A line of the interface's files is seven short fields.
_LONGEST_LINE: Final = 4096


def check_archive(file: IO[bytes]) -> int:
    """Look into an archive without trusting what it says of itself, and read it once to its end.

    Returns:
        How many bytes its text has.

    Raises:
        InvalidInput: ``archive.…``, saying what is wrong with it.
    """
    return sum(len(piece) for piece in _pieces(file))


def lines_of(file: IO[bytes]) -> Iterator[str]:
    """The lines of the text in an archive, without their ends; empty ones are left out.

    Raises:
        InvalidInput: ``archive.…``.
    """
    waiting = b""
    first = True
    for piece in _pieces(file):
        *whole, waiting = (waiting + piece).split(b"\n")
        if len(waiting) > _LONGEST_LINE:
            raise _wrong("line", "it has a line without an end", "有超长的行")
        for line in whole:
            text = _text(line, first)
            first = False
            if text:
                yield text
    if text := _text(waiting, first):
        yield text


def pack(name: str, lines: Iterable[str]) -> IO[bytes]:
    """An archive with one text file of these lines, as an open temporary file at its beginning."""
    made: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (the caller closes it)
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w") as text:
        for line in lines:
            text.write(line.encode() + b"\n")
    made.seek(0)
    return made


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0, io.SEEK_END)
    packed = file.tell()
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            yield from _read(archive, _entry(archive), packed)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError) as problem:
        raise _wrong(
            "broken", f"it is no ZIP archive that can be read: {problem}", "不是可读取的 ZIP 压缩包"
        ) from problem


def _entry(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    entries = archive.infolist()
    if len(entries) != 1:
        raise _wrong("entries", f"it holds {len(entries)} files", "应只含一个 TXT 文件")
    (entry,) = entries
    name = entry.filename
    if entry.is_dir() or not name.lower().endswith(".txt") or "/" in name or "\\" in name or ".." in name:
        raise _wrong("name", "its file has a path, or is no .txt", "其中的文件应为不带路径的 .txt 文件")
    if entry.flag_bits & 0x1:
        raise _wrong("encrypted", "it is locked with a password", "不能加密")
    return entry


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, packed: int) -> Iterator[bytes]:
    """The text in pieces, each counted before it is handed on."""
    largest = min(LARGEST_TEXT, max(_SMALL, packed * LARGEST_RATIO))
    size = 0
    with archive.open(entry) as text:
        while piece := text.read(64 * 1024):
            size += len(piece)
            if size > largest:
                raise _wrong("bomb", f"its text is larger than {largest} bytes", f"解压后超过 {largest} 字节")
            yield piece


def _text(line: bytes, first: bool) -> str:
    try:
        return line.decode("utf-8-sig" if first else "utf-8").rstrip("\r")
    except UnicodeDecodeError:
        raise _wrong("encoding", "its text is not UTF-8", "文本不是 UTF-8 编码") from None


def _wrong(code: str, en: str, zh: str) -> InvalidInput:
    return InvalidInput(
        f"archive.{code}",
        f"the uploaded archive is refused: {en}",
        f"上传的压缩包不符合要求：{zh}",
        field="input.fsUploadIn.in",
        accepted="a ZIP archive with one .txt file in UTF-8, one row a line, columns separated by TAB",
    )
