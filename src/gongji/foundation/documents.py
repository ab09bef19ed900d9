"""Documents that people hand in as photo or PDF: judged by their content, and kept as clean pictures of their pages.

The upload itself is never kept and never given out: whoever looks at a document sees pages that were drawn anew.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gongji.foundation import document_pages
from gongji.foundation.errors import InvalidInput

#: Most bytes of an upload.
MOST_BYTES: Final = 5 * 1024 * 1024

#: What a page is.
PAGE_TYPE: Final = "image/jpeg"

_BEGINS: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"%PDF-")
_WEBP: Final = (b"RIFF", b"WEBP")

#: The program ends itself after less; this is for one that cannot.
_SECONDS: Final = 40

_WORDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "empty": ("the file is empty: choose it again", "文件是空的，请重新选择", "a file"),
    "too_large": (
        f"the file is larger than {MOST_BYTES >> 20} MiB: take a smaller picture, or hand in page by page",
        f"文件超过 {MOST_BYTES >> 20} MB，请缩小照片，或一页一页分开交",
        f"at most {MOST_BYTES} bytes",
    ),
    "type": (
        "this is no photo or PDF, whatever it is called: take a photo, or save it as JPEG, PNG or PDF",
        "这个文件不是照片或 PDF（不看文件名，看内容），请用手机直接拍照，或存成 JPG、PNG、PDF 再交",
        "JPEG, PNG, WebP or PDF",
    ),
    "unreadable": (
        "the file is damaged and does not open: take the photo again",
        "文件损坏，打不开，请重新拍一张",
        "a photo that opens",
    ),
    "pixels": (
        "the picture has too many pixels: take it again with the phone's camera",
        "图片的尺寸太大，请用手机相机重新拍一张",
        f"at most {document_pages.MOST_PIXELS // 10**6} million pixels",
    ),
    "pages": (
        f"the PDF has no pages, or more than {document_pages.MOST_PAGES}: hand in the pages that show the relation",
        f"PDF 没有内容，或者超过 {document_pages.MOST_PAGES} 页，请只交能证明关系的那几页",
        f"1 to {document_pages.MOST_PAGES} pages",
    ),
    "locked": (
        "the PDF is locked with a password: save it without one",
        "PDF 设了密码，请另存为不带密码的文件，或直接拍照",
        "a PDF without password",
    ),
}


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was handed in.

    Attributes:
        sha256: of the upload, so that the same file is known again.
        pages: JPEG pictures, drawn anew.
    """

    sha256: bytes
    pages: tuple[bytes, ...]


def read_document(content: bytes) -> Document:
    """Make clean pages of an upload. Takes up to seconds: call it before a transaction holds locks.

    Args:
        content: the upload, at most `MOST_BYTES`; its name and the type told with it do not matter.

    Raises:
        InvalidInput: ``document.empty``, ``document.too_large``, ``document.type``, ``document.unreadable``,
            ``document.pixels``, ``document.pages``, ``document.locked``.
    """
    if not content:
        raise _refused("empty")
    if len(content) > MOST_BYTES:
        raise _refused("too_large")
    if not is_document(content):
        raise _refused("type")
    # -I: no import from the working folder or from PYTHONPATH, no user's site.
    program = [sys.executable, "-I", str(Path(document_pages.__file__))]
    try:
        done = subprocess.run(program, input=content, capture_output=True, timeout=_SECONDS, check=False, env={})
    except subprocess.TimeoutExpired:
        raise _refused("unreadable") from None
    if done.returncode:
        word = done.stderr.decode(errors="replace")
        raise _refused(word if done.returncode == 3 and word in _WORDS else "unreadable")
    return Document(hashlib.sha256(content).digest(), tuple(_pieces(done.stdout)))


def is_document(content: bytes) -> bool:
    """Whether something begins as a photo or PDF does; that it opens is for `read_document` to tell."""
    return content.startswith(_BEGINS) or (content.startswith(_WEBP[0]) and content[8:12] == _WEBP[1])


def _pieces(framed: bytes) -> list[bytes]:
    pieces = []
    while framed:
        end = 4 + int.from_bytes(framed[:4], "big")
        pieces.append(framed[4:end])
        framed = framed[end:]
    return pieces


def _refused(word: str) -> InvalidInput:
    en, zh, accepted = _WORDS[word]
    return InvalidInput(f"document.{word}", en, zh, field="file", accepted=accepted)
