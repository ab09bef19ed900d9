"""The decision on a claim as a paper: the lines, who pays what and why, and the code by which it is verified."""

from __future__ import annotations

from starlette.responses import Response

from gongji.entrances.papers.press import Paper, Sheet
from gongji.entrances.web.citizen.claims import Decided, claim_at, decided
from gongji.entrances.web.citizen.printing import as_pdf, verification
from gongji.entrances.web.visits import Visit
from gongji.entrances.wording import money
from gongji.foundation.issued import issue
from gongji.registry import service as registry
from gongji.reimbursement import refusals, store
from gongji.reimbursement.posting import standing


def paper(visit: Visit) -> Response:
    """``GET /claims/{number}/paper``.

    Raises:
        NotFound: ``claim.unknown``, also while nothing is decided.
    """
    one = claim_at(visit)
    found = standing(store.decisions_of(visit.connection, one.id))
    if found is None or one.place is None:
        raise refusals.unknown()
    t, told = visit.reader.text, decided(visit, found)
    patient = registry.people_by_id(visit.connection, visit.platform.vault, [visit.person_id])[visit.person_id]
    payers = [[payer.payer, payer.amount] for payer in told.explained.payers if payer.amount]
    content = {
        "name": patient.masked_name,
        "settlement": one.number,
        "place": one.place.name,
        "day": f"{found.on:%Y-%m-%d}",
        "total": found.total,
        "payers": payers,
        "reversal": False,
    }
    code = issue(visit.connection, visit.platform.vault, "receipt", content, visit.now)
    facts = [
        (t("paper.name"), patient.masked_name),
        (t("visit.place"), one.place.name),
        (t("claim.day"), visit.reader.day(found.on)),
        (t("claim.number"), one.number),
        (t("claim.decided_at"), visit.reader.moment(found.at)),
        (t("claim.funds"), money(found.funds)),
    ]
    made = Paper(
        visit.reader.language.tag[:2],
        t("claim.paper.title"),
        t("paper.footer"),
        facts,
        _tables(visit, told),
        [*told.explained.cautions],
        verification(visit, code),
    )
    return as_pdf(visit, made, f"gongji-{one.number}.pdf")


def _tables(visit: Visit, told: Decided) -> list[Sheet]:
    """The lines, who pays what, and the arithmetic."""
    t = visit.reader.text
    lines = [
        (
            line.name,
            t("claim.counts" if line.counts else "claim.counts_not"),
            t(f"claim.line.{line.because}") + (f" {line.clause}" if line.clause else ""),
            money(line.total),
            money(line.in_scope),
        )
        for line in told.lines
    ]
    heads = tuple(t(f"claim.paper.{head}") for head in ("item", "counts", "why", "amount", "in_scope"))
    columns = (t("paper.column.payer"), t("paper.column.because"), t("paper.column.amount"))
    rows = [(payer.label, payer.because, money(payer.amount)) for payer in told.explained.payers]
    rows.append((t("visit.sum"), "", money(told.explained.total)))
    steps = [(str(number), step.sentence) for number, step in enumerate(told.explained.steps, 1)]
    return [
        Sheet(t("claim.lines.decided"), heads, lines, (False, False, False, True, True), (2, 0, 3, 0, 0)),
        Sheet(t("visit.payers"), columns, rows, (False, False, True), (2, 3, 0)),
        Sheet(t("visit.steps"), ("", ""), steps, (False, False), (0, 1)),
    ]
