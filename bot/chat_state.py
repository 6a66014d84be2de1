"""aiogram's FSM storage inside the turn's own transaction: no half-written question is lost."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiogram.fsm.state import State
from aiogram.fsm.storage.base import BaseStorage, StateType, StorageKey
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from bot.turn import Turn, TurnError, current_turn
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


def _where(key: StorageKey) -> tuple[Any, ...]:
    return (
        col(ChatState.bot_id) == str(key.bot_id),
        col(ChatState.chat_id) == str(key.chat_id),
        col(ChatState.user_id) == str(key.user_id),
    )


async def _load(key: StorageKey) -> _Held:
    turn = _turn()
    held = turn.chat_states.get(key)
    if held is None:
        held = _Held()
        row = (
            await turn.session.execute(
                select(
                    col(ChatState.state), col(ChatState.content), col(ChatState.begun_at)
                ).where(*_where(key))
            )
        ).first()
        if row is not None:
            held.state, held.content, held.begun_at = row
            held.exists = True
        turn.chat_states[key] = held
    return held


async def save(turn: Turn) -> None:
    """Write what the turn changed; a chat that remembers nothing has no row."""
    for key, held in turn.chat_states.items():
        if not held.changed:
            continue
        if held.state is None and not held.content:
            if held.exists:
                await turn.session.execute(delete(ChatState).where(*_where(key)))
            continue
        values = {
            "state": held.state,
            "content": held.content,
            "begun_at": held.begun_at or turn.now,
            "changed_at": turn.now,
        }
        dialect = turn.session.get_bind().dialect.name
        insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
        await turn.session.execute(
            insert(ChatState)
            .values(
                bot_id=str(key.bot_id),
                chat_id=str(key.chat_id),
                user_id=str(key.user_id),
                **values,
            )
            .on_conflict_do_update(index_elements=["bot_id", "chat_id", "user_id"], set_=values)
        )
