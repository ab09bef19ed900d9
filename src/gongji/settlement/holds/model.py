"""The commands that wait at the desk beside settlements and reversals, and what is decided on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gongji.ledger.holds import Hold, HoldPurpose, HoldReceipt
from gongji.ledger.model import Journal


@dataclass(frozen=True, slots=True)
class HoldKey:
    """What makes a repeated command recognisable: the same key with the same digest gives the stored receipt, with
    another digest a refusal.

    Attributes:
        key: unique for its maker: begin it with the maker's name (``"ward-3:A20240612001:deposit"``).
        digest: of the command's content, see `gongji.foundation.replies.digest_of`.
    """

    key: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class PlaceHold:
    """Set an amount aside, whole or not at all.

    It leaves the payer's accounts at once, so nobody else can spend it, and stands in the payer's `personal.held`.

    Attributes:
        key: see `HoldKey`.
        person_id: in whose favour: the patient of a deposit, whose premium it is; for own money the payer.
        payer_id: whose money: the person themself, or the sharer of `authorisation_id`.
        amount: fen, above zero.
        purpose: what for; a sharer's money only for a deposit or a premium that the authorisation and the region allow.
        reference: the caller's own number for what it is held for.
        expires_at: from this moment on it can no longer be taken, and goes back by itself.
        authorisation_id: under which a sharer's money is held; it counts as used from now on.
        from_wallet: own money out of the wallet, instead of the personal account.
    """

    key: HoldKey
    person_id: int
    payer_id: int
    amount: int
    purpose: HoldPurpose
    reference: str
    expires_at: datetime
    authorisation_id: int | None = None
    from_wallet: bool = False


@dataclass(frozen=True, slots=True)
class CaptureHold:
    """Take held money, in part or whole; as often as something remains.

    What an authorisation let be held may be taken after it ended too: it was set aside while it was in force.

    Attributes:
        key: see `HoldKey`.
        person_id: the hold's person.
        hold_id: which hold.
        amount: fen, above zero, at most what remains.
        credit: account to which it goes: an institution's, a tax office's or another person's payable, or another
            account of the ledger (a wallet, the receiver of a transfer). Of an open account the share in the payer's
            bucket is taken, whichever bucket is named.
        release_rest: give back at once, in the same journal, what then remains.
        through: holder of the clearing account by which the money reaches another person's account, so that each leg lies
            with its bounded side.
    """

    key: HoldKey
    person_id: int
    hold_id: int
    amount: int
    credit: int
    release_rest: bool = False
    through: int | None = None


@dataclass(frozen=True, slots=True)
class ReleaseHold:
    """Give held money back to the accounts it came from, as they are today: what came from last year's current account
    goes to the historical one, what came from a closed account is owed to its holder.

    Attributes:
        key, person_id, hold_id: as `CaptureHold`.
        amount: fen; None for all that remains.
    """

    key: HoldKey
    person_id: int
    hold_id: int
    amount: int | None = None


HoldCommand = PlaceHold | CaptureHold | ReleaseHold


@dataclass(slots=True)
class HoldBooks:
    """The holds that a batch works on, loaded under lock.

    Attributes:
        holds: by id; replaced by each decision.
        steps: receipts by (bucket, key), with the digest of their request.
        placed: ids of holds that this batch makes.
        quotas: the wallet quotas in force of the people of this batch: by number, the person who may use it, in the order
            in which they are taken. The money of each stands in the holds that name it.
    """

    holds: dict[int, Hold] = field(default_factory=dict)
    steps: dict[tuple[int, str], tuple[bytes, HoldReceipt]] = field(default_factory=dict)
    placed: set[int] = field(default_factory=set)
    quotas: dict[int, int] = field(default_factory=dict)

    def copy(self) -> HoldBooks:
        """Books that may be changed without these changing."""
        return HoldBooks(dict(self.holds), dict(self.steps), set(self.placed), self.quotas)


@dataclass(frozen=True, slots=True)
class HoldDecision:
    """What is to be written for one step of a hold.

    Attributes:
        receipt: the answer.
        key: the command's; None for an expiry, which nobody asks for.
        journal: its transfers; None when the receipt is a stored one.
        usage: fen by which the usage of authorisations moves.
        usage_at: the moment in whose periods that usage counts: always that of the placing.
        settlement_id: the settlement in whose journal the transfers stand; None where they have a journal of their own.
    """

    receipt: HoldReceipt
    key: HoldKey | None
    usage_at: datetime
    journal: Journal | None = None
    usage: Mapping[int, int] = field(default_factory=dict)
    settlement_id: int | None = None
