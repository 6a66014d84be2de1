"""What the platform says of a chat, which nobody has written."""

from bot.app import App
from tests.chat import Chat


async def test_pinning_the_receipt_is_answered_by_nothing(app: App, chat: Chat) -> None:
    await chat.join()
    await chat.ask("Đồ ăn bán trước cổng trường do ai kiểm tra?")
    shown = [message.text for message in chat.shown]

    await chat.message(
        pinned_message={
            "message_id": 7,
            "date": 1,
            "chat": {"id": chat.user_id, "type": "private", "first_name": "CANARY-FIRST-NAME"},
            "text": "…",
        }
    )

    assert [message.text for message in chat.shown] == shown
