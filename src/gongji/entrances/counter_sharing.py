"""Sharing arranged at a hospital's counter: both people show their credentials, the region's procedure decides.

The national transactions GJ01 to GJ03 and their REST calls both end here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from gongji.entrances.platform import Platform
from gongji.family import service as family
from gongji.family.model import Authorisation
from gongji.family.refusals import Code, refuse
from gongji.foundation import audit
from gongji.foundation.access import Caller, Role
from gongji.foundation.documents import MOST_BYTES, Document, read_document
from gongji.foundation.errors import InvalidInput
from gongji.registry.model import Institution
from gongji.rules.model import Purpose, Relation

#: Kind under which a file that an institution sent (9101) is kept; its owner is the institution's code.
UPLOADED: Final = "national.upload"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A document that was uploaded before: its kind, and the file's number (file_qury_no)."""

    kind: str
    file: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What the two at the counter want. Limits in fen, None without; purposes None for all that the region allows."""

    sharer_id: int
    user_id: int
    relation: Relation
    commitment: bool
    limit_total: int | None = None
    limit_month: int | None = None
    purposes: Collection[Purpose] | None = None


def documents(
    platform: Platform, institution: Institution, evidence: Sequence[Evidence], at: datetime
) -> list[tuple[str, Document]]:
    """The documents behind file numbers, as clean pages; takes seconds, so it comes before any lock.

    Raises:
        NotFound: ``file.unknown``, also for another institution's. InvalidInput: as `read_document`.
    """
    read: list[tuple[str, Document]] = []
    for one in evidence:
        with platform.database.transaction() as connection:
            stored = platform.files.find(connection, one.file, kind=UPLOADED, owner=institution.code, at=at)
        if stored.size > MOST_BYTES:
            raise InvalidInput(
                "evidence.too_large",
                f"the file is larger than {MOST_BYTES >> 20} MiB",
                f"文件超过 {MOST_BYTES >> 20} MB，请缩小照片后重新上传",
                field="file_qury_no",
            )
        read.append((one.kind, read_document(b"".join(platform.files.open(stored)))))
    return read


def authorise(
    connection: sa.Connection,
    platform: Platform,
    institution: Institution,
    wish: Wish,
    shown: Sequence[tuple[str, Document]],
    at: datetime,
) -> Authorisation:
    """Bind two people who are both there, and hand in what they brought.

    Raises:
        GongjiError: as `gongji.family.service.bind` and `hand_in_evidence`; then nothing is written.
    """
    made = family.bind(
        connection,
        platform.rules,
        sharer_id=wish.sharer_id,
        user_id=wish.user_id,
        relation=wish.relation,
        limit_total=wish.limit_total,
        limit_month=wish.limit_month,
        purposes=wish.purposes,
        commitment=wish.commitment,
        actor=institution.code,
        at=at,
        serials=platform.database.serials,
    )
    for kind, document in shown:
        made = family.hand_in_evidence(
            connection,
            platform.files,
            made.id,
            kind=kind,
            document=document,
            person_id=wish.sharer_id,
            actor=institution.code,
            at=at,
        )
    note(connection, institution, "authorisation.bind", wish.user_id, made, at)
    return made


def of_person(connection: sa.Connection, institution: Institution, person_id: int, at: datetime) -> list[Authorisation]:
    """What somebody who is there shares and what is shared with them, those that are over included."""
    audit.record(
        connection, Caller(Role.INTEGRATOR, institution.code), "authorisations.read", at=at, person_id=person_id
    )
    given = family.authorisations_of_sharer(connection, person_id)
    return [*given, *family.authorisations_of_user(connection, person_id)]


def end(
    connection: sa.Connection, institution: Institution, authorisation_id: int, person_id: int, at: datetime
) -> Authorisation:
    """End an authorisation for one of its sides, who is there: the sharer unbinds, the user leaves.

    Raises:
        NotFound: ``authorisation.unknown``, also for people who have no part in it.
        Refused: ``authorisation.transition`` when it is over.
    """
    one = family.authorisation(connection, authorisation_id)
    if person_id not in (one.sharer_id, one.user_id):
        raise refuse(Code.UNKNOWN)
    step = family.unbind if person_id == one.sharer_id else family.leave
    ended = step(connection, one.id, person_id=person_id, actor=institution.code, at=at)
    note(connection, institution, "authorisation.end", person_id, ended, at)
    return ended


def note(
    connection: sa.Connection,
    institution: Institution,
    action: str,
    person_id: int,
    one: Authorisation,
    at: datetime,
) -> None:
    """One line of the audit for a step at the counter."""
    caller = Caller(Role.INTEGRATOR, institution.code)
    audit.record(connection, caller, action, at=at, person_id=person_id, authorisation=str(one.id))
