"""The words people read: Fluent messages, Vietnamese first, English second."""

import functools
import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fluent.runtime import FluentBundle, FluentResource, resolver

LOCALES_DIR = Path(__file__).parent / "locales"
LANGUAGES = ("vi", "en")
FALLBACK = "vi"

# The library takes no more than 2,500 characters in one place; a question, escaped, has more.
resolver.MAX_PART_LENGTH = 20_000


class TextError(Exception):
    """A message id or variable that the catalogues do not know: a fault of ours."""


class Safe(str):
    """A value that is already the channel's markup and must not be escaped again."""

    __slots__ = ()


class Texts:
    """The messages of one language; what it lacks is said in Vietnamese."""

    def __init__(self, language: str, reader: str = "youth") -> None:
        self.language = language if language in LANGUAGES else FALLBACK
        self._bundles = [_bundle(self.language)]
        if self.language != FALLBACK:
            self._bundles.append(_bundle(FALLBACK))
        self._fixed: dict[str, str] = {}
        # Vietnamese speaks to a child otherwise than to a young adult; see `address-you`.
        self._address: dict[str, Any] = {"reader": reader}
        you = self._format("address-you", {})
        self._address |= {"you": you, "You": you[:1].upper() + you[1:]}

    def __call__(self, message_id: str, /, **variables: Any) -> str:
        """The message for a chat: variables are escaped, since they may be people's words."""
        return self._format(message_id, {name: _escaped(v) for name, v in variables.items()})

    def plain(self, message_id: str, /, **variables: Any) -> str:
        """The message where no markup is read: buttons, alerts, files."""
        if variables:
            return self._format(message_id, variables)
        said = self._fixed.get(message_id)
        if said is None:
            said = self._fixed[message_id] = self._format(message_id, {})
        return said

    def _format(self, message_id: str, variables: Mapping[str, Any]) -> str:
        for bundle in self._bundles:
            if bundle.has_message(message_id):
                pattern = bundle.get_message(message_id).value
                if pattern is None:
                    break
                said, errors = bundle.format_pattern(pattern, {**self._address, **variables})
                if errors:
                    raise TextError(f"{message_id} ({self.language}): {errors[0]}")
                return str(said)
        raise TextError(f"there is no message {message_id}")


@functools.cache
def texts_for(language: str, reader: str = "youth") -> Texts:
    """The messages of a language, for a reader: `youth`, `child` or `official`."""
    return Texts(language, reader)


@functools.cache
def _bundle(language: str) -> FluentBundle:
    bundle = FluentBundle([language], use_isolating=False)
    for path in sorted((LOCALES_DIR / language).glob("*.ftl")):
        bundle.add_resource(FluentResource(path.read_text(encoding="utf-8")))
    return bundle


def _escaped(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, Safe):
        return html.escape(value, quote=False)
    return value
