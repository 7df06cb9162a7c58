"""Updates as Telegram posts them, and what becomes of them when they are bent: shapes that nobody has promised."""

import json
from typing import Any

from hypothesis import strategies as st

from tests.faults.bending import bent_json, torn

PERSON, PLACE = (
    471_100_000_000,
    -100_471_100_000_000,
)  # every body has others in their place, so that none speaks too fast
ANA = {"id": PERSON, "is_bot": False, "first_name": "Ana", "language_code": "es"}
BOT = {"id": 123456789, "is_bot": True, "first_name": "Facts", "username": "FactsBot"}
PRIVATE = {"id": PERSON, "type": "private", "first_name": "Ana"}
GROUP = {"id": PLACE, "type": "supergroup", "title": "Neighbours"}
MESSAGE = {"message_id": 5, "date": 1_763_000_000, "from": ANA, "chat": PRIVATE, "text": "private words"}
OLDER = {"message_id": 4, "date": 1_763_000_000, "from": BOT, "chat": PRIVATE, "text": "an answer"}
KEYBOARD = {"inline_keyboard": [[{"text": "Vote", "callback_data": "vote"}]]}
MENTION = {"type": "mention", "offset": 0, "length": 9}
STANDING = {"status": "member", "user": BOT}
PHOTO = [{"file_id": "p", "file_unique_id": "p", "width": 90, "height": 60}]
KINDS: tuple[dict[str, Any], ...] = (
    {"message": MESSAGE},
    {"message": MESSAGE | {"text": "/vote now", "entities": [{"type": "bot_command", "offset": 0, "length": 5}]}},
    {"message": MESSAGE | {"text": "/start vote", "reply_to_message": OLDER}},
    {"message": {**MESSAGE, "chat": GROUP, "text": "@FactsBot private words", "entities": [MENTION]}},
    {"message": {**MESSAGE, "chat": GROUP, "message_thread_id": 7, "is_topic_message": True, "text": "/vote@FactsBot"}},
    {"message": {**MESSAGE, "text": None, "photo": PHOTO, "caption": "private words", "media_group_id": "7"}},
    {"message": {**MESSAGE, "chat": GROUP, "migrate_to_chat_id": PLACE - 1}},
    {"callback_query": {
        "id": "1", "from": ANA, "chat_instance": "1", "data": "vote", "message": OLDER | {"reply_markup": KEYBOARD},
    }},
    {"inline_query": {"id": "2", "from": ANA, "query": "fail", "offset": "", "chat_type": "group"}},
    {"inline_query": {"id": "2", "from": ANA, "query": "private words", "offset": "", "chat_type": "group"}},
    {"guest_message": {**MESSAGE, "chat": GROUP, "guest_query_id": "3", "text": "@FactsBot private words"}},
    {"my_chat_member": {
        "chat": GROUP, "from": ANA, "date": 0, "old_chat_member": STANDING, "new_chat_member": STANDING,
    }},
    {"poll": {"id": "1", "question": "private words", "options": []}, "new_kind": {}},
)  # fmt: skip
DEEP_AROUND = ("[%s]", json.dumps(MESSAGE | {"reply_to_message": "%s"}).replace('"%s"', "%s"), '{"chat": %s}')


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """What is posted: an update that is bent in a few places; now and then with bytes that are no JSON."""
    update = {"update_id": draw(st.integers(2, 2**62)), **draw(st.sampled_from(KINDS))}
    text = draw(bent_json(update, DEEP_AROUND))
    other = draw(st.integers(0, 99_999_999))
    text = text.replace(str(PERSON), str(PERSON + other)).replace(str(PLACE), str(PLACE - other))
    return draw(torn(text.encode("utf-8", "surrogatepass")))
