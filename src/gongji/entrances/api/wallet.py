"""The wallet: open it, see what stands in the way, send money to a relative, accept or decline; who takes it; sums a day."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query
from pydantic import BaseModel, Field, StringConstraints

from gongji.entrances.api.authorisations import relative
from gongji.entrances.api.door import Call, Door
from gongji.entrances.api.problems import RESPONSES, Words
from gongji.entrances.api.shapes import RelativeIn
from gongji.foundation.access import Caller, Role
from gongji.foundation.errors import InvalidInput
from gongji.foundation.keys import PATTERN
from gongji.registry import service as registry
from gongji.registry.model import Person
from gongji.rules.model import Relation
from gongji.wallet import answering, service, store
from gongji.wallet.decide import plan
from gongji.wallet.model import Condition, Facts, Source, Transfer, TransferState
from gongji.wallet.refusals import STATE_WORDS, institution_unknown
from gongji.wallet.service import Wallets

router = APIRouter(prefix="/v1", tags=["wallet"], responses=RESPONSES)

At = Annotated[Door, Depends()]
Number = Annotated[str, Path(pattern=r"^[0-9]{1,18}$", description="id of the transfer")]
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=PATTERN,
        description="8 to 128 visible ASCII characters, new for every transfer; a repetition gets the same transfer",
    ),
]
Region = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]

#: The longest span of days that is summed up in one answer.
MOST_DAYS = 366

#: Transfers in one answer, the newest.
MOST_TRANSFERS = 200


class OpenIn(BaseModel):
    """Where the wallet's money may be used (使用地)."""

    area: Region


class ReceiverIn(BaseModel):
    """To whom: by certificate and name; and what they are to the sender, where no register shows it."""

    receiver: RelativeIn
    relation: Relation | None = Field(default=None, description="what the receiver is to you, if you state it")
    commitment: bool = Field(default=False, description="whether you confirm that what you state is true (承诺)")


class TransferIn(ReceiverIn):
    """What to send."""

    amount_fen: int = Field(gt=0, le=10**12)
    source: Source = Source.ACCOUNT


class ConditionOut(BaseModel):
    """One condition of a transfer."""

    name: str
    holds: bool
    code: str | None = Field(description="of the refusal, where it does not hold")
    words: Words | None
    clears_at: str | None = Field(description="from when on it holds by itself, where that is known")


class PartOut(BaseModel):
    """A part of a larger amount."""

    amount_fen: int
    earliest: datetime
    after_answer: bool = Field(description="whether the one before has to be accepted or back first")


class TransferOut(BaseModel):
    """Money sent to a wallet. `pending` stands with the sender; `accepted` is the receiver's."""

    id: str
    sent: bool = Field(description="whether you sent it; else it was sent to you")
    name: str = Field(description="of the other one, masked")
    amount_fen: int
    source: Source
    relation: Relation = Field(description="what the receiver is to the sender")
    stated: bool = Field(description="whether that rests on the sender's word alone")
    state: TransferState
    state_words: Words
    made_at: datetime
    deadline: datetime = Field(description="it goes back by itself unless it was accepted before")
    ended_at: datetime | None


class WalletOut(BaseModel):
    """The caller's wallet, what stands in the way of a transfer, and what was sent and received, newest first."""

    area: str | None = Field(description="area of use; null when the wallet is not open")
    opened_at: datetime | None
    balance_fen: int
    account_fen: int = Field(description="what is in the personal account")
    sent_today: int
    most_each_fen: int | None
    most_a_day: int | None
    conditions: list[ConditionOut]
    transfers: list[TransferOut]


class TakesOut(BaseModel):
    """An institution that takes the wallet."""

    code: str
    name: str
    kind: str
    region: str


class TakesIn(BaseModel):
    """From when on an institution takes the wallet, and to which last day."""

    since: date
    until: date | None = None


class DayOut(BaseModel):
    """What was sent on a day from the officer's area, and what became of it so far."""

    day: date
    sent: int
    sent_fen: int
    accepted: int
    accepted_fen: int
    back: int = Field(description="declined, or not accepted in time")
    back_fen: int
    elsewhere: int = Field(description="accepted in another province")
    elsewhere_fen: int


