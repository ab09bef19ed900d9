"""``gongji institution``: the keys that institutions sign with, and what their systems do against the letter."""

from gongji.entrances.institution_command.command import institution

__all__ = ["institution"]
