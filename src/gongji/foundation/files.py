"""Files that people and institutions hand in or fetch: sealed on disk, outside of what any entrance serves by address.

A file's facts stand in the database, its content in a folder that all processes of the installation share. The content is
sealed piece by piece with AES-256-GCM under a key of the file's own, derived from the installation's secret: a piece
that was altered, moved, left out or taken from another file does not open. Nothing is ever whole in memory.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gongji.foundation.errors import InvalidInput, Misconfigured, NotFound
from gongji.foundation.personal import Vault
from gongji.foundation.schema import metadata, moment_column
from gongji.foundation.settings import Settings

stored_file = sa.Table(
    "stored_file",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.LargeBinary, nullable=False),
    moment_column("stored_at"),
    moment_column("expires_at", nullable=True),
    sa.CheckConstraint("size >= 0", name="size_not_negative"),
    sa.CheckConstraint("expires_at > stored_at", name="expires_later"),
    sa.Index(None, "expires_at"),
    comment="kind: what room and purpose it is for; owner: whose it is, as the kind writes it; name: as its sender called it",
)

#: Bytes of content that are sealed together.
PIECE: Final = 64 * 1024

_TAG: Final = 16

#: Seconds after which a file on disk that the database does not know is left over: from a transaction that was not
#: committed, or from a file that was deleted.
_LEFT_OVER_AFTER: Final = 3600.0


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What is known of a file.

    Attributes:
        id: 30 hexadecimal digits that cannot be guessed; also what it is called on disk.
        kind: what room and purpose it is for (``clearing.detail``).
        owner: whose it is, as the kind writes it (an institution's code, a case's number).
        name: as its sender called it; never used as a path.
        size: bytes of its content.
        sha256: of its content.
        expires_at: from when it is not given out any more; None keeps it until it is deleted.
    """

    id: str
    kind: str
    owner: str
    name: str
    size: int
    sha256: bytes
    stored_at: datetime
    expires_at: datetime | None


