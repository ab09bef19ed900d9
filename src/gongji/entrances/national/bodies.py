"""Reading what was posted: never more than a message may have, and few long ones at a time."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from gongji.entrances.national.envelope import LARGEST_BODY, LARGEST_UPLOAD, too_large
from gongji.foundation.errors import Busy

#: The transaction that brings a file along.
UPLOAD: Final = "9101"

#: How many long messages a process reads at once. Who sends one is only known when it is there, so their room is bounded.
MOST_LONG: Final = 4


class Bodies:
    """Gives messages room in memory; for one event loop."""

    def __init__(self) -> None:
        self._long = 0

    def room(self) -> Room:
        """Room for one message, while its block runs."""
        return Room(self)

    def lengthen(self) -> None:
        """Take one of the places for long messages.

        Raises:
            Busy: ``envelope.uploads_busy`` when all are taken.
        """
        if self._long >= MOST_LONG:
            raise Busy(
                "envelope.uploads_busy",
                "too many files are uploaded at once: send the same message again in a moment",
                "同时上传的文件过多，请稍后用同一报文重试",
            )
        self._long += 1

    def shorten(self) -> None:
        """Give that place back."""
        self._long -= 1


class Room:
    """The room of one message."""

    __slots__ = ("_bodies", "_long")

    def __init__(self, bodies: Bodies) -> None:
        self._bodies = bodies
        self._long = False

    def __enter__(self) -> Room:
        return self

    def __exit__(self, *problem: object) -> None:
        if self._long:
            self._bodies.shorten()

    async def read(self, request: Request) -> bytes:
        """The body; reading stops as soon as it is too long. Only at an address of 9101's own it may be as long as a file.

        Raises:
            InvalidInput: ``envelope.too_large``. Busy: ``envelope.uploads_busy``.
        """
        takes_files = request.scope["path"].rstrip("/").endswith(("/fileupload/upload", UPLOAD))
        longest = LARGEST_UPLOAD if takes_files else LARGEST_BODY
        chunks: list[bytes] = []
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > longest:
                raise too_large()
            if size > LARGEST_BODY and not self._long:
                self._bodies.lengthen()
                self._long = True
            chunks.append(chunk)
        return b"".join(chunks)
