"""What the two sides are told when money is allotted or taken back."""

from __future__ import annotations

from collections.abc import Sequence

from gongji.allotment.model import Deed, Done
from gongji.family.model import Authorisation
from gongji.foundation.inbox import Message

_WORDS = {Deed.ALLOT: "allotted", Deed.TAKE_BACK: "taken_back"}


def messages_of(one: Done, open_now: Sequence[Authorisation]) -> list[Message]:
    """The messages of a deed: to the sharer, and to whom the money is for; what is for all, to every relative.

    Args:
        one: the deed.
        open_now: the sharer's authorisations that are in force.
    """
    word, once = _WORDS[one.deed], str(one.id)
    if one.authorisation_id is None:
        told = [Message(one.sharer_id, f"family.{word}_all.sharer", {"amount": one.amount}, "allotment", once)]
        return told + [
            Message(
                share.user_id,
                f"family.{word}_all.user",
                {"amount": one.amount, "authorisation": share.id},
                f"sharings/{share.id}",
                once,
            )
            for share in open_now
        ]
    facts = {"amount": one.amount, "authorisation": one.authorisation_id}
    about = f"sharings/{one.authorisation_id}"
    users = [share.user_id for share in open_now if share.id == one.authorisation_id]
    told = [Message(one.sharer_id, f"family.{word}.sharer", facts, "allotment", once)]
    return told + [Message(user, f"family.{word}.user", facts, about, once) for user in users]
