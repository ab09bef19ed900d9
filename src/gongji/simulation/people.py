"""Whose claim each is: the people of a chunk numbered, family by family, and where their counters stand.

Written like `flow`, to run as it stands and compiled (`steps`).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from gongji.benefit.population import Vector
from gongji.simulation.flow import NONE, OFFSITE_UNKNOWN, Claims, Found

#: So many members of a family are looked for one after another, further ones by hash.
LINKED_MEMBERS: Final = 8

_LOW: Final = 0xFFFFFFFF
_FAMILY_FACTOR: Final = 0x1E3779B1
_PERSON_FACTOR: Final = 0x165EBCA7


class People(NamedTuple):
    """The people of a chunk, as `find_people` finds them.

    A family stands among them too, as a person `NONE`; from it its first members are linked, the others and the families
    are found by hash. `slots` is a power of two long and full of `NONE`; a state is the counters of a person in one
    region and scheme.
    """

    slots: Vector
    family: Vector
    person: Vector
    members: Vector
    first_member: Vector
    next_member: Vector
    last_day: Vector
    first_state: Vector
    state_kept: Vector
    state_next: Vector


def find_people(claims: Claims, states: Vector, people: People, found: Found) -> tuple[int, int, bool]:
    """Whose claim each is and where the person's counters stand.

    Args:
        claims: the chunk.
        states: for each place, what its counters are kept under.
        people: room for three people and one state a claim.
        found: `who`, `state` and `sharer` are written.

    Returns:
        How many people and states there are, and whether the claims of each family are in the order of their days.
    """
    count = 0
    state_count = 0
    ordered = True
    home = NONE
    for i in range(len(claims.day)):
        if found.verdict[i] > OFFSITE_UNKNOWN:
            continue
        family = claims.family[i]
        if home < 0 or people.family[home] != family:
            home = by_hash(people, count, family, NONE)
            count = max(count, home + 1)
        # The order is a family's, as a sharer's account is common to it.
        if claims.day[i] < people.last_day[home]:
            ordered = False
        people.last_day[home] = claims.day[i]
        who = member_of(people, count, home, claims.person[i])
        count = max(count, who + 1)
        found.who[i] = who
        found.sharer[i] = NONE
        if claims.sharer[i] != NONE:
            found.sharer[i] = member_of(people, count, home, claims.sharer[i])
            count = max(count, found.sharer[i] + 1)
        kept = states[claims.place[i]]
        state = people.first_state[who]
        while state >= 0 and people.state_kept[state] != kept:
            state = people.state_next[state]
        if state < 0:
            state = state_count
            state_count += 1
            people.state_kept[state] = kept
            people.state_next[state] = people.first_state[who]
            people.first_state[who] = state
        found.state[i] = state
    return count, state_count, ordered


def member_of(people: People, count: int, home: int, person: int) -> int:
    """The number of a person of a family in the chunk; `count` for somebody new."""
    member = people.first_member[home]
    while member >= 0:
        if people.person[member] == person:
            return int(member)
        member = people.next_member[member]
    if people.members[home] == LINKED_MEMBERS:
        return by_hash(people, count, people.family[home], person)
    enter(people, count, people.family[home], person)
    people.members[home] += 1
    people.next_member[count] = people.first_member[home]
    people.first_member[home] = count
    return count


def by_hash(people: People, count: int, family: int, person: int) -> int:
    """The number of a person of a family in the chunk; `count` for somebody new."""
    mask = len(people.slots) - 1
    mixed = ((family ^ (family >> 32)) & _LOW) * _FAMILY_FACTOR + ((person ^ (person >> 32)) & _LOW) * _PERSON_FACTOR
    slot = (mixed ^ (mixed >> 21)) & mask
    while people.slots[slot] >= 0:
        known = people.slots[slot]
        if people.person[known] == person and people.family[known] == family:
            return int(known)
        slot = (slot + 1) & mask
    people.slots[slot] = count
    enter(people, count, family, person)
    return count


def enter(people: People, number: int, family: int, person: int) -> None:
    """Give somebody new a number."""
    people.family[number] = family
    people.person[number] = person
    people.members[number] = 0
    people.first_member[number] = NONE
    people.last_day[number] = NONE
    people.first_state[number] = NONE
