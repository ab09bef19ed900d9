"""What people do with quotas: set one, accept it, change its amount, end it. Each step is one transaction: the quota's row, its
holds and the ledger say the same at any moment. Both people are locked first, as a settlement locks its patient: a quota is
never used while it changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import sqlalchemy as sa

from gongji.family.store import Life, lock_people
from gongji.foundation import audit
from gongji.foundation.access import Caller
from gongji.foundation.errors import GongjiError
from gongji.foundation.ids import bucket_of, compose
from gongji.foundation.keys import check_key, other_content
from gongji.foundation.replies import digest_of
from gongji.ledger.holds import HoldPurpose
from gongji.ledger.service import PERSONAL, balances_of
from gongji.rules.model import Relation
from gongji.settlement.holds.within import give_back_within, set_aside_within
from gongji.settlement.quotas import NO_END
from gongji.wallet.decide import RECEIVER_CONDITIONS, conditions
from gongji.wallet.model import Condition
from gongji.wallet.quotas import refusals, store
from gongji.wallet.quotas.decide import GIVER_CONDITIONS, USER_CONDITIONS, check_change, check_quota, rule_of
from gongji.wallet.quotas.ending import end_now
from gongji.wallet.quotas.messages import tell_giver, tell_user
from gongji.wallet.quotas.model import Quota, QuotaEnd, QuotaFacts, QuotaState
from gongji.wallet.service import Wallets, facts_between, known_relation


def quota_conditions(
    connection: sa.Connection,
    wallets: Wallets,
    giver_id: int,
    user_id: int | None = None,
    stated: Relation | None = None,
) -> tuple[QuotaFacts, tuple[Condition, ...]]:
    """Every condition of a quota now, before an amount is asked for, and the facts behind them.

    Args:
        connection: a transaction; nothing is locked.
        wallets: what the room works with.
        giver_id: whose money.
        user_id: for whom, once somebody is named.
        stated: what the user is to the giver, as the giver says.
    """
    facts = _facts(connection, wallets, giver_id, user_id, stated, wallets.clock.now(), None)
    return facts, conditions(facts, GIVER_CONDITIONS, USER_CONDITIONS)


def set_quota(
    wallets: Wallets,
    *,
    giver_id: int,
    user_id: int,
    amount: int,
    stated: Relation | None = None,
    key: str,
    caller: Caller,
) -> Quota:
    """Set a quota for a near relative: the amount stands aside at once, and can be used once the relative accepts; at once
    where the rule asks for nobody's consent.

    Args:
        wallets: what the room works with.
        giver_id, user_id: whose money, and for whom.
        amount: fen.
        stated: what the user is to the giver, where no register shows it and the giver confirms it (承诺).
        key: the caller's own, new for every quota; the same again gives the same quota.
        caller: for the audit.

    Raises:
        InvalidInput: ``key.shape``, ``quota.amount``. NotFound: when there is no such person.
        Refused: ``key.other_content``; see `gongji.wallet.quotas.decide.check_quota`.
    """
    check_key(key)
    with wallets.database.transaction() as connection:
        lives = lock_people(connection, {giver_id, user_id})
        one = store.quota_by_key(connection, giver_id, key)
        if one is None:
            at = wallets.clock.now()
            facts = _facts(connection, wallets, giver_id, user_id, stated, at, lives)
            check_quota(facts, amount)
            one = _made(connection, wallets, facts, amount, key)
            _note(connection, caller, "wallet.quota.set", one, at, amount=amount)
            if rule_of(facts).both_agree:
                tell_user(connection, one, "proposed", amount, at)
            else:
                store.accept(connection, one, at)
                one = store.select_quota(connection, one.id)
                tell_user(connection, one, "given", amount, at)
        elif (one.user_id, one.asked) != (user_id, amount):
            raise other_content()
        return one


def _made(connection: sa.Connection, wallets: Wallets, facts: QuotaFacts, amount: int, key: str) -> Quota:
    giver, user, relation = facts.sender, facts.receiver, facts.relation
    assert user is not None, "a user was named"
    assert relation is not None, "check_quota refuses a stranger"
    one = Quota(
        id=compose(wallets.database.serials.take(1, facts.at)[0], bucket_of(giver.person_id)),
        giver_id=giver.person_id,
        user_id=user.person_id,
        amount=amount,
        left=amount,
        asked=amount,
        relation=relation,
        stated=known_relation(connection, giver.person_id, user.person_id, facts.at) is None,
        state=QuotaState.PROPOSED,
        end=None,
        made_at=facts.at,
        accepted_at=None,
        ended_at=None,
    )
    store.insert_quota(connection, one, key=key, giver_region=giver.region or "", user_region=user.region or "")
    _set_aside(connection, wallets, one, amount, facts)
    return one


def accept_quota(wallets: Wallets, quota_id: int, *, user_id: int, caller: Caller) -> Quota:
    """The relative accepts: from now on their visits draw on it. Accepting again gives the same answer.

    Raises:
        NotFound: ``quota.unknown``, also when it is for somebody else.
        Refused: ``quota.not_yours`` for the giver; ``quota.ended``; ``wallet.receiver_not_opened``.
    """
    with _step(wallets, quota_id, user_id) as (connection, one, lives):
        if one.user_id != user_id:
            raise refusals.not_yours(givers=False)
        if one.state is QuotaState.ENDED:
            raise refusals.ended()
        if one.state is QuotaState.PROPOSED:
            at = wallets.clock.now()
            facts = _facts(connection, wallets, one.giver_id, user_id, one.relation, at, lives)
            for check in (GIVER_CONDITIONS["begun"], RECEIVER_CONDITIONS["receiver_opened"]):
                check(facts)
            store.accept(connection, one, at)
            _note(connection, caller, "wallet.quota.accept", one, at)
            tell_giver(connection, one, "accepted", one.amount, at)
        return store.select_quota(connection, quota_id)


def change_quota(wallets: Wallets, quota_id: int, *, giver_id: int, amount: int, caller: Caller) -> Quota:
    """The giver sets the amount anew, what was used included: more is set aside, or what is too much given back.

    Args:
        wallets: what the room works with.
        quota_id: which.
        giver_id: has to be the giver.
        amount: fen; the same again changes nothing.
        caller: for the audit.

    Raises:
        NotFound: ``quota.unknown``. Refused: ``quota.not_yours`` for the user; see `gongji.wallet.quotas.decide.check_change`.
    """
    with _step(wallets, quota_id, giver_id) as (connection, one, lives):
        if one.giver_id != giver_id:
            raise refusals.not_yours(givers=True)
        at = wallets.clock.now()
        facts = _facts(connection, wallets, giver_id, None, None, at, lives)
        more = check_change(facts, one, amount)
        if more == 0:
            return one
        if more > 0:
            _set_aside(connection, wallets, one, more, facts)
        else:
            _give_back(connection, wallets, one, -more, at)
        store.change_amount(connection, quota_id, amount)
        _note(connection, caller, "wallet.quota.change", one, at, amount=amount, before=one.amount)
        tell_user(connection, one, "changed", one.left + more, at)
        return store.select_quota(connection, quota_id)


def end_quota(wallets: Wallets, quota_id: int, *, person_id: int, caller: Caller) -> Quota:
    """One of the two ends it, at any time: what was not used is the giver's again at once. Ending again changes nothing.

    Raises:
        NotFound: ``quota.unknown``, also for people who have no part in it.
    """
    with _step(wallets, quota_id, person_id) as (connection, one, _):
        if one.state is not QuotaState.ENDED:
            at, proposed = wallets.clock.now(), one.state is QuotaState.PROPOSED
            if one.giver_id == person_id:
                ending = QuotaEnd.WITHDRAWN if proposed else QuotaEnd.BY_GIVER
            else:
                ending = QuotaEnd.DECLINED if proposed else QuotaEnd.BY_USER
            end_now(connection, wallets.database.serials, one, ending, at)
            _note(connection, caller, "wallet.quota.end", one, at, ending=str(ending))
        return store.select_quota(connection, quota_id)


def quota_of(connection: sa.Connection, quota_id: int, person_id: int) -> Quota:
    """One quota, to the two whose it is.

    Raises:
        NotFound: ``quota.unknown``, also when it is other people's.
    """
    one = store.select_quota(connection, quota_id)
    if person_id not in (one.giver_id, one.user_id):
        raise refusals.unknown()
    return one


@contextmanager
def _step(wallets: Wallets, quota_id: int, person_id: int) -> Iterator[tuple[sa.Connection, Quota, dict[int, Life]]]:
    """A transaction in which the two people of a quota are locked, the quota as it stands then, and their lives."""
    with wallets.database.transaction() as connection:
        found = quota_of(connection, quota_id, person_id)
        lives = lock_people(connection, {found.giver_id, found.user_id})
        yield connection, store.select_quota(connection, quota_id), lives


def _set_aside(connection: sa.Connection, wallets: Wallets, one: Quota, amount: int, facts: QuotaFacts) -> None:
    """Under the account's lock the balance may be less than the facts said: a relative's visit may have been first."""
    try:
        set_aside_within(
            connection,
            wallets.database.serials,
            payer_id=one.giver_id,
            person_id=one.user_id,
            amount=amount,
            purpose=HoldPurpose.WALLET,
            reference=str(one.id),
            digest=digest_of("quota", str(one.id), str(amount)),
            expires_at=NO_END,
            at=facts.at,
        )
    except GongjiError as problem:
        if problem.code != "hold.not_enough":
            raise
        raise refusals.not_enough(int(str(problem.details["available"]))) from problem


def _give_back(connection: sa.Connection, wallets: Wallets, one: Quota, amount: int, at: datetime) -> None:
    back = give_back_within(
        connection,
        wallets.database.serials,
        payer_id=one.giver_id,
        reference=str(one.id),
        amount=amount,
        digest=digest_of("quota.back", str(one.id), str(amount)),
        at=at,
    )
    assert back == amount, "what was used was known under the user's lock"


def _facts(
    connection: sa.Connection,
    wallets: Wallets,
    giver_id: int,
    user_id: int | None,
    stated: Relation | None,
    at: datetime,
    lives: dict[int, Life] | None,
) -> QuotaFacts:
    common = facts_between(connection, wallets, giver_id, user_id, stated, at, lives)
    standing = store.standing_between(connection, giver_id, user_id) if user_id is not None else None
    has_account = any(kind in balances_of(connection, giver_id) for kind in PERSONAL)
    named = {name: getattr(common, name) for name in common.__dataclass_fields__}
    region = common.sender.region
    return QuotaFacts(
        **named,
        has_account=has_account,
        quota_rule=wallets.rules.wallet_quota(region, at.date()) if region is not None else None,
        given=store.count_given(connection, giver_id),
        received=store.count_received(connection, user_id) if user_id is not None else 0,
        standing=standing,
    )


def _note(connection: sa.Connection, caller: Caller, action: str, one: Quota, at: datetime, **details: object) -> None:
    other = one.user_id if caller.person_id == one.giver_id else one.giver_id
    audit.record(connection, caller, action, at=at, person_id=other, quota=str(one.id), **details)
