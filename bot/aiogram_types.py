"""aiogram's types, each built when it is first needed.

aiogram describes some 450 kinds of objects and builds a validator for every one when it is
imported, each holding all that it refers to: seconds and a hundred megabytes, nearly all of it for
what no conversation here ever sees (`docs/decisions/0016-lean-start.md` has the figures). Its
classes can be built on demand; all they lack for that are each other's names.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

_REBUILD = "model_rebuild"
_original = BaseModel.__dict__[_REBUILD]
_names: dict[str, Any] = {}


def import_aiogram() -> None:
    """Import aiogram with its types not built yet. To be called before anything imports it.

    From then on pydantic builds each where it is first used, which for the large ones takes a
    tenth of a second: those that every conversation uses are built here.
    """
    setattr(BaseModel, _REBUILD, classmethod(_keep_names))
    try:
        import aiogram  # noqa: F401, PLC0415  the import is what this is about
    finally:
        setattr(BaseModel, _REBUILD, _original)
    from aiogram.client.context_controller import BotContextController  # noqa: PLC0415
    from aiogram.methods import SendMessage  # noqa: PLC0415
    from aiogram.types import Chat, Message, Update  # noqa: PLC0415

    setattr(BotContextController, _REBUILD, classmethod(_build))
    for kind in (Update, Chat, Message, SendMessage):
        kind.model_rebuild()


def _keep_names(
    _kind: Any, /, *, _types_namespace: Mapping[str, Any] | None = None, **_how: Any
) -> None:
    """Stands for `model_rebuild` while aiogram is imported."""
    _names.update(_types_namespace or {})


def _build(kind: Any, /, **how: Any) -> bool | None:
    """`model_rebuild` of aiogram's classes, with the names that they were to be built with."""
    built: bool | None = _original.__func__(kind, **{"_types_namespace": _names, **how})
    return built
