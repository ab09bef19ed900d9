"""What people do with the wallet: open it, send money to a relative's; `answering` has what the relative does with it.

A transfer goes in three steps, each safe to repeat: it takes its place among the day's and is kept; the desk sets the money
aside under a key of the transfer's own; the transfer learns of its hold. From then on the hold alone decides what becomes
of it: whoever comes first at the desk, the receiver or the deadline, and the transfer learns that afterwards
(`gongji.wallet.store.learn`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime

import sqlalchemy as sa

from gongji.family.kinship import relation_of
from gongji.family.kinship_store import kinship_around
from gongji.family.store import Life, lock_people
from gongji.foundation import audit
from gongji.foundation.access import Caller
from gongji.foundation.clock import Clock
from gongji.foundation.database import Database
from gongji.foundation.errors import Busy, GongjiError
from gongji.foundation.ids import bucket_of, compose
from gongji.foundation.keys import check_key, other_content
from gongji.foundation.replies import digest_of
from gongji.ledger.holds import HoldPurpose
from gongji.ledger.model import AccountKind
from gongji.ledger.service import PERSONAL, balances_of
from gongji.registry import service as registry
from gongji.rules.book import RuleBook
from gongji.rules.model import Relation
from gongji.settlement.desk import Desk
from gongji.settlement.holds.model import HoldKey, PlaceHold, ReleaseHold
from gongji.wallet import refusals, store
from gongji.wallet.decide import NEAR, check_transfer, conditions, deadline_of, place_of_today
from gongji.wallet.model import Condition, Facts, Opening, Side, Source, Transfer, TransferState


@dataclass(frozen=True, slots=True)
class Wallets:
    """What the room works with, put together once a process.

    Attributes:
        opened: regions of the installation in which the wallet is open though no text at hand says so.
        quota_from: the day from which on relatives set quotas instead of sending money; None while nobody named it.
    """

    database: Database
    rules: RuleBook
    clock: Clock
    desk: Desk
    opened: frozenset[str] = field(default_factory=frozenset)
    quota_from: date | None = None

    def is_open(self, region: str, on: date) -> bool:
        """Whether the wallet is open in a region on a day."""
        return self.rules.pooling(region) in self.opened or self.rules.wallet_is_open(region, on)


def open_wallet(wallets: Wallets, *, person_id: int, area: str, caller: Caller) -> Opening:
    """Open a wallet, or choose another area for it; the same again changes nothing.

    Args:
        wallets: what the room works with.
        person_id: whose.
        area: six-digit region in which its money may be used (使用地).
        caller: for the audit.

    Raises:
        InvalidInput: ``wallet.area``.
        Refused: ``wallet.not_insured``, ``wallet.place_closed``, ``wallet.area_closed``.
    """
    if not re.fullmatch(r"[0-9]{6}", area, re.ASCII):
        raise refusals.area_unknown()
    at = wallets.clock.now()
    with wallets.database.transaction() as connection:
        lock_people(connection, [person_id])
        side = _side(connection, wallets, person_id, at, lives=True)
        if side.region is None:
            raise refusals.not_insured()
        if not side.region_open:
            raise refusals.place_closed(side.region, own=True)
        if not wallets.is_open(area, at.date()):
            raise refusals.area_closed(area)
        if side.opening is None or side.opening.area != area:
            store.open_wallet(connection, person_id, area, at)
            audit.record(connection, caller, "wallet.open", at=at, person_id=person_id, area=area)
        return store.openings_of(connection, [person_id])[person_id]


def wallet_conditions(
    connection: sa.Connection,
    wallets: Wallets,
    sender_id: int,
    receiver_id: int | None = None,
    stated: Relation | None = None,
) -> tuple[Facts, tuple[Condition, ...]]:
    """Every condition of a transfer now, before an amount is asked for, and the facts behind them.

    Args:
        connection: a transaction; nothing is locked.
        wallets: what the room works with.
        sender_id: who would send.
        receiver_id: to whom, once somebody is named.
        stated: what the receiver is to the sender, as the sender says.
    """
    facts = facts_between(connection, wallets, sender_id, receiver_id, stated, wallets.clock.now(), None)
    return facts, conditions(facts)


def send(
    wallets: Wallets,
    *,
    sender_id: int,
    receiver_id: int,
    amount: int,
    source: Source = Source.ACCOUNT,
    stated: Relation | None = None,
    key: str,
    caller: Caller,
) -> Transfer:
    """Send money to a relative's wallet: it is set aside whole, or nothing is.

    Args:
        wallets: what the room works with.
        sender_id, receiver_id: from whom, to whom.
        amount: fen.
        source: out of the personal account or the sender's wallet.
        stated: what the receiver is to the sender, where no register shows it and the sender confirms it (承诺).
        key: the caller's own, new for every transfer; the same again gives the same transfer.
        caller: for the audit.

    Raises:
        InvalidInput: ``key.shape``, ``wallet.amount``. NotFound: when there is no such person.
        Refused: ``key.other_content``; see `gongji.wallet.decide.check_transfer`.
        Busy: the desk is; send the same again.
    """
    check_key(key)
    _finish_before(wallets, sender_id, receiver_id)
    with wallets.database.transaction() as connection:
        lives = lock_people(connection, {sender_id, receiver_id})
        one = store.transfer_by_key(connection, sender_id, key)
        if one is None:
            one = _claim(connection, wallets, sender_id, receiver_id, amount, source, stated, key, lives)
            audit.record(
                connection,
                caller,
                "wallet.send",
                at=one.made_at,
                person_id=receiver_id,
                transfer=str(one.id),
                amount=amount,
            )
    if (one.receiver_id, one.amount, one.source) != (receiver_id, amount, source):
        raise other_content()
    return carry_on(wallets, one) if one.state is TransferState.PLACING else one


def _claim(
    connection: sa.Connection,
    wallets: Wallets,
    sender_id: int,
    receiver_id: int,
    amount: int,
    source: Source,
    stated: Relation | None,
    key: str,
    lives: dict[int, Life],
) -> Transfer:
    """Check everything under the locks of both people, and keep the transfer."""
    at = wallets.clock.now()
    facts = facts_between(connection, wallets, sender_id, receiver_id, stated, at, lives)
    check_transfer(facts, amount, source)
    rule, receiver, relation = facts.rule, facts.receiver, facts.relation
    assert rule is not None, "check_transfer refuses without terms"
    assert relation is not None, "check_transfer refuses a stranger"
    assert receiver is not None, "a receiver was named"
    one = Transfer(
        id=compose(wallets.database.serials.take(1, at)[0], bucket_of(sender_id)),
        sender_id=sender_id,
        receiver_id=receiver_id,
        amount=amount,
        source=source,
        relation=relation,
        stated=known_relation(connection, sender_id, receiver_id, at) is None,
        day=at.date(),
        nth=place_of_today(facts),
        state=TransferState.PLACING,
        hold_id=None,
        made_at=at,
        deadline=deadline_of(rule.terms, at),
        ended_at=None,
    )
    regions = {"sender_region": facts.sender.region or "", "receiver_region": receiver.region or ""}
    store.insert_transfer(connection, one, key=key, rule=rule.clause.rule, **regions)
    return one


def carry_on(wallets: Wallets, one: Transfer) -> Transfer:
    """Set the money of a transfer aside and have it know its hold; any number of times.

    Raises:
        as `send`; a refusal of the desk takes the transfer back, and its place of the day is free again.
    """
    content = digest_of("wallet", str(one.id), str(one.amount), one.source)
    command = PlaceHold(
        key=HoldKey(f"wallet:{one.id}:place", content),
        person_id=one.sender_id,
        payer_id=one.sender_id,
        amount=one.amount,
        purpose=HoldPurpose.TRANSFER,
        reference=str(one.id),
        expires_at=one.deadline,
        from_wallet=one.source is Source.WALLET,
    )
    try:
        receipt = wallets.desk.hold(command).result()
    except Busy:
        raise
    except GongjiError:
        with wallets.database.transaction() as connection:
            store.delete_transfer(connection, one.id)
        raise
    with wallets.database.transaction() as connection:
        store.placed(connection, one.id, receipt.hold_id, wallets.clock.now())
        return store.learn(connection, one.id)


def go_on(wallets: Wallets, one: Transfer) -> Transfer:
    """Have a transfer whose time is over find its end, if nobody did yet.

    Raises:
        Busy: the desk is.
    """
    if one.state is not TransferState.PENDING or wallets.clock.now() < one.deadline:
        return one
    try:
        wallets.desk.hold(giving_back(one, "over")).result()
    except Busy:
        raise
    except GongjiError as problem:
        # It went back, or was accepted, a moment ago: that stands in the hold.
        if problem.code != "hold.ended":
            raise
    with wallets.database.transaction() as connection:
        return store.learn(connection, one.id)


def giving_back(one: Transfer, why: str) -> ReleaseHold:
    """The command by which a transfer's money goes back to its sender; `why` makes its key."""
    assert one.hold_id is not None, "what is pending has a hold"
    key = HoldKey(f"wallet:{one.id}:{why}", digest_of(f"wallet.{why}", str(one.id)))
    return ReleaseHold(key, one.sender_id, one.hold_id)


