"""Messages that are nearly right: whatever a broken system sends gets the interface's own form, never a defect, and
writes nothing by halves."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest
from counter_window import Household, Window
from test_family_at_the_counter import payment, registered, uploaded

SEED = 20261122
MESSAGES = 700

STRANGE: tuple[Any, ...] = (
    None,
    "",
    "null",
    "NULL",
    " ",
    0,
    -1,
    1e308,
    -0.0,
    "1e5",
    "NaN",
    "9" * 400,
    "１２",
    "\u0000",
    "a\u0000b",
    "\ud7ff\U0010ffff",
    "2024-02-30",
    "0000-00-00 00:00:00",
    "9999-12-31 23:59:59",
    True,
    False,
    [],
    {},
    [[]],
    [None],
    {"data": {}},
    2**63,
    -(2**63) - 1,
    "'; DROP TABLE settlement; --",
    "../../etc/passwd",
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a message, by its path."""
    found = [path] if path else []
    if isinstance(value, dict):
        found += [place for key, inner in value.items() for place in places(inner, (*path, key))]
    elif isinstance(value, list):
        found += [place for number, inner in enumerate(value) for place in places(inner, (*path, number))]
    return found


def mutated(message: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The message with one to three places changed, removed, wrapped or doubled."""
    changed = copy.deepcopy(message)
    for _ in range(chance.randint(1, 3)):
        path = chance.choice(places(changed))
        holder: Any = changed
        for key in path[:-1]:
            holder = holder[key]
        match chance.randint(0, 4):
            case 0:
                del holder[path[-1]]
            case 1:
                holder[path[-1]] = [holder[path[-1]], holder[path[-1]]]
            case 2:
                holder[path[-1]] = {"data": holder[path[-1]]}
            case _:
                holder[path[-1]] = chance.choice(STRANGE)
        if not places(changed):
            break
    return changed


@pytest.fixture
def messages(hospital: Window, household: Household) -> list[dict[str, Any]]:
    """One right message of each transaction, around a visit that waits to be settled."""
    mother = household.mother
    visit = registered(hospital, household)
    uploaded(hospital, household, visit)
    whose = {"psn_no": mother.psn_no, "mdtrt_id": visit}
    shown = {"mdtrt_cert_type": "02", "mdtrt_cert_no": mother.certificate}
    line = {"med_list_codg": "C-A", "det_item_fee_sumamt": "20.00", "cnt": "1", "pric": "20.00", "feedetl_sn": "1"}
    line |= {"fee_ocur_time": "2024-06-12 10:00:00"}
    sale = shown | {"psn_no": mother.psn_no, "medfee_sumamt": "20.00", "insutype": "310", "acct_used_flag": "1"}
    nodes: dict[str, Any] = {
        "9001": {"signIn": {"opter_no": "1", "mac": "1", "ip": "1"}},
        "9002": {"signOut": {"opter_no": "1", "sign_no": "1"}},
        "1101": {"data": shown},
        "2001": {"data": {"psn_no": mother.psn_no, "insutype": "310", "med_type": "11", "begntime": "2024-06-12"}},
        "2102": {"druginfo": sale | {"begntime": "2024-06-12", "med_type": "41"}, "drugdetail": [line]},
        "2103": {"data": whose | {"setl_id": "2112000000000000000001"}},
        "2201": {
            "data": shown | {"psn_no": mother.psn_no, "insutype": "310", "begntime": "2024-06-12", "ipt_otp_no": "9"}
        },
        "2202": {"data": whose | {"ipt_otp_no": "9"}},
        "2203": {"mdtrtinfo": whose | {"med_type": "11", "begntime": "2024-06-12"}, "diseinfo": [{"diag_code": "I10"}]},
        "2204": {"feedetail": [line | whose | {"chrg_bchno": "B2", "feedetl_sn": "X1"}]},
        "2205": {"data": whose | {"chrg_bchno": "B9"}},
        "2206": payment(household, visit),
        "2207": payment(household, visit),
        "2208": {"data": whose | {"setl_id": "2112000000000000000001"}},
        "5203": {"data": whose | {"setl_id": "2112000000000000000001"}},
        "5206": {"data": {"psn_no": mother.psn_no, "cum_ym": "202406"}},
    }
    return [hospital.message(infno, input) for infno, input in nodes.items()]


def test_mutated_messages_get_an_answer_in_the_interfaces_form(
    hospital: Window, messages: list[dict[str, Any]]
) -> None:
    chance = random.Random(SEED)
    for number in range(MESSAGES):
        message = mutated(chance.choice(messages), chance)
        body = json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")
        if chance.random() < 0.05:
            body = body[: chance.randrange(len(body))]
        answer = hospital.post(body)
        assert answer.status_code == 200, (number, message)
        told = answer.json()
        assert told["infcode"] in (0, -1), (number, message)
        assert "平台内部错误" not in (told["err_msg"] or ""), (number, message, told)
        if told["infcode"] == -1:
            assert told["err_msg"], (number, message)
