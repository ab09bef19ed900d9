"""Turns a photo or a PDF into clean JPEG pages; a program of its own, run by `gongji.foundation.documents`.

What people upload is parsed here and nowhere else: in a process without our secrets or connections, with an end to its
time and memory. Everything but the picture itself is gone afterwards: places and devices (EXIF), scripts, attachments,
whatever was hidden behind the picture. Content comes on standard input; each page goes out as its length in four bytes
and a JPEG. It imports nothing of the platform.
"""

from __future__ import annotations

import io
import resource
import sys
import warnings
from typing import Final

from PIL import Image, ImageOps

#: Longest side of a page that goes out, in pixels: small print of a household book stays readable.
LONGEST_SIDE: Final = 2400

#: Pixels that a picture may unfold to: a bomb of a few kilobytes claims a hundred times as many.
MOST_PIXELS: Final = 60_000_000

MOST_PAGES: Final = 10

_QUALITY: Final = 82
_CPU_SECONDS: Final = 20
_MEMORY: Final = 1 << 30

_FORMATS: Final = ("JPEG", "PNG", "WEBP")


class NotADocumentError(Exception):
    """Says in one word why there are no pages: unreadable, pixels, pages, locked."""


def pages_of(content: bytes) -> list[bytes]:
    """The pages as JPEG.

    Raises:
        NotADocumentError: see there.
    """
    if content.startswith(b"%PDF-"):
        return _from_pdf(content)
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            return [_jpeg(picture)]
    except (OSError, SyntaxError, ValueError) as problem:
        raise NotADocumentError("unreadable") from problem


def _from_pdf(content: bytes) -> list[bytes]:
    import pypdfium2  # the platform reads this module's limits and needs no PDF library for that

    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as problem:
        raise NotADocumentError("locked" if "password" in str(problem).lower() else "unreadable") from problem
    if not 0 < len(document) <= MOST_PAGES:
        raise NotADocumentError("pages")
    made = []
    for page in document:
        # A page may claim any size: the scale follows from it, so the picture never grows with it.
        longest = max(*page.get_size(), 1.0)
        picture = page.render(scale=min(2.5, LONGEST_SIDE / longest), may_draw_forms=False).to_pil()
        made.append(_jpeg(picture))
    return made


def _jpeg(picture: Image.Image) -> bytes:
    """The picture upright, without transparency and anything that is not picture."""
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise NotADocumentError("pixels")
    picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    turned = ImageOps.exif_transpose(picture)
    if turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info:
        layered = turned.convert("RGBA")
        turned = Image.new("RGB", layered.size, "white")
        turned.paste(layered, mask=layered.getchannel("A"))
    clean = turned.convert("RGB")
    clean.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    clean.info.clear()
    out = io.BytesIO()
    clean.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return out.getvalue()


def main() -> int:
    """Read standard input, write pages; exit code 3 with a word on standard error when there are none."""
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Pillow warns of large pictures before it refuses them; ours are measured above.
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    try:
        pages = pages_of(sys.stdin.buffer.read())
    except (NotADocumentError, Image.DecompressionBombError, MemoryError) as problem:
        sys.stderr.write(str(problem) if isinstance(problem, NotADocumentError) else "pixels")
        return 3
    for page in pages:
        sys.stdout.buffer.write(len(page).to_bytes(4, "big") + page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
