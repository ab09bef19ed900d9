"""Uploads as people and attackers make them: what comes out is a clean picture, or a sentence that says what to do."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pypdfium2
import pytest
from PIL import Image

from gongji.foundation import documents
from gongji.foundation.document_pages import LONGEST_SIDE
from gongji.foundation.documents import MOST_BYTES, read_document
from gongji.foundation.errors import InvalidInput


def photo(width: int = 800, height: int = 600, form: str = "JPEG", **more: object) -> bytes:
    """A grey picture with a red corner at the top left."""
    picture = Image.new("RGB", (width, height), "grey")
    picture.paste("red", (0, 0, width // 4, height // 4))
    out = io.BytesIO()
    picture.save(out, form, **more)
    return out.getvalue()


def pdf(pages: int, size: tuple[float, float] = (595, 842)) -> bytes:
    """A PDF of empty pages."""
    made = pypdfium2.PdfDocument.new()
    for _ in range(pages):
        made.new_page(*size)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def opened(page: bytes) -> Image.Image:
    """A page that came out."""
    assert page.startswith(b"\xff\xd8\xff")
    return Image.open(io.BytesIO(page))


def chunk(kind: bytes, data: bytes) -> bytes:
    """A piece of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb() -> bytes:
    """A PNG of some kilobytes that claims 30,000 × 30,000 pixels."""
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    packed = zlib.compress(bytes(1000 * 1000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def zipped() -> bytes:
    """A megabyte of zeros, a thousand times, in one archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("photo.jpg", bytes(4 * 1024 * 1024))
    return out.getvalue()


def test_a_photo_comes_out_upright_small_and_without_the_place_it_was_taken_at() -> None:
    """4,000 × 3,000 with a position and turned by the phone: 1,800 × 2,400, the red corner at the top right."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "PhoneMaker"
    exif.get_ifd(0x8825)[1] = "N"
    (page,) = read_document(photo(4000, 3000, exif=exif)).pages
    picture = opened(page)
    assert picture.size == (1800, LONGEST_SIDE)
    assert not picture.getexif()
    assert b"PhoneMaker" not in page
    red, _, blue = picture.convert("RGB").getpixel((1700, 100))  # type: ignore[misc]
    assert red > 200 > blue


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_other_pictures_come_out_as_jpeg(form: str) -> None:
    (page,) = read_document(photo(form=form)).pages
    assert opened(page).format == "JPEG"


def test_what_hides_behind_a_picture_is_gone() -> None:
    """A JPEG that is a web page too, and one with an archive at its end."""
    for hidden in (b"<script>alert(1)</script>", zipped()):
        (page,) = read_document(photo() + hidden).pages
        assert hidden not in page
        assert b"script" not in page


def test_a_transparent_picture_is_on_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save(out, "PNG")
    (page,) = read_document(out.getvalue()).pages
    assert opened(page).convert("L").getpixel((25, 25)) > 250  # type: ignore[operator]


def test_a_pdf_comes_out_as_pictures_of_its_pages() -> None:
    pages = read_document(pdf(3)).pages
    assert [opened(page).size for page in pages] == [(1488, 2105)] * 3


def test_a_pdf_that_runs_a_script_when_it_is_opened_is_only_its_picture() -> None:
    script = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>>endobj\n"
    rest = b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n"
    (page,) = read_document(script + rest + b"trailer<</Root 1 0 R>>\n%%EOF").pages
    assert opened(page).size[0] > 0
    assert b"JavaScript" not in page


def test_a_page_that_claims_to_be_a_kilometre_wide_stays_a_page() -> None:
    (page,) = read_document(pdf(1, (14_400, 14_400))).pages
    assert max(opened(page).size) <= LONGEST_SIDE


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("nothing", b"", "empty"),
        ("a photo of 20 MB", b"\xff\xd8\xff" + bytes(20 * 1024 * 1024), "too_large"),
        ("virus.exe renamed to photo.jpg", b"MZ\x90\x00\x03" + bytes(100), "type"),
        ("an archive", zipped(), "type"),
        ("a drawing with a script", b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "type"),
        ("a web page", b"<!doctype html><script>1</script>", "type"),
        ("a picture that unfolds to 2.7 GB", bomb(), "pixels"),
        ("half a photo", photo()[:400], "unreadable"),
        ("a photo in name only", b"\xff\xd8\xff household book", "unreadable"),
        ("a PDF in name only", b"%PDF-1.7 household book", "unreadable"),
        ("a book", pdf(11), "pages"),
    ],
)
def test_what_is_no_document_is_refused_in_words(name: str, content: bytes, code: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_document(content)
    assert (refusal.value.code, refusal.value.field) == (f"document.{code}", "file"), name
    assert refusal.value.zh
    assert refusal.value.accepted


def test_a_program_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "_SECONDS", 0.001)
    with pytest.raises(InvalidInput, match=r"document\.unreadable"):
        read_document(photo())


def test_the_limit_is_what_the_sentence_says() -> None:
    assert MOST_BYTES == 5 * 1024 * 1024
