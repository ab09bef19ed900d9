"""Money sent from wallet to wallet: by the terms of the national guide, as they stand in the stories' years."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from gongji.foundation.clock import CHINA
from oracle.books import Books, Held, minutes, moment
from oracle.consent import RELATIVES
from oracle.family import relation_to
from oracle.operations import Answer, OpenWallet, Send
from oracle.regions import WALLET_AREAS

MOST_EACH = 2_000_00
MOST_A_DAY = 3
OPENS, CLOSES = 6, 22


@dataclass
class Sent:
    """A transfer: from whom to whom, what stands aside for it, and what is told of it."""

    n: int
    sender: int
    receiver: int
    amount: int
    from_wallet: bool
    at: int
    held: Held
    state: str = "pending"


class Purses:
    """The family's wallets."""

    def __init__(self, books: Books, quotas_from: date | None) -> None:
        self.books = books
        self.quotas_from = quotas_from
        self.areas: dict[int, str] = {}
        self.sent: dict[int, Sent] = {}

    def open(self, one: OpenWallet) -> str:
        """Open a wallet, or choose another area."""
        if len(one.area) != len("211200"):
            return "wallet.area"
        if one.area not in WALLET_AREAS:
            return "wallet.area_closed"
        self.books.accounts.setdefault((one.person, "wallet"), 0)
        self.areas[one.person] = one.area
        return one.area

    def send(self, one: Send) -> str:
        """Send money under a key."""
        key = one.n if one.of is None else one.of
        before = self._waiting(one.sender, one.receiver)
        if before is not None:
            self._see_to(before, one.at)
        known = self.sent.get(key)
        if known is not None:
            same = (known.receiver, known.amount, known.from_wallet) == (one.receiver, one.amount, one.from_wallet)
            return known.state if same else "key.other_content"
        refused = self._refused(one)
        if refused is not None:
            return refused
        day = moment(one.at).date() + timedelta(days=1)
        until = minutes(datetime.combine(day, time(OPENS), CHINA))
        order = ("wallet",) if one.from_wallet else ("current", "historical")
        held = self.books.hold(one.at, until, one.sender, one.amount, order)
        self.sent[key] = Sent(key, one.sender, one.receiver, one.amount, one.from_wallet, one.at, held)
        return "pending"

    def _refused(self, one: Send) -> str | None:
        now = moment(one.at)
        today = [
            sent for sent in self.sent.values() if sent.sender == one.sender and moment(sent.at).date() == now.date()
        ]
        accounts = self.books.accounts
        there = accounts.get((one.sender, "wallet"), 0) if one.from_wallet else self.books.balance(one.sender)
        conditions = (
            ("wallet.amount", one.amount > 0),
            ("wallet.quotas_instead", self.quotas_from is None or now.date() < self.quotas_from),
            ("wallet.not_opened", one.sender in self.areas),
            ("wallet.closed", OPENS <= now.hour < CLOSES),
            ("wallet.day_is_full", len(today) < MOST_A_DAY),
            ("wallet.same_person", one.sender != one.receiver),
            ("wallet.not_a_relative", relation_to(one.sender, one.receiver) in RELATIVES),
            ("wallet.receiver_not_opened", one.receiver in self.areas),
            ("wallet.pending", self._waiting(one.sender, one.receiver) is None),
            ("wallet.too_much", one.amount <= MOST_EACH),
            ("wallet.not_enough", one.amount <= there),
            ("hold.account_frozen", one.from_wallet or not self.books.is_frozen(one.sender, one.at)),
        )
        return next((code for code, holds in conditions if not holds), None)

    def answer(self, one: Answer) -> str:
        """The receiver accepts or declines, or somebody else tries to."""
        sent = self.sent.get(one.of)
        if sent is None:
            return "nothing"
        self._learn(sent)
        if one.by != sent.receiver:
            return "wallet.transfer_unknown"
        self._see_to(sent, one.at)
        if sent.state == "pending":
            if one.accepts:
                self.books.take(one.at, sent.held, sent.amount)
                self.books.move(one.at, (sent.receiver, "wallet"), sent.amount)
            else:
                self.books.give_back(one.at, sent.held, sent.amount)
            sent.state = "accepted" if one.accepts else "declined"
        wanted = "accepted" if one.accepts else "declined"
        return sent.state if sent.state == wanted else f"wallet.{sent.state}"

    def follow(self, at: int) -> None:
        """What is over goes back, and is told so."""
        for sent in self.sent.values():
            self._see_to(sent, at)

    def _see_to(self, sent: Sent, at: int) -> None:
        self._learn(sent)
        if sent.state == "pending" and sent.held.until <= at:
            self.books.give_back(at, sent.held, sent.held.remaining)
            sent.state = "returned"

    def _learn(self, sent: Sent) -> None:
        if sent.state == "pending" and not sent.held.remaining:
            sent.state = "returned"

    def _waiting(self, sender: int, receiver: int) -> Sent | None:
        pair = [sent for sent in self.sent.values() if (sent.sender, sent.receiver) == (sender, receiver)]
        return next((sent for sent in pair if sent.state == "pending"), None)

    def seen_by(self, person: int) -> list[tuple[int, str]]:
        """What a person sent and was sent: fen, and what is told of it."""
        return sorted(
            (sent.amount, sent.state) for sent in self.sent.values() if person in (sent.sender, sent.receiver)
        )
