"""6302 医保结算结果通知: institutions are called back when an order was paid, again and again until they confirm."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
import msgspec
import structlog

from gongji.entrances.national.mobile_door import application
from gongji.entrances.national.mobile_orders import PAID, reversal_token
from gongji.entrances.national.sm import seal, unseal
from gongji.entrances.platform import Platform
from gongji.foundation.clock import CHINA
from gongji.foundation.database import AWAY
from gongji.foundation.errors import GongjiError
from gongji.foundation.money import yuan
from gongji.registry.model import Institution
from gongji.settlement.mobile import service, store
from gongji.settlement.mobile.applications import MobileApp, notice_failed, notice_told, take_notice
from gongji.settlement.mobile.model import Order
from gongji.settlement.model import wire_id

log = structlog.get_logger()

#: Seconds that an institution has for its answer; and most of its answer that is read.
PATIENCE: Final = 5.0
LONGEST_ANSWER: Final = 100_000

#: An order that is being settled for so long has lost whoever waited for it.
_ABANDONED: Final = timedelta(minutes=1)


def notice_data(platform: Platform, order: Order, institution: Institution) -> dict[str, str]:
    """表 304: what an institution is told of a paid order; amounts in yuan, as text."""
    assert order.settled_at is not None
    assert order.settlement_id is not None
    settled_at = order.settled_at.astimezone(CHINA)
    return {
        "payOrdId": service.pay_ord_id(order),
        "callType": PAID,
        "medOrgOrd": order.reference,
        "traceTime": f"{settled_at:%Y%m%d%H%M%S}",
        "feeSumamt": yuan(order.total),
        "ownpayAmt": yuan(order.cash),
        "psnAcctPay": yuan(order.account),
        "selfAcctPay": yuan(order.own),
        "acctMulaidPay": yuan(order.shared),
        "fundPay": yuan(order.fund),
        "hiChrgTime": f"{settled_at:%H%M%S}",
        "hiDocSn": wire_id(order.region, order.settlement_id),
        "hiRgstSn": wire_id(institution.region, order.visit_id),
        "orgName": institution.name,
        "setlType": order.settlement_kind,
        "revsToken": reversal_token(platform.vault, order),
    }


def tell_all_due(platform: Platform, client: httpx.Client) -> int:
    """Finish orders that nobody waits for any more, then call every institution that is to be told something now.

    Returns:
        How many institutions confirmed.
    """
    _finish_abandoned(platform)
    told = 0
    while True:
        at = platform.clock.now()
        with platform.database.transaction() as connection:
            due = take_notice(connection, platform.vault, at)
        if due is None:
            return told
        order, app = due
        problem = "no application with an address" if app is None else _call(platform, client, order, app, at)
        with platform.database.transaction() as connection:
            if problem is None:
                notice_told(connection, order.id, platform.clock.now())
                told += 1
            elif not notice_failed(connection, order.id, problem, platform.clock.now()):
                log.error("mobile.notice_given_up", order=service.pay_ord_id(order), problem=problem)


def _finish_abandoned(platform: Platform) -> None:
    with platform.database.transaction() as connection:
        for order in store.settling_since(connection, platform.clock.now() - _ABANDONED, 100):
            locked = store.find_order(connection, order.id, lock=True)
            if locked is not None and service.refreshed(connection, locked).settlement_id is None:
                # Nothing was settled. Should the desk come to it yet, the order is paid all the same.
                service.payment_failed(connection, order.id)


def _call(platform: Platform, client: httpx.Client, order: Order, app: MobileApp, at: datetime) -> str | None:
    """Call one institution; what went wrong, None when it confirmed."""
    keys = application(app)
    message = seal(keys, notice_data(platform, order, app.institution), at.astimezone(CHINA))
    try:
        answer = client.post(app.notify_url, json=message, timeout=PATIENCE)
        if answer.status_code != httpx.codes.OK or len(answer.content) > LONGEST_ANSWER:
            return f"HTTP {answer.status_code}, {len(answer.content)} bytes"
        said: Any = msgspec.json.decode(answer.content)
        if isinstance(said, dict) and "encData" in said:
            said = unseal(keys, said)
    except (httpx.HTTPError, msgspec.MsgspecError, GongjiError) as problem:
        return f"{type(problem).__name__}: {problem}"
    if isinstance(said, dict) and said.get("success") in (True, "true"):
        return None
    return "not confirmed"


class NoticeLoop:
    """Runs `tell_all_due` every so often in a thread of its own while a server is up."""

    def __init__(self, platform: Platform, *, every_seconds: float) -> None:
        self._platform = platform
        self._every = every_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mobile-notices", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after the call in hand."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with httpx.Client(follow_redirects=False, trust_env=False) as client:
            while not self._stop.wait(self._every):
                try:
                    tell_all_due(self._platform, client)
                except AWAY as problem:
                    # The database is away: the next round finds out whether it still is.
                    log.error("mobile.notices_failed", error=str(problem))
