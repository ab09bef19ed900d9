"""Orders of mobile payment that the reader has still to pay, and the code to pay one with."""

from __future__ import annotations

from starlette.responses import Response

from gongji.entrances.web.citizen.helping import not_while_helping
from gongji.entrances.web.citizen.showing import fresh_code
from gongji.entrances.web.visits import Visit
from gongji.foundation.errors import NotFound
from gongji.settlement.mobile.waiting import paid_by, waiting_orders


def orders(visit: Visit) -> Response:
    """``GET /orders``: what hospitals have sent to be paid, with what it would come to."""
    not_while_helping(visit)
    return visit.render("citizen/orders.html", orders=waiting_orders(visit.connection, visit.person_id, visit.now))


def pay(visit: Visit) -> Response:
    """``GET /orders/{number}``: one of them; ``POST`` makes a code to pay it with and shows it. Once it is paid, both lead to what
    was paid.

    Raises:
        NotFound: ``order.not_waiting``.
    """
    not_while_helping(visit)
    number = visit.part("number")
    waiting = waiting_orders(visit.connection, visit.person_id, visit.now)
    order = next((one for one in waiting if one.number == number), None)
    if order is not None:
        code = fresh_code(visit, "pay") if visit.posted else None
        return visit.render("citizen/order_to_pay.html", order=order, code=code)
    settlement = paid_by(visit.connection, visit.person_id, number)
    if settlement is not None:
        return visit.go(f"/settlements/{settlement}")
    raise NotFound(
        "order.not_waiting",
        "there is no such order of yours that waits to be paid: it may have been withdrawn",
        "没有这笔待支付的订单：医院可能已经撤销",
    )
