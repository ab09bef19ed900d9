"""A statement travels as a file: the other side reads it, trusts its signature, and holds it against its own books."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from clearing_office import JINING_HOSPITAL, Office, refusal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gongji.clearing.monthly import files
from gongji.clearing.monthly.files import Differs, LoadedStatement, Signed
from gongji.clearing.monthly.model import LineKind
from gongji.foundation.errors import GongjiError
from gongji.foundation.guomi import sm3
from town import JINING, TIELING

JUNE = date(2024, 6, 1)
KEY, OTHER = "5a" * 32, "6b" * 32


@pytest.fixture
def exported(office: Office, tmp_path: Path) -> Path:
    """June: ¥100.00 and ¥60.00, which Tieling owes Jining, signed with the key that both share."""
    man = office.town.person("赵德柱", "1960-05-01", "retired", balance=300_00)
    for price in ("100.00", "60.00"):
        office.treated_in_jining(man, ("C-A", 1, price))
    office.close(JUNE, 2024, 7, 3, 9)
    return write(office, tmp_path / "june.zip", {"370000": KEY})


def write(office: Office, file: Path, keys: dict[str, str]) -> Path:
    """June's statement as a file."""
    with office.town.database.transaction() as connection, file.open("wb") as opened:
        files.write_statement(connection, office.statement(JUNE), keys, office.town.clock.now(), opened)
    return file


def altered(file: Path, name: str, change: Callable[[str], str]) -> Path:
    """The file with one of its two parts changed."""
    with zipfile.ZipFile(file) as archive:
        parts = {one: archive.read(one).decode("utf-8") for one in archive.namelist()}
    parts[name] = change(parts[name])
    with zipfile.ZipFile(file, "w") as archive:
        for one, content in parts.items():
            archive.writestr(one, content)
    return file


def differences(office: Office, loaded: LoadedStatement) -> list[files.Difference]:
    """What differs from the books here."""
    with office.town.database.transaction() as connection:
        return files.compare(connection, loaded)


def test_the_other_side_reads_what_was_written(office: Office, exported: Path) -> None:
    """Jining's installation knows the key by Tieling's province; every line is in its books."""
    loaded = files.read_statement(exported, {"210000": KEY})
    assert (loaded.month, loaded.debtor, loaded.creditor) == (JUNE, TIELING, JINING)
    assert (loaded.amount, loaded.due, len(loaded.lines), loaded.signed) == (160_00, 160_00, 2, Signed.HOLDS)
    assert differences(office, loaded) == []
    with zipfile.ZipFile(exported) as archive:
        assert "济宁市第一人民医院" in archive.read("lines.csv").decode("utf-8-sig")


def test_without_a_key_it_says_so(office: Office, exported: Path, tmp_path: Path) -> None:
    assert files.read_statement(exported, {}).signed is Signed.NO_KEY
    plain = write(office, tmp_path / "plain.zip", {})
    assert files.read_statement(plain, {}).signed is Signed.UNSIGNED
    assert refusal(files.read_statement, plain, {"210000": KEY}).code == "clearing.file_signature"


@pytest.mark.parametrize(
    ("name", "change", "code"),
    [
        ("lines.csv", lambda text: text.replace(",60.00,", ",61.00,"), "clearing.file_altered"),
        (
            "statement.json",
            lambda text: text.replace('"amount_fen": 16000', '"amount_fen": 16100'),
            "clearing.file_signature",
        ),
        ("statement.json", lambda text: json.dumps(json.loads(text) | {"signature": None}), "clearing.file_signature"),
        ("statement.json", lambda text: text.replace("gongji-clearing/1", "gongji-clearing/2"), "clearing.file"),
        ("statement.json", lambda text: "[]", "clearing.file"),
        ("statement.json", lambda text: text[:40], "clearing.file"),
    ],
)
def test_what_was_altered_on_the_way_is_refused(
    exported: Path, name: str, change: Callable[[str], str], code: str
) -> None:
    assert refusal(files.read_statement, altered(exported, name, change), {"210000": KEY}).code == code


def test_another_key_does_not_open_it_and_no_archive_is_none(exported: Path, tmp_path: Path) -> None:
    assert refusal(files.read_statement, exported, {"210000": OTHER}).code == "clearing.file_signature"
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04 and nothing else")
    assert refusal(files.read_statement, broken, {}).code == "clearing.file"
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("statement.json", "{}")
    broken.write_bytes(made.getvalue())
    assert refusal(files.read_statement, broken, {}).code == "clearing.file"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_comes_in_is_read_or_refused_in_words(exported: Path, data: st.DataObject) -> None:
    """Bytes changed, cut off or put in anywhere: a statement that adds up, or a refusal; never a defect."""
    content = bytearray(exported.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        what = data.draw(st.sampled_from(["change", "cut", "insert"]))
        if what == "change":
            content[place] = data.draw(st.integers(0, 255))
        elif what == "cut":
            del content[place : place + data.draw(st.integers(1, 40))]
        else:
            content[place:place] = data.draw(st.binary(min_size=1, max_size=20))
        if not content:
            break
    with contextlib.suppress(GongjiError):
        loaded = files.read_statement(io.BytesIO(bytes(content)), {})
        assert sum(line.amount for line in loaded.lines) == loaded.amount


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("lines.csv", lambda text: text.replace("kind,amount,of_month", "kind,fen,of_month")),
        ("lines.csv", lambda text: text.replace(",own,", ",gold,")),
        ("lines.csv", lambda text: text + '"' + "x" * 200_000),
        ("lines.csv", lambda text: text + "1,2\r\n"),
        ("statement.json", lambda text: "[" * 100_000),
        ("statement.json", lambda text: text.replace('"2024-06"', "[1]")),
    ],
)
def test_lines_and_heads_of_another_shape_are_refused(exported: Path, name: str, change: Callable[[str], str]) -> None:
    def resealed(text: str) -> str:
        head = json.loads(text)
        with zipfile.ZipFile(exported) as archive:
            return json.dumps(head | {"lines_sm3": sm3(archive.read("lines.csv")).hex()})

    altered(exported, name, change)
    if name == "lines.csv":
        altered(exported, "statement.json", resealed)
    assert refusal(files.read_statement, exported, {}).code.startswith(("clearing.", "amount."))


