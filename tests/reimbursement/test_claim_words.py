"""Every reason that a claim's explanation gives, and every document that a claim wants, is known to the wording and to people."""

from __future__ import annotations

import re
from pathlib import Path

import gongji
from gongji.entrances.wording import Language, catalogue
from gongji.registry.model import InstitutionKind
from gongji.reimbursement.model import DocumentKind, LineWord, RefuseReason, WhyNotDirect
from gongji.reimbursement.words import AT, LINE_CLAUSES, MED_TYPES, REFUSE_CLAUSES, wanted_documents

ROOM = Path(gongji.__file__).parent / "reimbursement"


def test_every_reason_of_an_explanation_has_its_sentence() -> None:
    code = "".join(path.read_text() for path in ROOM.glob("*.py"))
    reasons = set(re.findall(r'"((?:own|shared|cash|claim)\.(?:none\.paid_in_cash|kept|none|taken_back))"', code))
    assert reasons == {
        "own.none.paid_in_cash",
        "shared.none.paid_in_cash",
        "cash.kept",
        "cash.none",
        "claim.taken_back",
    }
    for language in Language:
        assert {f"because.{reason}" for reason in reasons} <= catalogue(language).keys()


def test_every_reason_says_what_it_rests_on_or_that_it_is_only_a_fact() -> None:
    assert REFUSE_CLAUSES.keys() == set(RefuseReason)
    assert LINE_CLAUSES.keys() == set(LineWord) - {LineWord.CATALOGUE, LineWord.USE_FITS}


def test_documents_go_by_reason_and_kind_of_care() -> None:
    paper, electronic = ("12345678",), ("21120024000000000001",)
    down, emergency = WhyNotDirect.PLATFORM_DOWN, WhyNotDirect.EMERGENCY
    detail, record = DocumentKind.DETAIL, DocumentKind.RECORD
    assert wanted_documents(down, "11", electronic) == (detail, DocumentKind.PRESCRIPTION)
    assert wanted_documents(down, "21", paper) == (DocumentKind.INVOICE, detail, record)
    assert wanted_documents(emergency, "13", electronic) == (detail, record, DocumentKind.EMERGENCY)


def test_each_category_of_care_can_be_claimed_somewhere() -> None:
    assert set(AT) == set(InstitutionKind)
    assert {kind for kinds in AT.values() for kind in kinds} == set(MED_TYPES)
