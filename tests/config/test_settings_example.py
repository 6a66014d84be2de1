"""`.env.example` is the list of settings that people read: it names each, with its default."""

import re
from pathlib import Path

import pytest

from config.settings import DEFAULT_PLAN, Settings, load_settings
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
