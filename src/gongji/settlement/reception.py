"""The reception of a desk: who the patient is, whose the credential is that was shown, and what the catalogue says of the items,
for all that wait at the desk, in one round trip.

Asked one call at a time, these small queries cost more than reading, settling and answering a message together. Asked by a
thread of its own, as it once was, a settlement woke two threads more on its way (measured: 70 µs of 430).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import psycopg
import sqlalchemy as sa
from msgspec import Struct

from gongji.foundation.database import Database
from gongji.foundation.line import Line
from gongji.foundation.personal import Vault
from gongji.foundation.planning import plan_by_keys
from gongji.foundation.prepared import run_together
from gongji.foundation.questions import Question, these
from gongji.foundation.signatures import Sighting, admitted, noting
from gongji.registry import at_once
from gongji.registry import service as registry
from gongji.registry.at_once import Credential
from gongji.registry.model import CatalogueItem, Institution, Person
from gongji.registry.people import people_question
from gongji.settlement.wanted import Job

#: Seconds for which an item that was found is not looked up again. Catalogues change by day and are loaded before it; an item
#: that was not found is looked up each time.
ITEMS_KEPT_FOR: Final = 10.0

#: How many items are kept: some more than a hospital's catalogue has.
ITEMS_KEPT: Final = 100_000

#: What a catalogue is asked for: the institution's region, the day of the fee, the item's code.
ItemKey = tuple[str, date, str]


class Enquiry(Struct, frozen=True):
    """What has to be known before there is a command.

    Attributes:
        psn_no: the patient's number.
        shown: the token or card whose holder is wanted.
        institution_id: where it is shown.
        items: what is wanted of the catalogue.
        named: code of another institution that the call names (whose prescription a pharmacy fills); "" for none.
        presented_since: from when on a credential must have been shown there; None where one is shown with the call.
        sighting: the signature that came with the call, to be noted; None where that is done or there is none.
    """

    psn_no: str
    shown: Credential | None = None
    institution_id: int = 0
    items: frozenset[ItemKey] = frozenset()
    named: str = ""
    presented_since: datetime | None = None
    sighting: Sighting | None = None


class Found(Struct, frozen=True):
    """What was found.

    Attributes:
        patient: None when nobody has the number.
        holder_id: whose the credential is; None when it is nobody's, or none was asked for.
        items: catalogue items by key; without those that no catalogue holds. May hold other calls' items too.
        named: the institution that the call names; None when there is none with that code, or none was named.
        presented: whether a credential was shown there, where that was asked for.
        admitted: False when the signature was used before.
    """

    patient: Person | None
    holder_id: int | None
    items: Mapping[ItemKey, CatalogueItem]
    named: Institution | None = None
    presented: bool = True
    admitted: bool = True


class Errand(Struct, frozen=True):
    """What an institution wants of the desk before it is known whom it concerns.

    Attributes:
        enquiry: what has to be known.
        command: makes the command of it, or refuses; runs in the desk's thread.
    """

    enquiry: Enquiry
    command: Callable[[Found], Job]


@dataclass(frozen=True, slots=True)
class _Known:
    """What one round trip found, by person or by the enquiry's place."""

    people: Mapping[int, Person]
    holders: Mapping[int, int]
    presented: Set[int]
    admitted: Mapping[int, bool]


