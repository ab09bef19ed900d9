"""What a reader calls the other side of an authorisation."""

from __future__ import annotations

from collections.abc import Mapping

from gongji.entrances import wording
from gongji.entrances.wording import Language
from gongji.family.model import Authorisation
from gongji.registry.model import Person
from gongji.rules.model import Relation


def name_of(authorisation: Authorisation, reader_id: int, people: Mapping[int, Person], language: Language) -> str:
    """What a reader calls the other side of an authorisation: the kinship word and the masked name."""
    reader_is_user = authorisation.user_id == reader_id
    other = people.get(authorisation.sharer_id if reader_is_user else authorisation.user_id)
    if other is None:
        return wording.text("kin.stranger", language)
    return named(other, authorisation.relation, language, seen_by_user=reader_is_user)


def named(other: Person, relation: Relation, language: Language, *, seen_by_user: bool) -> str:
    """The kinship word and the masked name.

    Args:
        other: who is named.
        relation: what the user (receiver) is to the sharer (sender).
        language: the reader's.
        seen_by_user: whether the reader is the user, and the other the sharer.
    """
    word = wording.kin_seen_by_user if seen_by_user else wording.kin
    return wording.text("kin.named", language, kin=word(relation, other.gender, language), name=other.masked_name)
