"""Tables as agencies hand them in: from spreadsheets, in old encodings, with slips of the pen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongji.foundation.errors import InvalidInput
from gongji.foundation.money import parse_yuan
from gongji.foundation.sheet import read_table
from gongji.foundation.tabular import Column, typed_rows

COLUMNS = (
    Column("name", lambda text, field: text, required=True, accepted="a name", also=("姓名",)),
    Column("balance", parse_yuan, required=True, accepted="yuan", also=("余额",)),
    Column("note", lambda text, field: text),
    Column("phone", lambda text, field: text, kept=False),
)


@pytest.fixture
def handed_in(tmp_path: Path) -> Callable[..., Path]:
    """Write a file as somebody hands it in."""

    def write(content: str | bytes, name: str = "balances.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def read(path: Path) -> tuple[list[tuple[int, Mapping[str, Any]]], list[tuple[int, str]]]:
    rows, problems = typed_rows(read_table(path), COLUMNS, dict)
    return [(row.line, row.value) for row in rows], [(problem.line, problem.field) for problem in problems]


def test_a_plain_table_becomes_typed_rows_with_their_lines(handed_in: Callable[..., Path]) -> None:
    rows, problems = read(handed_in('name,balance,note\n王秀兰,1268.50,\n\n"李, 建国",3,"two\nlines"\n张伟,0.01,x\n'))
    assert problems == []
    assert rows == [
        (2, {"name": "王秀兰", "balance": 126_850}),
        (4, {"name": "李, 建国", "balance": 300, "note": "two\nlines"}),
        (6, {"name": "张伟", "balance": 1, "note": "x"}),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_spreadsheets_write_other_separators_a_mark_and_windows_lines(
    handed_in: Callable[..., Path], delimiter: str
) -> None:
    text = f"\ufeff姓名{delimiter} Balance {delimiter}phone\r\n王秀兰{delimiter}12{delimiter}13800138000\r\n{delimiter}{delimiter}\r\n"
    rows, problems = read(handed_in(text))
    assert problems == []
    assert rows == [(2, {"name": "王秀兰", "balance": 1_200})], "the phone is passed over, the blank line too"


def test_gb18030_is_read_with_a_warning(handed_in: Callable[..., Path]) -> None:
    path = handed_in("姓名,余额\n𫖯王,12\n".encode("gb18030"))
    assert "GB18030" in read_table(path).warning
    assert read(path)[0] == [(2, {"name": "𫖯王", "balance": 1_200})]
    assert read_table(handed_in("name,balance\n")).warning == ""


def test_every_bad_row_is_told_not_only_the_first(handed_in: Callable[..., Path]) -> None:
    rows, problems = read(handed_in("name,balance\n,1\n王秀兰,zwölf\n李建国,1,2,3\n张伟,-1\n陈静,5\n,\n,x\n"))
    assert [line for line, _ in rows] == [6]
    assert sorted(problems) == [(2, "name"), (3, "balance"), (4, ""), (5, "balance"), (8, "balance"), (8, "name")]


def test_an_unknown_column_is_named_with_the_nearest(handed_in: Callable[..., Path]) -> None:
    rows, problems = typed_rows(read_table(handed_in("name,balnce\n王秀兰,1\n")), COLUMNS, dict)
    assert rows == []
    assert [(p.line, p.field) for p in problems] == [(1, "balnce"), (1, "balance")]
    assert "is it balance?" in problems[0].what
    assert "balance" in problems[0].zh


@pytest.mark.parametrize(
    ("header", "field"), [("name,balance,name", "name"), ("name,姓名,balance", "name"), ("name,note", "balance")]
)
def test_a_header_says_each_thing_once_and_all_that_is_needed(
    handed_in: Callable[..., Path], header: str, field: str
) -> None:
    _, problems = read(handed_in(f"{header}\n王,王,1\n"))
    assert (1, field) in problems


def test_an_open_quotation_mark_is_told_with_its_line(handed_in: Callable[..., Path]) -> None:
    rows, problems = read(handed_in('name,balance\n王秀兰,1\n"李建国,2\n张伟,3\n'))
    assert [line for line, _ in rows] == [2]
    assert problems == [(3, "")]


def test_a_list_of_objects_keeps_numbers_as_they_are_written(handed_in: Callable[..., Path]) -> None:
    text = '[\n {"name": "王秀兰", "balance": 99999999999999.99, "note": null},\n {"name": 110105194912310020, "balance": "2"}\n]\n'
    rows, problems = read(handed_in(text, "balances.json"))
    assert problems == []
    assert rows == [
        (2, {"name": "王秀兰", "balance": 9_999_999_999_999_999}),
        (3, {"name": "110105194912310020", "balance": 200}),
    ]


def test_one_object_a_line(handed_in: Callable[..., Path]) -> None:
    rows, problems = read(
        handed_in(
            '{"name": "王秀兰", "balance": 1}\n{"name": "李建国", "balance"\n\n{"name": "张伟", "balance": 3}\n[1]\n'
        )
    )
    assert [line for line, _ in rows] == [1, 4]
    assert problems == [(2, ""), (5, "")]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[{"name": "王", "balance": 1}', (1, "")),
        ('[{"name": "王", "balance": 1}]\n{}', (1, "")),
        ('[{"name": "王", "balance": 1},\n{"name": }]', (2, "")),
        ('[{"name": "王", "balance": 1},\n17]', (2, "")),
        ('[{"name": "王", "balance": [1]}]', (1, "balance")),
        ('[{"name": "王", "balance": NaN}]', (1, "balance")),
        ('[{"name": "王", "Name": "李", "balance": 1}]', (1, "name")),
        ('[{"name": ' + "[" * 100_000, (1, "")),
        ('[{"name": "王", "balance": 1, "\\ud800": 1}]', (1, "?")),
    ],
)
def test_broken_json_is_told_with_its_line(handed_in: Callable[..., Path], text: str, problem: tuple[int, str]) -> None:
    assert problem in read(handed_in(text, "balances.json"))[1]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"PK\x03\x04 a workbook", "file.not_text"),
        (b"\x00\x01\x02", "file.not_text"),
        (b"name,balance\n\xff\xff,1\n", "file.encoding"),
    ],
)
def test_what_is_no_text_is_refused_with_advice(handed_in: Callable[..., Path], content: bytes, code: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_table(handed_in(content))
    assert refusal.value.code == code
    assert refusal.value.accepted


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_table(tmp_path / "nothing.csv")
    assert refusal.value.code == "file.missing"


@given(st.binary(max_size=200) | st.text('[]{}":,\n name1balance\u00b7', max_size=80).map(str.encode))
def test_no_content_ever_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "anything.csv"
    path.write_bytes(content)
    try:
        table = read_table(path)
    except InvalidInput:
        return
    rows, problems = typed_rows(table, COLUMNS, dict)
    assert all(problem.line >= 1 and problem.what and problem.zh for problem in problems)
    assert len(rows) <= len(table.rows)
