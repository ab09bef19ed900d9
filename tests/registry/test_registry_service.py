"""A family of Tieling in the registry: entered, found again, enrolled, and served by institutions."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from gongji.foundation.clock import MovableClock
from gongji.foundation.database import Database
from gongji.foundation.errors import Refused
from gongji.foundation.ids import bucket_of
from gongji.foundation.personal import Vault
from gongji.registry import service
from gongji.registry.certificate import check_certificate, check_digit
from gongji.registry.entries import NewCatalogueItem, NewEnrolment, NewInstitution, NewPerson
from gongji.registry.model import CatalogueItem, Enrolment, InstitutionKind, ItemClass
from gongji.registry.psn_no import person_id_from_psn_no, psn_no_for
from gongji.registry.refusals import RowsRefused
from gongji.rules.model import Scheme, Status, Tier


def newcomer(
    name: str, born: date, sequence: int, *, household: str | None = "Li", card: str | None = None
) -> NewPerson:
    first_17 = f"211202{born:%Y%m%d}{sequence:03d}"
    certificate = check_certificate("01", first_17 + check_digit(first_17))
    return NewPerson(certificate, name, certificate.gender or "9", born, "211200", card=card, household=household)


FATHER = newcomer("李建国", date(1968, 3, 9), 11, card="A12345678")
MOTHER = newcomer("王秀兰", date(1970, 11, 2), 22)
NEWBORN = NewPerson(
    check_certificate("990201", "U210012345"), "李小宝", "1", date(2024, 5, 1), "211200", household="Li"
)


def employed(since: date, until: date | None = None, *, region: str = "211200", standing: str = "1") -> Enrolment:
    return Enrolment(Scheme.EMPLOYEE, region, Status.ACTIVE, "11", standing, "铁岭某厂", False, since, until)


def resident(since: date, until: date | None = None) -> Enrolment:
    return Enrolment(Scheme.RESIDENT, "211200", Status.RESIDENT, "15", "1", "", False, since, until)


def test_a_family_is_entered_and_found_by_certificate_card_and_number(database: Database, vault: Vault) -> None:
    with database.transaction() as connection:
        ids = service.add_people(connection, vault, database.serials, [FATHER, MOTHER, NEWBORN])
    assert len({bucket_of(person_id) for person_id in ids.values()}) == 1, "a household lies in one bucket"
    with database.transaction() as connection:
        father = service.person_by_credential(connection, vault, "card", "A12345678")
        newborn = service.person_by_credential(
            connection, vault, "certificate", service.certificate_key("990201", "u210012345")
        )
        assert father is not None
        assert newborn is not None
        assert (father.name, father.certificate, father.born_on) == (
            "李建国",
            FATHER.certificate.number,
            date(1968, 3, 9),
        )
        assert (newborn.name, newborn.id) == ("李小宝", ids[NEWBORN.certificate.key])
        assert father.psn_no.startswith("211200")
        assert len(father.psn_no) == 20
        assert service.person_by_psn_no(connection, vault, father.psn_no) == father
        assert service.person_by_psn_no(connection, vault, "370800" + father.psn_no[6:]) is None
        assert service.person_by_psn_no(connection, vault, "x") is None
        assert service.person_by_credential(connection, vault, "token", "A12345678") is None
        assert service.people_by_id(connection, vault, [father.id, newborn.id, 7]) == {
            father.id: father,
            newborn.id: newborn,
        }
        keys = [FATHER.certificate.key, "01:nobody"]
        assert service.person_ids_by_certificate(connection, vault, keys) == {keys[0]: father.id}


def test_names_and_numbers_lie_sealed(database: Database, vault: Vault) -> None:
    with database.transaction() as connection:
        service.add_people(connection, vault, database.serials, [FATHER])
        dump = connection.execute(sa.text("SELECT person::text || credential::text FROM person, credential")).scalars()
        stored = "".join(dump)
    assert stored
    for private in (FATHER.name, FATHER.certificate.number, "A12345678"):
        assert private not in stored
        assert private.encode().hex() not in stored


def test_the_same_person_twice_is_refused_and_nothing_is_kept(database: Database, vault: Vault) -> None:
    with database.transaction() as connection:
        service.add_people(connection, vault, database.serials, [FATHER])
    with database.transaction() as connection:
        with pytest.raises(RowsRefused) as refusal:
            service.add_people(connection, vault, database.serials, [MOTHER, FATHER, NEWBORN, MOTHER])
        assert refusal.value.code == "person.duplicate"
        assert refusal.value.details["rows"] == [1, 3]
    with database.transaction() as connection:
        assert service.person_by_credential(connection, vault, "certificate", MOTHER.certificate.key) is None
        assert connection.execute(sa.text("SELECT count(*) FROM person")).scalar_one() == 1


def test_a_card_belongs_to_one_person(database: Database, vault: Vault) -> None:
    with_fathers_card = newcomer("王秀兰", date(1970, 11, 2), 22, card="A12345678")
    with database.transaction() as connection, pytest.raises(RowsRefused) as refusal:
        service.add_people(connection, vault, database.serials, [FATHER, with_fathers_card])
    assert refusal.value.refusals[1].code == "credential.duplicate"
    assert refusal.value.refusals[1].field == "card"


def test_enrolments_follow_one_another_and_never_overlap(database: Database, vault: Vault) -> None:
    with database.transaction() as connection:
        (person_id,) = service.add_people(connection, vault, database.serials, [MOTHER]).values()
        first = resident(date(2020, 1, 1), date(2022, 12, 31))
        second = employed(date(2023, 1, 1))
        service.add_enrolments(connection, [NewEnrolment(person_id, first), NewEnrolment(person_id, second)])
        assert service.enrolments_of(connection, person_id) == [second, first]
        assert service.enrolments_by_person(connection, [person_id, 7]) == {person_id: [second, first]}
        assert service.enrolment_on(connection, person_id, date(2022, 12, 31)) == first
        assert service.enrolment_on(connection, person_id, date(2023, 1, 1)) == second
        assert service.enrolment_on(connection, person_id, date(2019, 12, 31)) is None
        with pytest.raises(RowsRefused) as refusal:
            service.add_enrolments(
                connection,
                [
                    NewEnrolment(person_id, resident(date(2019, 1, 1), date(2019, 12, 31))),
                    NewEnrolment(person_id, resident(date(2024, 1, 1), date(2024, 12, 31))),
                ],
            )
        assert refusal.value.code == "enrolment.overlap"
        assert refusal.value.details["rows"] == [1]
        assert service.enrolments_of(connection, person_id) == [second, first], "nothing of the refused set is kept"


def test_the_last_day_of_year_9999_is_an_open_end(database: Database, vault: Vault) -> None:
    with database.transaction() as connection:
        (person_id,) = service.add_people(connection, vault, database.serials, [MOTHER]).values()
        service.add_enrolments(connection, [NewEnrolment(person_id, employed(date(2023, 1, 1), date(9999, 12, 31)))])
        assert service.enrolments_of(connection, person_id) == [employed(date(2023, 1, 1))]


HOSPITAL = NewInstitution(
    "H21120000001",
    "铁岭市中心医院",
    InstitutionKind.HOSPITAL,
    Tier.TIER_3,
    "211200",
    date(2020, 1, 1),
    date(2025, 12, 31),
)
PHARMACY = NewInstitution("P21120000002", "惠民大药房", InstitutionKind.PHARMACY, None, "211200", date(2021, 1, 1))


def test_institutions_are_found_by_code_and_number(database: Database) -> None:
    with database.transaction() as connection:
        ids = service.add_institutions(connection, [HOSPITAL, PHARMACY])
        hospital = service.institution_by_code(connection, "H21120000001")
        assert hospital is not None
        assert (hospital.id, hospital.tier, hospital.designated_until) == (
            ids[HOSPITAL.code],
            Tier.TIER_3,
            date(2025, 12, 31),
        )
        assert hospital.designated(date(2025, 12, 31))
        assert not hospital.designated(date(2026, 1, 1))
        found = service.institutions_by_id(connection, ids.values())
        assert found[ids[PHARMACY.code]].tier is None
        assert service.institution_by_code(connection, "H00000000000") is None
        with pytest.raises(RowsRefused) as refusal:
            service.add_institutions(connection, [HOSPITAL])
        assert refusal.value.code == "institution.duplicate"


def listed(area: str, first_self_pay: int, since: date, until: date | None = None) -> NewCatalogueItem:
    item = CatalogueItem("XA01", "阿莫西林", ItemClass.B, first_self_pay, 12_345_678, "09", False, True, False)
    return NewCatalogueItem(area, item, since, until)


def test_the_citys_catalogue_goes_before_the_provinces_and_the_nations(database: Database) -> None:
    year = date(2024, 1, 1)
    rows = [listed("210000", 1_000, year), listed("000000", 500, year), listed("211200", 2_000, year)]
    with database.transaction() as connection:
        service.add_catalogue(connection, rows)

        def first_self_pay(region: str) -> int:
            return service.catalogue_items(connection, region, ["XA01", "unknown"], year)["XA01"].first_self_pay

        assert first_self_pay("211200") == 2_000
        assert first_self_pay("211281") == 2_000, "a county follows its city"
        assert first_self_pay("210100") == 1_000
        assert first_self_pay("370800") == 500
        assert service.catalogue_items(connection, "211200", ["XA01"], date(2023, 12, 31)) == {}


def test_a_catalogue_changes_with_the_day_and_never_says_two_things(database: Database) -> None:
    with database.transaction() as connection:
        service.add_catalogue(
            connection,
            [listed("211200", 1_000, date(2023, 1, 1), date(2023, 12, 31)), listed("211200", 2_000, date(2024, 1, 1))],
        )
        on = {
            day: service.catalogue_items(connection, "211200", ["XA01"], day)["XA01"].first_self_pay
            for day in (date(2023, 12, 31), date(2024, 1, 1))
        }
        assert list(on.values()) == [1_000, 2_000]
        with pytest.raises(RowsRefused) as refusal:
            service.add_catalogue(connection, [listed("211200", 500, date(2025, 1, 1))])
        assert refusal.value.code == "catalogue.overlap"


def test_a_cashier_signs_on_and_off_once(database: Database, clock: MovableClock) -> None:
    now = clock.now()
    with database.transaction() as connection:
        service.add_institutions(connection, [HOSPITAL, PHARMACY])
        hospital = service.institution_by_code(connection, HOSPITAL.code)
        pharmacy = service.institution_by_code(connection, PHARMACY.code)
        assert hospital is not None
        assert pharmacy is not None
        sign_no = service.sign_on(connection, hospital, "0053", now)
        assert len(sign_no) == 20
        assert sign_no.startswith("20240612")
        assert service.sign_on(connection, hospital, "0053", now) != sign_no

        def refused(institution: object, operator: str) -> str:
            with pytest.raises(Refused) as refusal:
                service.sign_off(connection, institution, sign_no, operator, now)  # type: ignore[arg-type]
            return refusal.value.code

        assert refused(pharmacy, "0053") == "sign_on.unknown"
        assert refused(hospital, "0054") == "sign_on.operator"
        service.sign_off(connection, hospital, sign_no, "0053", now)
        assert refused(hospital, "0053") == "sign_on.unknown"


@given(st.integers(110000, 659999), st.integers(1, 10**14 - 1))
def test_a_persons_number_gives_the_id_back(region: int, person_id: int) -> None:
    psn_no = psn_no_for(str(region), person_id)
    assert len(psn_no) == 20
    assert person_id_from_psn_no(psn_no) == person_id


@given(st.text(max_size=25))
def test_any_other_text_is_no_number_of_ours(text: str) -> None:
    person_id = person_id_from_psn_no(text)
    assert person_id is None or psn_no_for(text[:6], person_id) == text
