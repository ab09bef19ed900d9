"""A plausible message of every transaction there is, made from its field tables: whoever adds a transaction need add nothing
here for it to be mutated, and sent by another institution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gongji.entrances.national.messages import Column, table_of
from gongji.entrances.national.transaction import Transaction
from gongji.foundation.errors import GongjiError
from gongji.registry.model import Person

#: What stands in fields that nobody names, by the beginning of their kind.
_BY_KIND = {"DT": "2024-06-12 10:00:00", "D": "2024-06-12", "N": 1, "C": "1"}


def values_for(patient: Person, **known: str) -> dict[str, Any]:
    """What fields of these names hold wherever they stand.

    Args:
        patient: of whom the message is.
        known: numbers of a visit, a settlement, an order.
    """
    return {
        "psn_no": patient.psn_no,
        "psn_name": patient.name,
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": patient.certificate,
        "psn_cert_type": "01",
        "certno": patient.certificate,
        "card_sn": "",
        "insutype": "310",
        "med_type": "11",
        "begntime": "2024-06-12 10:00:00",
        "fee_ocur_time": "2024-06-12 10:00:00",
        "endtime": "2024-06-12 10:00:00",
        "begndate": "2024-06-12",
        "enddate": "2024-06-12",
        "chrg_bchno": "B2",
        "feedetl_sn": "X1",
        "med_list_codg": "C-A",
        "det_item_fee_sumamt": "20.00",
        "medfee_sumamt": "20.00",
        "cnt": 1,
        "pric": 20,
        "acct_used_flag": "1",
        "cum_ym": "202406",
        "rxfixmedinsCode": "",
        "rxfixmedinsName": "",
        **known,
    }


def plausible(transaction: Transaction, values: Mapping[str, Any]) -> dict[str, Any]:
    """The input of a message of a transaction; every field of its tables is filled in."""
    nodes: dict[str, Any] = {}
    for cls in transaction.inputs:
        table = table_of(cls)
        row = {column.name: values.get(column.name, _made_up(column)) for column in table.columns}
        nodes[table.name] = [row] if table.many else row
    return nodes


def _made_up(column: Column) -> Any:
    if column.kind.label == "JSON":
        return ""
    made = next((value for begins, value in _BY_KIND.items() if column.kind.label.startswith(begins)), "1")
    try:
        column.kind.read(made, column.name)
    except GongjiError as refusal:
        return (refusal.accepted or "").partition(" / ")[0]
    return made
