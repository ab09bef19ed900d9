"""Messages that are nearly right: whatever a broken system sends gets the interface's own form, never a defect, and
writes nothing by halves."""

from __future__ import annotations

import asyncio
import copy
import json
import os
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from counter_window import Household, Window, signed
from right_messages import plausible, values_for
from test_family_at_the_counter import payment, registered, uploaded

from gongji.entrances.national.envelope import failure
from gongji.entrances.national.gateway import NationalGateway
from gongji.entrances.national.transactions import TRANSACTIONS
from gongji.entrances.platform import Platform
from gongji.foundation.errors import GongjiError
from town import Town

SEED = 20261122

#: A small share here; `make fuzz` sends 200,000.
MESSAGES = int(os.environ.get("GONGJI_MESSAGES", "1500"))

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
                holder[path[-1]] = copy.deepcopy(chance.choice(STRANGE))
        if not places(changed):
            break
    return changed


@pytest.fixture
def messages(hospital: Window, household: Household) -> list[dict[str, Any]]:
    """One plausible message of each transaction, around a visit that waits to be settled and one that is."""
    visit = registered(hospital, household)
    uploaded(hospital, household, visit)
    paid = hospital.done("2207", payment(household, visit))["setlinfo"]
    waiting = registered(hospital, household)
    uploaded(hospital, household, waiting)
    values = values_for(household.mother, mdtrt_id=waiting, setl_id=paid["setl_id"])
    made = [hospital.message(infno, plausible(each, values)) for infno, each in TRANSACTIONS.items()]
    made.append(hospital.message("2206", payment(household, waiting)))
    made.append(hospital.message("2207", payment(household, waiting)))
    whose = {"psn_no": household.mother.psn_no, "setl_id": paid["setl_id"], "mdtrt_id": visit}
    made.append(hospital.message("2208", {"data": whose}))
    return made


def on_the_wire(message: dict[str, Any], chance: random.Random) -> bytes:
    """The message's bytes; one in ten is broken as bytes too."""
    body = json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")
    match chance.randint(0, 60):
        case 0 | 1:
            return body[: chance.randrange(len(body))]
        case 2:
            place = chance.randrange(len(body))
            return body[:place] + bytes([chance.randrange(256)]) + body[place + 1 :]
        case 3:
            return message.__repr__().encode("utf-8", "surrogatepass")
        case 4:
            place = chance.randrange(len(body))
            return body[:place] + body[chance.randrange(len(body)) :]
        case 5:
            return body[:-1] + b"," + body[1:]
        case 6:
            return body.replace(b'"input"', b'"input":1,"input"', 1)
    return body


def headers_for(town: Town, code: str, body: bytes, number: int, chance: random.Random) -> dict[str, str]:
    """Headers that fit; one in thirty does not, in one of the dialects."""
    headers = signed(town, f"paas-{code}", nonce=f"f{number}")
    if chance.randrange(30):
        return headers
    odd = chance.choice(["", "0", "-1", "9" * 30, "x" * 5000, "\xff\xfe", "1e9", "null"])
    other = chance.choice(
        [
            "x-tif-timestamp",
            "x-tif-signature",
            "_api_timestamp",
            "_api_access_key",
            "x-ca-key",
            "x-ca-signature",
            "apikey",
        ]
    )
    return ({} if chance.randrange(2) else headers) | {other: odd}


class Line:
    """The gateway without a socket between, and what it refused for."""

    def __init__(self, gateway: NationalGateway, monkeypatch: pytest.MonkeyPatch) -> None:
        self._gateway = gateway
        self.unnamed: Counter[str] = Counter()
        self.told: Counter[str] = Counter()

        def failed(refusal: GongjiError, times: Any) -> bytes:
            self.told[refusal.code] += 1
            if refusal.field is None:
                self.unnamed[refusal.code] += 1
            return failure(refusal, times)

        monkeypatch.setattr("gongji.entrances.national.gateway.failure", failed)

    async def post(self, headers: dict[str, str], body: bytes, path: str) -> tuple[int, bytes]:
        """Status and body of the answer."""
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": raw}
        await self._gateway(scope, receive, send)
        return sent[0]["status"], b"".join(each.get("body", b"") for each in sent)


#: Refusals of the whole message or of the moment, which are no field's.
WITHOUT_A_FIELD = {
    "access.headers",
    "access.timestamp",
    "access.signature",
    "access.unknown_key",
    "envelope.not_json",
    "envelope.not_object",
    "envelope.too_deep",
    "desk.busy",
    "desk.unknown_outcome",
}

AT_ONCE = 48


async def all_answered(line: Line, town: Town, code: str, messages: list[dict[str, Any]]) -> None:
    """Mutate, send, look at every answer; a whole batch is under way at once, as at a busy door."""
    chance = random.Random(SEED)
    for start in range(0, MESSAGES, AT_ONCE):
        batch = []
        for number in range(start, min(start + AT_ONCE, MESSAGES)):
            message = mutated(chance.choice(messages), chance)
            body = on_the_wire(message, chance)
            path = f"/{message['infno']}" if chance.random() < 0.1 and isinstance(message.get("infno"), str) else "/fsi"
            batch.append((number, message, headers_for(town, code, body, number, chance), body, path))
        async with asyncio.timeout(120):
            answers = await asyncio.gather(*(line.post(headers, body, path) for *_, headers, body, path in batch))
        for (number, message, *_), (status, answer) in zip(batch, answers, strict=True):
            told = json.loads(answer)
            assert status == 200, (number, message)
            if "code" in told:
                # Hunan's gateway's own form, or that of 1162, which stands in no envelope.
                assert told["code"] in (401, 0, 500159), (number, told)
                continue
            if "response" in told or "resCode" in told:
                continue
            assert told["infcode"] in (0, -1), (number, message)
            assert "平台内部错误" not in (told["err_msg"] or ""), (number, message, told)
            if told["infcode"] == -1:
                assert told["err_msg"], (number, message)


def test_mutated_messages_get_an_answer_in_the_interfaces_form(
    platform: Platform,
    hospital: Window,
    household: Household,
    messages: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Never a defect, never silence, and what is refused is told by its field. The books are proven afterwards."""
    line = Line(NationalGateway(platform), monkeypatch)
    # In a thread of its own: where a browser was used before, this one has its loop running.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, all_answered(line, hospital.town, hospital.code, messages)).result()
    print(f"{MESSAGES} messages of {len(TRANSACTIONS)} transactions; refusals: {dict(line.told.most_common())}")
    assert "platform.defect" not in line.told
    assert set(line.unnamed) <= WITHOUT_A_FIELD, line.unnamed
    assert len(line.told) > 20
