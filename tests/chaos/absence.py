"""After more than 150 seconds away, who was in the middle is offered their step again.

So long Telegram keeps a press of a button. Offered to those who did something in the last half
hour before, and to nobody else: neither to whom has finished, nor to whom has left long ago.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import update
from sqlmodel import col

from bot.clock import Clock
from storage.database import Database
from storage.tables import ChatState, Presence
from tests.chaos.findings import Finding, zero
from tests.chaos.platform import Phone
from tests.chaos.stage import Stage, reach

AWAY = timedelta(seconds=200)
_LONG_AGO = timedelta(minutes=45)


@dataclass
class Score:
    """Who was offered their step again."""

    middle: int
    """People in the middle, to whom it is owed."""
    offered: int
    wrongly: int
    """Others who heard something."""


async def away(stage: Stage, *, people: int = 3) -> Score:
    """Let the program be away while some are in the middle, some were, and some are not."""
    life = await stage.serving()
    groups = [[stage.platform.newcomer() for _ in range(people)] for _ in range(3)]
    middle, earlier, idle = groups
    for phone in (*middle, *earlier):
        await _hear(phone, "/hoi")
    for phone in idle:
        await _hear(phone, "/trogiup")
    await stage.until_quiet(30)
    await life.kill()
    await _let_time_pass(stage, [str(phone.number) for phone in earlier])
    before = {phone.number: len(phone.shown) for phone in stage.platform.phones.values()}
    life = await stage.serving()

    def heard(phones: list[Phone]) -> int:
        return sum(len(phone.shown) > before[phone.number] for phone in phones)

    async def is_offered() -> bool:
        return heard(middle) == people

    await reach(is_offered, 30)
    # Whoever is not meant would hear in the same moment; a whole turn after it is soon enough.
    await _hear(stage.platform.newcomer(), "/trogiup")
    await stage.until_quiet(30)
    await life.finish(30)
    return Score(people, heard(middle), heard(earlier) + heard(idle))


async def _hear(phone: Phone, words: str) -> None:
    phone.write(words)
    if not await phone.until(lambda: phone.shown, 30):
        raise AssertionError(f"{phone.number} hears nothing")


async def _let_time_pass(stage: Stage, earlier: list[str]) -> None:
    """As if the program had been away, and these had left even before."""
    now = Clock()()
    database = Database(stage.ledger.address)
    async with database.transaction() as session:
        await session.execute(update(Presence).values(seen_at=now - AWAY))
        await session.execute(update(ChatState).values(changed_at=now - AWAY))
        await session.execute(
            update(ChatState)
            .where(col(ChatState.chat_id).in_(earlier))
            .values(changed_at=now - AWAY - _LONG_AGO)
        )
    await database.close()


def findings(score: Score) -> list[Finding]:
    """The program's figures, with what they must be."""
    return [
        Finding(
            "after 200 s away: offered their step again",
            f"{score.offered} of {score.middle}",
            "all",
            score.offered == score.middle,
        ),
        zero("after 200 s away: others who heard something", score.wrongly),
    ]
