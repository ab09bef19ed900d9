"""Certificates as families bring them: tidied up, checked, and refused with a sentence that helps."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongji.foundation.errors import InvalidInput
from gongji.registry.certificate import certificate_key, check_certificate, check_digit

# The example of GB 11643 itself: a woman of Chaoyang, Beijing, born on the last day of 1949.
STANDARD_EXAMPLE = "11010519491231002X"


def test_the_standards_own_example_is_taken_and_tells_birth_and_gender() -> None:
    certificate = check_certificate("01", STANDARD_EXAMPLE)
    assert certificate.number == STANDARD_EXAMPLE
    assert certificate.born_on == date(1949, 12, 31)
    assert certificate.gender == "2"
    assert certificate.key == "01:11010519491231002X"


@pytest.mark.parametrize(
    "written",
    [
        "11010519491231002x",
        " 110105 19491231 002X ",
        "１１０１０５１９４９１２３１００２Ｘ",
        "110105\u300019491231\u3000002x",
        "\ufeff110105\u200b19491231002X\u202c",
    ],
)
def test_one_number_however_it_is_written(written: str) -> None:
    assert check_certificate("1", written).key == f"01:{STANDARD_EXAMPLE}"
    assert certificate_key("1", written) == f"01:{STANDARD_EXAMPLE}"


def test_a_mistyped_digit_is_told_by_the_check_character() -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_certificate("01", "110105194912310020", field="certno")
    assert refusal.value.code == "certificate.check_digit"
    assert refusal.value.field == "certno"
    assert "校验位" in refusal.value.zh
    assert "110105194912310020" not in refusal.value.en + refusal.value.zh


@pytest.mark.parametrize(
    ("certificate_type", "number"),
    [
        ("01", ""),
        ("01", "110105491231002"),
        ("01", "1101051949123100XX"),
        ("01", "11010519491331002X"),
        ("01", "11010518001231002X"),
        ("01", "١١٠١٠٥١٩٤٩١٢٣١٠٠٢X"),
        ("04", "12345678"),
        ("05", "H1234"),
        ("06", "1234567"),
        ("07", "USA1234"),
        ("08", "P-1234567"),
        ("08", "PASSPORT"),
        ("16", "E1234"),
        ("17", "110105194912310021"),
        ("990201", "A12345678"),
        ("990201", "AB12345678"),
    ],
)
def test_what_has_not_the_shape_is_refused_with_what_is_accepted(certificate_type: str, number: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_certificate(certificate_type, number, field="certificate")
    assert refusal.value.code == "certificate.shape"
    assert refusal.value.field == "certificate"
    assert refusal.value.accepted


@pytest.mark.parametrize(
    ("certificate_type", "number", "kept"),
    [
        ("04", "h12345678", "H12345678"),
        ("04", "H1234567801", "H1234567801"),
        ("04", "KJ1234567", "KJ1234567"),
        ("05", "M12345678", "M12345678"),
        ("06", "01234567", "01234567"),
        ("7", "USA110077082709", "USA110077082709"),
        ("07", "911124198108030024", "911124198108030024"),
        ("8", "p 1234567", "P1234567"),
        ("16", "EA1234567", "EA1234567"),
        ("16", "G12345678", "G12345678"),
        ("990201", "u210012345", "U210012345"),
    ],
)
def test_permits_passports_and_the_newborns_certificate(certificate_type: str, number: str, kept: str) -> None:
    assert check_certificate(certificate_type, number).number == kept


def test_a_residence_permit_tells_birth_and_gender_as_a_citizen_number_does() -> None:
    first_17 = "83000019850615201"
    permit = check_certificate("17", first_17 + check_digit(first_17))
    assert (permit.born_on, permit.gender) == (date(1985, 6, 15), "1")


def test_a_passport_tells_neither_birth_nor_gender() -> None:
    passport = check_certificate("08", "P1234567")
    assert (passport.born_on, passport.gender) == (None, None)


@pytest.mark.parametrize("certificate_type", ["", "02", "99", "ID", "90"])
def test_other_kinds_are_refused_with_the_kinds_that_are_taken(certificate_type: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_certificate(certificate_type, STANDARD_EXAMPLE)
    assert refusal.value.code == "certificate.type"
    assert refusal.value.field == "psn_cert_type"
    assert "990201" in (refusal.value.accepted or "")


@given(
    st.integers(110000, 659999),
    st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    st.integers(0, 999),
    st.integers(0, 16),
    st.integers(1, 9),
)
def test_every_citizen_number_is_taken_and_one_wrong_digit_never_is(
    region: int, born: date, sequence: int, where: int, by: int
) -> None:
    first_17 = f"{region}{born:%Y%m%d}{sequence:03d}"
    certificate = check_certificate("01", first_17 + check_digit(first_17))
    assert certificate.born_on == born
    assert certificate.gender == ("1" if sequence % 2 else "2")
    wrong = first_17[:where] + str((int(first_17[where]) + by) % 10) + first_17[where + 1 :]
    with pytest.raises(InvalidInput):
        check_certificate("01", wrong + check_digit(first_17))
