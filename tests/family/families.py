"""Families to tell stories about: people with an insurance, a clock, and one transaction for every step."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range

from gongji.family import service
from gongji.family.model import Authorisation, AuthorisationState, KinshipFact
from gongji.foundation.clock import CHINA, MovableClock
from gongji.foundation.database import Database
from gongji.foundation.documents import Document
from gongji.foundation.files import FileStore
from gongji.foundation.ids import bucket_for, bucket_of, compose
from gongji.foundation.personal import Vault
from gongji.registry.tables import enrolment, person
from gongji.rules.book import RuleBook
from gongji.rules.model import Relation

TIELING, JINING, SHENYANG, ZIBO = "211200", "370800", "210100", "370300"
PHOTO = b"\xff\xd8\xff\xe0 a photograph of "


class Families:
    """The registry and the family room, a transaction a call."""

    def __init__(self, database: Database, vault: Vault, clock: MovableClock, folder: Path) -> None:
        self.database, self.vault, self.clock = database, vault, clock
        self.files = FileStore(folder, vault)
        self.book = RuleBook.shipped()
        self._numbers = itertools.count(1)

    def today(self, year: int, month: int, day: int, hour: int = 10) -> None:
        """Move the clock to a day."""
        self.clock.set(datetime(year, month, day, hour, tzinfo=CHINA))

    def insured(self, name: str, born: str, **insurance: Any) -> int:
        """A person with an insurance since 2020; see `_enrolment` for what can be said of it."""
        (serial,) = self.database.serials.take(1)
        person_id = compose(serial, bucket_for(f"{name}{next(self._numbers)}"))
        died = insurance.pop("died", None)
        with self.database.transaction() as connection:
            connection.execute(
                person.insert().values(
                    bucket=bucket_of(person_id),
                    id=person_id,
                    psn_no=f"2112{person_id}",
                    certificate_type="01",
                    certificate_sealed=self.vault.seal("211202195001010027"),
                    name_sealed=self.vault.seal(name),
                    name_index=self.vault.index("name", name),
                    gender="9",
                    born_on=date.fromisoformat(born),
                    died_on=date.fromisoformat(died) if died else None,
                )
            )
            if insurance.get("region", TIELING) is not None:
                connection.execute(enrolment.insert().values(**_enrolment(person_id, **insurance)))
        return person_id

    def kin(self, *facts: KinshipFact) -> None:
        """Enter facts of kinship."""
        with self.database.transaction() as connection:
            service.record_kinship(connection, facts, self.clock.now())

    def bind(self, sharer: int, user: int, relation: Relation, **wishes: Any) -> Authorisation:
        """A sharer asks, having confirmed the commitment unless told otherwise."""
        with self.database.transaction() as connection:
            return service.bind(
                connection,
                self.book,
                sharer_id=sharer,
                user_id=user,
                relation=relation,
                commitment=wishes.pop("commitment", True),
                actor="citizen",
                at=self.clock.now(),
                serials=self.database.serials,
                **wishes,
            )

    def hand_in(self, case: Authorisation, kind: str, **file: Any) -> Authorisation:
        """The sharer photographs a document; a page is what `content` says it is."""
        content = file.get("content", PHOTO + kind.encode())
        with self.database.transaction() as connection:
            return service.hand_in_evidence(
                connection,
                self.files,
                case.id,
                kind=kind,
                document=Document(hashlib.sha256(content).digest(), file.get("pages", (content,))),
                person_id=file.get("person_id", case.sharer_id),
                actor="citizen",
                at=self.clock.now(),
            )

    def review(self, case: Authorisation, decision: str, **said: Any) -> Authorisation:
        """An officer decides."""
        with self.database.transaction() as connection:
            return service.review(
                connection, self.book, case.id, decision, actor="officer 7", at=self.clock.now(), **said
            )

    def do(self, step: Callable[..., Authorisation], case: Authorisation, person_id: int) -> Authorisation:
        """Pause, resume, unbind or leave, for a person."""
        with self.database.transaction() as connection:
            return step(connection, case.id, person_id=person_id, actor="citizen", at=self.clock.now())

    def end(self, case: Authorisation, reason: str) -> Authorisation:
        """The agency ends it."""
        with self.database.transaction() as connection:
            return service.end_by_agency(connection, case.id, reason=reason, actor="officer 7", at=self.clock.now())

    def limits(self, case: Authorisation, person_id: int, total: int | None, month: int | None) -> Authorisation:
        """The sharer sets limits."""
        with self.database.transaction() as connection:
            return service.change_limits(
                connection,
                self.book,
                case.id,
                limit_total=total,
                limit_month=month,
                person_id=person_id,
                actor="citizen",
                at=self.clock.now(),
            )

    def ask(self, question: Callable[..., Any], *about: Any) -> Any:
        """Read something."""
        with self.database.transaction() as connection:
            return question(connection, *about)

    def states_of(self, case: Authorisation) -> list[AuthorisationState]:
        """The states that the history tells of."""
        return [event.state for event in self.ask(service.events, case.id)]

    def rows(self, statement: str) -> Iterable[sa.Row[Any]]:
        """Rows as they stand in the database."""
        return self.ask(lambda connection: connection.execute(sa.text(statement)).all())


def _enrolment(
    person_id: int,
    region: str = TIELING,
    scheme: str = "310",
    status: str | None = None,
    standing: str = "1",
    since: str = "2020-01-01",
    until: str | None = None,
) -> dict[str, object]:
    return {
        "bucket": bucket_of(person_id),
        "person_id": person_id,
        "scheme": scheme,
        "region": region,
        "status": status or ("resident" if scheme == "390" else "active"),
        "psn_type": "11",
        "standing": standing,
        "during": Range(date.fromisoformat(since), date.fromisoformat(until) if until else None),
    }
