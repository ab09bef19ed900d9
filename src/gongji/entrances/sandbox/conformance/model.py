"""What a scenario is made of: steps that wait for messages, and checks on those that arrive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gongji.entrances.sandbox.failures import FailureKind
from gongji.entrances.sandbox.record import Message
from gongji.registry.model import InstitutionKind

#: How long a step waits for its message, in minutes of the sandbox's clock.
PATIENCE = 30


@dataclass(frozen=True)
class Seen:
    """What a check may look at.

    Attributes:
        message: the one that arrived.
        before: the messages of the earlier steps.
        psn_no: the number of the scenario's patient.
    """

    message: Message
    before: tuple[Message, ...]
    psn_no: str


#: Says in Chinese what is wrong with a message, or nothing.
Check = Callable[[Seen], str | None]


@dataclass(frozen=True, slots=True)
class Step:
    """One message that has to arrive.

    Attributes:
        infno: of which transaction; other messages in between are no matter.
        says: what the vendor is to do, in Chinese.
        refused: the code with which it has to be refused; "" where it has to succeed.
        plays: a failure that is played on it, None for none.
        minutes: of a clock skew that is played.
        checks: what has to hold.
    """

    infno: str
    says: str
    refused: str = ""
    plays: FailureKind | None = None
    minutes: int = 0
    checks: tuple[Check, ...] = ()

    @property
    def lost(self) -> bool:
        """Whether its sender gets no answer of the interface."""
        return self.plays in (
            FailureKind.LOST_REPLY,
            FailureKind.LOST_REQUEST,
            FailureKind.RESET,
            FailureKind.BAD_GATEWAY,
        )


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named script.

    Attributes:
        key: names it.
        title: its name, in Chinese and in English.
        about: what it tries and what a right system does, in Chinese.
        patient: key of the person whom it is about; "" for none.
        steps: in order.
        kind: at which institutions it can be run; None for any.
    """

    key: str
    title: tuple[str, str]
    about: str
    patient: str
    steps: tuple[Step, ...]
    kind: InstitutionKind | None = InstitutionKind.HOSPITAL


class Outcome(StrEnum):
    """How a scenario stands."""

    NOT_RUN = "not_run"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"


@dataclass
class Run:
    """One run of a scenario by an institution's system.

    Attributes:
        scenario: which.
        institution: fixmedins_code.
        psn_no: the patient's number; "" for none.
        since: when its present step began to wait.
        outcome: how it stands.
        messages: what arrived for each step so far; the last one may be the one that was wrong.
        problem: why it failed, in Chinese.
    """

    scenario: Scenario
    institution: str
    psn_no: str
    since: datetime
    outcome: Outcome = Outcome.RUNNING
    messages: list[Message] = field(default_factory=list)
    problem: str = ""

    @property
    def step(self) -> Step | None:
        """The step that waits; None when the run is over."""
        return self.scenario.steps[len(self.messages)] if self.outcome is Outcome.RUNNING else None


def values(row: object, path: str) -> list[object]:
    """The values at a path of a message's input or output: ``data.mdtrt_id``; through a list, those of all rows."""
    name, _, rest = path.partition(".")
    if isinstance(row, list):
        return [value for one in row for value in values(one, path)]
    if not isinstance(row, Mapping) or name not in row:
        return []
    return values(row[name], rest) if rest else [row[name]]
