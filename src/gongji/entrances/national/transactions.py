"""All transactions that this entrance serves, by infno."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

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
from gongji.entrances.national.transaction import Transaction

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
        mobile_orders,
        plugins,
        sharing,
        uploads,
    )
    for transaction in family.TRANSACTIONS
}
