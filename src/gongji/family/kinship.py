"""What two people are to each other, from dated facts of parents and marriages.

Near relatives are those of the Civil Code, art. 1045: spouse, parents, children, siblings, grandparents and
grandchildren on both sides. A spouse's parents are not among them; some cities share with them all the same, so that
they are derived too, and the region's rule says who counts. Adoptive parents are parents like any other.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from gongji.family.model import FactKind, KinshipFact
from gongji.rules.model import Relation

#: Nearest first: when two people are related in several ways, the first that holds names the relation.
NEAREST_FIRST: Final = (
    Relation.SPOUSE,
    Relation.PARENT,
    Relation.CHILD,
    Relation.SIBLING,
    Relation.GRANDPARENT,
    Relation.GRANDCHILD,
    Relation.PARENT_IN_LAW,
)

#: The relations that a single fact states; every other one follows from two.
_STATED_BY_ONE_FACT: Final = frozenset({Relation.SPOUSE, Relation.PARENT, Relation.CHILD})


def holds(fact: KinshipFact, on: date) -> bool:
    """Whether a fact is true on a day; its first and its last day both count."""
    return fact.since <= on and (fact.until is None or on <= fact.until)


def relations_between(user: int, sharer: int, facts: Iterable[KinshipFact], on: date) -> frozenset[Relation]:
    """Everything that the user is to the sharer on a day.

    Args:
        user: person id of who would be treated.
        sharer: person id of whose account would pay.
        facts: at least all facts within two steps of either of them.
        on: the day.

    Returns:
        All relations that hold; empty for strangers, and for a person and themself.
    """
    if user == sharer:
        return frozenset()
    graph = _Graph([fact for fact in facts if holds(fact, on)])
    parents, children = graph.parents_of(sharer), graph.children_of(sharer)
    spouses = graph.spouses_of(sharer)
    kin = {
        Relation.SPOUSE: spouses,
        Relation.PARENT: parents,
        Relation.CHILD: children,
        Relation.SIBLING: graph.children_of(*parents),
        Relation.GRANDPARENT: graph.parents_of(*parents),
        Relation.GRANDCHILD: graph.children_of(*children),
        Relation.PARENT_IN_LAW: graph.parents_of(*spouses),
    }
    return frozenset(relation for relation, people in kin.items() if user in people)


def relation_of(user: int, sharer: int, facts: Iterable[KinshipFact], on: date) -> Relation | None:
    """The nearest relation of the user to the sharer on a day; None for strangers. Arguments as `relations_between`."""
    held = relations_between(user, sharer, facts, on)
    return next((relation for relation in NEAREST_FIRST if relation in held), None)


def stated_fact(relation: Relation, *, user: int, sharer: int, since: date, evidence: str) -> KinshipFact | None:
    """The fact that an accepted relation states, to be kept with its evidence.

    Args:
        relation: what the user is to the sharer.
        user: person id.
        sharer: person id.
        since: the day from which it is known.
        evidence: ``commitment`` or the kind of document approved.

    Returns:
        None for relations that follow from two facts (siblings, grandparents …): which parent they have in common is
        not known from the relation alone.
    """
    if relation not in _STATED_BY_ONE_FACT:
        return None
    if relation is Relation.SPOUSE:
        return KinshipFact(FactKind.SPOUSE, min(user, sharer), max(user, sharer), since, None, evidence)
    parent, child = (user, sharer) if relation is Relation.PARENT else (sharer, user)
    return KinshipFact(FactKind.PARENT, parent, child, since, None, evidence)


class _Graph:
    """The facts of one day, ready to be walked a step at a time."""

    def __init__(self, facts: Iterable[KinshipFact]) -> None:
        self._parents: dict[int, set[int]] = {}
        self._children: dict[int, set[int]] = {}
        self._spouses: dict[int, set[int]] = {}
        for fact in facts:
            if fact.kind is FactKind.PARENT:
                self._parents.setdefault(fact.other, set()).add(fact.one)
                self._children.setdefault(fact.one, set()).add(fact.other)
            else:
                self._spouses.setdefault(fact.one, set()).add(fact.other)
                self._spouses.setdefault(fact.other, set()).add(fact.one)

    def parents_of(self, *people: int) -> set[int]:
        """All parents of any of the people."""
        return {parent for person in people for parent in self._parents.get(person, ())}

    def children_of(self, *people: int) -> set[int]:
        """All children of any of the people."""
        return {child for person in people for child in self._children.get(person, ())}

    def spouses_of(self, person: int) -> set[int]:
        """Whoever the person is married to."""
        return self._spouses.get(person, set())
