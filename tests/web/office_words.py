"""Families of message ids of the officers' pages, premiums and disputes, with the values that a page may meet."""

from __future__ import annotations

from gongji.clearing.differences import ClearReason, Owner
from gongji.clearing.monthly.files import Differs, Signed
from gongji.clearing.monthly.model import Alarm, DisputeOutcome, DisputeReason, LineKind, StatementState
from gongji.clearing.monthly.model import Purpose as PaymentPurpose
from gongji.entrances.web.office.alerts import SHOWN as ALERTS_SHOWN
from gongji.entrances.web.office.case import CHOICES
from gongji.entrances.web.office.differences import KINDS
from gongji.entrances.web.office.filing_form import FIELDS
from gongji.entrances.web.office.filings import CLOSED, REASONS
from gongji.entrances.web.office.pages import NOTICES, WAYS
from gongji.entrances.web.office.queue import SHOWN
from gongji.entrances.web.office.sending import SHOWN as SENDING_SHOWN
from gongji.entrances.wording import Language, catalogue
from gongji.family.assistances import Way
from gongji.family.evidence import EvidenceState
from gongji.family.freezes import Awaited, FreezeReason, LiftReason
from gongji.foundation.access import Role
from gongji.foundation.delivery_book import DeliveryState
from gongji.foundation.inbox import Topic
from gongji.oversight.alerts.model import LetterKind, Reason, RowKind, RuleCode, Step, Subject
from gongji.oversight.alerts.model import Outcome as AlertOutcome
from gongji.oversight.alerts.rules import RULES
from gongji.oversight.filings import EndReason, RefuseReason, WithdrawReason
from gongji.oversight.model import Ground, Outcome
from gongji.premium.model import OrderState
from gongji.registry.filings import FilingKind, FilingState
from gongji.settlement.kinds import TWO_DISEASES

#: Actions of the audit that are told in words of their own are those that the catalogue has.
_ACTIONS = [
    msgid.removeprefix("readers.action.") for msgid in catalogue(Language.CHINESE) if "readers.action." in msgid
]

#: Fields of filings that are written; the others are chosen.
_WRITTEN = {name for fields in FIELDS.values() for name in fields} - {"word", "which"}

#: The rules of supervision, each with its thresholds; a diagnosis is told by what it goes against.
_RULES = [code for code in RULES if code is not RuleCode.AGE_OR_SEX]
_THRESHOLDS = [f"{rule.code}.{one.name}" for rule in RULES.values() for one in rule.thresholds]

FAMILIES = {
    "alert.rule": list(RULES),
    "alert.about": list(RULES),
    "alert.told": [*_RULES, "age_or_sex.age", "age_or_sex.sex"],
    "alert.threshold": _THRESHOLDS,
    "alert.unit": sorted({one.unit for rule in RULES.values() for one in rule.thresholds}),
    "alert.subject": list(Subject),
    "alert.outcome": list(AlertOutcome),
    "alert.reason": list(Reason),
    "alert.step": list(Step),
    "alert.row": list(RowKind),
    "letter.kind": list(LetterKind),
    "letter.outcome": list(AlertOutcome),
    "office.alert.letter": list(LetterKind),
    "office.alert.outcome": list(AlertOutcome),
    "office.alerts.show": ALERTS_SHOWN,
    "office.alerts.filter": ["show", "rule", "subject", "age"],
    "office.rule": ["on", "off"],
    "office.notice": NOTICES,
    "office.way": [name for name, _, _ in WAYS],
    "office.clock": ["none", "fine", "soon", "late"],
    "office.span": ["days", "whole_days", "hours", "minutes"],
    "office.queue.show": SHOWN,
    "office.queue.stage": ["free", "mine", "taken", "second", "decided", "failed"],
    "office.decide": CHOICES,
    "office.document": list(EvidenceState),
    "office.compare.insurance": ["sharer", "user", "in_order", "paused", "none"],
    "office.step": ["claim", "release", "decide", "take_back", "agree", "disagree", "failed"],
    "assist.way": list(Way),
    "office.assist.way": list(Way),
    "filing.kind": list(FilingKind),
    "filing.state": [*FilingState, "holds", "over"],
    "filing.refused": list(RefuseReason),
    "filing.withdrawn": list(WithdrawReason),
    "filing.ended": list(EndReason),
    "filing": ["ranked"],
    "filing.why": list(CLOSED.values()),
    "office.filing.why": list(REASONS),
    "office.filing": list(REASONS),
    "message.filing": ["granted", "refused", "withdrawn", "ended"],
    "office.filing.which": list(TWO_DISEASES),
    "office.filing.field": sorted(_WRITTEN),
    "office.filing.wrong": sorted(_WRITTEN),
    "office.filing.hint": sorted(_WRITTEN),
    "office.sending.show": SENDING_SHOWN,
    "office.sending.state": list(DeliveryState),
    "office.sending.step": ["sent", "failed", "given_up", "resent"],
    "message.topic": list(Topic),
    "difference.kind": KINDS,
    "difference.owner": list(Owner),
    "difference.cleared": list(ClearReason),
    "office.differences.filter": ["show", "owner", "kind", "age"],
    "office.differences.show": ["open", "cleared"],
    "office.difference": ["total", "funds", "accounts"],
    "office.clearing.state": list(StatementState),
    "office.clearing.kind": list(LineKind),
    "office.clearing.reason": list(DisputeReason),
    "office.clearing.outcome": list(DisputeOutcome),
    "office.clearing.purpose": list(PaymentPurpose),
    "office.clearing.alarm": list(Alarm),
    "office.clearing.signed": list(Signed),
    "office.clearing.differs": list(Differs),
    "office.clearing.way": ["bank", "advance", "bill", "retention", "ahead", "back"],
    "office.clearing.page": ["months", "bills", "advances", "payments", "check"],
    "freeze.reason": list(FreezeReason),
    "freeze.lift": list(LiftReason),
    "office.freeze.second": list(Awaited),
    "office.freeze.opinion": ["agree", "disagree"],
    "office.freezes.awaits": list(Awaited),
    "premium.state": list(OrderState),
    "dispute.ground": list(Ground),
    "dispute.outcome": list(Outcome),
    "readers.role": list(Role),
    "readers.action": _ACTIONS,
}
