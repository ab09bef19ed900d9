"""Entering people, enrolments, institutions with their keys, and catalogue items: sets of rows, all or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from gongji.foundation.errors import Refused
from gongji.foundation.ids import Serials, bucket_for, bucket_of, compose
from gongji.foundation.personal import Vault
from gongji.registry import refusals, store
from gongji.registry.entries import NewCatalogueItem, NewEnrolment, NewInstitution, NewPerson
from gongji.registry.psn_no import psn_no_for
from gongji.registry.refusals import RowsRefused
from gongji.registry.tables import catalogue_item, credential, enrolment, institution, person

CredentialKind = Literal["certificate", "card", "token"]

_Progress = Callable[[int], None]


def add_people(
    connection: sa.Connection,
    vault: Vault,
    serials: Serials,
    rows: Sequence[NewPerson],
    *,
    progress: _Progress = lambda count: None,
) -> dict[str, int]:
    """Enter people, all or none; each comes to lie in the bucket of the household, or of the certificate.

    Args:
        connection: the transaction.
        vault: seals names and certificates.
        serials: where new ids come from.
        rows: the people.
        progress: told how many people more are entered, chunk by chunk.

    Returns:
        The new ids by `certificate_key`.

    Raises:
        RowsRefused: ``person.duplicate`` or ``credential.duplicate``, naming every row.
    """
    ids = [
        compose(number, bucket_for(row.household or row.certificate.key))
        for number, row in zip(serials.take(len(rows)), rows, strict=True)
    ]
    with connection.begin_nested():
        refused = _add_credentials(connection, vault, "token", [row.token for row in rows], ids, refusals.token_taken)
        refused |= _add_credentials(connection, vault, "card", [row.card for row in rows], ids, refusals.card_taken)
        keys = [row.certificate.key for row in rows]
        refused |= _add_credentials(connection, vault, "certificate", keys, ids, refusals.person_there_already)
        if refused:
            raise RowsRefused(refused)
        values = (_person_values(vault, row, person_id) for row, person_id in zip(rows, ids, strict=True))
        store.insert_all(connection, person, values, progress)
    return dict(zip(keys, ids, strict=True))


def _add_credentials(
    connection: sa.Connection,
    vault: Vault,
    kind: CredentialKind,
    values: Sequence[str | None],
    ids: Sequence[int],
    refusal: Callable[[], Refused],
) -> dict[int, Refused]:
    """Enter the credentials of one kind; the refusals of those that are taken, by position."""
    positions = [position for position, value in enumerate(values) if value]
    digests = [vault.index(kind, values[position] or "") for position in positions]
    rows = [
        {"kind": kind, "digest": digest, "person_id": ids[position]}
        for position, digest in zip(positions, digests, strict=True)
    ]
    keys = [(row["person_id"],) for row in rows]
    taken = store.insert_unless_there(connection, credential, rows, keys, [credential.c.person_id])
    return {positions[index]: refusal() for index in taken}


def _person_values(vault: Vault, row: NewPerson, person_id: int) -> Mapping[str, object]:
    return {
        "bucket": bucket_of(person_id),
        "id": person_id,
        "psn_no": psn_no_for(row.region, person_id),
        "certificate_type": row.certificate.type,
        "certificate_sealed": vault.seal(row.certificate.number),
        "name_sealed": vault.seal(row.name),
        "name_index": vault.index("name", row.name),
        "gender": row.gender,
        "born_on": row.born_on,
        "nationality": row.nationality,
        "died_on": row.died_on,
    }


def add_enrolments(
    connection: sa.Connection, rows: Sequence[NewEnrolment], *, progress: _Progress = lambda count: None
) -> None:
    """Enter enrolments of people who are known, all or none.

    Raises:
        RowsRefused: ``enrolment.overlap``, naming every row that meets another enrolment of the same person.
    """
    values = [
        {
            "bucket": bucket_of(row.person_id),
            "person_id": row.person_id,
            "scheme": row.enrolment.scheme.value,
            "region": row.enrolment.region,
            "status": row.enrolment.status.value,
            "psn_type": row.enrolment.psn_type,
            "standing": row.enrolment.standing,
            "employer": row.enrolment.employer,
            "civil_servant": row.enrolment.civil_servant,
            "aided": row.enrolment.aided,
            "second_grade": row.enrolment.second_grade,
            "covered_since": row.enrolment.covered_since,
            "late": row.enrolment.late,
            "missed_years": row.enrolment.missed_years,
            "repaid_years": row.enrolment.repaid_years,
            "during": store.during(row.enrolment.since, row.enrolment.until),
        }
        for row in rows
    ]
    with connection.begin_nested():
        left_out = store.insert_unless_there(
            connection,
            enrolment,
            values,
            [(row.person_id, row.enrolment.since) for row in rows],
            [enrolment.c.person_id, sa.func.lower(enrolment.c.during)],
            progress,
        )
        if left_out:
            raise RowsRefused({position: refusals.enrolment_overlaps() for position in left_out})


def add_institutions(
    connection: sa.Connection, rows: Sequence[NewInstitution], *, progress: _Progress = lambda count: None
) -> dict[str, int]:
    """Enter institutions, all or none.

    Returns:
        Our number for each code.

    Raises:
        RowsRefused: ``institution.duplicate``, naming every row.
    """
    values = [
        {
            "code": row.code,
            "name": row.name,
            "kind": row.kind.value,
            "tier": store.tier_text(row.tier),
            "region": row.region,
            "designated": store.during(row.designated_since, row.designated_until),
        }
        for row in rows
    ]
    codes = [(row.code,) for row in rows]
    with connection.begin_nested():
        left_out = store.insert_unless_there(connection, institution, values, codes, [institution.c.code], progress)
        if left_out:
            raise RowsRefused({position: refusals.institution_there_already() for position in left_out})
    wanted = sa.cast([row.code for row in rows], ARRAY(sa.Text))
    return {
        found.code: found.id for found in store.select_institutions(connection, institution.c.code == sa.any_(wanted))
    }


def add_catalogue(
    connection: sa.Connection, rows: Sequence[NewCatalogueItem], *, progress: _Progress = lambda count: None
) -> None:
    """Enter what the catalogues of areas say of items, all or none.

    Raises:
        RowsRefused: ``catalogue.overlap``, naming every row.
    """
    values = [
        {
            "area": row.area,
            "code": row.item.code,
            "name": row.item.name,
            "item_class": row.item.item_class.value,
            "first_self_pay": row.item.first_self_pay,
            "ceiling": row.item.ceiling,
            "charge_type": row.item.charge_type,
            "restricted": row.item.restricted,
            "essential_drug": row.item.essential_drug,
            "negotiated_drug": row.item.negotiated_drug,
            "during": store.during(row.since, row.until),
        }
        for row in rows
    ]
    with connection.begin_nested():
        left_out = store.insert_unless_there(
            connection,
            catalogue_item,
            values,
            [(row.area, row.item.code, row.since) for row in rows],
            [catalogue_item.c.area, catalogue_item.c.code, sa.func.lower(catalogue_item.c.during)],
            progress,
        )
        if left_out:
            raise RowsRefused({position: refusals.catalogue_overlaps() for position in left_out})
