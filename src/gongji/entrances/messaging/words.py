"""Puts messages into words: facts become a sentence of the catalogue, in the language of whoever reads it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from gongji.entrances import wording
from gongji.entrances.naming import name_of, named
from gongji.entrances.wording import Language
from gongji.family.model import Authorisation
from gongji.family.questions import authorisations_question, sides_of
from gongji.foundation.inbox import Received
from gongji.foundation.personal import Vault
from gongji.foundation.questions import these, together
from gongji.registry import service as registry
from gongji.registry.model import Person
from gongji.rules.model import Relation


@dataclass(frozen=True, slots=True)
class Named:
    """Whom and what some messages name.

    Attributes:
        shared: authorisations by id.
        people: their sides and others, by id.
        places: names of institutions by number.
    """

    shared: Mapping[int, Authorisation]
    people: Mapping[int, Person]
    places: Mapping[int, str]


def named_in(connection: sa.Connection, vault: Vault, messages: Collection[Received]) -> Named:
    """Look up whom and what messages name; nothing is asked of the database where they name nobody."""
    under, others, places = (_facts(messages, fact) for fact in ("authorisation", "person", "institution"))
    if not (under or others or places):
        return Named({}, {}, {})
    with together(connection) as asked:
        shared = asked(authorisations_question(under))
        sides = asked(registry.people_question(vault, sides_of(under)))
        people = asked(registry.people_question(vault, these(others)))
        names = asked(registry.names_question(places))
    return Named(shared.answer, sides.answer | people.answer, names.answer)


def _facts(messages: Collection[Received], fact: str) -> set[int]:
    return {one.facts[fact] for one in messages if fact in one.facts}


def sentences(messages: Collection[Received], named: Named, language: Language) -> dict[int, str]:
    """The sentence of each message, by its id. The other side is called by kinship and masked name."""
    told = {}
    called: dict[tuple[int, int], str] = {}
    for one in messages:
        under, place = one.facts.get("authorisation"), one.facts.get("institution")
        if under and (under, one.person_id) not in called:
            called[under, one.person_id] = name_of(named.shared[under], one.person_id, named.people, language)
        who = called[under, one.person_id] if under else _named(one, named.people, language)
        told[one.id] = sentence(one, language, who=who, place=named.places[place] if place else "")
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


def relatives(messages: Collection[Received], named: Named) -> set[int]:
    """Whose masked names the sentences hold."""
    return named.people.keys() - {one.person_id for one in messages}
