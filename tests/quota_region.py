"""The nation's rule of wallet quotas with limits that no text at hand gives. For what a pack may say and none does."""

from __future__ import annotations

from pathlib import Path

from gongji.rules.book import SHIPPED, RuleBook


def limited_quotas(folder: Path, **terms: object) -> RuleBook:
    """The shipped packs, but quotas have these terms beside the nation's own, or instead of them.

    Args:
        folder: where the pack is written.
        terms: as in a pack: ``most_each="500.00"``, ``most_users=2``, ``both_agree="false"`` …
    """
    own = dict.fromkeys(("freezes", "unused_returns", "both_agree", "ends_with_insurance", "many_to_many"), "true")
    written = ", ".join(f"{name}: {value}" for name, value in {**own, **terms}.items())
    text = (SHIPPED / "cn/pack.yaml").read_text()
    before = "{" + ", ".join(f"{name}: true" for name in own) + "}"
    assert text.count(before) == 1, "the nation says how quotas are given"
    (folder / "cn").mkdir(parents=True, exist_ok=True)
    file = folder / "cn/pack.yaml"
    file.write_text(text.replace(before, "{" + written + "}"))
    return RuleBook.load([file])
