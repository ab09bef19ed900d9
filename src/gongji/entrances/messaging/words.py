"""Puts messages into words: facts become a sentence of the catalogue, in the language of whoever reads it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import sqlalchemy as sa

from gongji.entrances import wording
from gongji.entrances.naming import name_of, named
from gongji.entrances.wording import Language
from gongji.family import service as family
from gongji.foundation.inbox import Received
from gongji.registry import service as registry
from gongji.registry.model import Person
from gongji.rules.model import Relation

if TYPE_CHECKING:
    from gongji.entrances.platform import Platform


def sentences(
    connection: sa.Connection, platform: Platform, messages: Collection[Received], language: Language
) -> dict[int, str]:
    """The sentence of each message, by its id. The other side is called by kinship and masked name."""
    under = {one.facts["authorisation"] for one in messages if "authorisation" in one.facts}
    shared = {one: family.authorisation(connection, one) for one in sorted(under)}
    sides = {person for one in shared.values() for person in (one.sharer_id, one.user_id)}
    sides |= {one.facts["person"] for one in messages if "person" in one.facts}
    people = registry.people_by_id(connection, platform.vault, sides)
    places = registry.institutions_by_id(
        connection, {one.facts["institution"] for one in messages if "institution" in one.facts}
    )
    told = {}
    for one in messages:
        under_id, place = one.facts.get("authorisation"), one.facts.get("institution")
        told[one.id] = sentence(
            one,
            language,
            who=name_of(shared[under_id], one.person_id, people, language)
            if under_id
            else _named(one, people, language),
            place=places[place].name if place else "",
        )
    return told


def _named(message: Received, people: Mapping[int, Person], language: Language) -> str:
    """Whom a message without a sharing names; "" for nobody."""
    if "person" not in message.facts:
        return ""
    relation = Relation(message.facts["relation"])
    return named(people[message.facts["person"]], relation, language, seen_by_user=message.kind.endswith(".receiver"))


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
    people: set[int] = {one.facts["person"] for one in messages if "person" in one.facts}
    for one in sorted(under):
        found = family.authorisation(connection, one)
        people |= {found.sharer_id, found.user_id}
    return people - {one.person_id for one in messages}
