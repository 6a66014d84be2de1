"""A database as the first release (revision 0001) left it: rows of every table.

Frozen: what a later revision renames, drops or adds changes nothing here. Tables stand in the
order in which their rows can be stored; a column that is left out is empty.
"""

from datetime import UTC, datetime
from typing import Any

REVISION = "0001"
T = datetime(2027, 5, 26, 7, 59, 59, 123456, tzinfo=UTC)
LATER = datetime(2027, 5, 27, 1, 0, 0, tzinfo=UTC)
BIG = 2**62 + 1
WORDS = 'Nhà văn hoá "Sở Dầu" mở cửa khi nào? 👩‍👩‍👧 \u202e\t\\ \u0301 =1+1'

_PERSON: dict[str, Any] = {"language": "vi", "created_at": T}
_OUTBOX: dict[str, Any] = {
    "bot_id": "42", "channel": "telegram", "chat_id": "7", "content": {"text": WORDS},
    "attempts": 1, "created_at": T, "forget": False, "lease_owner": "me", "lease_until": T,
}  # fmt: skip

ROWS: dict[str, list[dict[str, Any]]] = {
    "conference": [
        {
            "code": "HB27", "title": WORDS, "plan_digest": "d" * 64, "kind": "live",
            "last_number": 147, "loaded_at": T, "clock_offset_seconds": 0,
        }
    ],
    "unit": [
        {"code": "so-dau", "name": "Đoàn phường Sở Dầu", "short_name": "Sở Dầu", "kind": "ward", "position": 0},
        {"code": "ha-ly", "name": "Đoàn phường Hạ Lý", "short_name": "Hạ Lý", "kind": "ward", "position": 1},
    ],
    "topic": [
        {"code": "moi-truong", "number": 8, "label": "Môi trường", "position": 0, "closed_at": T},
    ],
    "department": [{"code": "y-te", "name": "Phòng Y tế", "position": 0}],
    "chat_state": [
        {
            "bot_id": "42", "chat_id": "7", "user_id": "7", "state": "AskForm:text",
            "content": {"text": WORDS, "nested": [1, 2.5, None, True, {"z": 1, "a": BIG}]},
            "begun_at": T, "changed_at": T,
        },
        {"bot_id": "42", "chat_id": "8", "user_id": "8", "content": {}, "begun_at": T, "changed_at": T},
    ],
    "inbox": [
        {
            "bot_id": "42", "update_id": 1, "chat_key": "42:7", "body": {"text": WORDS},
            "state": "waiting", "received_at": T, "attempts": 1, "next_try_at": LATER,
            "error": "OperationalError",
        },
        {"bot_id": "42", "update_id": 2, "chat_key": "42:7", "state": "done", "received_at": T, "attempts": 0},
        {
            "bot_id": "42", "update_id": BIG, "chat_key": "42:8", "body": {"text": WORDS},
            "state": "set_aside", "received_at": T, "attempts": 3, "error": "KeyError",
        },
    ],
    "job": [
        {
            "id": 3, "kind": "export", "parameters": {"topic": 8}, "bot_id": "42", "chat_id": "7",
            "language": "vi", "state": "queued", "status_slot": -BIG, "attempts": 0, "created_at": T,
        },
        {
            "id": 4, "kind": "poster", "parameters": {}, "bot_id": "42", "chat_id": "7",
            "language": "en", "state": "failed", "attempts": 2, "created_at": T,
            "finished_at": LATER, "error": "exit 1",
        },
    ],
    "person": [
        {
            "id": 5, "channel": "telegram", "external_id": str(BIG), "age_band": "16_17",
            "consent_version": "1", "consented_at": T, "unit_code": "so-dau", **_PERSON,
        },
        {"id": 9, "channel": "telegram", "external_id": "9", "unreachable_at": LATER, **_PERSON},
    ],
    "audit": [
        {
            "id": 1, "at": T, "actor_id": 5, "action": "question.submitted",
            "subject_kind": "question", "subject_id": "1", "detail": {"unit": "so-dau"},
        },
    ],
    "broadcast": [{"id": 1, "text": WORDS, "audience": "all", "created_at": T, "created_by": 9, "people": 2}],
    "extension": [
        {"id": 1, "milestone": "unit_reports_due", "moment": LATER, "reason": WORDS, "granted_at": T},
    ],
    "extension_request": [
        {
            "id": 1, "milestone": "unit_reports_due", "unit_code": "so-dau", "wanted": LATER,
            "reason": WORDS, "asked_at": T, "asked_by": 9,
        },
    ],
    "invite": [
        {
            "id": 1, "token_hash": "h" * 64, "role": "unit_lead", "unit_code": "so-dau",
            "created_at": T, "created_by": 5, "expires_at": LATER,
        },
    ],
    "nudge_round": [{"key": "k", "due_at": T, "planned_at": T, "people": 1}],
    "question": [
        {
            "id": 1, "code": "HB27-0147", "author_id": 5, "unit_code": "so-dau",
            "topic_code": "moi-truong", "text": WORDS, "fingerprint": "f" * 64, "state": "held",
            "is_addendum": False, "submitted_at": T,
        },
        {
            "id": 700, "code": "HB27-0001", "unit_code": "ha-ly", "topic_code": "moi-truong",
            "text": "x" * 3500, "state": "reported", "is_addendum": True, "submitted_at": T,
            "edited_at": LATER,
        },
    ],
    "report": [
        {
            "id": 1, "unit_code": "ha-ly", "number": 1, "handed_up_at": T, "handed_up_by": 9,
            "question_count": 1, "is_late": False, "by_organiser": False,
        },
    ],
    "role_grant": [
        {
            "id": 1, "person_id": 9, "role": "unit_lead", "unit_code": "ha-ly", "granted_at": T,
            "granted_by": 5, "by_settings": False,
        },
        {"id": 2, "person_id": 5, "role": "organiser", "granted_at": T, "by_settings": True, "revoked_at": LATER},
    ],
    "outbox": [
        {"id": 1, "lane": "reply", "kind": "sendMessage", "state": "due", "slot": -BIG, **_OUTBOX},
        {"id": 2, "lane": "paced", "key": "nudge:k:9", "recipient_id": 9, "kind": "nudge", "state": "due", "next_try_at": LATER, "not_after": LATER, **_OUTBOX},
        {"id": 3, "lane": "paced", "key": "nudge:k:5", "recipient_id": 5, "kind": "nudge", "state": "uncertain", "error": "the process ended while sending", **_OUTBOX},
        {"id": 4, "lane": "paced", "key": "broadcast:1:5", "recipient_id": 5, "kind": "broadcast", "state": "failed", "sent_at": LATER, "error": "BadRequest", **_OUTBOX},
        {"id": 5, "lane": "paced", "key": "broadcast:1:9", "recipient_id": 9, "kind": "broadcast", "state": "sent", "sent_at": LATER, "message_id": BIG, **_OUTBOX},
    ],
}  # fmt: skip
