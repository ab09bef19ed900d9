"""The packs on the shelf: the compiled book beside the entries it was made from, and how a reader names a region."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from gongji.entrances.platform import load_rules
from gongji.foundation.errors import NotFound
from gongji.rules.answering import NATION
from gongji.rules.book import RuleBook
from gongji.rules.lineage import Lineage


@dataclass(frozen=True, slots=True)
class Shelf:
    """Packs that load without a problem.

    Attributes:
        book: the compiled rules.
        lineages: every pack with its parents, by region code.
    """

    book: RuleBook
    lineages: Mapping[str, Lineage]

    def named(self, text: str) -> Lineage:
        """The pack of a region.

        Args:
            text: six-digit code of the region or of a county in it, its Chinese name with or without 市 or 省, or the
                last part of its pack's id (``tieling``).

        Raises:
            NotFound: ``region.unknown``, with the nearest names.
        """
        if re.fullmatch(r"[0-9]{6}", text):
            found = self._coded(text)
        else:
            named = [one for one in self.lineages.values() if text in _names(one)]
            begun = [one for one in self.lineages.values() if text and one.own.name.startswith(text)]
            found = named[0] if named else begun[0] if len(begun) == 1 else None
        if found is None:
            raise self._unknown(text)
        return found

    def _coded(self, code: str) -> Lineage | None:
        """A region's own pack, else that of the city or province it lies in; the nation's only when asked for."""
        for near in (code, code[:4] + "00", code[:2] + "0000"):
            if near in self.lineages:
                return self.lineages[near]
        return None

    def _unknown(self, text: str) -> NotFound:
        known = {name: one for one in self.lineages.values() for name in (*_names(one), one.own.region)}
        near = dict.fromkeys(known[name].own.region for name in get_close_matches(text, known, n=6, cutoff=0.3))
        offered = list(near)[:4] or [region for region in self.lineages if region.endswith("0000") and region != NATION]
        named = ", ".join(f"{self.lineages[region].own.name} {region}" for region in offered)
        en, zh = ("nearest", "相近的有") if near else ("there are packs in", "有规则包的省份")
        return NotFound(
            "region.unknown",
            f"no rule pack is of a region '{text}'; {en}: {named}",
            f"没有“{text}”的规则包, {zh}: {named}",
            field="region",
            accepted="six digits, a Chinese name or the last part of a pack's id; `gongji rules list` shows them all",
        )


def _names(lineage: Lineage) -> tuple[str, ...]:
    name, pack = lineage.own.name, lineage.own.id
    return name, re.sub(r"(市|省|壮族自治区|回族自治区|维吾尔自治区|自治区|新区)$", "", name), pack, pack.split("/")[-1]


def open_shelf(paths: Sequence[Path]) -> Shelf:
    """The shipped packs, with others beside or in place of them.

    Args:
        paths: pack files or folders.

    Raises:
        PackError: listing every problem of every file.
        NotFound: ``pack.not_found``.
    """
    book = load_rules(list(paths))
    return Shelf(book, {one.own.region: one for one in book.lineages()})
