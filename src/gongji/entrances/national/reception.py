"""The reception: looks up patients and catalogue items for all calls that wait, in one transaction.

A settlement's own work is shared by everybody at the desk; so is what comes before it. Asked one call at a time, three
small queries cost more than parsing, settling and answering together. As at the desk there is no timer: when the
reception is free it takes whatever waits.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa

from gongji.foundation.database import Database
from gongji.foundation.line import Line
from gongji.foundation.personal import Vault
from gongji.foundation.planning import plan_by_keys
from gongji.registry import service as registry
from gongji.registry.e_credential import person_of_token
from gongji.registry.model import CatalogueItem, Institution, Person
from gongji.registry.people import people_at_once
from gongji.registry.presented import presented_since

#: Most calls that share a transaction: as many as the desk takes at once.
LARGEST_BATCH: Final = 256

#: Seconds for which an item that was found is not looked up again. Catalogues change by day and are loaded before it; an item
#: that was not found is looked up each time.
ITEMS_KEPT_FOR: Final = 10.0

#: How many items are kept: some more than a hospital's catalogue has.
ITEMS_KEPT: Final = 100_000

#: What a catalogue is asked for: the institution's region, the day of the fee, the item's code.
ItemKey = tuple[str, date, str]


@dataclass(frozen=True, slots=True)
class Enquiry:
    """What one call needs to know.

    Attributes:
        psn_no: the patient's number.
        token, card: a credential whose holder is wanted; "" for none.
        institution_id, at: where and when a token is shown.
        items: what is wanted of the catalogue.
        named: code of another institution that the call names (whose prescription a pharmacy fills); "" for none.
        presented_since: from when on a credential must have been shown there; None where one is shown with the call.
    """

    psn_no: str
    token: str = ""
    card: str = ""
    institution_id: int = 0
    at: datetime | None = None
    items: frozenset[ItemKey] = frozenset()
    named: str = ""
    presented_since: datetime | None = None

    @property
    def asks_more(self) -> bool:
        """Whether anything is asked beside the patient and the items: most calls of a till do not."""
        return bool(self.token or self.card or self.named or self.presented_since)


@dataclass(frozen=True, slots=True)
class Found:
    """What was found.

    Attributes:
        patient: None when nobody has the number.
        holder_id: whose the credential is; None when it is nobody's, or none was asked for.
        items: catalogue items by key; without those that no catalogue holds. May hold other calls' items too.
        named: the institution that the call names; None when there is none with that code, or none was named.
        presented: whether a credential was shown there, where that was asked for.
    """

    patient: Person | None
    holder_id: int | None
    items: Mapping[ItemKey, CatalogueItem]
    named: Institution | None = None
    presented: bool = True


class Reception:
    """Answers enquiries from any thread or event loop.

    Args:
        database: where the registry is.
        vault: opens names and certificates.
    """

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        # Through SQLAlchemy the one query that every call needs took as long as all the rest of a look-up.
        self._line = Line(database, plan_by_keys)
        self._waiting: deque[tuple[Enquiry, Future[Found]]] = deque()
        self._known_items: dict[ItemKey, CatalogueItem] = {}
        self._items_until = 0.0
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reception")

    def ask(self, enquiry: Enquiry) -> Future[Found]:
        """What is known; comes when the reception is done with those before."""
        answer: Future[Found] = Future()
        self._waiting.append((enquiry, answer))
        # One errand a call: the first one serves all that wait, the others find nothing left to do.
        self._worker.submit(self._serve)
        return answer

    def _serve(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), LARGEST_BATCH))]
        if not batch:
            return
        try:
            found = self._look_up([enquiry for enquiry, _ in batch])
        # Whatever went wrong, nobody may be left waiting: each caller gets it, and the gateway logs it.
        except Exception as problem:  # noqa: BLE001
            for _, answer in batch:
                answer.set_exception(problem)
            return
        for (_, answer), one in zip(batch, found, strict=True):
            answer.set_result(one)

    def close(self) -> None:
        """Finish what is under way and let the connection go."""
        self._worker.shutdown()
        self._line.close()

    def _look_up(self, enquiries: Sequence[Enquiry]) -> list[Found]:
        ids = {enquiry.psn_no: registry.person_id_from_psn_no(enquiry.psn_no) for enquiry in enquiries}
        wanted = {person_id for person_id in ids.values() if person_id is not None}
        people = self._line.ask(lambda connection: people_at_once(connection, self._vault, wanted))
        patients = [people.get(ids[enquiry.psn_no] or 0) for enquiry in enquiries]
        # A number whose id is somebody's may name another region.
        known = [
            patient if patient is not None and patient.psn_no == enquiry.psn_no else None
            for patient, enquiry in zip(patients, enquiries, strict=True)
        ]
        keys = frozenset[ItemKey]().union(*(enquiry.items for enquiry in enquiries))
        items = self._known_items_for(keys)
        if items is not None and not any(enquiry.asks_more for enquiry in enquiries):
            return [Found(patient, None, items) for patient in known]
        # Each query stands for itself: no transaction to begin and to end.
        with self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            items = self._items(connection, keys)
            return [
                self._all_of(connection, enquiry, patient, items)
                for patient, enquiry in zip(known, enquiries, strict=True)
            ]

    def _all_of(
        self,
        connection: sa.Connection,
        enquiry: Enquiry,
        patient: Person | None,
        items: Mapping[ItemKey, CatalogueItem],
    ) -> Found:
        """The answer to an enquiry that asks for more than a patient and items that are known."""
        named = registry.institution_by_code(connection, enquiry.named) if enquiry.named else None
        shown = True
        if patient is not None and enquiry.presented_since is not None:
            shown = presented_since(connection, enquiry.institution_id, patient.id, enquiry.presented_since)
        return Found(patient, self._holder(connection, enquiry), items, named, shown)

    def _known_items_for(self, keys: frozenset[ItemKey]) -> Mapping[ItemKey, CatalogueItem] | None:
        """What the catalogue said a moment ago; None where it has to be asked."""
        if time.monotonic() > self._items_until or len(self._known_items) > ITEMS_KEPT:
            self._known_items, self._items_until = {}, time.monotonic() + ITEMS_KEPT_FOR
        return self._known_items if keys <= self._known_items.keys() else None

    def _items(self, connection: sa.Connection, keys: frozenset[ItemKey]) -> Mapping[ItemKey, CatalogueItem]:
        """What the catalogue says, from memory where it was asked a moment ago."""
        unknown = keys - self._known_items.keys()
        if unknown:
            self._known_items |= catalogue_items(connection, unknown)
        return self._known_items

    def _holder(self, connection: sa.Connection, enquiry: Enquiry) -> int | None:
        holder = None
        if enquiry.token and enquiry.at is not None:
            return person_of_token(connection, self._vault, enquiry.token, enquiry.institution_id, enquiry.at)
        if enquiry.token:
            holder = registry.person_by_credential(connection, self._vault, "token", enquiry.token)
        elif enquiry.card:
            holder = registry.person_by_credential(connection, self._vault, "card", enquiry.card)
        return None if holder is None else holder.id


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
