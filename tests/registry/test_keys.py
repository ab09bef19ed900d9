"""Keys of institutions: added, changed without a gap, withdrawn; a name is one institution's for good."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from gongji.foundation.errors import GongjiError
from gongji.registry.keys import (
    MOST_AT_ONCE,
    SigningDialect,
    add_institution_key,
    fingerprint,
    list_keys,
    rotate_key,
    signing_keys,
    withdraw_key,
)
from gongji.registry.tables import institution_key
from town import Town

X_TIF, APIKEY = SigningDialect.X_TIF, SigningDialect.APIKEY


def code_of(refusal: pytest.ExceptionInfo[GongjiError]) -> str:
    return refusal.value.code


def test_a_key_is_rotated_without_a_gap_and_the_old_one_ends_at_its_date(town: Town) -> None:
    """The hospital's old secret holds for a week beside the new one, under the same name."""
    hospital, now = town.institution("H21120200001"), town.clock.now()
    week = now + timedelta(days=7)
    with town.database.transaction() as connection:
        old = add_institution_key(connection, town.vault, hospital.id, "his", "secret-1", now - timedelta(days=1))
        new = rotate_key(connection, town.vault, hospital.id, old, "secret-2", now, week)
        assert new != old
        keys = signing_keys(connection, town.vault, X_TIF, "his", now)
        assert {(key.secret, key.holds(now), key.holds(week)) for key in keys} == {
            ("secret-1", True, False),
            ("secret-2", True, True),
        }
        assert [key.secret for key in signing_keys(connection, town.vault, X_TIF, "his", week)] == ["secret-2"]
        assert signing_keys(connection, town.vault, SigningDialect.X_CA, "his", now) == ()
        withdraw_key(connection, hospital.id, new, now)
        assert [key.secret for key in signing_keys(connection, town.vault, X_TIF, "his", now)] == ["secret-1"]
        assert [(key.id, key.valid_until) for key in list_keys(connection, hospital.id)] == [(new, now), (old, week)]


def test_a_secret_lies_sealed(town: Town) -> None:
    hospital, now = town.institution("H21120200001"), town.clock.now()
    with town.database.transaction() as connection:
        add_institution_key(connection, town.vault, hospital.id, "his", "secret-1", now)
        sealed = connection.execute(sa.select(institution_key.c.secret_sealed)).scalar_one()
    assert b"secret-1" not in sealed
    assert town.vault.open(sealed) == "secret-1"


def test_a_name_is_one_institutions_also_after_it_was_withdrawn(town: Town) -> None:
    hospital, pharmacy, now = town.institution("H21120200001"), town.institution("P21120200003"), town.clock.now()
    with town.database.transaction() as connection:
        number = add_institution_key(connection, town.vault, hospital.id, "his", "secret-1", now)
        withdraw_key(connection, hospital.id, number, now)
        for institution in (hospital, pharmacy):
            with pytest.raises(GongjiError) as refusal:
                add_institution_key(connection, town.vault, institution.id, "his", "secret-2", now)
            assert code_of(refusal) == "institution_key.duplicate"
        # The database holds it too, whoever writes.
        values = {
            "dialect": "x-tif",
            "client": "his",
            "institution_id": pharmacy.id,
            "secret_sealed": b"",
            "valid_from": now,
        }
        with pytest.raises(sa.exc.IntegrityError), connection.begin_nested():
            connection.execute(institution_key.insert().values(values))


def test_what_cannot_be_done_with_keys(town: Town) -> None:
    hospital, pharmacy, now = town.institution("H21120200001"), town.institution("P21120200003"), town.clock.now()
    later = now + timedelta(days=1)
    with town.database.transaction() as connection:
        number = add_institution_key(connection, town.vault, hospital.id, "his", "secret", now)
        for code, work in (
            ("institution_key.unknown", lambda: withdraw_key(connection, pharmacy.id, number, now)),
            ("institution_key.unknown", lambda: rotate_key(connection, town.vault, hospital.id, 999, "s", now, later)),
            ("institution_key.until", lambda: rotate_key(connection, town.vault, hospital.id, number, "s", later, now)),
            (
                "institution_key.client",
                lambda: add_institution_key(connection, town.vault, hospital.id, "名", "s", now),
            ),
            (
                "institution_key.weak",
                lambda: add_institution_key(connection, town.vault, hospital.id, "", "short", now, dialect=APIKEY),
            ),
            (
                "institution_key.until",
                lambda: add_institution_key(connection, town.vault, hospital.id, "b", "s", later, now),
            ),
        ):
            with pytest.raises(GongjiError) as refusal:
                work()
            assert code_of(refusal) == code
        for count in range(MOST_AT_ONCE - 1):
            number = rotate_key(connection, town.vault, hospital.id, number, f"s{count}", now, later)
        with pytest.raises(GongjiError) as refusal:
            rotate_key(connection, town.vault, hospital.id, number, "one too many", now, later)
        assert code_of(refusal) == "institution_key.too_many"
        withdraw_key(connection, hospital.id, number, now)
        with pytest.raises(GongjiError) as refusal:
            withdraw_key(connection, hospital.id, number, now)
        assert code_of(refusal) == "institution_key.over"


def test_an_apikey_is_found_by_its_fingerprint(town: Town) -> None:
    hospital, now, apikey = town.institution("H21120200001"), town.clock.now(), "k" * 40
    with town.database.transaction() as connection:
        add_institution_key(connection, town.vault, hospital.id, "whatever", apikey, now, dialect=APIKEY)
        (key,) = signing_keys(connection, town.vault, APIKEY, fingerprint(apikey), now)
        assert (key.institution.code, key.secret) == (hospital.code, apikey)
        assert apikey not in str(list_keys(connection, hospital.id))