class FileStore:
    """Keeps files and gives them back.

    Args:
        folder: where contents lie; made with the first file, readable by nobody else.
        vault: has the key that the files' keys come from.
    """

    def __init__(self, folder: Path, vault: Vault) -> None:
        self._folder = folder
        self._vault = vault

    def put(
        self,
        connection: sa.Connection,
        content: Iterable[bytes],
        *,
        kind: str,
        owner: str,
        at: datetime,
        limit: int,
        name: str = "",
        expires_at: datetime | None = None,
    ) -> StoredFile:
        """Keep a file; it is there when the transaction commits.

        Args:
            connection: the transaction of what the file belongs to.
            content: its bytes, in pieces of any size (an open file, a request's stream).
            kind, owner, name, expires_at: see `StoredFile`.
            at: now.
            limit: most bytes it may have.

        Raises:
            InvalidInput: ``file.too_large``; nothing is kept.
        """
        file_id = secrets.token_hex(15)
        path = self._path(file_id)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        try:
            with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as sealed:
                size, digest = self._write(sealed, file_id, content, limit)
                sealed.flush()
                os.fsync(sealed.fileno())
            unfinished.rename(path)
        finally:
            unfinished.unlink(missing_ok=True)
        _keep_entry(path.parent)
        stored = StoredFile(file_id, kind, owner, name, size, digest, at, expires_at)
        connection.execute(
            stored_file.insert().values(
                id=file_id,
                kind=kind,
                owner=owner,
                name=name,
                size=size,
                sha256=digest,
                stored_at=at,
                expires_at=expires_at,
            )
        )
        return stored

    def find(
        self,
        connection: sa.Connection,
        file_id: str,
        *,
        kind: str,
        owner: str,
        at: datetime,
        field: str | None = None,
    ) -> StoredFile:
        """A file of this kind and owner; `field`: where its number was told, for the refusal.

        Raises:
            NotFound: ``file.unknown``, also when it is another's, of another kind, or past its time.
        """
        row = connection.execute(
            sa.select(stored_file).where(
                stored_file.c.id == file_id,
                stored_file.c.kind == kind,
                stored_file.c.owner == owner,
                sa.or_(stored_file.c.expires_at.is_(None), stored_file.c.expires_at > at),
            )
        ).one_or_none()
        if row is None:
            raise NotFound(
                "file.unknown",
                "there is no such file of yours, or its time is over",
                "没有这个文件，或者文件已过期",
                field=field,
                accepted="the number of a file of one's own that is still kept",
            )
        return StoredFile(*row)

    def open(self, stored: StoredFile) -> Iterator[bytes]:
        """The content of a file that was found, piece by piece; no transaction is needed.

        Raises:
            Misconfigured: ``file.missing`` when the folder does not hold it (it is not shared, or was not restored);
                ``secret.wrong`` when it was sealed with another secret or has been altered.
        """
        path = self._path(stored.id)
        if not path.is_file():
            raise Misconfigured(
                "file.missing",
                f"the file {stored.id} is not in the folder {self._folder}: let GONGJI_FILES name the folder that all"
                " processes share, or restore it from the backup",
                f"文件 {stored.id} 不在目录 {self._folder} 中：请检查 GONGJI_FILES 是否为各进程共享的目录，或从备份恢复",
                field="GONGJI_FILES",
            )
        return self._read(path, stored.id)

    def delete(self, connection: sa.Connection, file_id: str) -> None:
        """Forget a file with this transaction; its sealed content leaves the disk with the next upkeep."""
        connection.execute(stored_file.delete().where(stored_file.c.id == file_id))

    def _path(self, file_id: str) -> Path:
        return self._folder / file_id[:2] / file_id

    def _write(self, sealed: BinaryIO, file_id: str, content: Iterable[bytes], limit: int) -> tuple[int, bytes]:
        """Seal the content into a file. Returns its size and SHA-256."""
        key = AESGCM(self._vault.file_key(file_id))
        digest = hashlib.sha256()
        size = number = 0
        waiting = bytearray()
        for part in content:
            size += len(part)
            if size > limit:
                raise InvalidInput(
                    "file.too_large",
                    f"the file is larger than {limit} bytes",
                    f"文件超过 {limit // 1024} KB，请拆分后再上传",
                    accepted=f"at most {limit} bytes",
                )
            digest.update(part)
            waiting += part
            # The last piece is told apart from the others, so one stays until the end is known.
            while len(waiting) > PIECE:
                sealed.write(key.encrypt(_nonce(number, last=False), bytes(waiting[:PIECE]), None))
                del waiting[:PIECE]
                number += 1
        sealed.write(key.encrypt(_nonce(number, last=True), bytes(waiting), None))
        return size, digest.digest()

    def _read(self, path: Path, file_id: str) -> Iterator[bytes]:
        key = AESGCM(self._vault.file_key(file_id))
        with path.open("rb") as sealed:
            number = 0
            piece = sealed.read(PIECE + _TAG)
            while piece:
                following = sealed.read(PIECE + _TAG)
                try:
                    yield key.decrypt(_nonce(number, last=not following), piece, None)
                except InvalidTag:
                    raise Misconfigured(
                        "secret.wrong",
                        f"the file {file_id} does not open: it was sealed with another secret, or altered on disk",
                        f"文件 {file_id} 无法解密：密钥与写入时不同，或文件在磁盘上被改动",
                        field="GONGJI_SECRET",
                    ) from None
                piece, number = following, number + 1


def files_folder(settings: Settings) -> Path:
    """Where the installation's files lie."""
    return settings.files or settings.data / "files"


def sweep_files(connection: sa.Connection, folder: Path, at: datetime) -> int:
    """Forget files whose time is over, and take contents off the disk that the database does not know.

    Returns:
        How many contents were taken away.
    """
    connection.execute(stored_file.delete().where(stored_file.c.expires_at <= at))
    known = set(connection.execute(sa.select(stored_file.c.id)).scalars())
    old = time.time() - _LEFT_OVER_AFTER
    left_over = [
        path for path in folder.glob("??/*") if path.name not in known and path.is_file() and path.stat().st_mtime < old
    ]
    for path in left_over:
        path.unlink(missing_ok=True)
    return len(left_over)


def _nonce(number: int, *, last: bool) -> bytes:
    """A piece's place in its file: each file has a key of its own, so none is used twice."""
    return number.to_bytes(11, "big") + bytes([last])


def _keep_entry(folder: Path) -> None:
    """Have the folder's new entry on disk before the database says that the file is there."""
    descriptor: Any = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
