"""All transactions that this entrance serves, by infno."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from anyio import to_thread
from msgspec.structs import replace

from gongji.entrances.national import (
    e_credential,
    file_exchange,
    filing,
    history,
    inpatient,
    inpatient_lines,
    inpatient_queries,
    inpatient_settling,
    mobile,
    mobile_orders,
    mobile_paying,
    outpatient,
    outpatient_settling,
    person,
    pharmacy,
    plugins,
    queries,
    readers,
    reconciling,
    sharing,
    signon,
    undoing,
    uploads,
)
from gongji.entrances.national.transaction import Answer, Call, Transaction

TRANSACTIONS: Final[Mapping[str, Transaction]] = {
    transaction.infno: transaction
    for family in (
        signon,
        person,
        readers,
        outpatient,
        outpatient_settling,
        inpatient,
        inpatient_lines,
        inpatient_settling,
        inpatient_queries,
        pharmacy,
        queries,
        undoing,
        file_exchange,
        reconciling,
        filing,
        history,
        e_credential,
        mobile,
        mobile_paying,
        mobile_orders,
        plugins,
        sharing,
        uploads,
    )
    for transaction in family.TRANSACTIONS
}


async def carry_out(call: Call) -> Answer:
    """Let a transaction do its work: in a worker thread, or on the loop when it only waits. Who is called off leaves the
    thread to its end."""
    transaction = TRANSACTIONS[call.envelope.infno]
    if call.signature is not None and not transaction.at_desk:
        await call.signature.noted()
        call = replace(call, signature=None)
    if transaction.waits:
        outcome = transaction.handle(call)
    else:
        outcome = await to_thread.run_sync(transaction.handle, call, abandon_on_cancel=True)
    return outcome if isinstance(outcome, Answer) else await outcome
