"""An explanation as the API tells it: payer lines in the fixed order and steps, each sentence in both languages."""

from __future__ import annotations

from gongji.entrances import explaining
from gongji.entrances.api.problems import Words
from gongji.entrances.api.shapes import ClauseOut, PayerOut, StepOut
from gongji.entrances.wording import Language
from gongji.settlement.model import Explanation

#: Inputs of an explanation that name people by our inner ids: nobody outside needs them.
_INNER = ("sharer", "giver", "authorisation", "quota", "settlement")


def payers_out(explanation: Explanation) -> list[PayerOut]:
    """Who paid, how much, and why."""
    chinese, english = (explaining.explain(explanation, language, {}) for language in Language)
    lines = explaining.in_order(explanation.payers)
    return [
        PayerOut(
            payer=line.payer,
            label=Words(zh=zh.label, en=en.label),
            amount_fen=line.amount,
            because_code=line.because,
            because=Words(zh=zh.because, en=en.because),
            clause=ClauseOut.of(line.clause),
            inputs={name: value for name, value in line.inputs.items() if name not in _INNER},
        )
        for line, zh, en in zip(lines, chinese.payers, english.payers, strict=True)
    ]


def steps_out(explanation: Explanation) -> list[StepOut]:
    """The funds' arithmetic, step by step."""
    return [
        StepOut(
            code=step.code,
            amount_fen=step.amount,
            sentence=Words(
                zh=explaining.tell_step(step, Language.CHINESE).sentence,
                en=explaining.tell_step(step, Language.ENGLISH).sentence,
            ),
            clause=ClauseOut.of(step.clause),
            inputs=dict(step.inputs),
        )
        for step in explanation.steps
    ]
