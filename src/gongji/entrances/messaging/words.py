"""Puts messages into words: facts become a sentence of the catalogue, in the language of whoever reads it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import sqlalchemy as sa

from gongji.entrances import wording
from gongji.entrances.naming import name_of
from gongji.entrances.wording import Language
from gongji.family import service as family
from gongji.foundation.inbox import Received
from gongji.registry import service as registry

if TYPE_CHECKING:
    from gongji.entrances.platform import Platform


def sentences(
    connection: sa.Connection, platform: Platform, messages: Collection[Received], language: Language
) -> dict[int, str]:
    """The sentence of each message, by its id. The other side is called by kinship and masked name."""
    under = {one.facts["authorisation"] for one in messages if "authorisation" in one.facts}
    shared = {one: family.authorisation(connection, one) for one in sorted(under)}
    people = registry.people_by_id(
        connection, platform.vault, {person for one in shared.values() for person in (one.sharer_id, one.user_id)}
    )
    places = registry.institutions_by_id(
        connection, {one.facts["institution"] for one in messages if "institution" in one.facts}
    )
    told = {}
    for one in messages:
        under_id, place = one.facts.get("authorisation"), one.facts.get("institution")
        told[one.id] = sentence(
            one,
            language,
            who=name_of(shared[under_id], one.person_id, people, language) if under_id else "",
            place=places[place].name if place else "",
        )
    return told


def sentence(message: Received, language: Language, *, who: str, place: str) -> str:
    """One message as its reader reads it; a kind that this catalogue does not know is told as something that changed."""
    values = {**message.facts, "who": who, "place": place, "at": message.made_at}
    key = f"message.{message.kind}"
    if message.kind.startswith("money.") and place:
        key += ".at"
    return wording.told(key, language, values) or wording.text("message.other", language, **values)


def relatives(connection: sa.Connection, messages: Collection[Received]) -> set[int]:
    """Whose masked names the sentences hold."""
    under = {one.facts["authorisation"] for one in messages if "authorisation" in one.facts}
    people: set[int] = set()
    for one in sorted(under):
        found = family.authorisation(connection, one)
        people |= {found.sharer_id, found.user_id}
    return people - {one.person_id for one in messages}
