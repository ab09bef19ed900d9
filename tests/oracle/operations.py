"""What can happen to a family, as plain data: small enough to print, to leave out and to play again.

People are numbers within the family (see `family.py`); operations name each other by number, so that a story from which
some are left out can still be played. Moments are minutes from the beginning of the story.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Settle:
    """A purchase is settled (or, when `dry`, only asked about)."""

    n: int
    at: int
    patient: int
    place: str
    items: tuple[tuple[str, int, int], ...]
    use: str
    dry: bool = False
    wrong_total: bool = False
    wrong_scheme: bool = False


@dataclass(frozen=True)
class Repeat:
    """The message of a settlement or reversal is sent again, or its key with other content."""

    n: int
    at: int
    of: int
    other: bool = False


@dataclass(frozen=True)
class Reverse:
    """Something is taken back; what was taken back, refused or never settled is asked for too."""

    n: int
    at: int
    of: int


@dataclass(frozen=True)
class Bind:
    """A sharer gives leave to a user, with limits in fen or none."""

    n: int
    at: int
    sharer: int
    user: int
    limit_total: int | None = None
    limit_month: int | None = None


@dataclass(frozen=True)
class Change:
    """Somebody pauses, resumes, unbinds, leaves, or sets limits on what a `Bind` made."""

    n: int
    at: int
    of: int
    action: str
    by: int
    limit_total: int | None = None
    limit_month: int | None = None


@dataclass(frozen=True)
class Read:
    """Somebody looks: at balances now, a balance or statement as of any minute (before the beginning and yet to come, too),
    counters, what was used, transfers to and from a wallet, quotas, orders of premiums, what is allotted, claims, or what was
    owed on them as of any minute."""

    n: int
    at: int
    what: str
    person: int
    moment: int = 0


@dataclass(frozen=True)
class Hold:
    """Somebody's own money is set aside for a deposit, for so many minutes."""

    n: int
    at: int
    person: int
    amount: int
    lasts: int


@dataclass(frozen=True)
class Take:
    """Held money is taken by a hospital; `rest` gives back at once what then remains."""

    n: int
    at: int
    of: int
    amount: int
    rest: bool = False


@dataclass(frozen=True)
class GiveBack:
    """Held money goes back, all that remains when no amount is named."""

    n: int
    at: int
    of: int
    amount: int | None = None


@dataclass(frozen=True)
class Expire:
    """Whoever looks after holds, transfers and premiums ends those whose time is over."""

    n: int
    at: int


@dataclass(frozen=True)
class Credit:
    """A line of a month's credit file, `back` months before this one: of a kind, with a base or an amount or both."""

    n: int
    at: int
    person: int
    back: int
    kind: str
    base: int | None = None
    amount: int | None = None


@dataclass(frozen=True)
class YearEnd:
    """The agency turns the family's accounts for the year before this one."""

    n: int
    at: int


@dataclass(frozen=True)
class OpenWallet:
    """Somebody opens a wallet for an area, or chooses another area."""

    n: int
    at: int
    person: int
    area: str


@dataclass(frozen=True)
class Send:
    """Somebody sends money to a wallet; `of` names the earlier one whose key is used again."""

    n: int
    at: int
    sender: int
    receiver: int
    amount: int
    from_wallet: bool = False
    of: int | None = None


@dataclass(frozen=True)
class Answer:
    """Somebody accepts or declines what was sent."""

    n: int
    at: int
    of: int
    by: int
    accepts: bool


@dataclass(frozen=True)
class Order:
    """A sharer orders somebody's premium for this year or, with `ahead`, a later one; `of` as in `Send`."""

    n: int
    at: int
    sharer: int
    person: int
    ahead: int
    of: int | None = None


@dataclass(frozen=True)
class TaxSays:
    """The tax office books an order (`word`: the voucher), rejects it or sends it back (`word`: the reason)."""

    n: int
    at: int
    of: int
    what: str
    word: str


