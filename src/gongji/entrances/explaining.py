"""Explanations of settlements in words: who pays and why, and the funds' arithmetic in a few numbered sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gongji.benefit.model import Step
from gongji.entrances.wording import Language, catalogue, caution, text, told
from gongji.foundation.money import part_of
from gongji.rules.model import Clause
from gongji.settlement.model import Explanation, PayerLine

#: "Same order everywhere": funds, own account, relatives, wallet, cash.
PAYER_ORDER: Final = ("fund.pool", "fund.large", "fund.civil", "fund.aid", "own", "shared", "wallet", "cash")

MOST_STEPS: Final = 4


@dataclass(frozen=True, slots=True)
class ToldPayer:
    """One payer in words.

    Attributes:
        payer: the payer's code (`PayerLine.payer`).
        label: who that is.
        amount: fen.
        because_code: the reason's code.
        because: why, in a sentence.
        clause: the text that it rests on.
        caution: a sentence on how far the source can be trusted; None where it needs none.
    """

    payer: str
    label: str
    amount: int
    because_code: str
    because: str
    clause: Clause | None
    caution: str | None


@dataclass(frozen=True, slots=True)
class ToldStep:
    """One numbered sentence of the funds' arithmetic, with the texts it rests on and what is to be known of them."""

    codes: tuple[str, ...]
    sentence: str
    clauses: tuple[Clause, ...]
    caution: str | None


@dataclass(frozen=True, slots=True)
class ToldExplanation:
    """An explanation in words: payers in the fixed order, at most four numbered sentences, and the sum (fen)."""

    payers: tuple[ToldPayer, ...]
    steps: tuple[ToldStep, ...]

    @property
    def total(self) -> int:
        """What the payers paid together, in fen."""
        return sum(payer.amount for payer in self.payers)

    @property
    def cautions(self) -> tuple[str, ...]:
        """Everything to be known of its sources, each sentence once."""
        noted = [*(payer.caution for payer in self.payers), *(step.caution for step in self.steps)]
        return tuple(dict.fromkeys(note for note in noted if note))


def explain(explanation: Explanation, language: Language, names: Mapping[int, str]) -> ToldExplanation:
    """An explanation in words.

    Args:
        explanation: the settlement's own.
        language: in which.
        names: what to call the people whose ids its inputs hold (sharers, givers of quotas); others are "a relative".
    """
    payers = in_order(explanation.payers)
    sentences = [tell_step(step, language) for step in explanation.steps]
    if len(sentences) > MOST_STEPS:
        last = sentences[MOST_STEPS - 1 :]
        sentences = [*sentences[: MOST_STEPS - 1], _joined(last, language)]
    return ToldExplanation(tuple(_told_payer(line, language, names) for line in payers), tuple(sentences))


def in_order(lines: Sequence[PayerLine]) -> list[PayerLine]:
    """Payer lines in the fixed order; lines of one payer stay as they were."""
    return sorted(lines, key=_place)


def _place(line: PayerLine) -> int:
    return PAYER_ORDER.index(line.payer) if line.payer in PAYER_ORDER else len(PAYER_ORDER)


def _told_payer(line: PayerLine, language: Language, names: Mapping[int, str]) -> ToldPayer:
    values = {"amount": line.amount, **line.inputs}
    label = told(f"payer.{_named_by(line)}", language, values, names)
    because = told(f"because.{line.because}", language, values, names)
    return ToldPayer(
        line.payer,
        label or text("payer.unknown", language, code=line.payer),
        line.amount,
        line.because,
        because or text("because.unknown", language, code=line.because),
        line.clause,
        caution(line.clause, language),
    )


def _named_by(line: PayerLine) -> str:
    """The payer, with whom it belongs to where that is somebody in particular, or nobody."""
    if line.payer == "shared" and "sharer" not in line.inputs:
        return "shared.nobody"
    return "wallet.quota" if "giver" in line.inputs else line.payer


def tell_step(step: Step, language: Language) -> ToldStep:
    """One step of the funds' arithmetic in words."""
    values = {"amount": step.amount, "period": "", "cases": "", **step.inputs}
    sentence = told(f"step.{_situation(step)}", language, values)
    return ToldStep(
        (step.code,),
        sentence or text("step.unknown", language, code=step.code, amount=step.amount),
        (step.clause,) if step.clause else (),
        caution(step.clause, language),
    )


