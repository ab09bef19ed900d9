"""``gongji ledger``: prove the books, and read any account as of any moment."""

from gongji.entrances.ledger_command.command import ledger

__all__ = ["ledger"]
