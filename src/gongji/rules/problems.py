"""What is wrong with a pack, said all at once: every problem with its file, line and a stable code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from gongji.foundation.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class At:
    """A place in a pack file; lines count from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: a stable ``pack.*`` code, where it is, and a sentence in both languages."""

    code: str
    at: At
    en: str
    zh: str

    def __str__(self) -> str:
        return f"{self.at}: {self.code}: {self.en}"


class PackError(Misconfigured):
    """A rule pack cannot be used; `problems` lists everything found, in the order of files and lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.at.file, problem.at.line)))
        super().__init__(
            "pack.invalid",
            "the rule pack cannot be used:\n" + "\n".join(str(problem) for problem in self.problems),
            "规则包有误:\n" + "\n".join(f"{problem.at}: {problem.zh}" for problem in self.problems),
            details={"problems": [str(problem) for problem in self.problems]},
        )


class Unreadable(Exception):
    """Thrown inside the loader after a problem was reported, to leave the entry that cannot be read further."""


class Problems:
    """Collects problems while files are read, so that one run shows them all."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    @property
    def found(self) -> tuple[Problem, ...]:
        """What was reported so far."""
        return tuple(self._found)

    def report(self, code: str, at: At, en: str, zh: str) -> None:
        """Note a problem and go on; one table read by two shapes is complained about once."""
        problem = Problem(code, at, en, zh)
        if problem not in self._found:
            self._found.append(problem)

    def refuse(self, code: str, at: At, en: str, zh: str) -> Unreadable:
        """Note a problem; the caller raises what this returns to leave the entry."""
        self.report(code, at, en, zh)
        return Unreadable(en)

    def unknown(
        self, what: str, at: At, given: str, known: Iterable[str], code: str = "pack.unknown_key"
    ) -> Unreadable:
        """Note a name that is not on the closed list, with the nearest that is.

        Args:
            what: the kind of name, for the sentence (``key``, ``document``).
            at: where it stands.
            given: the name as written.
            known: the names accepted there.
            code: the problem's code.
        """
        names = sorted(known)
        near = get_close_matches(given, names, n=1, cutoff=0.5)
        hint_en = f"; did you mean '{near[0]}'?" if near else f"; known here: {', '.join(names)}"
        hint_zh = f",是否想写“{near[0]}”?" if near else f",此处可用:{'、'.join(names)}"
        return self.refuse(code, at, f"unknown {what} '{given}'{hint_en}", f"未知的名称“{given}”{hint_zh}")

    def raise_if_any(self) -> None:
        """Stop here when something was reported.

        Raises:
            PackError: listing every problem.
        """
        if self._found:
            raise PackError(self._found)
