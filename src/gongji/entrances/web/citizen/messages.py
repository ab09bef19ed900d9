"""The citizen's inbox, and what they want on their phone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.responses import Response

from gongji.entrances.messaging.words import named_in, relatives, sentences
from gongji.entrances.web.citizen.helping import not_while_helping
from gongji.entrances.web.citizen.stops import stopped
from gongji.entrances.web.visits import Visit, whole
from gongji.family.consent_codes import check_phone
from gongji.foundation import audit, inbox, message_choices
from gongji.foundation.errors import GongjiError, InvalidInput, NotFound
from gongji.foundation.inbox import TOPICS, Received, Topic
from gongji.foundation.limits import check_limit, count_attempt
from gongji.foundation.message_choices import Choices
from gongji.foundation.questions import together

#: How many a page shows.
PAGE: Final = 20


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as its reader sees it; `fresh` until it was opened."""

    id: int
    sentence: str
    at: datetime
    fresh: bool
    about: str


def messages(visit: Visit) -> Response:
    """``GET /messages``: newest first; ``POST`` marks all as read."""
    if visit.posted:
        inbox.mark_read(visit.connection, visit.person_id, visit.now)
        return visit.go("/messages")
    with together(visit.connection) as asked:
        newest = asked(inbox.messages_question(visit.person_id, PAGE + 1, _before(visit)))
        unread = asked(inbox.unread_question(visit.person_id))
    found = newest.answer
    shown = _shown(visit, found[:PAGE])
    return visit.render(
        "citizen/messages.html",
        messages=shown,
        unread=unread.answer,
        older=shown[-1].id if len(found) > PAGE else 0,
        paged=bool(visit.query("before")),
        texts=visit.platform.settings.sms_url is not None,
    )


def message(visit: Visit) -> Response:
    """``GET /messages/{number}``: one message, which is read with that."""
    found = inbox.message_of(visit.connection, visit.person_id, visit.number())
    if found is None:
        raise NotFound(
            "message.unknown", "there is no such message of yours", "没有找到这条消息，或者不是发给您的", field="number"
        )
    inbox.mark_read(visit.connection, visit.person_id, visit.now, found.id)
    (shown,) = _shown(visit, [found])
    return visit.render("citizen/told.html", message=shown, topic=found.kind.partition(".")[0])


def choices(visit: Visit) -> Response:
    """``/messages/choices``: which topics come to the phone, when, and to which number."""
    not_while_helping(visit)
    if visit.platform.settings.sms_url is None:
        raise NotFound("message.no_texts", "no texts are sent here", "这里暂不发送短信", field="number")
    now = message_choices.choices_of(visit.connection, visit.platform.vault, visit.person_id)
    wanted = now or Choices("", "", tuple(TOPICS), True, visit.reader.language)
    typed, topics, quiet = wanted.phone, wanted.topics, wanted.quiet
    errors: dict[str, str] = {}
    if visit.posted:
        typed, quiet = visit.form.text("phone"), visit.form.text("quiet") == "yes"
        topics = tuple(one for one in TOPICS if one in visit.form.all("topics"))
        try:
            return _keep(visit, typed, topics, quiet=quiet, before=wanted)
        except InvalidInput as problem:
            errors[problem.field or "phone"] = visit.reader.sentence(problem)
        except GongjiError as problem:
            return stopped(visit, problem, back="/messages/choices")
    return visit.render(
        "citizen/message_choices.html",
        status=422 if errors else 200,
        typed=typed,
        asked=wanted.asked,
        topics=topics,
        quiet=quiet,
        all_topics=[(str(one), visit.reader.text(f"message.topic.{one}"), "") for one in Topic],
        errors=errors,
        done=visit.query("done") == "kept",
    )


def _keep(visit: Visit, typed: str, topics: tuple[str, ...], *, quiet: bool, before: Choices) -> Response:
    phone = check_phone(typed) if typed else ""
    connection, person_id = visit.connection, visit.person_id
    if phone and phone != before.phone:
        check_limit(connection, message_choices.SENT, str(person_id), at=visit.now)
    message_choices.choose(connection, person_id, topics, quiet=quiet, language=visit.reader.language, at=visit.now)
    audit.record(connection, visit.caller, "message.choose", at=visit.now, person_id=person_id)
    if not phone:
        message_choices.forget_phone(connection, person_id, visit.now)
    elif phone != before.phone:
        count_attempt(visit.platform.database, message_choices.SENT, str(person_id), at=visit.now)
        text = visit.reader.text("message.phone_code", code="{code}")
        message_choices.ask_phone(connection, visit.platform.vault, person_id, phone, text, at=visit.now)
        return visit.go("/messages/phone")
    return visit.go("/messages/choices?done=kept")


def phone(visit: Visit) -> Response:
    """``/messages/phone``: the code that was sent to a new number."""
    not_while_helping(visit)
    found = message_choices.choices_of(visit.connection, visit.platform.vault, visit.person_id)
    if found is None or not found.asked:
        return visit.go("/messages/choices")
    errors: dict[str, str] = {}
    if visit.posted:
        whose = str(visit.person_id)
        try:
            check_limit(visit.connection, message_choices.TRIED, whose, at=visit.now)
            message_choices.confirm_phone(
                visit.connection, visit.platform.vault, visit.person_id, visit.form.text("code"), at=visit.now
            )
        except InvalidInput as problem:
            count_attempt(visit.platform.database, message_choices.TRIED, whose, at=visit.now)
            errors["code"] = visit.reader.sentence(problem)
        except GongjiError as problem:
            return stopped(visit, problem, back="/messages/choices")
        else:
            return visit.go("/messages/choices?done=kept")
    number = f"{found.asked[:3]}****{found.asked[-4:]}"
    return visit.render("citizen/message_phone.html", status=422 if errors else 200, number=number, errors=errors)


def _before(visit: Visit) -> int | None:
    text = visit.query("before")
    if not text:
        return None
    number = whole(text)
    if number is None:
        raise InvalidInput(
            "before.invalid",
            "this is no place in the list",
            "链接不完整，请从首页重新进入",
            field="before",
            accepted="what the page before offered",
        )
    return number


def _shown(visit: Visit, found: Collection[Received]) -> list[Shown]:
    named = named_in(visit.connection, visit.platform.vault, found)
    seen = relatives(found, named)
    audit.record_each(visit.connection, visit.caller, "person.read_masked", seen, at=visit.now)
    said = sentences(found, named, visit.reader.language)
    return [
        Shown(one.id, said[one.id], one.made_at, one.read_at is None, f"/c/{one.about}" if one.about else "")
        for one in found
    ]
