"""``gongji draft``: what a change to the rules would do, before it is signed."""

from gongji.entrances.draft_command.command import draft

__all__ = ["draft"]
