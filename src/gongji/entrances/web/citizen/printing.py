"""What papers for citizens have in common: the code by which they are verified, and how they are handed out."""

from __future__ import annotations

from starlette.responses import Response

from gongji.entrances.papers.press import Paper, Sheet, Verification, press
from gongji.entrances.web.citizen import reading
from gongji.entrances.web.citizen.settlement import PatientsPage
from gongji.entrances.web.visits import Visit
from gongji.entrances.wording import money
from gongji.foundation.errors import NotFound
from gongji.foundation.issued import grouped, issue
from gongji.registry import service as registry


def verification(visit: Visit, code: str) -> Verification:
    """What a paper says of verifying it."""
    base = visit.platform.settings.public_url or str(visit.request.base_url).rstrip("/").removesuffix(visit.area.base)
    t = visit.reader.text
    return Verification(t("paper.code"), grouped(code), t("paper.verify", address=f"{base}/verify/"))


def as_pdf(visit: Visit, paper: Paper, name: str) -> Response:
    """A paper to be looked at or kept."""
    content = press(tuple(visit.platform.settings.fonts)).print(paper)
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return Response(content, media_type="application/pdf", headers=headers)


def receipt(visit: Visit) -> Response:
    """``GET /settlements/{number}/receipt``: who paid what and why, for the patient.

    Raises:
        NotFound: ``settlement.unknown``, also for a sharer: their statement says what they paid.
    """
    _, page = reading.settlement(visit, visit.part("number"))
    if not isinstance(page, PatientsPage):
        raise NotFound(
            "settlement.unknown",
            "there is no such settlement of yours",
            "没有找到这笔结算，或者不是您的记录",
            field="number",
        )
    t = visit.reader.text
    patient = registry.people_by_id(visit.connection, visit.platform.vault, [visit.person_id])[visit.person_id]
    sums = [(payer.payer, payer.amount) for payer in page.explained.payers]
    content = {
        "name": patient.masked_name,
        "settlement": page.number,
        "place": page.place,
        "day": f"{page.at:%Y-%m-%d}",
        "total": page.total,
        "payers": [[payer, amount] for payer, amount in sums if amount],
        "reversal": page.is_reversal,
    }
    code = issue(visit.connection, visit.platform.vault, "receipt", content, visit.now)
    rows = [(payer.label, payer.because, money(payer.amount)) for payer in page.explained.payers]
    rows.append((t("visit.sum"), "", money(page.explained.total)))
    columns = (t("paper.column.payer"), t("paper.column.because"), t("paper.column.amount"))
    tables = [Sheet(t("visit.payers"), columns, rows, (False, False, True), (2, 3, 0))]
    if page.explained.steps:
        steps = [(str(number), step.sentence) for number, step in enumerate(page.explained.steps, 1)]
        tables.append(Sheet(t("visit.steps"), ("", ""), steps, (False, False), (0, 1)))
    notes = [*page.explained.cautions]
    if page.reversed_at:
        notes.append(t("visit.reversed", moment=page.reversed_at))
    facts = [
        (t("paper.name"), patient.masked_name),
        (t("visit.place"), page.place),
        (t("visit.when"), visit.reader.moment(page.at)),
        (t("visit.number"), page.number),
        (t("visit.total"), money(page.total)),
    ]
    title = t("paper.receipt.reversal") if page.is_reversal else t("paper.receipt")
    paper = Paper(
        visit.reader.language.tag[:2], title, t("paper.footer"), facts, tables, notes, verification(visit, code)
    )
    return as_pdf(visit, paper, f"gongji-{page.number}.pdf")
