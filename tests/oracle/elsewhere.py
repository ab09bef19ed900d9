"""What a family does away from the desk, and what is read of its books."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from gongji.accrual.credits import post_credits
from gongji.accrual.model import CreditKind, CreditLine
from gongji.accrual.year_end import turn_people
from gongji.allotment import service as allotment
from gongji.family import service as family
from gongji.foundation.access import Caller, Duty, Role
from gongji.foundation.errors import GongjiError
from gongji.foundation.ids import bucket_of
from gongji.foundation.workdays import WEEKDAYS
from gongji.ledger.history import balance_at, statement_at
from gongji.ledger.model import personal_account
from gongji.ledger.service import balances_of
from gongji.oversight import freezes
from gongji.premium import service as premiums
from gongji.premium import tax
from gongji.rules.model import Relation
from gongji.wallet import answering
from gongji.wallet import service as wallets
from gongji.wallet.model import Source
from gongji.wallet.quotas import service as quotas
from gongji.wallet.quotas.model import Quota
from gongji.wallet.quotas.store import quotas_of
from gongji.wallet.store import transfers_of
from oracle.books import minutes, moment
from oracle.claiming import Claiming
from oracle.family import relation_to
from oracle.operations import (
    Allot,
    Answer,
    Bind,
    Change,
    Credit,
    Expire,
    Freeze,
    OpenWallet,
    Operation,
    Order,
    Read,
    Send,
    SetQuota,
    StepOfFreeze,
    StepOfQuota,
    Story,
    TaxSays,
    YearEnd,
)
from oracle.stage import KINDS, Stage
from oracle.years import month_back

AGENCY, TAX_OFFICE = Caller(Role.OPERATOR, "agency"), Caller(Role.TAX, "tax")

#: More transfers than any story has.
_ALL = 1_000


class Elsewhere:
    """One family at the counter, on the phone and in the agency's files."""

    def __init__(self, stage: Stage, story: Story, members: list[int]) -> None:
        self.stage = stage
        self.database = stage.town.database
        self.region = story.region
        self.members = members
        self.wallets = stage.wallets_with(story.quotas_from)
        self.claiming = Claiming(stage, story, members)
        self._numbers = {person: member for member, person in enumerate(members)}
        #: The authorisation of each `Bind`.
        self.bound: dict[int, int] = {}
        self._sent: dict[int, int] = {}
        self._ordered: dict[int, int] = {}
        self._binds: dict[int, Bind] = {}
        self._given: dict[int, int] = {}
        self._frozen: dict[int, int] = {}

    def play(self, one: Operation) -> Any:
        """What comes of an operation away from the desk."""
        steps: dict[type, Callable[[Any], Any]] = {
            Bind: self._bind,
            Change: self._change,
            Read: self._read,
            Expire: self._expire,
            Credit: self._credit,
            YearEnd: self._turn,
            OpenWallet: self._open,
            Send: self._send,
            Answer: self._answer,
            Order: self._order,
            TaxSays: self._tax_says,
            SetQuota: self._set_quota,
            StepOfQuota: self._step_of_quota,
            Allot: self._allot,
            Freeze: self._freeze,
            StepOfFreeze: self._step_of_freeze,
            **self.claiming.steps,
        }
        try:
            return steps[type(one)](one)
        except GongjiError as refusal:
            return refusal.code

    def _expire(self, one: Expire) -> str:
        self.stage.expire()
        return "expired"

    def _bind(self, one: Bind) -> str:
        relation = relation_to(one.sharer, one.user)
        at = moment(one.at)
        with self.database.transaction() as connection:
            made = family.bind(
                connection,
                self.stage.rules,
                sharer_id=self.members[one.sharer],
                user_id=self.members[one.user],
                # A child's spouse is no relation of the rules at all: any that is not admitted is refused alike.
                relation=Relation("parent_in_law" if relation == "child_in_law" else relation),
                limit_total=one.limit_total,
                limit_month=one.limit_month,
                commitment=True,
                actor="citizen",
                at=at,
                serials=self.database.serials,
            )
            if made.state == "under_review":
                made = family.review(connection, self.stage.rules, made.id, "approve", actor="officer", at=at)
        self.bound[one.n] = made.id
        self._binds[one.n] = one
        return str(made.state)

    def _change(self, one: Change) -> str:
        if one.of not in self.bound:
            return "nothing"
        steps: dict[str, Callable[..., Any]] = {
            "pause": family.pause,
            "resume": family.resume,
            "unbind": family.unbind,
            "leave": family.leave,
        }
        who = {"person_id": self.members[one.by], "actor": "citizen", "at": moment(one.at)}
        with self.database.transaction() as connection:
            if one.action == "limits":
                limits = {"limit_total": one.limit_total, "limit_month": one.limit_month}
                after = family.change_limits(connection, self.stage.rules, self.bound[one.of], **limits, **who)
            else:
                after = steps[one.action](connection, self.bound[one.of], **who)
        return str(after.state)

    def _credit(self, one: Credit) -> str:
        month = month_back(one.at, one.back)
        line = CreditLine(self.members[one.person], month, CreditKind(one.kind), one.base, one.amount)
        stage = self.stage
        report = post_credits(self.database, stage.rules, stage.town.clock, [line], caller=AGENCY, source=f"{one.n}")
        if report.refused:
            return report.refused[0].code
        if report.already:
            with self.database.engine.connect() as connection:
                amount = connection.execute(
                    sa.text(
                        "SELECT amount FROM account_credit WHERE bucket = :bucket AND person_id = :person"
                        " AND month = :month AND kind = :kind"
                    ),
                    {"bucket": bucket_of(line.person_id), "person": line.person_id, "month": month, "kind": one.kind},
                ).scalar_one()
            return f"already {amount}"
        return f"credited {report.amount}"

    def _turn(self, one: YearEnd) -> str:
        at = moment(one.at)
        with self.database.transaction() as connection:
            turned = turn_people(connection, self.database.serials, self.members, at.year - 1, at)
        return f"{len(turned)} turned, {sum(turn.carried for turn in turned.values())} carried"

    def _open(self, one: OpenWallet) -> str:
        opened = wallets.open_wallet(
            self.wallets, person_id=self.members[one.person], area=one.area, caller=self._citizen(one.person)
        )
        return opened.area

    def _send(self, one: Send) -> str:
        key = one.n if one.of is None else one.of
        sent = wallets.send(
            self.wallets,
            sender_id=self.members[one.sender],
            receiver_id=self.members[one.receiver],
            amount=one.amount,
            source=Source.WALLET if one.from_wallet else Source.ACCOUNT,
            key=f"transfer-{key}",
            caller=self._citizen(one.sender),
        )
        assert self._sent.setdefault(key, sent.id) == sent.id, f"{one}: sent twice"
        return str(sent.state)

    def _answer(self, one: Answer) -> str:
        if one.of not in self._sent:
            return "nothing"
        step = answering.accept if one.accepts else answering.decline
        by = {"receiver_id": self.members[one.by], "caller": self._citizen(one.by)}
        return str(step(self.wallets, self._sent[one.of], **by).state)

    def _order(self, one: Order) -> str:
        key = one.n if one.of is None else one.of
        order = premiums.place_order(
            self.stage.office,
            sharer_id=self.members[one.sharer],
            person_id=self.members[one.person],
            year=moment(one.at).year + one.ahead,
            key=f"premium-{key}",
            caller=self._citizen(one.sharer),
        )
        assert self._ordered.setdefault(key, order.id) == order.id, f"{one}: ordered twice"
        return str(order.state)

    def _tax_says(self, one: TaxSays) -> str:
        if one.of not in self._ordered:
            return "nothing"
        step = {"confirm": tax.confirm, "reject": tax.reject, "send_back": tax.send_back}[one.what]
        return str(step(self.stage.office, self._ordered[one.of], one.word, caller=TAX_OFFICE).state)

    def _set_quota(self, one: SetQuota) -> str:
        key = one.n if one.of is None else one.of
        made = quotas.set_quota(
            self.wallets,
            giver_id=self.members[one.giver],
            user_id=self.members[one.user],
            amount=one.amount,
            key=f"quota-{key:04d}",
            caller=self._citizen(one.giver),
        )
        assert self._given.setdefault(key, made.id) == made.id, f"{one}: set twice"
        return _told(made)

    def _step_of_quota(self, one: StepOfQuota) -> str:
        if one.of not in self._given:
            return "nothing"
        quota, by, caller = self._given[one.of], self.members[one.by], self._citizen(one.by)
        if one.what == "accept":
            return _told(quotas.accept_quota(self.wallets, quota, user_id=by, caller=caller))
        if one.what == "change":
            return _told(quotas.change_quota(self.wallets, quota, giver_id=by, amount=one.amount, caller=caller))
        return _told(quotas.end_quota(self.wallets, quota, person_id=by, caller=caller))

    def _allot(self, one: Allot) -> str:
        if one.of is not None and one.of not in self.bound:
            return "nothing"
        key = one.n if one.again is None else one.again
        act = allotment.take_back if one.back else allotment.allot
        with self.database.transaction() as connection:
            done = act(
                connection,
                self.stage.rules,
                self.database.serials,
                sharer_id=self.members[one.sharer],
                authorisation_id=None if one.of is None else self.bound[one.of],
                amount=one.amount,
                key=f"deed-{key:04d}",
                caller=self._citizen(one.sharer),
                at=moment(one.at),
            )
        return f"done {done.amount}"

    def _freeze(self, one: Freeze) -> str:
        at = moment(one.at)
        with self.database.transaction() as connection:
            made = freezes.freeze(
                connection,
                WEEKDAYS,
                person_id=self.members[one.person],
                region=self.region,
                reason=one.reason,
                until=None if one.days is None else at.date() + timedelta(days=one.days),
                note="",
                caller=self._officer(one.officer),
                at=at,
            )
        self._frozen[one.n] = made.id
        return f"frozen until {made.stands_until}"

    def _step_of_freeze(self, one: StepOfFreeze) -> str:
        if one.of not in self._frozen:
            return "nothing"
        freeze, caller, at = self._frozen[one.of], self._officer(one.officer), moment(one.at)
        with self.database.transaction() as connection:
            if one.what == "lift":
                after = freezes.lift(connection, freeze, reason="checked", caller=caller, at=at)
            else:
                agree = one.what == "agree"
                after = freezes.second_opinion(connection, freeze, agree=agree, caller=caller, at=at)
        return "free" if after.ending is not None else f"frozen until {after.stands_until}"

    def _officer(self, name: str) -> Caller:
        return Caller(Role.OFFICER, name, region=self.region, duties=frozenset({Duty.SECOND_REVIEWER}))

    def _citizen(self, member: int) -> Caller:
        return Caller(Role.CITIZEN, f"citizen-{self.members[member]}", person_id=self.members[member])

    def _read(self, one: Read) -> Any:
        person = self.members[one.person]
        if one.what == "counters":
            return {place[1:]: value for place, value in self.counters().items() if place[0] == one.person}
        if one.what == "usage":
            return {place: used for place, used in self.usage().items() if self._binds[place[0]].sharer == one.person}
        if one.what == "parts":
            return {place: fen for place, fen in self.parts().items() if place[0] == one.person}
        with self.database.engine.connect() as connection:
            if one.what == "transfers":
                return sorted((sent.amount, str(sent.state)) for sent in transfers_of(connection, person, _ALL))
            if one.what == "orders":
                made = premiums.orders(connection, person)
                return sorted((self._numbers[order.person_id], order.year, str(order.state)) for order in made)
            if one.what == "claims":
                return self.claiming.seen_by(connection, one.person, one.at)
            if one.what == "owed":
                return self.claiming.owed_at(connection, one.person, one.moment)
            if one.what == "quotas":
                given = quotas_of(connection, person, _ALL)
                numbers = self._numbers
                return sorted(
                    (numbers[made.giver_id], numbers[made.user_id], made.amount, made.left, str(made.state))
                    for made in given
                )
            balances = {name: kind for name, kind in KINDS.items() if kind in balances_of(connection, person)}
            if one.what == "balances":
                found = balances_of(connection, person)
                return {name: found[kind] for name, kind in balances.items()}
            accounts = {name: [personal_account(kind, person)] for name, kind in balances.items()}
            if one.what == "past":
                return {name: balance_at(connection, account, moment(one.moment)) for name, account in accounts.items()}
            return sorted(
                (minutes(line.at), name, line.amount)
                for name, account in accounts.items()
                for line in statement_at(connection, account, moment(one.moment))
            )

    def counters(self) -> dict[tuple[int, str, str], int]:
        """The family's benefit counters that are not at zero."""
        rows = self._rows(
            "SELECT person_id, counter, period, value FROM benefit_counter"
            " WHERE bucket = :bucket AND person_id = ANY(:ids) AND value <> 0",
            self.members,
        )
        return {(self._numbers[person], counter, period): value for person, counter, period, value in rows}

    def usage(self) -> dict[tuple[int, str], int]:
        """What was shared under the family's authorisations, in all and by month."""
        numbers = {made: n for n, made in self.bound.items()}
        rows = self._rows(
            "SELECT authorisation_id, period, used FROM authorisation_usage"
            " WHERE bucket = :bucket AND authorisation_id = ANY(:ids) AND used <> 0",
            list(numbers),
        )
        return {(numbers[made], period): used for made, period, used in rows}

    def parts(self) -> dict[tuple[int, int | None], tuple[int, int]]:
        """What is left of the parts of the family's pots, by the account it came from."""
        numbers: dict[int, int | None] = {made: n for n, made in self.bound.items()}
        rows = self._rows(
            "SELECT sharer_id, part, historical, current FROM pot_part"
            " WHERE bucket = :bucket AND sharer_id = ANY(:ids)",
            self.members,
        )
        return {(self._numbers[row.sharer_id], numbers.get(row.part)): (row.historical, row.current) for row in rows}

    def frozen_until(self) -> dict[int, date]:
        """The last day on which nothing is paid from each of the family's accounts that was frozen and not freed."""
        accounts = {personal_account(KINDS["current"], person): member for member, person in enumerate(self.members)}
        rows = self._rows(
            "SELECT id, frozen_until FROM account"
            " WHERE bucket = :bucket AND id = ANY(:ids) AND frozen_until IS NOT NULL",
            list(accounts),
        )
        return {accounts[account]: until for account, until in rows}

    def balances(self) -> dict[tuple[int, str], int]:
        """What stands in the family's accounts now."""
        places = {
            personal_account(kind, person): (member, name)
            for member, person in enumerate(self.members)
            for name, kind in KINDS.items()
        }
        rows = self._rows("SELECT id, balance FROM account WHERE bucket = :bucket AND id = ANY(:ids)", list(places))
        return {places[account]: balance for account, balance in rows}

    def _rows(self, query: str, ids: list[int]) -> list[Any]:
        with self.database.engine.connect() as connection:
            asked = {"bucket": bucket_of(self.members[0]), "ids": ids}
            return list(connection.execute(sa.text(query), asked))


def _told(quota: Quota) -> str:
    return f"{quota.state} {quota.amount} {quota.left}"
