"""aiogram's FSM storage inside the turn's own transaction: no half-written question is lost."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiogram.fsm.state import State
from aiogram.fsm.storage.base import BaseStorage, StateType, StorageKey
from sqlalchemy import Table, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from bot.turn import Turn, TurnError, current_turn
from storage.preloading import preloaded_in
from storage.tables import ChatState


@dataclass(slots=True)
class _Held:
    state: str | None = None
    content: dict[str, Any] = field(default_factory=dict)
    begun_at: datetime | None = None
    exists: bool = False
    changed: bool = False


class ChatStateStorage(BaseStorage):
    """Reads a chat's row once a turn and writes it once, at the turn's end (`save`)."""

    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        """Remember where the dialogue stands."""
        held = await _load(key)
        held.state = state.state if isinstance(state, State) else state
        held.changed = True

    async def get_state(self, key: StorageKey) -> str | None:
        """Where the dialogue stands."""
        return (await _load(key)).state

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        """Replace what the dialogue remembers."""
        held = await _load(key)
        held.content = dict(data)
        held.changed = True

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        """What the dialogue remembers."""
        return dict((await _load(key)).content)

    async def close(self) -> None:
        """Nothing is open."""


def _turn() -> Turn:
    turn = current_turn.get()
    if turn is None or turn.is_over:
        raise TurnError("chat state exists only within a turn")
    return turn


def _keys(key: StorageKey) -> dict[str, str]:
    return {"bot": str(key.bot_id), "chat": str(key.chat_id), "user": str(key.user_id)}


_TABLE: Table = ChatState.__table__  # type: ignore[attr-defined]
_COLUMNS = tuple(column.name for column in _TABLE.c)
_KEY = ("bot_id", "chat_id", "user_id")
_IS_THIS = (
    _TABLE.c.bot_id == bindparam("bot"),
    _TABLE.c.chat_id == bindparam("chat"),
    _TABLE.c.user_id == bindparam("user"),
)
_READ = select(_TABLE.c.state, _TABLE.c.content, _TABLE.c.begun_at).where(*_IS_THIS)
_REMOVE = delete(_TABLE).where(*_IS_THIS)


def _upsert(insert: Any) -> Any:
    statement = insert(_TABLE)
    kept = {name: statement.excluded[name] for name in _COLUMNS if name not in _KEY}
    return statement.on_conflict_do_update(index_elements=_KEY, set_=kept)


_WRITE = {"sqlite": _upsert(sqlite.insert), "postgresql": _upsert(postgresql.insert)}


async def _load(key: StorageKey) -> _Held:
    turn = _turn()
    held = turn.chat_states.get(key)
    if held is None:
        turn.chat_states[key] = held = _Held()
        stored = await _stored(turn.session, key)
        if stored is not None:
            held.state, held.content, held.begun_at = stored
            held.exists = True
    return held


async def _stored(session: AsyncSession, key: StorageKey) -> Any:
    keys = _keys(key)
    ahead = preloaded_in(session)
    if ahead is not None and keys["user"] == keys["chat"] in ahead.chat_states:
        return ahead.chat_states.pop(keys["chat"])
    return (await session.execute(_READ, keys)).first()


async def save(session: AsyncSession, turns: Iterable[Turn]) -> None:
    """Write what the turns changed; a chat that remembers nothing has no row."""
    written, removed = [], []
    for turn in turns:
        for key, held in turn.chat_states.items():
            if not held.changed:
                continue
            if held.state is None and not held.content:
                removed.append(_keys(key))
                continue
            row = zip(_KEY, _keys(key).values(), strict=True)
            written.append(
                dict(row)
                | {
                    "state": held.state,
                    "content": held.content,
                    "begun_at": held.begun_at or turn.now,
                    "changed_at": turn.now,
                }
            )
    if removed:
        await session.execute(_REMOVE, removed)
    if written:
        await session.execute(_WRITE[session.get_bind().dialect.name], written)
