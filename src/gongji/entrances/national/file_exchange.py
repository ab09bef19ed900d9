"""9101 文件上传 and 9102 文件下载: each institution's own files, for thirty days.

An archive is for reconciliation (3202), a picture or PDF for a sharing's evidence (GJ01). The content decides which of the
two a file is, not its name. Only results of 3202 are given out again.
"""

from __future__ import annotations

import base64
import binascii
import io
from typing import Final

from gongji.clearing import archive
from gongji.clearing import service as clearing
from gongji.entrances.counter_sharing import UPLOADED
from gongji.entrances.national.fields import C
from gongji.entrances.national.messages import asked, free, needed, node, read_node, write_node
from gongji.entrances.national.transaction import Answer, Call, Download, Transaction
from gongji.foundation.documents import is_document, read_document
from gongji.foundation.errors import InvalidInput


@node("fsUploadIn", "表 371 文件上传")
class Upload:
    """A file for reconciliation or for evidence. Its bytes stand in the same node as ``in``: base64, or a list of bytes, also of signed
    ones."""

    filename: str = needed(C(200), "文件名")
    fixmedins_code: str = asked(C(30), "医药机构编号", "the envelope's counts")


@node("", "表 372 文件上传结果")
class Uploaded:
    """Under which number it is kept."""

    file_qury_no: str = needed(C(30), "文件查询号")
    filename: str = needed(C(200), "文件名")
    fixmedins_code: str = needed(C(30), "医药机构编号")
    dld_endtime: str = free(C(30), "截止时间")


@node("fsDownloadIn", "表 373 文件下载")
class Wanted:
    """Which file is fetched."""

    file_qury_no: str = needed(C(200), "文件查询号")
    filename: str = asked(C(200), "文件名")
    fixmedins_code: str = asked(C(30), "医药机构编号")


def upload(call: Call) -> Answer:
    """9101; a picture or PDF is opened once here, so that a damaged one is refused while its sender can send another."""
    nodes = call.input.get("fsUploadIn")
    data = read_node(Upload, call.input)
    sent = _content(nodes.get("in") if isinstance(nodes, dict) else None)
    content = io.BytesIO(sent)
    if evidence := is_document(sent):
        read_document(sent)
    else:
        archive.check_archive(content)
        content.seek(0)
    with call.platform.database.transaction() as connection:
        stored = clearing.put(
            connection,
            call.platform.files,
            content,
            UPLOADED if evidence else clearing.UPLOAD,
            call.institution.code,
            data.filename,
            call.received_at,
        )
    assert stored.expires_at is not None
    uploaded = Uploaded(
        file_qury_no=stored.id,
        filename=stored.name,
        fixmedins_code=call.institution.code,
        dld_endtime=f"{stored.expires_at:%Y-%m-%d %H:%M:%S}",
    )
    return Answer(write_node(uploaded))


def download(call: Call) -> Answer:
    """9102: the file itself, as a stream; a refusal is an ordinary answer."""
    data = read_node(Wanted, call.input)
    files = call.platform.files
    with call.platform.database.transaction() as connection:
        stored = files.find(
            connection,
            data.file_qury_no,
            kind=clearing.RESULT,
            owner=call.institution.code,
            at=call.received_at,
            field="input.fsDownloadIn.file_qury_no",
        )
    return Answer(None, file=Download(stored.name, stored.size, files.open(stored)))


_FORM: Final = "the bytes of a ZIP archive, a picture or a PDF as base64 text or as a list of numbers"


def _content(value: object) -> bytes:
    try:
        if isinstance(value, str) and value:
            content = base64.b64decode("".join(value.split()), validate=True)
        elif isinstance(value, list) and value:
            # Java's bytes are signed.
            content = bytes(number & 0xFF for number in value if -128 <= number <= 255)
            if len(content) != len(value):
                raise ValueError
        else:
            raise ValueError
    except (ValueError, TypeError, binascii.Error):
        raise InvalidInput(
            "field.invalid",
            f"input.fsUploadIn.in is not {_FORM}",
            "input.fsUploadIn.in 应为文件的字节数组或 Base64 文本",
            field="input.fsUploadIn.in",
            accepted=_FORM,
        ) from None
    if len(content) > clearing.LARGEST_ARCHIVE:
        raise InvalidInput(
            "file.too_large",
            f"the file is larger than {clearing.LARGEST_ARCHIVE} bytes",
            f"文件超过 {clearing.LARGEST_ARCHIVE} 字节，请缩短对账区间后分批上传",
            field="input.fsUploadIn.in",
        )
    return content


TRANSACTIONS = (
    Transaction("9101", "文件上传", (Upload,), (Uploaded,), upload),
    Transaction("9102", "文件下载", (Wanted,), (), download),
)
