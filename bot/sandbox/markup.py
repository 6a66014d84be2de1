"""Telegram's formatted text: HTML into text and entities, lengths in UTF-16 units."""

import html
import re
from typing import Any, NamedTuple

Json = dict[str, Any]

TAGS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline",
    "ins": "underline", "s": "strikethrough", "strike": "strikethrough",
    "del": "strikethrough", "code": "code", "pre": "pre", "a": "text_link",
    "tg-spoiler": "spoiler", "span": "spoiler", "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}  # fmt: skip
CHARACTER = re.compile(r"&(?:lt|gt|amp|quot|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")
START_TAG = re.compile(r"<([^\s>/]*)((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>")
ATTRIBUTE = re.compile(r"([^\s=]+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"']+))?")
FOUND = re.compile(
    r"(?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<url>https?://[^\s<>]*[^\s<>.,;:!?)»”\"'])"
    r"|(?<![\w@/])(?P<mention>@[A-Za-z]\w{3,31})"
    r"|(?<![\w/])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@[A-Za-z]\w{3,31})?)(?![\w/])"
    r"|(?<!\w)(?P<hashtag>#\w*[^\W\d_]\w*)",
)


class MarkupError(ValueError):
    """The text does not parse; the words are Telegram's own."""


class Formatted(NamedTuple):
    """Plain text with the entities that lie on it."""

    text: str
    entities: list[Json]


class _Open(NamedTuple):
    tag: str
    offset: int
    attributes: dict[str, str]


def units(text: str) -> int:
    """Length as Telegram counts it: UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def parse_html(source: str) -> Formatted:
    """The text and entities of Telegram's HTML style.

    Raises:
        MarkupError: an unknown, unclosed or wrongly nested tag.
    """
    pieces: list[str] = []
    entities: list[Json] = []
    open_tags: list[_Open] = []
    length = at = 0
    while at < len(source):
        if source[at] == "<":
            if source.startswith("</", at):
                at = _close(source, at, length, open_tags, entities)
            else:
                at = _open(source, at, length, open_tags)
            continue
        character = CHARACTER.match(source, at) if source[at] == "&" else None
        if character:
            piece, at = html.unescape(character[0]), character.end()
        else:
            end = min(
                (
                    found
                    for found in (source.find("<", at + 1), source.find("&", at + 1))
                    if found != -1
                ),
                default=len(source),
            )
            piece, at = source[at:end], end
        pieces.append(piece)
        length += units(piece)
    if open_tags:
        raise MarkupError(f'Can\'t find end tag corresponding to start tag "{open_tags[-1].tag}"')
    return Formatted("".join(pieces), entities)


def _byte(source: str, at: int) -> int:
    return len(source[:at].encode("utf-8", "surrogatepass"))


def _open(source: str, at: int, offset: int, open_tags: list[_Open]) -> int:
    match = START_TAG.match(source, at)
    if not match:
        raise MarkupError(f"Unclosed start tag at byte offset {_byte(source, at)}")
    tag = match[1].lower()
    attributes = {
        name.lower(): html.unescape(value.strip("\"'"))
        for name, value in ATTRIBUTE.findall(match[2])
    }
    if tag not in TAGS:
        raise MarkupError(f'Unsupported start tag "{tag}" at byte offset {_byte(source, at)}')
    if tag == "span" and attributes.get("class") != "tg-spoiler":
        raise MarkupError(
            f'Tag "span" must have class "tg-spoiler" at byte offset {_byte(source, at)}'
        )
    open_tags.append(_Open(tag, offset, attributes))
    return match.end()


def _close(source: str, at: int, length: int, open_tags: list[_Open], entities: list[Json]) -> int:
    end = source.find(">", at)
    if end == -1:
        raise MarkupError(f"Unclosed end tag at byte offset {_byte(source, at)}")
    name = source[at + 2 : end].strip().lower()
    if not open_tags:
        raise MarkupError(f"Unexpected end tag at byte offset {_byte(source, at)}")
    tag, offset, attributes = open_tags.pop()
    if name not in {"", tag}:
        raise MarkupError(
            f"Unmatched end tag at byte offset {_byte(source, at)},"
            f' expected "</{tag}>", found "</{name}>"'
        )
    entity: Json = {"type": TAGS[tag], "offset": offset, "length": length - offset}
    if tag == "a":
        entity["url"] = attributes.get("href", "")
    elif tag == "tg-emoji":
        entity["custom_emoji_id"] = attributes.get("emoji-id", "")
    elif tag == "blockquote" and "expandable" in attributes:
        entity["type"] = "expandable_blockquote"
    elif tag == "code" and attributes.get("class", "").startswith("language-"):
        entity["language"] = attributes["class"].removeprefix("language-")
    if entity["length"] and (tag != "a" or entity["url"]):
        entities.append(entity)
    return end + 1


def finish(formatted: Formatted) -> Formatted:
    """Trim the text as Telegram does, order the entities, and add those it finds by itself."""
    text = formatted.text.strip()
    cut = units(formatted.text[: len(formatted.text) - len(formatted.text.lstrip())])
    total = units(text)
    kept: list[Json] = []
    for entity in formatted.entities:
        start = max(entity["offset"] - cut, 0)
        end = min(entity["offset"] - cut + entity["length"], total)
        if end > start:
            kept.append({**entity, "offset": start, "length": end - start})
    kept = _one_pre(kept)
    for match in FOUND.finditer(text):
        start, length = units(text[: match.start()]), units(match[0])
        if not any(_hides(entity, start, length) for entity in kept):
            kept.append({"type": match.lastgroup, "offset": start, "length": length})
    kept.sort(key=lambda entity: (entity["offset"], -entity["length"]))
    return Formatted(text, kept)


def _hides(entity: Json, start: int, length: int) -> bool:
    overlaps: bool = start < entity["offset"] + entity["length"] and entity["offset"] < (
        start + length
    )
    return overlaps and entity["type"] in {"code", "pre", "text_link", "custom_emoji"}


def _one_pre(entities: list[Json]) -> list[Json]:
    """A <code> that fills a <pre> is the <pre> itself, with the language."""
    spans = {(e["offset"], e["length"]): e for e in entities if e["type"] == "pre"}
    rest: list[Json] = []
    for entity in entities:
        language = entity.pop("language", None) if entity["type"] == "code" else None
        outer = spans.get((entity["offset"], entity["length"]))
        if entity["type"] == "code" and outer is not None:
            if language:
                outer["language"] = language
            continue
        rest.append(entity)
    return rest
