"""Which files are rule packs, and those that come with Gongji."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from gongji.foundation.errors import NotFound
from gongji.rules.pack import read_packs
from gongji.rules.problems import Problems

SHIPPED: Final = Path(__file__).parent / "packs"


def pack_files(path: Path) -> list[Path]:
    """The pack files under a folder, or the file itself; worked examples (``*.cases.yaml``) are not packs.

    Raises:
        NotFound: ``pack.not_found`` when there is no such file or folder.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise NotFound("pack.not_found", f"there is no rule pack at {path}", f"找不到规则包:{path}", field="path")
    return [file for file in sorted(path.rglob("*.yaml")) if not file.name.endswith(".cases.yaml")]


@cache
def shipped_ids() -> Mapping[Path, frozenset[str]]:
    """The pack id in each shipped file; they do not change while a process runs."""
    return {file: frozenset(read_packs([file], Problems())) for file in pack_files(SHIPPED)}
