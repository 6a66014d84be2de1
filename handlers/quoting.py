"""People's own words, shown again: never longer than a message may be."""

from conference.vietnamese import utf16_length

LONGEST_QUOTE = 3300
"""UTF-16 units. A message may have 4096; the rest is for what stands around the quotation."""


def quoted(text: str, units: int = LONGEST_QUOTE) -> str:
    """The text, cut with an ellipsis where it would be longer than so many UTF-16 units."""
    if utf16_length(text) <= units:
        return text
    cut = text.encode("utf-16-le")[: 2 * (units - 1)].decode("utf-16-le", "ignore")
    return cut.rstrip() + "…"


def one_line(text: str, units: int) -> str:
    """The same, on one line."""
    return quoted(" ".join(text.split()), units)
