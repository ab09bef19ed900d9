"""What the source promises its readers: a file is read in one sitting, a function on one page."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from typing import Final

import gongji

SOURCE: Final = Path(gongji.__file__).parent

#: Lines of a file, and of a function.
FILE, FUNCTION = 400, 60

#: What may be longer, and why. Who makes one of them short enough takes it out: the last test asks for that.
LONGER: Final = {
    "migrations/versions/0001_the_first_schema.py": "a schema is one list of statements in their order, never changed",
    "migrations/versions/0001_the_first_schema.py:create_tables": "the same",
    "migrations/versions/0001_the_first_schema.py:create_holds_and_years": "the same",
    **{
        f"migrations/first/{room}.py:create": "the tables of a room, as they were first made"
        for room in ("accrual", "admissions", "applications", "casework", "clearing", "mobile", "premium", "signing_in")
    },
    "entrances/web/citizen/app.py:citizen_routes": "a table: every address of the citizens' pages with what answers there",
}


def too_long() -> dict[str, int]:
    """Files and functions (``file:function``) above the limits, with their lines."""
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        name, text = path.relative_to(SOURCE).as_posix(), path.read_text(encoding="utf-8")
        lengths = {name: (text.count("\n"), FILE)}
        for one in ast.walk(ast.parse(text)):
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
                assert one.end_lineno is not None
                lengths[f"{name}:{one.name}"] = (one.end_lineno - one.lineno + 1, FUNCTION)
        found |= {place: lines for place, (lines, most) in lengths.items() if lines > most}
    return found


def test_files_and_functions_are_short_but_for_those_with_a_reason() -> None:
    assert {place: lines for place, lines in too_long().items() if place not in LONGER} == {}


def test_what_became_short_enough_needs_its_reason_no_longer() -> None:
    assert LONGER.keys() - too_long().keys() == set()


def test_no_two_files_of_tests_have_one_name() -> None:
    """Their folders are no packages: of two files of one name the second is not collected."""
    names = Counter(path.name for path in Path(__file__).parent.rglob("test_*.py"))
    assert [name for name, times in names.items() if times > 1] == []
