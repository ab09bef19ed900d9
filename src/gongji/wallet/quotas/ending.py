"""Ending quotas: what was not used is the giver's again, in the same transaction; those whose people died or whose insurance
changed end by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from gongji.family.store import lock_people
from gongji.foundation import audit
from gongji.foundation.access import Caller, Role
from gongji.foundation.distribution import see_whole
from gongji.foundation.ids import Serials
from gongji.foundation.replies import digest_of
from gongji.settlement.holds.within import give_back_within
from gongji.wallet.quotas import store
from gongji.wallet.quotas.messages import tell_ended
from gongji.wallet.quotas.model import Quota, QuotaEnd, QuotaState

if TYPE_CHECKING:
    from gongji.wallet.service import Wallets

#: Quotas a round takes.
BATCH: Final = 500

#: Who ends what ends by itself, for the audit.
_BY_ITSELF: Final = Caller(Role.OPERATOR, "wallet")


def end_now(connection: sa.Connection, serials: Serials, one: Quota, ending: QuotaEnd, at: datetime) -> int:
    """End a quota, give what is left of it back, and tell whoever did not bring it about.

    Args:
        connection: a transaction in which its user is locked.
        serials: where the ids of the journals come from.
        one: as it stands under that lock; not ended.
        ending: why.
        at: now.

    Returns:
        Fen that went back.
    """
    back = give_back_within(
        connection,
        serials,
        payer_id=one.giver_id,
        reference=str(one.id),
        amount=None,
        digest=digest_of("quota.end", str(one.id)),
        at=at,
    )
    store.end(connection, one, ending, one.amount - back, at)
    tell_ended(connection, one, ending, back, at)
    return back


def end_quotas_of_giver(
    connection: sa.Connection, serials: Serials, giver_id: int, ending: QuotaEnd, at: datetime
) -> int:
    """End every quota that a person gave, before the account is closed; how many.

    Args:
        connection: a transaction in which the giver is locked; the users are locked here.
        serials, ending, at: as `end_now`.
    """
    given = store.given_by(connection, giver_id)
    if given:
        lock_people(connection, {one.user_id for one in given})
    for one in store.given_by(connection, giver_id):
        end_now(connection, serials, one, ending, at)
    return len(given)


@dataclass(frozen=True, slots=True)
class EndedQuotas:
    """What came of a round: quotas that were ended, and fen that went back."""

    quotas: int
    amount: int


def end_changed_quotas(wallets: Wallets) -> EndedQuotas:
    """End the quotas of people who died, or are not insured any more as they were, where the rule says that ends them. May run
    in several places at once."""
    now = wallets.clock.now()
    ended = amount = 0
    for quota_id, death in _ending(wallets, now.date()):
        with wallets.database.transaction() as connection:
            found = store.select_quota(connection, quota_id)
            lock_people(connection, {found.giver_id, found.user_id})
            one = store.select_quota(connection, quota_id)
            if one.state is QuotaState.ENDED:
                continue
            why = QuotaEnd.DEATH if death else QuotaEnd.INSURANCE
            amount += end_now(connection, wallets.database.serials, one, why, now)
            audit.record(
                connection, _BY_ITSELF, "wallet.quota.end", at=now, person_id=one.user_id, quota=str(one.id), ending=why
            )
            ended += 1
    return EndedQuotas(ended, amount)


def _ending(wallets: Wallets, today: date) -> list[tuple[int, bool]]:
    """The next quotas that end by themselves: the id, and whether it is a death."""
    after = 0
    while True:
        with wallets.database.transaction() as connection:
            see_whole(connection)
            found = store.changed(connection, today, BATCH, after)
        ending = [(one, death) for one, region, death in found if death or _ends_with_insurance(wallets, region, today)]
        if ending or len(found) < BATCH:
            return ending
        after = found[-1][0]


def _ends_with_insurance(wallets: Wallets, region: str, today: date) -> bool:
    rule = wallets.rules.wallet_quota(region, today)
    return rule is None or rule.ends_with_insurance
