"""``gongji rules``: what the rule packs hold, in the terminal or as JSON."""

from gongji.entrances.rules_command.command import register

__all__ = ["register"]
