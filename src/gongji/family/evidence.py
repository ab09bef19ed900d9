"""Documents that prove a relation: which ones do. Pure; the store keeps them sealed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from gongji.family.refusals import Code, refuse
from gongji.family.words import EVIDENCE_WORDS, EvidenceKind
from gongji.rules.model import Relation

#: A request with more documents than this is somebody filling the disk.
MOST_DOCUMENTS: Final = 20

_BOOK: Final = frozenset({EvidenceKind.HOUSEHOLD_BOOK})
_KINSHIP: Final = frozenset({EvidenceKind.KINSHIP_CERTIFICATE})
_MARRIAGE: Final = frozenset({EvidenceKind.MARRIAGE_CERTIFICATE})
_BIRTH: Final = frozenset({EvidenceKind.BIRTH_CERTIFICATE})
_ADOPTION: Final = frozenset({EvidenceKind.ADOPTION_CERTIFICATE})

#: For each relation the sets of documents of which one set is enough, the most usual first. The marriage certificate
#: and the household book are the seed's (Tieling: 上传结婚证、居民户口簿等证明资料); the household book no longer shows
#: a child who lives apart, hence the certificates of birth, adoption and kinship.
PROOFS: Final[Mapping[Relation, tuple[frozenset[EvidenceKind], ...]]] = {
    Relation.SPOUSE: (_MARRIAGE, _BOOK),
    Relation.PARENT: (_BOOK, _BIRTH, _ADOPTION, _KINSHIP),
    Relation.CHILD: (_BOOK, _BIRTH, _ADOPTION, _KINSHIP),
    Relation.PARENT_IN_LAW: (_MARRIAGE | _BIRTH, _BOOK, _KINSHIP),
    Relation.SIBLING: (_BOOK, _KINSHIP),
    Relation.GRANDPARENT: (_BOOK, _KINSHIP),
    Relation.GRANDCHILD: (_BOOK, _KINSHIP),
}


class EvidenceState(StrEnum):
    """A document's life: handed in, then accepted, or returned and replaced by another."""

    HANDED_IN = "handed_in"
    RETURNED = "returned"
    REPLACED = "replaced"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """A document of a request, without its content.

    Attributes:
        id: its number.
        kind: which document.
        pages: how many pages it has, each a JPEG picture.
        sha256: digest of the upload, hex.
        state: its life.
        note: why it was returned (a `ReturnReason` code), None otherwise.
        handed_in_at: when.
    """

    id: int
    kind: EvidenceKind
    pages: int
    sha256: str
    state: EvidenceState
    note: str | None
    handed_in_at: datetime


def useful_kinds(relation: Relation) -> tuple[EvidenceKind, ...]:
    """Every kind of document that helps to prove a relation, in the order of the catalogue."""
    wanted = {kind for kinds in PROOFS[relation] for kind in kinds}
    return tuple(kind for kind in EvidenceKind if kind in wanted)


def proof_among(relation: Relation, items: Collection[EvidenceItem]) -> tuple[EvidenceItem, ...]:
    """The documents that together prove the relation, as far as their kinds go: the newest of each; empty if none do.

    Returned and replaced documents don't count.
    """
    live = {
        item.kind: item
        for item in sorted(items, key=lambda item: item.id)
        if item.state in (EvidenceState.HANDED_IN, EvidenceState.ACCEPTED)
    }
    complete = next((kinds for kinds in PROOFS[relation] if kinds <= live.keys()), frozenset())
    return tuple(live[kind] for kind in EvidenceKind if kind in complete)


def documents_in_words(relation: Relation) -> tuple[str, str]:
    """What would prove the relation, in Chinese and in English: ``结婚证；居民户口簿``."""
    alternatives = [[kind for kind in EvidenceKind if kind in kinds] for kinds in PROOFS[relation]]
    zh = "；".join("和".join(EVIDENCE_WORDS[kind][0] for kind in kinds) for kinds in alternatives)
    en = "; ".join(" with ".join(EVIDENCE_WORDS[kind][1] for kind in kinds) for kinds in alternatives)
    return zh, en


def check_kind(relation: Relation, kind: EvidenceKind) -> None:
    """Refuse a document that says nothing about the relation.

    Raises:
        Refused: ``evidence.kind``, naming the documents that do.
    """
    useful = useful_kinds(relation)
    if kind not in useful:
        zh, en = documents_in_words(relation)
        raise refuse(Code.EVIDENCE_KIND, accepted=", ".join(useful), documents=zh, documents_en=en)


def check_against_others(sha256: str, others: Collection[EvidenceItem]) -> None:
    """Refuse a file that was returned before, and a request that has had enough files.

    Raises:
        Refused: ``evidence.same_file``, ``evidence.too_many``.
    """
    if any(item.sha256 == sha256 and item.state in (EvidenceState.RETURNED, EvidenceState.REPLACED) for item in others):
        raise refuse(Code.EVIDENCE_SAME_FILE)
    if len(others) >= MOST_DOCUMENTS:
        raise refuse(Code.EVIDENCE_TOO_MANY, most=MOST_DOCUMENTS)
