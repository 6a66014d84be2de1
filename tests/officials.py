"""Officials for tests, who come in as they do in life: by an organiser's one-time link."""

import re

from bot.app import App
from storage.tables import Role
from tests.chat import Chat, chat_with

LEADS = 8_000
ME = {"id": 42, "is_bot": True, "first_name": "doithoai", "username": "doithoai_bot"}
BUTTONS = {
    Role.organiser: "Ban Tổ chức",
    Role.duty_officer: "Cán bộ trực",
    Role.unit_lead: "Bí thư",
}


async def link_to(organiser: Chat, role: Role, unit: str = "") -> str:
    """Let the organiser make a link with a few taps; returns its start payload."""
    organiser.app.introduce(ME)
    await organiser.send("/moi")
    await organiser.press(BUTTONS[role])
    if role is Role.unit_lead:
        free = f"○ {unit}"
        await organiser.press(free if free in organiser.labels else unit)
    found = re.search(r"<code>https://t\.me/doithoai_bot\?start=([\w-]+)</code>", organiser.said)
    assert found is not None, organiser.said
    return found[1]


async def official(app: App, organiser: Chat, user_id: int, role: Role, unit: str = "") -> Chat:
    """A person who has taken the role."""
    payload = await link_to(organiser, role, unit)
    chat = chat_with(app, user_id)
    await chat.send(f"/start {payload}")
    await chat.press("Nhận vai trò")
    return chat


async def lead_of(app: App, organiser: Chat, unit: str, user_id: int = LEADS) -> Chat:
    """A unit lead."""
    return await official(app, organiser, user_id, Role.unit_lead, unit)
