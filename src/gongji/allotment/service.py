"""What sharers do with allotted money: see how it stands, allot, take back. Each deed is one transaction and safe to repeat."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from gongji.accrual.year_end import turn_people
from gongji.allotment import store
from gongji.allotment.decide import check_allot, check_take_back, draw, standing
from gongji.allotment.messages import messages_of
from gongji.allotment.model import Deed, Done, Left, Standing
from gongji.family import freezes_store
from gongji.family import service as family
from gongji.family.model import Authorisation
from gongji.family.refusals import Code, account_frozen, refuse
from gongji.family.store import lock_people
from gongji.family.transitions import IN_FORCE_STATES
from gongji.foundation import audit
from gongji.foundation.access import Caller
from gongji.foundation.clock import CHINA
from gongji.foundation.ids import Serials
from gongji.foundation.inbox import tell
from gongji.foundation.keys import check_key, other_content
from gongji.ledger import pot_store
from gongji.ledger import store as ledger
from gongji.ledger.model import AccountKind, JournalKind, Transfer, personal_account
from gongji.ledger.pots import FOR_ALL, Part, Piece, between, going_home, pieces_of
from gongji.ledger.service import PERSONAL, balances_of
from gongji.rules.book import RuleBook
from gongji.rules.model import AllotmentParts, AllotmentYearEnd, SharingRule


def standing_of(connection: sa.Connection, book: RuleBook, sharer_id: int, at: datetime) -> Standing | None:
    """A sharer's money as it stands: kept, given, still to be given; None where nothing has to be allotted and nothing is.

    Args:
        connection: a transaction; nothing is locked.
        book: the rules.
        sharer_id: whose.
        at: now.
    """
    return _standing(connection, book, in_force_of(connection, sharer_id), sharer_id, at)


def in_force_of(connection: sa.Connection, sharer_id: int) -> list[Authorisation]:
    """The authorisations of a sharer that are in force, also while they are paused."""
    return [one for one in family.authorisations_of_sharer(connection, sharer_id) if one.state in IN_FORCE_STATES]


def left_of(connection: sa.Connection, book: RuleBook, ones: Sequence[Authorisation], at: datetime) -> dict[int, Left]:
    """What the users of authorisations can spend of their sharers' pots; those for whom nothing has to be allotted are not
    in the answer, and where that is nobody nothing is asked of the database."""
    rules = _rules(book, [one for one in ones if one.state in IN_FORCE_STATES], at)
    mine = [one for one in ones if one.id in rules]
    if not mine:
        return {}
    with ledger.raw_cursor(connection) as cursor:
        parts = pot_store.load_parts(cursor, [one.sharer_id for one in mine])
    found = {}
    for one in mine:
        theirs = [parts[one.sharer_id, part] for part in (one.id, FOR_ALL) if (one.sharer_id, part) in parts]
        allotment = rules[one.id].allotment
        for_all = allotment is not None and allotment.parts is AllotmentParts.ONE_POT
        found[one.id] = Left(sum(part.total for part in theirs), bool(theirs), for_all)
    return found


def allot(
    connection: sa.Connection,
    book: RuleBook,
    serials: Serials,
    *,
    sharer_id: int,
    authorisation_id: int | None,
    amount: int,
    key: str,
    caller: Caller,
    at: datetime,
) -> Done:
    """Put money aside for a relative, or for all where they share one pot; it stays the sharer's until it is spent. The first
    of a new year turns the sharer's account, if that has not been done.

    Args:
        connection: the transaction.
        book: the rules.
        serials: for the journal.
        sharer_id: whose account.
        authorisation_id: for whom; None for all.
        amount: fen.
        key: the caller's own, new for every deed; the same again gives the same answer.
        caller: for the audit.
        at: now.

    Raises:
        InvalidInput: ``key.shape``, ``allotment.amount``, ``allotment.for_whom``.
        NotFound: ``authorisation.unknown`` when it is not in force, or not the sharer's.
        Refused: ``key.other_content``, ``authorisation.account_frozen``; see `gongji.allotment.decide.check_allot`.
    """
    wanted = (Deed.ALLOT, authorisation_id, amount)
    if (known := _known(connection, sharer_id, key, wanted)) is not None:
        return known
    frozen = freezes_store.standing(connection, [sharer_id], at.astimezone(CHINA).date()).get(sharer_id)
    if frozen is not None:
        raise account_frozen(frozen.until)
    open_now = in_force_of(connection, sharer_id)
    if authorisation_id is not None and all(one.id != authorisation_id for one in open_now):
        raise refuse(Code.UNKNOWN)
    # As with whatever brings money of a new year: else what was left of the old one would stay for another, or not, by the day
    # in January on which the region is turned.
    turn_people(connection, serials, [sharer_id], at.astimezone(CHINA).year - 1, at)
    pot_store.lock_pot(connection, sharer_id)
    now = check_allot(_standing(connection, book, open_now, sharer_id, at), authorisation_id, amount)
    allotment = now.allotment
    assert allotment is not None, "check_allot refuses without a rule"
    part = authorisation_id or FOR_ALL
    pieces = [Piece(part, kind, fen) for kind, fen in draw(now.purse, amount)]
    pot = personal_account(AccountKind.POT, sharer_id)
    legs = tuple(Transfer(personal_account(piece.origin, sharer_id), pot, piece.amount) for piece in pieces)
    ends = allotment.year_end is AllotmentYearEnd.RETURNS
    pot_store.make_part(connection, sharer_id, part, at.astimezone(CHINA).year, ends_with_year=ends)
    journal_id = pot_store.post_pot_journal(connection, serials, sharer_id, JournalKind.ALLOT, legs, pieces, 1, at)
    done = Done(journal_id, sharer_id, Deed.ALLOT, authorisation_id, amount, at)
    return _keep(connection, done, open_now, key, allotment.clause.rule, caller)


def take_back(
    connection: sa.Connection,
    book: RuleBook,
    serials: Serials,
    *,
    sharer_id: int,
    authorisation_id: int | None,
    amount: int,
    key: str,
    caller: Caller,
    at: datetime,
) -> Done:
    """Take back what relatives have not used, each fen to the account it came from; what would be spent last comes first.

    Args:
        authorisation_id: whose part; None for what is for all.
        connection, book, serials, sharer_id, amount, key, caller, at: as `allot`.

    Raises:
        InvalidInput: ``key.shape``, ``allotment.amount``.
        Refused: ``key.other_content``; see `gongji.allotment.decide.check_take_back`.
    """
    wanted = (Deed.TAKE_BACK, authorisation_id, amount)
    if (known := _known(connection, sharer_id, key, wanted)) is not None:
        return known
    open_now = in_force_of(connection, sharer_id)
    pot_store.lock_pot(connection, sharer_id)
    now = _standing(connection, book, open_now, sharer_id, at)
    left = check_take_back(now, authorisation_id, amount).amount
    part = authorisation_id or FOR_ALL
    stands = _parts(connection, sharer_id)[part]
    pieces = between(pieces_of(part, stands.historical, stands.current), left - amount, left)
    legs = going_home(sharer_id, pieces)
    journal_id = pot_store.post_pot_journal(connection, serials, sharer_id, JournalKind.TAKE_BACK, legs, pieces, -1, at)
    rule = now.allotment.clause.rule if now is not None and now.allotment is not None else ""
    done = Done(journal_id, sharer_id, Deed.TAKE_BACK, authorisation_id, amount, at)
    return _keep(connection, done, open_now, key, rule, caller)


def _known(connection: sa.Connection, sharer_id: int, key: str, wanted: tuple[Deed, int | None, int]) -> Done | None:
    """Lock the sharer, and find what was done under the key before."""
    check_key(key)
    lock_people(connection, [sharer_id])
    known = store.find_deed(connection, sharer_id, key)
    if known is not None and (known.deed, known.authorisation_id, known.amount) != wanted:
        raise other_content()
    return known


def _keep(
    connection: sa.Connection, done: Done, open_now: list[Authorisation], key: str, rule: str, caller: Caller
) -> Done:
    store.insert_deed(connection, done, key=key, rule=rule)
    tell(connection, messages_of(done, open_now), at=done.at)
    audit.record(connection, caller, f"allotment.{done.deed}", at=done.at, person_id=done.sharer_id, amount=done.amount)
    return done


def _standing(
    connection: sa.Connection, book: RuleBook, open_now: list[Authorisation], sharer_id: int, at: datetime
) -> Standing | None:
    balances = {kind: fen for kind, fen in balances_of(connection, sharer_id).items() if kind in PERSONAL}
    return standing(_rules(book, open_now, at), open_now, balances, _parts(connection, sharer_id))


def _rules(book: RuleBook, ones: list[Authorisation], at: datetime) -> dict[int, SharingRule]:
    """By authorisation, the rule of its region where that asks for allotment."""
    on = at.astimezone(CHINA).date()
    found = {one.id: book.sharing(one.region, on) for one in ones}
    return {one: rule for one, rule in found.items() if rule is not None and rule.allotment_required}


def _parts(connection: sa.Connection, sharer_id: int) -> dict[int, Part]:
    with ledger.raw_cursor(connection) as cursor:
        return {part: one for (_, part), one in pot_store.load_parts(cursor, [sharer_id]).items()}
