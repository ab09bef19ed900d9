"""What a reader has to know of an answer: how far its sources can be trusted, and what could not be reckoned."""

from __future__ import annotations

from gongji.entrances import explaining, wording
from gongji.entrances.open_rules.question import Answer
from gongji.entrances.wording import Language


def cautions(found: Answer, language: Language) -> tuple[str, ...]:
    """Sentences to stand beside an answer, in a fixed order.

    Args:
        found: what it comes to.
        language: of the sentences.
    """
    noted = []
    if found.rule is None:
        noted.append(wording.text("rules.caution.no_rule", language))
    if found.sharing is None:
        noted.append(wording.text("rules.caution.no_sharing", language))
    noted += explaining.explain(found.explanation, language, {}).cautions
    return tuple(noted)
