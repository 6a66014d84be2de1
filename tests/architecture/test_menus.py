"""The command menus, as they go to the platform."""

from bot.app import App
from config.texts import texts_for
from tests.chat import RecordingPlatform

VIETNAMESE = ["hoi", "cuatoi", "tracuu", "han", "dulieu", "xoa", "trogiup"]
ENGLISH = ["ask", "my", "status", "deadline", "privacy", "erase", "help"]


async def test_menu_of_each_language_is_published(app: App) -> None:
    await app.publish_menus()

    assert isinstance(app.platform, RecordingPlatform)
    published = {
        parameters.get("language_code"): parameters["commands"]
        for method, parameters in app.platform.calls
        if method == "setMyCommands"
    }
    names = {
        language: [entry["command"] for entry in commands]
        for language, commands in published.items()
    }
    assert names == {None: VIETNAMESE, "vi": VIETNAMESE, "en": ENGLISH}
    assert [entry["description"] for entry in published["en"]] == [
        texts_for("en").plain(f"command-{name}") for name in ENGLISH
    ]
    assert [entry["description"] for entry in published["vi"]] == [
        texts_for("vi").plain(f"command-{name}") for name in ENGLISH
    ]
    # Telegram takes at most 256 characters.
    assert all(1 <= len(e["description"]) <= 256 for menu in published.values() for e in menu)
