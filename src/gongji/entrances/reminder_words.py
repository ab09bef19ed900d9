"""Reminders in words: whom one is about, as the person who asked for it calls them."""

from __future__ import annotations

import sqlalchemy as sa

from gongji.entrances.naming import name_of, named
from gongji.entrances.wording import Language
from gongji.family import service as family
from gongji.foundation.personal import Vault
from gongji.foundation.reminders import Reminder
from gongji.registry import service as registry
from gongji.rules.model import Relation


def who_of(connection: sa.Connection, vault: Vault, one: Reminder, language: Language) -> str:
    """The relative whom a reminder is about, by kinship and masked name; "" where it is about nobody."""
    if "authorisation" in one.facts:
        shared = family.authorisation(connection, int(one.facts["authorisation"]))
        people = registry.people_by_id(connection, vault, [shared.user_id])
        return name_of(shared, one.person_id, people, language)
    if "person" not in one.facts:
        return ""
    person = int(one.facts["person"])
    people = registry.people_by_id(connection, vault, [person])
    return named(people[person], Relation(one.facts["relation"]), language, seen_by_user=False)
