import json

from hypothesis import given
from hypothesis import strategies as st

from bot.inbox import chat_key, store_updates, without_names
from storage.database import Database
from storage.tables import InboxState, InboxUpdate
from tests.chat import IN_THE_ASKING_WINDOW as NOW

CANARY = "CANARY-NAME"
PERSON = {
    "id": 7,
    "is_bot": False,
    "first_name": CANARY,
    "last_name": CANARY,
    "username": CANARY,
    "language_code": "vi",
}
CHAT = {
    "id": 7,
    "type": "private",
    "first_name": CANARY,
    "last_name": CANARY,
    "username": CANARY,
    "title": CANARY,
}
MESSAGE = {"message_id": 1, "date": 1, "chat": CHAT, "from": PERSON}

WITH_NAMES = {
    "contact": {"contact": {"phone_number": CANARY, "first_name": CANARY, "vcard": CANARY}},
    "location": {"location": {"latitude": 20.86, "longitude": 106.68, "heading": 3}},
    "venue": {"venue": {"location": {"latitude": 20.86}, "title": CANARY, "address": CANARY}},
    "forwarded from a person": {
        "forward_origin": {"type": "user", "date": 1, "sender_user": PERSON},
        "text": "x",
    },
    "forwarded from someone hidden": {
        "forward_origin": {"type": "hidden_user", "date": 1, "sender_user_name": CANARY}
    },
    "forwarded from a channel": {
        "forward_origin": {"type": "channel", "date": 1, "chat": CHAT, "author_signature": CANARY}
    },
    "somebody mentioned": {"entities": [{"type": "text_mention", "user": PERSON}]},
    "somebody joined": {"new_chat_members": [PERSON], "left_chat_member": PERSON},
    "shared people": {"users_shared": {"request_id": 1, "users": [{**PERSON, "user_id": 7}]}},
    "a document": {"document": {"file_id": "a", "file_name": CANARY}},
    "an answer to somebody": {"reply_to_message": {**MESSAGE, "text": CANARY}},
    "an old forward": {"forward_from": PERSON, "forward_sender_name": CANARY},
}


def test_no_name_number_or_place_is_kept():
    kept = {kind: without_names({**MESSAGE, **more}) for kind, more in WITH_NAMES.items()}
    dumped = json.dumps(kept)
    assert [mark for mark in (CANARY, "20.86", "106.68") if mark in dumped] == []
    assert kept["contact"]["contact"] == {"phone_number": "", "first_name": ""}
    assert kept["location"]["location"] == {"latitude": 0, "longitude": 0}


def test_what_a_person_wrote_is_kept_as_it_is():
    update = {
        "update_id": 9,
        "message": {
            "message_id": 1,
            "date": 2,
            "chat": {"id": 7, "type": "private"},
            "from": {"id": 7, "is_bot": False, "first_name": "", "language_code": "vi"},
            "text": "Vì sao? 🌊\n<b>",
            "entities": [{"type": "bold", "offset": 0, "length": 2}],
        },
    }
    assert without_names(update) == update


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_any_text_can_be_encoded_afterwards(text: str):
    kept = without_names(text)
    kept.encode()
    assert "\0" not in kept


def test_updates_of_one_chat_share_a_key():
    message = {"update_id": 1, "message": MESSAGE}
    button = {"update_id": 2, "callback_query": {"id": "1", "from": PERSON, "message": MESSAGE}}
    membership = {"update_id": 3, "my_chat_member": {"chat": CHAT, "from": PERSON}}
    strange = {"update_id": 4, "message": "no object", "other": [1]}
    assert [chat_key("42", one) for one in (message, button, membership, strange)] == [
        "42:7",
        "42:7",
        "42:7",
        "42:",
    ]


async def test_an_update_is_stored_once_and_what_is_none_not_at_all(database: Database, caplog):
    first = {"update_id": 5, "message": {**MESSAGE, "text": "một"}}
    again = {"update_id": 5, "message": {**MESSAGE, "text": "hai"}}
    nothings = [{"message": {**MESSAGE, "text": CANARY}}, "x", {"update_id": "6"}, None]
    async with database.transaction() as session:
        assert await store_updates(session, "42", [first, *nothings, again], NOW) == 2
    async with database.transaction() as session:
        assert await store_updates(session, "42", [again], NOW) == 1
    async with database.snapshot() as session:
        row = await session.get(InboxUpdate, ("42", 5))
    assert row is not None
    assert (row.state, row.chat_key, row.received_at) == (InboxState.waiting, "42:7", NOW)
    assert row.body == without_names(first)
    assert [record.getMessage() for record in caplog.records] == [
        "an update without an id is not kept; it has: message",
        "an update without an id is not kept; it has: no object",
        "an update without an id is not kept; it has: update_id",
        "an update without an id is not kept; it has: no object",
    ]


async def test_text_that_no_database_takes_is_stored_without_it(database: Database):
    update = json.loads(r'{"update_id": 5, "message": {"text": "a\u0000b\ud800c"}}')
    async with database.transaction() as session:
        await store_updates(session, "42", [update], NOW)
    async with database.snapshot() as session:
        row = await session.get(InboxUpdate, ("42", 5))
    assert row is not None
    assert row.body == {"update_id": 5, "message": {"text": "abc"}}
