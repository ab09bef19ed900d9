"""Who shares with a person and with whom they share, as each of the two may see the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gongji.allotment.model import Left
from gongji.entrances import wording
from gongji.entrances.naming import name_of
from gongji.entrances.wording import Language
from gongji.family.model import Authorisation, AuthorisationState
from gongji.family.words import STATE_WORDS
from gongji.registry.model import Person
from gongji.rules.model import Purpose

_OVER = (AuthorisationState.REFUSED, AuthorisationState.ENDED)


@dataclass(frozen=True, slots=True)
class Sharing:
    """One authorisation in words: the other person, its state, its limits, its dates, what it may be spent on; and, where
    money has to be allotted, how much there is, or which zero it is."""

    id: int
    who: str
    state: str
    state_word: str
    limits: tuple[str, ...]
    dates: tuple[str, ...]
    purposes: tuple[str, ...]
    left: str = ""

    @property
    def over(self) -> bool:
        """Whether it is done with."""
        return self.state in _OVER


def sharings(
    authorisations: Sequence[Authorisation],
    reader_id: int,
    people: Mapping[int, Person],
    language: Language,
    left: Mapping[int, Left],
) -> tuple[Sharing, ...]:
    """Authorisations in words, as one of their two sides reads them.

    Args:
        authorisations: which.
        reader_id: who reads.
        people: the other sides.
        language: the reader's.
        left: what is allotted and not used, by authorisation, where that is asked for.
    """
    return tuple(
        Sharing(
            one.id,
            name_of(one, reader_id, people, language),
            one.state,
            STATE_WORDS[one.state][language is Language.ENGLISH],
            _limits(one, language),
            _dates(one, language),
            tuple(wording.text(f"purpose.{purpose}", language) for purpose in Purpose if purpose in one.purposes),
            left_in_words(left[one.id], "mine" if one.sharer_id == reader_id else "theirs", language)
            if one.id in left
            else "",
        )
        for one in authorisations
    )


def left_in_words(left: Left, side: str, language: Language) -> str:
    """What is allotted and not used, as the sharer (``mine``) or the user (``theirs``) reads it; a zero says which it is."""
    there, none = "all" if left.for_all else "own", "used" if left.ever else "never"
    word = there if left.amount else none
    return wording.text(f"allot.left.{side}.{word}", language, amount=left.amount)


def _limits(one: Authorisation, language: Language) -> tuple[str, ...]:
    limits = (("home.share.month", one.limit_month), ("home.share.total", one.limit_total))
    said = tuple(wording.text(msgid, language, amount=fen) for msgid, fen in limits if fen is not None)
    return said or (wording.text("home.share.no_limit", language),)


def _dates(one: Authorisation, language: Language) -> tuple[str, ...]:
    dates = (("home.share.since", one.active_since), ("home.share.ended", one.ended_at))
    said = tuple(wording.text(msgid, language, day=moment) for msgid, moment in dates if moment is not None)
    return said or (wording.text("home.share.made", language, day=one.made_at),)
