"""``gongji clearing``: months closed, statements shown, exported, checked and paid."""

from gongji.entrances.clearing_command.command import clearing

__all__ = ["clearing"]
