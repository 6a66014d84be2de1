import html

from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.markup import Formatted, finish, parse_html, units

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXT)
def test_escaped_text_comes_back_unchanged(text):
    assert parse_html(html.escape(text)) == Formatted(text, [])


@given(TEXT, TEXT, TEXT)
def test_entity_covers_its_own_words(before, inside, after):
    text, entities = parse_html(
        f"{html.escape(before)}<b>{html.escape(inside)}</b>{html.escape(after)}"
    )
    bold = {"type": "bold", "offset": units(before), "length": units(inside)}
    assert (text, entities) == (before + inside + after, [bold] if inside else [])


@given(TEXT, TEXT, TEXT)
def test_entities_stay_inside_the_trimmed_text(before, inside, after):
    source = Formatted(
        before + inside + after,
        [{"type": "bold", "offset": units(before), "length": units(inside)}],
    )
    text, entities = finish(source)
    assert text == source.text.strip()
    for entity in entities:
        assert 0 <= entity["offset"] < entity["offset"] + entity["length"] <= units(text)


def test_code_that_fills_a_block_gives_it_its_language():
    source = '<pre><code class="language-python">x</code></pre>'
    assert finish(parse_html(source)).entities == [
        {"type": "pre", "offset": 0, "length": 1, "language": "python"}
    ]


def test_expandable_quote_link_and_spoiler_are_told_apart():
    source = (
        "<blockquote expandable>a</blockquote><span class='tg-spoiler'>b</span><a href=x.vn>c</a>"
    )
    assert [entity["type"] for entity in parse_html(source).entities] == [
        "expandable_blockquote",
        "spoiler",
        "text_link",
    ]


def test_addresses_commands_and_mentions_are_found_but_not_inside_code():
    text = "https://a.vn/x, /hoi@some_bot @nguoi_dung #chude a@b.vn 5/6 a/b"
    found = finish(Formatted(text, [])).entities
    pieces = [(e["type"], text[e["offset"] : e["offset"] + e["length"]]) for e in found]
    assert pieces == [
        ("url", "https://a.vn/x"),
        ("bot_command", "/hoi@some_bot"),
        ("mention", "@nguoi_dung"),
        ("hashtag", "#chude"),
        ("email", "a@b.vn"),
    ]
    code = [{"type": "code", "offset": 0, "length": units(text)}]
    assert finish(Formatted(text, code)).entities == code
