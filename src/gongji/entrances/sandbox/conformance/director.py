"""Leads institutions' systems through scenarios: hears every message, plays the failures, keeps the outcomes."""

from __future__ import annotations

from datetime import timedelta

from gongji.entrances.sandbox.conformance.model import PATIENCE, Outcome, Run, Scenario, Seen, Step
from gongji.entrances.sandbox.conformance.scenarios import SCENARIOS
from gongji.entrances.sandbox.failures import Failure, Failures
from gongji.entrances.sandbox.institutions import InventedInstitution
from gongji.entrances.sandbox.record import Message
from gongji.foundation.clock import Clock


def scenarios_for(institution: InventedInstitution) -> tuple[Scenario, ...]:
    """The scenarios that an institution can run."""
    return tuple(each for each in SCENARIOS if each.kind in (None, institution.kind))


class Director:
    """The runs of all institutions; one at a time for each. Belongs to the event loop.

    Args:
        failures: where a step's failure is planned.
        clock: the sandbox's, by which a step's patience is measured.
    """

    def __init__(self, failures: Failures, clock: Clock) -> None:
        self._failures = failures
        self._clock = clock
        self._runs: dict[tuple[str, str], Run] = {}
        self._current: dict[str, Run] = {}
        self._planned: dict[str, Failure] = {}

    def start(self, institution: str, scenario: Scenario, psn_no: str) -> Run:
        """Begin a scenario; one that was under way at the institution is forgotten."""
        self.stop(institution)
        run = Run(scenario, institution, psn_no, self._clock.now())
        self._runs[institution, scenario.key] = self._current[institution] = run
        self._prepare(run)
        return run

    def stop(self, institution: str) -> None:
        """Give up what is under way: it counts as not run."""
        run = self._current.pop(institution, None)
        self._unplan(institution)
        if run is not None and run.outcome is Outcome.RUNNING:
            del self._runs[institution, run.scenario.key]

    def run_of(self, institution: str, scenario: Scenario) -> Run | None:
        """The last run of a scenario, None when there was none."""
        self._give_up_late(institution)
        return self._runs.get((institution, scenario.key))

    def current(self, institution: str) -> Run | None:
        """What is under way."""
        self._give_up_late(institution)
        return self._current.get(institution)

    def clear(self) -> None:
        """Forget everything."""
        self._runs.clear()
        self._current.clear()
        self._planned.clear()

    def hear(self, message: Message) -> None:
        """A message came in and was dealt with."""
        run = self.current(message.request.text("fixmedins_code"))
        step = run.step if run is not None else None
        if run is None or step is None or message.request.text("infno") != step.infno:
            return
        seen = Seen(message, tuple(run.messages), run.psn_no)
        run.messages.append(message)
        problem = next((found for check in step.checks if (found := check(seen))), None) or came_to(step, message)
        if problem is not None:
            self._end(run, Outcome.FAILED, problem)
        elif len(run.messages) == len(run.scenario.steps):
            self._end(run, Outcome.PASSED)
        else:
            run.since = self._clock.now()
            self._prepare(run)

    def _prepare(self, run: Run) -> None:
        """Plan the failure of the step that waits."""
        self._unplan(run.institution)
        step = run.step
        if step is not None and step.plays is not None:
            self._planned[run.institution] = self._failures.plan(
                step.plays, institution=run.institution, infno=step.infno, minutes=step.minutes
            )

    def _unplan(self, institution: str) -> None:
        planned = self._planned.pop(institution, None)
        if planned is not None:
            self._failures.drop(planned.number)

    def _end(self, run: Run, outcome: Outcome, problem: str = "") -> None:
        run.outcome, run.problem = outcome, problem
        self._unplan(run.institution)
        self._current.pop(run.institution, None)

    def _give_up_late(self, institution: str) -> None:
        """A step that has waited too long fails its run."""
        run = self._current.get(institution)
        if run is None or run.step is None:
            return
        if self._clock.now() - run.since > timedelta(minutes=PATIENCE):
            self._end(run, Outcome.FAILED, f"等待 {run.step.infno} 超过 {PATIENCE} 分钟（沙箱时间）")


def came_to(step: Step, message: Message) -> str | None:
    """What is wrong with how a message ended, in Chinese; None when it ended as the step has it."""
    if step.lost:
        return None
    if step.refused:
        if message.code == step.refused:
            return None
        ended = f"却返回：{message.err_msg}" if message.infcode != 0 else "却成功了"
        return f"{step.infno} 应被拒绝（{step.refused}），{ended}"
    return None if message.infcode == 0 else f"{step.infno} 应成功，却返回：{message.err_msg or '没有回复'}"
