"""`.env.example` is the list of settings that people read: it names each, with its default."""

import re
from pathlib import Path

import pytest

from config.settings import DEFAULT_PLAN, Settings, SettingsError, load_settings
from tests.source import ROOT

EXAMPLE = ROOT / ".env.example"


def test_example_names_every_setting_once_with_a_word_of_explanation() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    named = re.findall(r"^(\w+)=", text, re.MULTILINE)
    explained = re.findall(r"(?:^# .+\n)+(\w+)=", text, re.MULTILINE)

    assert named == [name.upper() for name in Settings.model_fields]
    assert explained == named


def test_example_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)

    copied = load_settings(_env_file=EXAMPLE)

    assert copied == load_settings()
    assert DEFAULT_PLAN.relative_to(ROOT).as_posix() in EXAMPLE.read_text(encoding="utf-8")


WEBHOOK = {
    "telegram_mode": "webhook",
    "webhook_url": "https://bot.example/calls",
    "webhook_secret": "a-secret_1",
}


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({}, None),
        ({"webhook_url": "https://bot.example"}, None),
        ({"webhook_url": "https://bot.example:8443/a/b-c_d.e~f/"}, None),
        ({"webhook_secret": "x" * 256}, None),
        ({"telegram_mode": "polling", "webhook_secret": None, "webhook_url": None}, None),
        ({"telegram_api_base": "http://127.0.0.1:8081", "webhook_url": "http://x/"}, None),
        ({"webhook_secret": None}, "WEBHOOK_SECRET"),
        ({"webhook_secret": "x" * 257}, "WEBHOOK_SECRET"),
        ({"webhook_secret": "x y"}, "WEBHOOK_SECRET"),
        ({"webhook_secret": "x\n"}, "WEBHOOK_SECRET"),
        ({"webhook_url": None}, "WEBHOOK_URL"),
        ({"webhook_url": "http://bot.example/calls"}, "WEBHOOK_URL"),
        ({"webhook_url": "ftp://x/", "telegram_api_base": "http://127.0.0.1"}, "WEBHOOK_URL"),
        ({"webhook_url": "https:///calls"}, "WEBHOOK_URL"),
        ({"webhook_url": "https://[bot/calls"}, "WEBHOOK_URL"),
        ({"webhook_url": "https://bot.example:70000/"}, "WEBHOOK_URL"),
        ({"webhook_url": "https://bot.example/calls?x=1"}, "WEBHOOK_URL"),
        ({"webhook_url": "https://bot.example/{calls}"}, "WEBHOOK_URL"),
        ({"webhook_url": "https://user:CANARY@bot.example/"}, "WEBHOOK_URL"),
        ({"webhook_url": "https://bot.example/cổng"}, "WEBHOOK_URL"),
        ({"telegram_mode": "both"}, "TELEGRAM_MODE"),
        ({"health_port": 70000}, "HEALTH_PORT"),
    ],
)
def test_a_webhook_is_set_up_wholly_or_refused(
    given: dict[str, str | None], wrong: str | None
) -> None:
    if wrong is None:
        load_settings(**{**WEBHOOK, **given})
        return
    with pytest.raises(SettingsError) as error:
        load_settings(**{**WEBHOOK, **given})
    [line] = str(error.value).splitlines()
    assert line.partition(":")[0] == wrong
    assert "CANARY" not in line
