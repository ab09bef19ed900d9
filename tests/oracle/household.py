"""A family of the city, with what the oracle knows of it."""

from __future__ import annotations

from dataclasses import dataclass

from oracle.model import Oracle
from oracle.operations import Operation, Story
from oracle.played import Played


@dataclass
class Household:
    """A family on the stage and in the oracle."""

    played: Played
    oracle: Oracle

    def add(self, one: Operation) -> None:
        """The story goes on, for both."""
        self.played.add(one)
        self.oracle.operations[one.n] = one

    @property
    def story(self) -> Story:
        """All that happened to it so far."""
        return self.played.story
