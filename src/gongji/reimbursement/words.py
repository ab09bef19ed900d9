"""Fixed tables of claims: which documents a claim wants, which categories of care there are, and the articles behind reasons."""

from __future__ import annotations

from typing import Final

from gongji.registry.model import InstitutionKind
from gongji.reimbursement.model import DocumentKind, LineWord, RefuseReason, WhyNotDirect

#: med_type that can be claimed; ``claim.med_type.<code>``. Each is one that packs have rules for.
MED_TYPES: Final = ("11", "13", "14", "41", "21")

#: med_type that goes with a kind of institution.
AT: Final = {InstitutionKind.HOSPITAL: ("11", "13", "14", "21"), InstitutionKind.PHARMACY: ("41", "14")}

#: An electronic invoice has so many digits (code and number together); its issuer shows it to whoever types them.
ELECTRONIC: Final = 20

#: By category of care, the document that says what the treatment was for (the seed: 发票、处方、费用明细).
_TREATMENT: Final = {
    "11": DocumentKind.PRESCRIPTION,
    "13": DocumentKind.RECORD,
    "14": DocumentKind.PRESCRIPTION,
    "41": DocumentKind.PRESCRIPTION,
    "21": DocumentKind.RECORD,
}

#: By reason, a document that shows it. A slip of the institution, where its connection or ours was down, is welcome, not wanted.
_OF_REASON: Final = {WhyNotDirect.EMERGENCY: DocumentKind.EMERGENCY}
WELCOME: Final = {
    WhyNotDirect.PLATFORM_DOWN: (DocumentKind.SLIP,),
    WhyNotDirect.NOT_CONNECTED: (DocumentKind.SLIP,),
}

_INSURANCE_LAW: Final = "《社会保险法》"

#: The article that a refusal rests on; "" where it is only a fact.
REFUSE_CLAUSES: Final = {
    RefuseReason.SETTLED_BEFORE: "",
    RefuseReason.NOT_DESIGNATED: "",
    RefuseReason.WORK_INJURY: f"{_INSURANCE_LAW}第三十条第一项",
    RefuseReason.THIRD_PARTY: f"{_INSURANCE_LAW}第三十条第二项",
    RefuseReason.PUBLIC_HEALTH: f"{_INSURANCE_LAW}第三十条第三项",
    RefuseReason.ABROAD: f"{_INSURANCE_LAW}第三十条第四项",
    RefuseReason.FALSE_BILL: f"{_INSURANCE_LAW}第八十八条",
}

#: The article behind a line that is taken out; what the catalogue says of a line names the catalogue's entry.
IN_CATALOGUE: Final = f"{_INSURANCE_LAW}第二十八条"
LINE_CLAUSES: Final = {
    LineWord.NOT_OF_VISIT: "",
    LineWord.NO_PRESCRIPTION: "",
    LineWord.NOT_ON_INVOICE: "",
    LineWord.TWICE: "",
    LineWord.THIRD_PARTY: f"{_INSURANCE_LAW}第三十条第二项",
}


def wanted_documents(why: WhyNotDirect, med_type: str, invoices: tuple[str, ...]) -> tuple[DocumentKind, ...]:
    """The documents without which a claim does not come in, in the order in which they are asked for.

    A paper invoice is photographed; of an electronic one its number is enough.
    """
    paper = any(not is_electronic(one) for one in invoices)
    found = [
        *([DocumentKind.INVOICE] if paper else []),
        DocumentKind.DETAIL,
        *([_TREATMENT[med_type]] if med_type in _TREATMENT else []),
        *([_OF_REASON[why]] if why in _OF_REASON else []),
    ]
    return tuple(dict.fromkeys(found))


def is_electronic(invoice: str) -> bool:
    """Whether a number is an electronic invoice's."""
    return len(invoice) == ELECTRONIC and invoice.isdigit()
