"""Files: what is put comes out again, sealed on disk, for its owner alone, and not past its time."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from gongji.foundation.clock import MovableClock
from gongji.foundation.database import Database
from gongji.foundation.errors import GongjiError, InvalidInput, Misconfigured, NotFound
from gongji.foundation.files import PIECE, FileStore, StoredFile, sweep_files
from gongji.foundation.personal import Vault

HOSPITAL = "H21120000101"


@pytest.fixture
def store(tmp_path: Path, vault: Vault) -> FileStore:
    """An empty store."""
    return FileStore(tmp_path / "files", vault)


def put(store: FileStore, database: Database, clock: MovableClock, content: bytes, **options: object) -> StoredFile:
    """Keep a file of the hospital's, in parts of 1,000 bytes."""
    parts = [content[start : start + 1000] for start in range(0, len(content), 1000)]
    with database.transaction() as connection:
        return store.put(
            connection,
            parts,
            kind="clearing.detail",
            owner=HOSPITAL,
            at=clock.now(),
            limit=300_000,
            name="../../明细.zip",
            **options,  # type: ignore[arg-type]
        )


def on_disk(folder: Path) -> list[Path]:
    """All files below a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_what_is_put_comes_out_again(
    store: FileStore, database: Database, clock: MovableClock, tmp_path: Path, size: int
) -> None:
    content = os.urandom(size)
    stored = put(store, database, clock, content)
    with database.transaction() as connection:
        found = store.find(connection, stored.id, kind="clearing.detail", owner=HOSPITAL, at=clock.now())
    assert (found.id, found.size, found.sha256) == (stored.id, size, stored.sha256)
    assert b"".join(store.open(found)) == content
    (sealed,) = on_disk(tmp_path)
    assert sealed.name == stored.id
    assert stat.S_IMODE(sealed.stat().st_mode) == 0o600
    assert size < 16 or content[:16] not in sealed.read_bytes()


def test_another_owner_another_kind_or_a_later_day_finds_nothing(
    store: FileStore, database: Database, clock: MovableClock
) -> None:
    stored = put(store, database, clock, b"a", expires_at=clock.now() + timedelta(days=1))

    def refused(**asked: object) -> bool:
        wanted = {"kind": "clearing.detail", "owner": HOSPITAL, "at": clock.now()} | asked
        with database.transaction() as connection, pytest.raises(NotFound) as refusal:
            store.find(connection, stored.id, **wanted)  # type: ignore[arg-type]
        return refusal.value.code == "file.unknown"

    assert refused(owner="H21120000102")
    assert refused(kind="evidence")
    assert refused(at=clock.now() + timedelta(days=1))


def test_a_file_over_its_limit_leaves_nothing(
    store: FileStore, database: Database, clock: MovableClock, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput) as refused:
        put(store, database, clock, bytes(300_001))
    assert refused.value.code == "file.too_large"
    assert on_disk(tmp_path) == []
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM stored_file").scalar_one() == 0


def _cut(sealed: Path, other: Path) -> None:
    sealed.write_bytes(sealed.read_bytes()[: PIECE + 16])


def _change(sealed: Path, other: Path) -> None:
    content = bytearray(sealed.read_bytes())
    content[-20] ^= 1
    sealed.write_bytes(content)


def _swap(sealed: Path, other: Path) -> None:
    sealed.write_bytes(other.read_bytes())


@pytest.mark.parametrize("harm", [_cut, _change, _swap])
def test_what_was_altered_on_disk_does_not_open(
    store: FileStore, database: Database, clock: MovableClock, tmp_path: Path, harm: Callable[[Path, Path], None]
) -> None:
    mine = put(store, database, clock, bytes(2 * PIECE))
    other = put(store, database, clock, bytes(2 * PIECE))
    paths = {path.name: path for path in on_disk(tmp_path)}
    harm(paths[mine.id], paths[other.id])
    with pytest.raises(Misconfigured) as refused:
        list(store.open(mine))
    assert refused.value.code == "secret.wrong"


def test_a_folder_that_is_not_shared_is_told(
    store: FileStore, database: Database, clock: MovableClock, vault: Vault
) -> None:
    stored = put(store, database, clock, b"a")
    with pytest.raises(GongjiError) as refused:
        store.__class__(Path("/nonexistent"), vault).open(stored)
    assert refused.value.code == "file.missing"


def test_the_sweep_takes_what_is_over_and_what_nobody_knows(
    store: FileStore, database: Database, clock: MovableClock, tmp_path: Path
) -> None:
    kept = put(store, database, clock, b"kept")
    over = put(store, database, clock, b"over", expires_at=clock.now() + timedelta(days=30))
    deleted = put(store, database, clock, b"deleted")
    just_now = put(store, database, clock, b"being written")
    with database.transaction() as connection:
        store.delete(connection, deleted.id)
        store.delete(connection, just_now.id)
    an_hour_ago = -3601.0
    for path in on_disk(tmp_path):
        if path.name != just_now.id:
            moment = path.stat().st_mtime + an_hour_ago
            os.utime(path, (moment, moment))
    with database.transaction() as connection:
        assert sweep_files(connection, tmp_path / "files", clock.now() + timedelta(days=30)) == 2
    assert {path.name for path in on_disk(tmp_path)} == {kept.id, just_now.id}
    assert over.id not in {path.name for path in on_disk(tmp_path)}
