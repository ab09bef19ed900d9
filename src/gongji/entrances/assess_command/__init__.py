"""``gongji assess``: a file of claims in, the same with who pays out."""

from gongji.entrances.assess_command.command import register

__all__ = ["register"]
