"""What every writer of files shares: the words it is given, the file it hands back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, Protocol


class Words(Protocol):
    """A lookup of messages in the reader's language, without any chat markup."""

    def __call__(self, message_id: str, /, **variables: Any) -> str: ...


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A finished file: how many questions it lists, how many bytes it has."""

    path: Path
    rows: int
    bytes_: int


@dataclass(frozen=True, slots=True)
class Handout:
    """A finished file as it goes to whoever asked: shown as a photo, or to keep as a document.

    `caption` is plain text of at most 1024 characters (Bot API, sendPhoto and sendDocument).
    """

    path: Path
    shown_as: Literal["photo", "document"] = "document"
    caption: str = ""


@contextmanager
def replaced_file(path: Path) -> Iterator[Path]:
    """Yield a place to write to; what is there when the block ends becomes `path` at one stroke.

    The draft stands alone in a private folder beside `path`, which may hold further temporary
    files and is gone afterwards. When the block raises, `path` is as it was.
    """
    with TemporaryDirectory(prefix=".making-", dir=path.parent) as folder:
        draft = Path(folder) / "draft"
        yield draft
        draft.replace(path)
