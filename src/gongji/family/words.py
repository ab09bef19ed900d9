"""The closed lists of the family room and the words in which people read them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final

from gongji.family.kinship import NEAREST_FIRST
from gongji.family.model import AuthorisationState
from gongji.rules.model import Relation


class Action(StrEnum):
    """What can be done to an authorisation; `gongji.family.transitions.transition` says when."""

    SUBMIT = "submit"
    COMMIT = "commit"
    HAND_IN = "hand_in"
    APPROVE = "approve"
    RETURN = "return"
    REFUSE = "refuse"
    PAUSE = "pause"
    RESUME = "resume"
    CHANGE_LIMITS = "change_limits"
    END = "end"


class ReviewDecision(StrEnum):
    """What an officer may decide on a case under review."""

    APPROVE = "approve"
    RETURN = "return"
    REFUSE = "refuse"


class ReturnReason(StrEnum):
    """Why one document has to be handed in again (退回补正)."""

    UNREADABLE = "unreadable"
    PAGES_MISSING = "pages_missing"
    OTHER_PEOPLE = "other_people"
    EXPIRED = "expired"
    MORE_PROOF = "more_proof"


class RefuseReason(StrEnum):
    """Why the agency does not approve (不予通过)."""

    RELATION_NOT_SHOWN = "relation_not_shown"
    DOCUMENT_FALSE = "document_false"
    NOT_SAME_PERSON = "not_same_person"
    NOT_ADMITTED = "not_admitted"


class EndReason(StrEnum):
    """Why an authorisation ended: the first three by the family, the others by the agency."""

    UNBOUND = "unbound"
    LEFT = "left"
    WITHDRAWN = "withdrawn"
    INSURANCE_CHANGED = "insurance_changed"
    DEATH = "death"
    RELATION_ENDED = "relation_ended"
    RELATION_FALSE = "relation_false"
    REPLACED = "replaced"
    MISUSE = "misuse"


#: The reasons that are the agency's to give.
AGENCY_END_REASONS: Final = frozenset(EndReason) - {EndReason.UNBOUND, EndReason.LEFT, EndReason.WITHDRAWN}


class EvidenceKind(StrEnum):
    """Documents that prove a relation."""

    MARRIAGE_CERTIFICATE = "marriage_certificate"
    HOUSEHOLD_BOOK = "household_book"
    BIRTH_CERTIFICATE = "birth_certificate"
    ADOPTION_CERTIFICATE = "adoption_certificate"
    KINSHIP_CERTIFICATE = "kinship_certificate"


#: Chinese and English words for each code, as pages, letters and refusals print them.
RELATION_WORDS: Final[Mapping[Relation, tuple[str, str]]] = {
    Relation.SPOUSE: ("配偶", "spouse"),
    Relation.PARENT: ("父母", "parents"),
    Relation.CHILD: ("子女", "children"),
    Relation.SIBLING: ("兄弟姐妹", "siblings"),
    Relation.GRANDPARENT: ("祖父母、外祖父母", "grandparents"),
    Relation.GRANDCHILD: ("孙子女、外孙子女", "grandchildren"),
    Relation.PARENT_IN_LAW: ("配偶的父母", "the spouse's parents"),
}

STATE_WORDS: Final[Mapping[AuthorisationState, tuple[str, str]]] = {
    AuthorisationState.DRAFT: ("还没提交", "not submitted yet"),
    AuthorisationState.SUBMITTED: ("已提交，等您交证明", "submitted, waiting for a document"),
    AuthorisationState.UNDER_REVIEW: ("审核中", "under review"),
    AuthorisationState.RETURNED: ("退回补正", "returned for one document"),
    AuthorisationState.REFUSED: ("不予通过", "refused"),
    AuthorisationState.ACTIVE: ("生效中", "active"),
    AuthorisationState.PAUSED: ("已暂停", "paused"),
    AuthorisationState.ENDED: ("已结束", "ended"),
}

ACTION_WORDS: Final[Mapping[Action, tuple[str, str]]] = {
    Action.SUBMIT: ("提交", "submit"),
    Action.COMMIT: ("承诺生效", "bring into force by commitment"),
    Action.HAND_IN: ("交证明", "hand in a document"),
    Action.APPROVE: ("通过", "approve"),
    Action.RETURN: ("退回补正", "return"),
    Action.REFUSE: ("不予通过", "refuse"),
    Action.PAUSE: ("暂停", "pause"),
    Action.RESUME: ("恢复", "resume"),
    Action.CHANGE_LIMITS: ("改限额", "change the limits of"),
    Action.END: ("解绑或退出", "end"),
}

RETURN_WORDS: Final[Mapping[ReturnReason, tuple[str, str]]] = {
    ReturnReason.UNREADABLE: (
        "照片看不清，请在亮处重新拍一张",
        "the picture can't be read: take it again in good light",
    ),
    ReturnReason.PAGES_MISSING: (
        "少了页，请把写有双方姓名的页都拍上",
        "pages are missing: show every page that names both",
    ),
    ReturnReason.OTHER_PEOPLE: (
        "上面不是您二位的姓名，请核对后重交",
        "it names other people: check it and hand it in again",
    ),
    ReturnReason.EXPIRED: ("证明已经过期，请换一份有效的", "it is out of date: hand in a valid one"),
    ReturnReason.MORE_PROOF: ("还差这一份才能证明关系，请补交", "this one is still needed to prove the relation"),
}

REFUSE_WORDS: Final[Mapping[RefuseReason, tuple[str, str]]] = {
    RefuseReason.RELATION_NOT_SHOWN: (
        "交来的证明看不出你们的关系；有新证明可以重新申请",
        "the documents don't show the relation; apply again with others",
    ),
    RefuseReason.DOCUMENT_FALSE: (
        "证明经核实不真实；有异议请到医保经办窗口说明",
        "the document was found to be false; object at the agency's counter",
    ),
    RefuseReason.NOT_SAME_PERSON: (
        "证明上的人和申请的人不是同一人；请核对姓名和号码后重新申请",
        "the document names another person; check name and number and apply again",
    ),
    RefuseReason.NOT_ADMITTED: (
        "你们的关系不在本地可以共济的范围内",
        "the relation is not one that this region shares with",
    ),
}

END_WORDS: Final[Mapping[EndReason, tuple[str, str]]] = {
    EndReason.UNBOUND: ("共济人解绑", "unbound by the sharer"),
    EndReason.LEFT: ("使用人退出", "left by the user"),
    EndReason.WITHDRAWN: ("生效前撤回", "withdrawn before it was in force"),
    EndReason.INSURANCE_CHANGED: ("参保关系变了", "the insurance changed"),
    EndReason.DEATH: ("有一方去世", "one of the two died"),
    EndReason.RELATION_ENDED: ("亲属关系结束（如离婚、解除收养）", "the relation ended (divorce, adoption dissolved)"),
    EndReason.RELATION_FALSE: ("承诺的关系不真实", "the relation was not true"),
    EndReason.REPLACED: ("换了共济人", "replaced by another sharer"),
    EndReason.MISUSE: ("违规使用，经办机构终止", "ended by the agency after misuse"),
}

EVIDENCE_WORDS: Final[Mapping[EvidenceKind, tuple[str, str]]] = {
    EvidenceKind.MARRIAGE_CERTIFICATE: ("结婚证", "marriage certificate"),
    EvidenceKind.HOUSEHOLD_BOOK: ("居民户口簿", "household book"),
    EvidenceKind.BIRTH_CERTIFICATE: ("出生医学证明", "birth certificate"),
    EvidenceKind.ADOPTION_CERTIFICATE: ("收养登记证", "adoption certificate"),
    EvidenceKind.KINSHIP_CERTIFICATE: ("亲属关系证明（公证书等）", "certificate of kinship (notarised)"),
}


def who_in_words(relations: Collection[Relation]) -> tuple[str, str]:
    """The relations named nearest first, in Chinese and in English."""
    words = [RELATION_WORDS[relation] for relation in NEAREST_FIRST if relation in relations]
    return "、".join(zh for zh, _ in words), ", ".join(en for _, en in words)
