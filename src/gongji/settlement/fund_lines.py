"""What each fund pays, as the first lines of the explanation: a fund that pays nothing says why."""

from __future__ import annotations

from gongji.benefit.model import Assessment, Bill
from gongji.settlement.model import PayerLine


def fund_lines(bill: Bill, assessment: Assessment) -> list[PayerLine]:
    """The payer lines of the funds: the pooled fund always, a further fund when it pays."""
    ratio = {step.code: step.clause for step in assessment.steps}
    further = {step.inputs["fund"]: step.clause for step in assessment.steps if step.code == "overflow"}
    inputs: dict[str, int | str] = {
        "in_scope": bill.in_scope,
        "deductible": assessment.deductible,
        "ratio": assessment.ratio,
    }
    lines = [
        PayerLine(
            fund.fund,
            fund.amount,
            "fund.paid" if fund.fund == "fund.pool" else f"{fund.fund}.paid",
            ratio.get("ratio") if fund.fund == "fund.pool" else further.get(fund.fund),
            inputs,
        )
        for fund in assessment.funds
    ]
    if not any(line.payer == "fund.pool" for line in lines):
        because, step = _why_no_fund(bill, assessment)
        lines.insert(0, PayerLine("fund.pool", 0, because, ratio.get(step), inputs))
    return lines


def _why_no_fund(bill: Bill, assessment: Assessment) -> tuple[str, str]:
    """Why the pooled fund pays nothing: the code, and the step whose clause says so."""
    codes = {step.code for step in assessment.steps}
    if "no_rule" in codes:
        return "fund.none.no_rule", "no_rule"
    for withheld in ("waiting", "no_prescription"):
        if withheld in codes:
            return f"fund.none.{withheld}", withheld
    if bill.in_scope == 0:
        return "fund.none.nothing_in_scope", "split"
    if bill.in_scope <= assessment.deductible:
        return "fund.none.deductible_not_reached", "deductible"
    return "fund.none.cap_used", "cap"