def test_what_differs_is_told_line_by_line(office: Office, exported: Path) -> None:
    """One amount is another there, one message is not known here, and of ours one is missing there."""
    loaded = files.read_statement(exported, {})
    first, other = loaded.lines
    changed = files.Told(first.event, first.institution, first.msgid, first.setl_id, first.kind, 99_00)
    unknown = files.Told("1", JINING_HOSPITAL, "M-77", "", LineKind.OWN, 5_00)
    there = LoadedStatement(JUNE, TIELING, JINING, 0, 0, (changed, unknown), Signed.UNSIGNED)
    found = {one.differs: one for one in differences(office, there)}
    assert (found[Differs.AMOUNT].told, found[Differs.AMOUNT].ours) == (99_00, 100_00)
    assert (found[Differs.MISSING_HERE].msgid, found[Differs.MISSING_HERE].ours) == ("M-77", None)
    assert (found[Differs.MISSING_THERE].msgid, found[Differs.MISSING_THERE].ours) == (other.msgid, 60_00)
    assert len(found) == 3


def test_what_stands_in_another_month_here_is_no_stranger(office: Office, exported: Path) -> None:
    """The file says July where our books have June."""
    loaded = files.read_statement(exported, {})
    there = LoadedStatement(date(2024, 7, 1), TIELING, JINING, 160_00, 160_00, loaded.lines, Signed.UNSIGNED)
    assert [(one.differs, one.our_month) for one in differences(office, there)] == [(Differs.MONTH, JUNE)] * 2


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("statement.json", lambda text: text.replace(f'"{TIELING}"', f'"{TIELING}\\u0000"')),
        ("statement.json", lambda text: text.replace(f'"{TIELING}"', f'"{TIELING[:4]}\\ud800"')),
        ("statement.json", lambda text: text.replace('"due_fen": 16000', '"due_fen": Infinity')),
        ("statement.json", lambda text: text.replace('"due_fen": 16000', f'"due_fen": 1{"0" * 4000}')),
        ("statement.json", lambda text: text.replace('"due_fen": 16000', '"due_fen": true')),
        ("statement.json", lambda text: text + " " * 100_000),
    ],
)
def test_a_head_with_what_no_statement_has_is_refused(exported: Path, name: str, change: Callable[[str], str]) -> None:
    assert refusal(files.read_statement, altered(exported, name, change), {}).code == "clearing.file"


def test_a_number_with_a_character_that_no_number_has_is_refused(exported: Path) -> None:
    def broken(text: str) -> str:
        head, first, *rest = text.split("\r\n")
        return "\r\n".join([head, first.replace(JINING_HOSPITAL, f"{JINING_HOSPITAL[:5]}\x00"), *rest])

    with zipfile.ZipFile(exported) as archive:
        parts = {one: archive.read(one).decode("utf-8") for one in archive.namelist()}
    lines = broken(parts["lines.csv"])
    head = json.loads(parts["statement.json"]) | {"signature": None, "lines_sm3": sm3(lines.encode()).hex()}
    altered(exported, "lines.csv", lambda _: lines)
    altered(exported, "statement.json", lambda _: json.dumps(head))
    assert refusal(files.read_statement, exported, {}).code == "clearing.file"


def test_no_name_is_a_formula_where_the_file_is_opened_as_a_sheet(
    office: Office, exported: Path, tmp_path: Path
) -> None:
    """A hospital that calls itself =HYPERLINK(…), and a message with the number -1+1: texts both, and the same when read."""
    with office.town.database.transaction() as connection:
        connection.execute(sa.text("ALTER TABLE clearing_line DISABLE TRIGGER USER"))
        connection.execute(sa.text("UPDATE clearing_line SET reference = '-1+1' WHERE amount = 6000"))
        name = {"name": '=HYPERLINK("http://x","y")', "code": JINING_HOSPITAL}
        connection.execute(sa.text("UPDATE institution SET name = :name WHERE code = :code"), name)
    file = write(office, tmp_path / "formulas.zip", {})
    with zipfile.ZipFile(file) as archive:
        rows = list(csv.reader(io.StringIO(archive.read("lines.csv").decode("utf-8-sig"))))[1:]
    assert {row[2] for row in rows} == {'\'=HYPERLINK("http://x","y")'}
    assert "'-1+1" in {row[3] for row in rows}
    loaded = files.read_statement(file, {})
    assert "-1+1" in {line.msgid for line in loaded.lines}
    assert differences(office, loaded) == []