def _finish_before(wallets: Wallets, sender_id: int, receiver_id: int) -> None:
    """What was sent to the same person and is over stands in nobody's way."""
    with wallets.database.transaction() as connection:
        before = store.open_between(connection, sender_id, receiver_id)
        if before is not None:
            before = store.learn(connection, before.id)
    if before is not None:
        go_on(wallets, before)


def transfer_of(connection: sa.Connection, transfer_id: int, person_id: int) -> Transfer:
    """One transfer, to the two whose it is; the receiver sees it once the money is set aside.

    Raises:
        NotFound: ``wallet.transfer_unknown``, also when it is other people's.
    """
    one = store.select_transfer(connection, transfer_id)
    theirs = one.receiver_id == person_id and one.state is not TransferState.PLACING
    if one.sender_id != person_id and not theirs:
        raise refusals.unknown()
    return one


def facts_between(
    connection: sa.Connection,
    wallets: Wallets,
    sender_id: int,
    receiver_id: int | None,
    stated: Relation | None,
    at: datetime,
    lives: dict[int, Life] | None,
) -> Facts:
    """What is known of both sides.

    Args:
        connection: a transaction.
        wallets: what the room works with.
        sender_id, receiver_id: whose money, and for whom; None before anybody was named.
        stated: what the receiver is to the sender, as the sender says.
        at: the moment.
        lives: of both, where they are locked; None where nothing is.
    """

    def side(person_id: int) -> Side:
        died_on = lives[person_id].died_on if lives is not None else None
        return _side(connection, wallets, person_id, at, lives=died_on is None or died_on > at.date())

    sender = side(sender_id)
    balances = balances_of(connection, sender_id)
    known = known_relation(connection, sender_id, receiver_id, at) if receiver_id is not None else None
    return Facts(
        at=at,
        rule=wallets.rules.wallet(sender.region, at.date()) if sender.region is not None else None,
        quota_from=wallets.quota_from,
        sender=sender,
        sent_today=store.sent_on(connection, sender_id, at.date()),
        account=sum(balances.get(kind, 0) for kind in PERSONAL),
        wallet=balances.get(AccountKind.WALLET, 0),
        receiver=side(receiver_id) if receiver_id is not None else None,
        relation=known or stated,
        pending=store.open_between(connection, sender_id, receiver_id) if receiver_id is not None else None,
    )


def known_relation(connection: sa.Connection, sender_id: int, receiver_id: int, at: datetime) -> Relation | None:
    """What the receiver is to the sender by what is recorded on the day; None when that is no near relative."""
    facts = kinship_around(connection, (sender_id, receiver_id))
    found = relation_of(receiver_id, sender_id, facts, at.date())
    return found if found in NEAR else None


def _side(connection: sa.Connection, wallets: Wallets, person_id: int, at: datetime, *, lives: bool) -> Side:
    enrolment = registry.enrolment_on(connection, person_id, at.date())
    region = enrolment.region if enrolment is not None else None
    opening = store.openings_of(connection, [person_id]).get(person_id)
    is_open = region is not None and wallets.is_open(region, at.date())
    return Side(person_id, region, lives, is_open, opening)