@dataclass(frozen=True)
class SetQuota:
    """Somebody lets a relative's wallet use an amount of their account; `of` as in `Send`."""

    n: int
    at: int
    giver: int
    user: int
    amount: int
    of: int | None = None


@dataclass(frozen=True)
class StepOfQuota:
    """Somebody accepts a quota, changes its amount, or ends it (`what`)."""

    n: int
    at: int
    of: int
    what: str
    by: int
    amount: int = 0


@dataclass(frozen=True)
class Allot:
    """A sharer allots an amount under what a `Bind` made (None: to all relatives), or takes it back; `again` names the
    earlier one whose key is used again."""

    n: int
    at: int
    sharer: int
    of: int | None
    amount: int
    back: bool = False
    again: int | None = None


@dataclass(frozen=True)
class Freeze:
    """An officer freezes somebody's account for a reason, for so many days or until it is lifted."""

    n: int
    at: int
    person: int
    reason: str
    days: int | None
    officer: str


@dataclass(frozen=True)
class StepOfFreeze:
    """An officer lifts a freeze, or is the second who agrees to it or to its lifting, or does not (`what`)."""

    n: int
    at: int
    of: int
    what: str
    officer: str


@dataclass(frozen=True)
class File:
    """A bill that was paid in cash `back` days ago is claimed, filled in whole and handed in; `invoice` is the family's so
    manieth, `again` names the earlier one whose key is used again."""

    n: int
    at: int
    patient: int
    place: str
    items: tuple[tuple[str, int, int], ...]
    back: int
    invoice: int
    again: int | None = None


@dataclass(frozen=True)
class StepOfClaim:
    """Somebody does something (`what`) with a claim: its patient or another of the family (`by` a number), or an officer.

    `word` is a reason or, of a bank's deed, its reference; `out` are the lines that an officer takes out; `items` and
    `invoice` are what is told anew of a task that came back.
    """

    n: int
    at: int
    of: int
    what: str
    by: int | str
    word: str = ""
    out: tuple[int, ...] = ()
    items: tuple[tuple[str, int, int], ...] = ()
    invoice: int = 0


Operation = (
    Settle
    | Repeat
    | Reverse
    | Bind
    | Change
    | Read
    | Hold
    | Take
    | GiveBack
    | Expire
    | Credit
    | YearEnd
    | OpenWallet
    | Send
    | Answer
    | Order
    | TaxSays
    | SetQuota
    | StepOfQuota
    | Allot
    | Freeze
    | StepOfFreeze
    | File
    | StepOfClaim
)

#: What is sent under a key; with the repeated ones, what waits at the desk together when it comes in the same minute.
MESSAGES = (Settle, Reverse, Hold, Take, GiveBack)
AT_THE_DESK = (*MESSAGES, Repeat)

#: What names the outcome of an earlier message, and so cannot wait at the desk together with it.
FOLLOWING = (Reverse, Take, GiveBack)


@dataclass(frozen=True)
class Story:
    """A family's history.

    Attributes:
        seed: what it was drawn from.
        region: whose rules hold; see `oracle.regions`.
        opening: (current, historical) fen of each person, None where there is no account.
        operations: in order of time.
        quotas_from: the day from which wallets have quotas in place of transfers; None while nobody named it.
    """

    seed: str
    region: str
    opening: tuple[tuple[int, int] | None, ...]
    operations: tuple[Operation, ...]
    quotas_from: date | None = None

    def told(self, last: int | None = None) -> str:
        """The story in lines, or only its last operations."""
        shown = self.operations if last is None else self.operations[-last:]
        money = ", ".join("none" if one is None else f"{sum(one) / 100:.2f}" for one in self.opening)
        begins = f"seed {self.seed}, region {self.region}, opening {money}, quotas from {self.quotas_from}"
        return "\n".join([begins, *(f"  {one}" for one in shown)])
