"""Prints papers: one compiler a process, kept warm, since the first paper takes ten times as long as the others."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Final

import typst

from gongji.foundation.errors import Misconfigured

_LAYOUT: Final = Path(__file__).parent / "paper.typ"
_FAMILIES: Final = ("Noto Sans CJK SC", "Noto Sans SC")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of a paper.

    Attributes:
        heading: above it; "" for none.
        columns: their names.
        rows: cells as text.
        right: which columns are figures.
        widths: parts of the breadth; 0 as wide as its content.
    """

    heading: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: Sequence[bool]
    widths: Sequence[int]


@dataclass(frozen=True, slots=True)
class Verification:
    """What a paper says of verifying it: a label, the code in groups, and where."""

    label: str
    code: str
    how: str


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper, all of its words chosen.

    Attributes:
        lang: ``zh`` or ``en``.
        title, footer: above, and on every page below.
        facts: label and value each.
        tables: one below the other.
        notes: sentences below them.
        verify: how it is verified.
    """

    lang: str
    title: str
    footer: str
    facts: Sequence[tuple[str, str]]
    tables: Sequence[Sheet]
    notes: Sequence[str]
    verify: Verification


class Press:
    """A kept compiler; papers are printed one after the other.

    Args:
        fonts: folders to look for Noto Sans CJK in, besides the system's.

    Raises:
        Misconfigured: ``papers.fonts`` when it is nowhere.
    """

    def __init__(self, fonts: Sequence[Path]) -> None:
        found = typst.Fonts(include_system_fonts=True, include_embedded_fonts=True, font_paths=list(fonts))
        if not set(_FAMILIES) & set(found.families()):
            raise Misconfigured(
                "papers.fonts",
                "Noto Sans CJK is not installed (Debian: fonts-noto-cjk): install it, or let GONGJI_FONTS name its folder",
                "没有安装 Noto Sans CJK 字体（Debian：fonts-noto-cjk）：请安装，或用 GONGJI_FONTS 指向字体目录",
                field="GONGJI_FONTS",
            )
        self._compiler = typst.Compiler(str(_LAYOUT), root=str(_LAYOUT.parent), font_paths=found)
        self._lock = threading.Lock()

    def print(self, paper: Paper) -> bytes:
        """The paper as PDF."""
        with self._lock:
            made = self._compiler.compile(format="pdf", sys_inputs={"paper": json.dumps(asdict(paper))})
        assert isinstance(made, bytes), "one paper is one file"
        return made


@cache
def press(fonts: tuple[Path, ...]) -> Press:
    """The process's press."""
    return Press(fonts)
