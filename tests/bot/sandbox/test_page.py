import json
import re

from bot.sandbox.control import PAGE, PAGE_WORDS


def _words(language):
    return json.loads((PAGE_WORDS / f"{language}.json").read_text(encoding="utf-8"))


def test_both_languages_have_the_same_words_and_variables():
    def variables(words):
        return {key: sorted(re.findall(r"{ (\w+) }", text)) for key, text in words.items()}

    assert variables(_words("vi")) == variables(_words("en"))


def test_every_word_the_page_asks_for_exists():
    html = (PAGE / "index.html").read_text(encoding="utf-8")
    scripts = "".join(path.read_text(encoding="utf-8") for path in PAGE.glob("*.js"))
    asked = set(re.findall(r'data-word[a-z-]*="([\w.]+)"', html))
    asked |= set(
        re.findall(
            r'"((?:page|person|phone|composer|attach|message|alert|dialog|reset|error|clock|samples|open|tour|refusal)\.\w+)"',
            scripts,
        )
    )
    assert asked - _words("vi").keys() == set()


async def test_page_is_served_whole_and_shut_in(bot):
    html = (PAGE / "index.html").read_text(encoding="utf-8")
    parts = set(re.findall(r'(?:href|src)="(/page/[^"]+)"', html))
    parts |= {f"/page/{path.name}" for path in PAGE.glob("*.js")}
    parts |= {"/", "/page/words/vi.json", "/page/words/en.json"}
    statuses = {}
    for part in parts:
        async with bot.session.get(bot.base + part) as response:
            statuses[part] = response.status
            assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert statuses == dict.fromkeys(parts, 200)
    async with bot.session.get(f"{bot.base}/page/words/../../api.py") as response:
        assert response.status == 404


def test_scripts_never_write_markup():
    scripts = "".join(path.read_text(encoding="utf-8") for path in PAGE.glob("*.js"))
    assert (
        re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", scripts) == []
    )