@router.get("/wallet")
def read_wallet(door: At) -> WalletOut:
    """The caller's wallet, every condition of a transfer with the moment that clears it, and all transfers."""
    with door.open(Role.CITIZEN) as call:
        me = citizen(call.caller)
        facts, listed = service.wallet_conditions(call.connection, call.platform.wallets, me)
        made = store.transfers_of(call.connection, me, MOST_TRANSFERS)
        return _wallet_out(facts, listed, _outs(call, made, me))


@router.post("/wallet")
def open_wallet(body: OpenIn, door: At) -> WalletOut:
    """Open the caller's wallet, or choose another area of use; the same again changes nothing."""
    with door.open(Role.CITIZEN) as call:
        me, wallets = citizen(call.caller), call.platform.wallets
    service.open_wallet(wallets, person_id=me, area=body.area, caller=call.caller)
    return read_wallet(door)


@router.post("/wallet/conditions")
def read_conditions(body: ReceiverIn, door: At) -> list[ConditionOut]:
    """Every condition of a transfer to a relative, before an amount is asked for; of a stranger nothing is told."""
    with door.open(Role.CITIZEN) as call:
        me, receiver = citizen(call.caller), relative(call, body.receiver, "receiver")
        call.note("wallet.conditions", receiver)
        _, listed = service.wallet_conditions(call.connection, call.platform.wallets, me, receiver, stated(body))
        return [condition_out(one) for one in listed]


@router.get("/wallet/plan")
def read_plan(door: At, amount_fen: Annotated[int, Query(gt=0, le=100_000_00)]) -> list[PartOut]:
    """How an amount is sent in several transfers, and from when on each may be."""
    with door.open(Role.CITIZEN) as call:
        facts, _ = service.wallet_conditions(call.connection, call.platform.wallets, citizen(call.caller))
        parts = plan(facts, amount_fen)
        return [PartOut(amount_fen=one.amount, earliest=one.earliest, after_answer=one.after_answer) for one in parts]


@router.post("/wallet/transfers")
def send_transfer(body: TransferIn, door: At, key: Key) -> TransferOut:
    """Send money to a relative's wallet: it is set aside until they accept, and goes back by itself if they do not."""
    with door.open(Role.CITIZEN) as call:
        me, receiver = citizen(call.caller), relative(call, body.receiver, "receiver")
    made = service.send(
        call.platform.wallets,
        sender_id=me,
        receiver_id=receiver,
        amount=body.amount_fen,
        source=body.source,
        stated=stated(body),
        key=key,
        caller=call.caller,
    )
    return _told(door, made, me)


@router.get("/wallet/transfers/{number}")
def read_transfer(number: Number, door: At) -> TransferOut:
    """One transfer, to its two people."""
    with door.open(Role.CITIZEN) as call:
        me = citizen(call.caller)
        return _outs(call, [service.transfer_of(call.connection, int(number), me)], me)[0]


@router.post("/wallet/transfers/{number}/accept")
def accept_transfer(number: Number, door: At) -> TransferOut:
    """The receiver takes it; it cannot be asked back. Accepting again gives the same answer."""
    return _answer(door, number, answering.accept)


@router.post("/wallet/transfers/{number}/decline")
def decline_transfer(number: Number, door: At) -> TransferOut:
    """The receiver does not want it; it goes back to the sender at once. Declining again gives the same answer."""
    return _answer(door, number, answering.decline)