class Reception:
    """Answers enquiries; for one thread.

    Args:
        database: where the registry is.
        vault: opens names and certificates.
    """

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._line = Line(database, _prepare)
        self._known_items: dict[ItemKey, CatalogueItem] = {}
        self._items_until = 0.0

    def close(self) -> None:
        """Let the connection go."""
        self._line.close()

    def look_up(self, enquiries: Sequence[Enquiry]) -> list[Found]:
        """What is known, in the order of the enquiries; their signatures are noted with that."""
        known = self._line.ask(lambda connection: self._ask(connection, enquiries))
        items = self._items(frozenset[ItemKey]().union(*(enquiry.items for enquiry in enquiries)))
        named = self._named({enquiry.named for enquiry in enquiries if enquiry.named})
        return [
            Found(
                _patient(enquiry, known.people),
                known.holders.get(place),
                items,
                named.get(enquiry.named),
                enquiry.presented_since is None or place in known.presented,
                known.admitted.get(place, True),
            )
            for place, enquiry in enumerate(enquiries)
        ]

    def _ask(self, connection: psycopg.Connection, enquiries: Sequence[Enquiry]) -> _Known:
        """In one round trip whatever has to be asked: of most calls of a till whose number it is, and to note the signature."""
        ids = {_person_id(enquiry) for enquiry in enquiries}
        sightings = {place: one.sighting for place, one in enumerate(enquiries) if one.sighting is not None}
        shown = {place: one.shown for place, one in enumerate(enquiries) if one.shown is not None}
        since = {
            place: (_person_id(one), one.institution_id, one.presented_since)
            for place, one in enumerate(enquiries)
            if one.presented_since is not None
        }
        people = people_question(self._vault, these(ids))
        holders = at_once.holders_questions(self._vault, shown) if shown else []
        presented = at_once.presented_question(since) if since else None
        questions: list[Question[Any]] = [people, *holders, *([presented] if presented else [])]
        notes = [noting(list(sightings.values()))] if sightings else []
        told = run_together(connection, [*notes, *((one.sql, one.values) for one in questions)])
        may = admitted(connection, list(sightings.values()), told[0]) if notes else []
        rows = {id(one): answer.fetchall() for one, answer in zip(questions, told[len(notes) :], strict=True)}
        return _Known(
            people.read(rows[id(people)]),
            {place: person_id for one in holders for place, person_id in one.read(rows[id(one)]).items()},
            presented.read(rows[id(presented)]) if presented else set(),
            dict(zip(sightings, may, strict=True)),
        )

    def _items(self, keys: frozenset[ItemKey]) -> Mapping[ItemKey, CatalogueItem]:
        """What the catalogue says, from memory where it was asked a moment ago."""
        if time.monotonic() > self._items_until or len(self._known_items) > ITEMS_KEPT:
            self._known_items, self._items_until = {}, time.monotonic() + ITEMS_KEPT_FOR
        unknown = keys - self._known_items.keys()
        if unknown:
            with self._database.engine.connect() as connection:
                self._known_items |= catalogue_items(connection, unknown)
        return self._known_items

    def _named(self, codes: Set[str]) -> Mapping[str, Institution]:
        if not codes:
            return {}
        with self._database.engine.connect() as connection:
            return registry.institutions_by_code(connection, codes)


def _prepare(connection: psycopg.Connection) -> None:
    plan_by_keys(connection)
    # A commit here is of signatures' notes alone, which need not wait for the disk; see `gongji.foundation.signatures`.
    connection.execute("SET synchronous_commit = off")


def _person_id(enquiry: Enquiry) -> int:
    """0, which is nobody's, for what is no psn_no."""
    return registry.person_id_from_psn_no(enquiry.psn_no) or 0


def _patient(enquiry: Enquiry, people: Mapping[int, Person]) -> Person | None:
    found = people.get(_person_id(enquiry))
    # A number whose id is somebody's may name another region.
    return found if found is not None and found.psn_no == enquiry.psn_no else None


def catalogue_items(connection: sa.Connection, keys: frozenset[ItemKey]) -> dict[ItemKey, CatalogueItem]:
    """Items by what is asked of the catalogue: one query for each area and day, and nearly always that is one."""
    codes: dict[tuple[str, date], set[str]] = {}
    for region, day, code in keys:
        codes.setdefault((region, day), set()).add(code)
    return {
        (region, day, code): item
        for (region, day), wanted in codes.items()
        for code, item in registry.catalogue_items(connection, region, sorted(wanted), day).items()
    }
