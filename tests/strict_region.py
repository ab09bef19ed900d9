"""Shandong with a stricter sharing rule than it has: for what no shipped pack asks."""

from __future__ import annotations

from pathlib import Path

from gongji.rules.book import RuleBook
from gongji.rules.pack_files import SHIPPED

#: Jining as it is shipped, but that the relative has to agree and nobody unbinds within ninety days.
STRICTER = """
  user_consent:
    - effective: 2020-01-01
      value: true
      source: {doc: seed-shandong, grade: C, summary: "家人须本人同意", checked: 2026-11-22}
  unbind_after_days:
    - effective: 2020-01-01
      value: 90
      source: {doc: seed-shandong, grade: C, summary: "满九十天才可解绑", checked: 2026-11-22}
"""


def stricter_shandong(folder: Path) -> RuleBook:
    """The shipped packs, with Shandong's sharing rule made stricter."""
    text = (SHIPPED / "cn/shandong/pack.yaml").read_text()
    text = text.replace("\nsharing:\n", f"\nsharing:{STRICTER}", 1)
    (folder / "cn/shandong").mkdir(parents=True)
    file = folder / "cn/shandong/pack.yaml"
    file.write_text(text)
    return RuleBook.load([file])
