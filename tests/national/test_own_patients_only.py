"""An institution acts for itself only: every transaction there is, sent by another institution with the first one's visit
and settlement, is refused and changes nothing. New transactions are covered by being in TRANSACTIONS."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from counter_window import Household, Window
from right_messages import plausible, values_for
from test_family_at_the_counter import payment, registered, uploaded

from gongji.entrances.national.messages import table_of
from gongji.entrances.national.transactions import TRANSACTIONS
from gongji.foundation.schema import metadata
from town import Town

#: Fields that name something of an institution's: who has not made it may not touch or see it.
OWNED = {"mdtrt_id", "setl_id"}

NAMING = sorted(
    infno
    for infno, transaction in TRANSACTIONS.items()
    if OWNED & {column.name for cls in transaction.inputs for column in table_of(cls).columns}
)

#: What may change although a message is refused: the door's own notes.
NOTES = {"signature_seen", "deviation", "audit_entry", "presented"}


def rows(town: Town) -> dict[str, int]:
    """Every row of every table, as one number a table."""
    with town.database.engine.connect() as connection:
        return {
            table.name: connection.execute(
                sa.text(f"SELECT coalesce(sum(hashtextextended(t::text, 0)), 0) FROM {table.name} t")
            ).scalar_one()
            for table in metadata.sorted_tables
            if table.name not in NOTES
        }


@pytest.fixture
def theirs(hospital: Window, household: Household) -> dict[str, str]:
    """A visit that waits to be settled, and a settlement, of the first hospital."""
    paid = registered(hospital, household)
    uploaded(hospital, household, paid)
    setl_id = hospital.done("2207", payment(household, paid))["setlinfo"]["setl_id"]
    open_visit = registered(hospital, household)
    uploaded(hospital, household, open_visit)
    return {"mdtrt_id": open_visit, "setl_id": setl_id, "paid": paid}


def test_another_institution_touches_and_sees_nothing(
    pharmacy: Window, community: Window, household: Household, theirs: dict[str, str]
) -> None:
    """The pharmacy and the community hospital send each such message with everything else right."""
    before = rows(pharmacy.town)
    for infno in NAMING:
        for window in (pharmacy, community):
            answer = window.send(infno, asked(infno, household, theirs))
            assert answer["infcode"] == -1 or not told_of(answer["output"], theirs), (infno, answer)
    after = rows(pharmacy.town)
    assert [name for name in before if before[name] != after[name]] == []


def asked(infno: str, household: Household, theirs: dict[str, str]) -> dict[str, object]:
    """The transaction's input: about the settlement where it names one, else about the visit that waits."""
    transaction = TRANSACTIONS[infno]
    names = {column.name for cls in transaction.inputs for column in table_of(cls).columns}
    visit = theirs["paid"] if "setl_id" in names else theirs["mdtrt_id"]
    values = values_for(household.mother, mdtrt_id=visit, setl_id=theirs["setl_id"])
    return plausible(transaction, values | {"medfee_sumamt": "1268.50", "chrg_bchno": "B1"})


def told_of(output: object, theirs: dict[str, str]) -> bool:
    """Whether an answer says anything about what is not the asker's."""
    return any(number in str(output) for number in theirs.values())


def test_numbers_are_really_looked_at(hospital: Window, household: Household, theirs: dict[str, str]) -> None:
    """The same messages from the first hospital itself: some succeed, so that the refusals above are for the sender."""
    answers = {infno: hospital.send(infno, asked(infno, household, theirs)) for infno in NAMING}
    done = [infno for infno, answer in answers.items() if answer["infcode"] == 0]
    assert {"2203", "2204", "5203"} <= set(done), done


@pytest.fixture
def community(window_of: Callable[[str], Window]) -> Window:
    """银州区社区卫生服务中心."""
    return window_of("H21120200002")