def _situation(step: Step) -> str:
    """The step's code, with the situation where one sentence does not fit all."""
    inputs = step.inputs
    match step.code:
        case "deductible":
            return f"deductible.{_deductible(step)}"
        case "account_first" if not step.amount:
            return "account_first.empty"
        case "modifier":
            return _modifier(step)
        case "band" if not inputs.get("cost"):
            return "band.none"
        case "band" if inputs.get("to"):
            return "band.to"
        case "cost_cap" if "period" not in inputs and not inputs.get("counted_before"):
            return "cost_cap.visit"
        case "ratio" if not inputs.get("base"):
            return "ratio.none"
        case "ratio" if "ratio" in inputs and step.amount != part_of(_number(step, "base"), _number(step, "ratio")):
            return "ratio.bands"
        case "cap" | "no_cap" if not inputs.get("owed"):
            return "cap.nothing"
        case "cap":
            return _cap(step)
        case "no_rule" if inputs.get("says"):
            return "no_rule.says"
        case "waiting":
            return f"waiting.{inputs.get('late')}"
        case "overflow" if "basis" in inputs and inputs.get("fund") == "fund.large":
            return "overflow.unpaid" if step.amount == inputs.get("owed") else "overflow.unpaid.binds"
        case "overflow_ratio" if "band" in inputs and inputs.get("fund") == "fund.large":
            return "overflow_ratio.band.to" if "to" in inputs else "overflow_ratio.band"
        case "stage" | "overflow" | "overflow_ratio" if inputs.get("fund", "fund.large") != "fund.large":
            return f"{step.code}.{inputs['fund']}"
    return step.code


def _number(step: Step, name: str) -> int:
    return int(step.inputs.get(name, 0))


def _deductible(step: Step) -> str:
    """How the deductible stands: nothing covered, none asked, by admission, each visit, or building up over a year."""
    inputs = step.inputs
    if not step.amount and not inputs.get("in_scope"):
        return "none_covered"
    if not inputs.get("threshold"):
        return "none_asked"
    if "admission" in inputs:
        return "long_stay" if _number(step, "cycles") > 1 else "admission"
    if "borne_before" not in inputs:
        return "each_visit" if step.amount else "charged_enough"
    if not step.amount:
        return "met_before"
    if inputs.get("left"):
        return "to_bear"
    return "met_now" if inputs.get("borne_before") else "met_at_once"


def _modifier(step: Step) -> str:
    """What a modifier does to the ratio; one that a newer rule brings is told as a change."""
    effect = f"modifier.{step.inputs.get('effect')}"
    if effect == "modifier.points" and not step.inputs.get("number"):
        return "modifier.points.none"
    return effect if f"step.{effect}" in catalogue(Language.CHINESE) else "modifier"


#: In the names of limits that are of a visit, a month or a quarter, where the step does not name its period.
_NOT_OF_A_YEAR: Final = ("_limit", "month", "quarter", "visit")


def _cap(step: Step) -> str:
    """Whether the cap binds, and whether it is one of a period."""
    rule = step.clause.rule if step.clause and "period" not in step.inputs else ""
    code = "cap.any" if any(word in rule for word in _NOT_OF_A_YEAR) else "cap"
    if step.amount == step.inputs.get("owed"):
        return code
    if code == "cap" and not step.amount:
        return "cap.binds.used_up"
    at_once = code == "cap" and not step.inputs.get("paid_before")
    return "cap.binds.at_once" if at_once else f"{code}.binds"


def _joined(steps: Sequence[ToldStep], language: Language) -> ToldStep:
    """Several sentences as one, so that an explanation never has more numbers than a reader follows."""
    clauses = tuple(dict.fromkeys(clause for step in steps for clause in step.clauses))
    return ToldStep(
        tuple(code for step in steps for code in step.codes),
        ("" if language is Language.CHINESE else " ").join(step.sentence for step in steps),
        clauses,
        next((step.caution for step in steps if step.caution), None),
    )