@router.get("/wallet/institutions")
def read_institutions(
    door: At,
    region: Annotated[str, Query(pattern=r"^[0-9]{6}$", description="a county, city (…00) or province (…0000)")],
    words: Annotated[str, Query(max_length=60, pattern=r"^[^\x00-\x1f]*$", description="a part of the name")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[TakesOut]:
    """Hospitals and pharmacies of an area that take the wallet today."""
    with door.open(Role.CITIZEN, Role.OFFICER, Role.INTEGRATOR) as call:
        found = store.institutions_taking(call.connection, area_prefix(region), words, call.now.date(), limit)
        return [TakesOut(code=one.code, name=one.name, kind=one.kind, region=one.region) for one in found]


@router.put("/wallet/institutions/{code}")
def take_wallet(code: Annotated[str, Path(pattern=r"^[0-9A-Z]{1,30}$")], body: TakesIn, door: At) -> TakesIn:
    """For officers: an institution of the region takes the wallet; what was said of it before is replaced."""
    with door.open(Role.OFFICER) as call:
        found = registry.institution_by_code(call.connection, code)
        if found is None or not call.caller.covers(found.region):
            raise institution_unknown()
        if body.until is not None and body.until < body.since:
            raise _span("until", "no earlier than since")
        store.take_wallet(call.connection, found.id, body.since, body.until)
        call.note("wallet.institution", institution=code)
        return body


@router.get("/wallet/figures")
def read_figures(door: At, first: date, last: date) -> list[DayOut]:
    """For officers: sums a day of what was sent from their area, days without transfers left out."""
    with door.open(Role.OFFICER) as call:
        if not 0 <= (last - first).days <= MOST_DAYS:
            raise _span("last", f"from first on, at most {MOST_DAYS} days later")
        rows = store.day_figures(call.connection, area_prefix(call.caller.region or ""), first, last)
        return [DayOut(**row._mapping) for row in rows]


def area_prefix(region: str) -> str:
    """The digits that the regions of an area begin with: two of a province's, four of a city's, six of a county's."""
    if region.endswith("0000"):
        return region[:2]
    return region[:4] if region.endswith("00") else region


def _span(field: str, accepted: str) -> InvalidInput:
    return InvalidInput(
        "wallet.span", f"{field}: {accepted}", "起止日期不正确，请核对后重新填写", field=field, accepted=accepted
    )


def _answer(door: Door, number: str, act: Callable[..., Transfer]) -> TransferOut:
    with door.open(Role.CITIZEN) as call:
        wallets: Wallets = call.platform.wallets
        me = citizen(call.caller)
    return _told(door, act(wallets, int(number), receiver_id=me, caller=call.caller), me)


def _told(door: Door, one: Transfer, me: int) -> TransferOut:
    with door.open(Role.CITIZEN) as call:
        return _outs(call, [one], me)[0]


def stated(body: ReceiverIn) -> Relation | None:
    """What the receiver is to the caller, if the caller states and confirms it."""
    return body.relation if body.commitment else None


def citizen(caller: Caller) -> int:
    """The person whom a citizen's token is of."""
    assert caller.person_id is not None, "the database holds no citizen's token without a person"
    return caller.person_id


def _outs(call: Call, made: Collection[Transfer], me: int) -> list[TransferOut]:
    others = {_other(one, me) for one in made}
    people = registry.people_by_id(call.connection, call.platform.vault, others)
    for person in sorted(people):
        call.note("wallet.read", person)
    return [_transfer_out(one, me, people[_other(one, me)]) for one in made]


def _other(one: Transfer, me: int) -> int:
    return one.receiver_id if one.sender_id == me else one.sender_id


def _transfer_out(one: Transfer, me: int, other: Person) -> TransferOut:
    zh, en = STATE_WORDS[one.state]
    return TransferOut(
        id=str(one.id),
        sent=one.sender_id == me,
        name=other.masked_name,
        amount_fen=one.amount,
        source=one.source,
        relation=one.relation,
        stated=one.stated,
        state=one.state,
        state_words=Words(zh=zh, en=en),
        made_at=one.made_at,
        deadline=one.deadline,
        ended_at=one.ended_at,
    )


def condition_out(one: Condition) -> ConditionOut:
    """One condition as it is answered."""
    refusal = one.refusal
    if refusal is None:
        return ConditionOut(name=one.name, holds=True, code=None, words=None, clears_at=None)
    clears = refusal.details.get("clears_at")
    return ConditionOut(
        name=one.name,
        holds=False,
        code=refusal.code,
        words=Words(zh=refusal.zh, en=refusal.en),
        clears_at=str(clears) if clears is not None else None,
    )


def _wallet_out(facts: Facts, listed: Collection[Condition], transfers: list[TransferOut]) -> WalletOut:
    opening, rule = facts.sender.opening, facts.rule
    return WalletOut(
        area=opening.area if opening is not None else None,
        opened_at=opening.opened_at if opening is not None else None,
        balance_fen=facts.wallet,
        account_fen=facts.account,
        sent_today=len(facts.sent_today),
        most_each_fen=rule.most_each if rule is not None else None,
        most_a_day=rule.terms.most_a_day if rule is not None else None,
        conditions=[condition_out(one) for one in listed],
        transfers=transfers,
    )
