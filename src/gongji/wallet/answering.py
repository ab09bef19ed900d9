"""What a receiver does with what was sent: accept or decline it. Against the deadline and each other the desk decides."""

from __future__ import annotations

from gongji.foundation import audit
from gongji.foundation.access import Caller
from gongji.foundation.errors import Busy, GongjiError
from gongji.foundation.replies import digest_of
from gongji.ledger.model import AccountKind, clearing_holder, personal_account
from gongji.settlement.holds.model import CaptureHold, HoldKey, ReleaseHold
from gongji.wallet import refusals, store
from gongji.wallet.model import Transfer, TransferState
from gongji.wallet.service import Wallets, giving_back, go_on


def accept(wallets: Wallets, transfer_id: int, *, receiver_id: int, caller: Caller) -> Transfer:
    """The receiver takes what was sent: it stands in their wallet from now on, and cannot be asked back.

    Accepting again gives the same answer. Against the deadline the desk decides: whoever comes first there.

    Raises:
        NotFound: ``wallet.transfer_unknown``, also when it is for somebody else.
        Refused: ``wallet.declined``, ``wallet.returned``; ``wallet.receiver_ended``.
        Busy: the desk is; accept again.
    """
    one = _to_answer(wallets, transfer_id, receiver_id)
    if one.state is TransferState.PENDING:
        with wallets.database.transaction() as connection:
            giver, receiver = store.regions_of(connection, transfer_id)
        assert one.hold_id is not None, "what is pending has a hold"
        command = CaptureHold(
            key=HoldKey(f"wallet:{transfer_id}:accept", digest_of("wallet.accept", str(transfer_id))),
            person_id=one.sender_id,
            hold_id=one.hold_id,
            amount=one.amount,
            credit=personal_account(AccountKind.WALLET, receiver_id),
            through=clearing_holder(giver, receiver),
        )
        one = _answered(wallets, one, command, "wallet.accept", caller)
    if one.state is not TransferState.ACCEPTED:
        raise refusals.ended(one.state, one.ended_at)
    return one


def decline(wallets: Wallets, transfer_id: int, *, receiver_id: int, caller: Caller) -> Transfer:
    """The receiver does not want it: the money goes back to the sender at once. Declining again gives the same answer.

    Raises:
        NotFound: ``wallet.transfer_unknown``. Refused: ``wallet.accepted``, ``wallet.returned``. Busy: as `accept`.
    """
    one = _to_answer(wallets, transfer_id, receiver_id)
    if one.state is TransferState.PENDING:
        one = _answered(wallets, one, giving_back(one, "decline"), "wallet.decline", caller)
    if one.state is not TransferState.DECLINED:
        raise refusals.ended(one.state, one.ended_at)
    return one


def _to_answer(wallets: Wallets, transfer_id: int, receiver_id: int) -> Transfer:
    """A transfer that its receiver answers; one whose time is over finds its end first."""
    with wallets.database.transaction() as connection:
        one = store.learn(connection, transfer_id)
    if one.receiver_id != receiver_id or one.state is TransferState.PLACING:
        raise refusals.unknown()
    return go_on(wallets, one)


def _answered(
    wallets: Wallets, one: Transfer, command: CaptureHold | ReleaseHold, action: str, caller: Caller
) -> Transfer:
    """Ask the desk, and learn what became of the transfer: another answer, or the deadline, may have come first."""
    refused: GongjiError | None = None
    try:
        wallets.desk.hold(command).result()
    except Busy:
        raise
    except GongjiError as problem:
        refused = problem
    with wallets.database.transaction() as connection:
        learned = store.learn(connection, one.id)
        if refused is None:
            audit.record(
                connection,
                caller,
                action,
                at=wallets.clock.now(),
                person_id=one.sender_id,
                transfer=str(one.id),
                amount=one.amount,
            )
    if learned.state is not TransferState.PENDING:
        return learned
    if refused is not None and refused.code == "hold.credit":
        raise refusals.receiver_died()
    learned = go_on(wallets, learned)
    if learned.state is TransferState.PENDING and refused is not None:
        raise refused
    return learned
