"""A request as somebody pastes it: a curl command, or headers, an empty line and the body."""

from __future__ import annotations

import itertools
import shlex
from dataclasses import dataclass
from typing import Final

from gongji.foundation.errors import InvalidInput

#: Options of curl that carry a header, and those that carry the body.
_HEADERS: Final = ("-H", "--header")
_BODIES: Final = ("-d", "--data", "--data-raw", "--data-binary", "--data-ascii")


@dataclass(frozen=True, slots=True)
class Pasted:
    """Headers (names in lower case) and body."""

    headers: dict[str, str]
    body: bytes


def read_pasted(text: str) -> Pasted:
    """Read what was pasted.

    Raises:
        InvalidInput: ``sandbox.pasted`` when a curl command has a quote that is never closed.
    """
    text = text.strip().replace("\r\n", "\n")
    return _curl(text) if text.startswith("curl") else _plain(text)


def _plain(text: str) -> Pasted:
    head, _, body = text.partition("\n\n")
    if head.startswith(("{", "[")):
        return Pasted({}, text.encode())
    return Pasted(dict(_header(line) for line in head.split("\n") if ":" in line), body.encode())


def _curl(text: str) -> Pasted:
    try:
        words = shlex.split(text.replace("\\\n", " "))
    except ValueError:
        raise InvalidInput(
            "sandbox.pasted",
            "the curl command has a quote that is never closed",
            "curl 命令里有引号没有配对",
            accepted="a curl command, or headers, an empty line and the body",
        ) from None
    headers, body = {}, b""
    for option, value in itertools.pairwise(words):
        if option in _HEADERS and ":" in value:
            name, told = _header(value)
            headers[name] = told
        elif option in _BODIES:
            body = value.encode()
    return Pasted(headers, body)


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()
