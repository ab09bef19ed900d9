"""What a reader calls the other side of an authorisation."""

from __future__ import annotations

from collections.abc import Mapping

from gongji.entrances import wording
from gongji.entrances.wording import Language
from gongji.family.model import Authorisation
from gongji.registry.model import Person


def name_of(authorisation: Authorisation, reader_id: int, people: Mapping[int, Person], language: Language) -> str:
    """What a reader calls the other side of an authorisation: the kinship word and the masked name."""
    reader_is_user = authorisation.user_id == reader_id
    other = people.get(authorisation.sharer_id if reader_is_user else authorisation.user_id)
    if other is None:
        return wording.text("kin.stranger", language)
    word = wording.kin_seen_by_user if reader_is_user else wording.kin
    kin = word(authorisation.relation, other.gender, language)
    return wording.text("kin.named", language, kin=kin, name=other.masked_name)
