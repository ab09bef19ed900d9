"""What is asked for in a second transaction, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gongji.registry.model import Institution
from gongji.settlement.model import MessageKey


@dataclass(frozen=True, slots=True)
class PaySecond:
    """A relative's account pays part of a settlement's cash.

    Attributes:
        key: recognises a repetition.
        person_id: the patient of the settlement. payer_id: the relative, who has shown their own credential.
        amount: fen; None for as much as the rules, the account and the settlement's cash allow.
    """

    key: MessageKey
    institution: Institution
    person_id: int
    settlement_id: int
    payer_id: int
    amount: int | None


@dataclass(frozen=True, slots=True)
class GiveBackSecond:
    """A second payment goes back, whole, to the accounts it came from."""

    key: MessageKey
    institution: Institution
    person_id: int
    payment_id: int


@dataclass(frozen=True, slots=True)
class SecondPayment:
    """One payment or return: a link of the chain from a settlement to who paid its cash afterwards.

    Attributes:
        kind: ``pay`` or ``back``.
        amount: fen, below zero in a return.
        cash_left: what of the settlement's cash nobody's account had paid after this, fen.
    """

    id: int
    kind: str
    reverses: int | None
    settlement_id: int
    person_id: int
    institution_id: int
    payer_id: int
    authorisation_id: int
    amount: int
    cash_left: int
    at: datetime
