"""People who write questions while the program is killed under them, and what became of it all.

Definitions, all counted from outside: in the database and at the Bot API.

- A kill *hit work* when at that moment an update had been handed out and was not yet confirmed, or
  a stored update had not had its turn, or a reply was written down and not yet marked as sent.
- A question is *accepted* when the platform has been told, by a higher offset, to forget the last
  message with its words: nobody will ever deliver it again.
- *Lost*: accepted, its author did all that the screens asked for, and it is not stored. Somebody
  who hears nothing after their words does not write again, so their question is lost as well.
- *Stored twice*: the same words of the same person in more than one row.
- *Out of order*: a question stored before one that its author had sent earlier, or whose parts,
  written in one breath, stand in another order than they were sent in.
- *Not sent*: a stored text that nobody has written.
- A reply is *lost* when it was written down and no call with its mark ever arrived, or when its
  reader waited in vain; *sent twice* each time that the platform did what a call with its mark
  asked for once more. A repeated edit that the platform answers with "not modified" has done
  nothing; it is counted among the *repeated calls*.
"""

import asyncio
import contextlib
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.findings import Finding, zero
from tests.chaos.lives import BIRTH_SECONDS
from tests.chaos.platform import Phone, Platform
from tests.chaos.stage import DRAIN_SECONDS, Stage

PEOPLE = 5
"""So many write at the same time."""
POINTS = ("before commit", "after commit", "before send", "after send", "before confirming")
_IN_ORDER = 0.08
"""The share of lives that get a SIGTERM instead of being killed."""
_STEPS = ("Đồng ý", "18–30", "Sở Dầu", "Nội dung khác")
_TEXT_STEP = {"‹ Quay lại", "Hủy"}
"""The buttons of the screen that asks for the words: it offers nothing to choose."""
_SEND, _SENT = "Gửi", "Gửi câu khác"
_WORDS = re.compile(r"Người (\d+) hỏi câu (\d+): phần đầu\.\nNgười \1 hỏi câu \2: phần sau\.")


@dataclass
class Question:
    """One question as its author remembers it."""

    person: int
    number: int
    updates: list[int] = field(default_factory=list)
    """The updates with its words."""
    is_sent: bool = False
    """The button that sends it was pressed."""
    has_receipt: bool = False

    @property
    def text(self) -> str:
        return "\n".join(self.parts)

    @property
    def parts(self) -> tuple[str, str]:
        opening = f"Người {self.person} hỏi câu {self.number}"
        return f"{opening}: phần đầu.", f"{opening}: phần sau."


@dataclass
class Score:
    """What became of a run; `conversation` says what each figure means."""

    kills: int = 0
    hits: int = 0
    fell: Counter[str] = field(default_factory=Counter)
    """How many kills there were at each named point ("any moment": at none)."""
    asked: int = 0
    accepted: int = 0
    stored: int = 0
    lost: int = 0
    twice: int = 0
    disordered: int = 0
    unknown: int = 0
    replies: int = 0
    replies_lost: int = 0
    replies_twice: int = 0
    repeated: int = 0
    """Calls that arrived once more, with or without effect."""
    is_quiet: bool = False
    ends: list[tuple[int | None, float]] = field(default_factory=list)
    """(exit code, seconds) of each SIGTERM."""
    seconds: float = 0.0


@dataclass
class Crowd:
    """Several people who write one question after another until they are told to stop.

    Args:
        patience: seconds without any answer, once the platform has forgotten what was written,
            after which somebody gives up; to the program's credit nobody ever does.
    """

    platform: Platform
    people: int
    patience: float
    questions: list[Question] = field(default_factory=list)
    gave_up: int = 0
    stopping: bool = False
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def begin(self, group: asyncio.TaskGroup) -> None:
        """Let everybody begin."""
        for person in range(1, self.people + 1):
            phone = self.platform.newcomer()
            self._tasks.append(group.create_task(self._write_on(phone, person)))

    async def end(self, seconds: float) -> None:
        """Nobody begins another question; wait until all that were begun are through."""
        self.stopping = True
        _, late = await asyncio.wait(self._tasks, timeout=seconds)
        for task in late:
            self.gave_up += 1
            task.cancel()

    async def _write_on(self, phone: Phone, person: int) -> None:
        number = 0
        while not self.stopping:
            number += 1
            question = Question(person, number)
            with contextlib.suppress(_GaveUpError):
                await self._ask(phone, question)
                continue
            self.gave_up += 1

    async def _ask(self, phone: Phone, question: Question) -> None:
        beginning, update = phone.write("/hoi")
        steps = list(_STEPS)

        def is_next() -> Any:
            return phone.button(steps, beginning) or phone.only_has(_TEXT_STEP, beginning)

        while (found := await self._hear(phone, update, is_next)) is not True:
            label, message, data = found
            del steps[: steps.index(label) + 1]
            update = phone.press(message, data)
        self.questions.append(question)
        for part in question.parts:
            last, update = phone.write(part)
            question.updates.append(update)

        def is_shown_whole() -> tuple[str, int, str] | None:
            found = phone.button([_SEND], last)
            shown = phone.shown[found[1]]["text"] if found else ""
            return found if all(part in shown for part in question.parts) else None

        _, message, data = await self._hear(phone, update, is_shown_whole)
        update = phone.press(message, data)
        question.is_sent = True
        await self._hear(phone, update, lambda: phone.button([_SENT], last))
        question.has_receipt = True

    async def _hear(self, phone: Phone, update: int, condition: Callable[[], Any]) -> Any:
        while True:
            found = await phone.until(condition, self.patience)
            if found:
                return found
            if self.platform.is_confirmed(update):
                raise _GaveUpError


class _GaveUpError(Exception):
    """Nothing was heard, and what was written is forgotten."""


async def kill_until(stage: Stage, score: Score, *, hits: int, most: int) -> None:
    """Begin lives and kill them until so many kills have hit work, or `most` have been made."""
    rng = stage.rng
    while score.hits < hits and score.kills < most:
        # The control has no named points: what commits and sends there is aiogram's own business.
        if not stage.is_control and rng.random() < _IN_ORDER:
            await _end_in_order(stage, score)
            continue
        point = None if stage.is_control or rng.random() < 0.4 else rng.choice(POINTS)
        life = stage.bear(**({"point": point, "count": rng.randint(1, 25)} if point else {}))
        if point is None and rng.random() < 0.1:
            await life.until(rng.uniform(0, 0.4))
        else:
            await life.until(BIRTH_SECONDS, served=True)
            # The random moment is what is wanted: nothing is waited for but the end.
            await life.until(5 if point else rng.uniform(0.02, 0.5))
        if life.is_over and life.fell_at is None:
            raise AssertionError(f"life {life.number} ended by itself ({life.code}): {stage.log}")
        await life.kill()
        score.kills += 1
        score.fell[life.fell_at or "any moment"] += 1
        # What an earlier life left is no proof for one that has not begun to serve.
        score.hits += life.served and await stage.has_unfinished()


async def _end_in_order(stage: Stage, score: Score) -> None:
    """A life that is told to end while people write."""
    life = await stage.serving()
    await life.until(stage.rng.uniform(0.02, 0.5))
    code, seconds = await life.finish(DRAIN_SECONDS * 3)
    await life.kill()
    score.ends.append((code, seconds))


async def last_life(stage: Stage, score: Score, crowd: Crowd, *, seconds: float = 120) -> None:
    """One more life, left to finish everything; then SIGTERM."""
    life = await stage.serving()
    await crowd.end(seconds)
    score.is_quiet = await stage.until_quiet(seconds)
    score.ends.append(await life.finish(DRAIN_SECONDS * 3))
    await life.kill()


async def conversation(stage: Stage, *, hits: int, most: int) -> Score:
    """People write while lives are killed; then the last life finishes, and all is counted."""
    begun = time.monotonic()
    score = Score()
    crowd = crowd_of(stage)
    async with asyncio.TaskGroup() as group:
        crowd.begin(group)
        await kill_until(stage, score, hits=hits, most=most)
        await last_life(stage, score, crowd)
    await count_questions(stage, score, crowd)
    await count_replies(stage, score, crowd)
    score.seconds = time.monotonic() - begun
    return score


def crowd_of(stage: Stage, *, away: float = 0.0) -> Crowd:
    """The usual number of people, with as much patience as the program deserves.

    At the usual way's silences they would wait for ever: what has not come within two seconds
    there does not come any more.

    Args:
        stage: where they write.
        away: seconds for which the database will be away; nobody can answer them meanwhile.
    """
    return Crowd(stage.platform, PEOPLE, patience=2.0 if stage.is_control else away + 30.0)


async def count_questions(stage: Stage, score: Score, crowd: Crowd) -> None:
    """Compare what was written with what is stored."""
    table = "control_question" if stage.is_control else "question"
    stored = [text for (text,) in await stage.ledger.rows(f"SELECT text FROM {table} ORDER BY id")]
    times = Counter(stored)
    accepted = [
        one for one in crowd.questions if all(map(stage.platform.is_confirmed, one.updates))
    ]
    score.asked, score.accepted, score.stored = len(crowd.questions), len(accepted), len(stored)
    score.lost = sum(one.text not in times for one in accepted)
    score.twice = sum(count - 1 for count in times.values())
    score.unknown = len(times.keys() - {one.text for one in crowd.questions})
    score.disordered = _disordered(stored)


def _disordered(stored: list[str]) -> int:
    latest: dict[str, int] = {}
    wrong = 0
    for text in stored:
        whole = _WORDS.fullmatch(text)
        if whole is None:
            wrong += 1
            continue
        person, number = whole[1], int(whole[2])
        wrong += number < latest.get(person, 0)
        latest[person] = max(number, latest.get(person, 0))
    return wrong


async def count_replies(stage: Stage, score: Score, crowd: Crowd) -> None:
    """Compare what was to be said with what arrived."""
    if stage.is_control:
        score.replies_lost = crowd.gave_up
        return
    arrivals = stage.platform.arrivals()
    said = await stage.ledger.rows("SELECT mark FROM chaos_said WHERE mark IS NOT NULL")
    done = [arrivals.get(mark, []) for (mark,) in said]
    score.replies = len(done)
    score.replies_lost = sum(not statuses for statuses in done) + crowd.gave_up
    score.replies_twice = sum(max(0, statuses.count(200) - 1) for statuses in done)
    score.repeated = sum(max(0, len(statuses) - 1) for statuses in done)


def findings(score: Score, *, hits: int) -> list[Finding]:
    """The program's figures, with what they must be."""
    named = sum(count for point, count in score.fell.items() if point != "any moment")
    return [
        Finding("kills", f"{score.kills} ({named} at named points)"),
        Finding("kills that hit unfinished work", score.hits, f"≥ {hits}", score.hits >= hits),
        Finding("questions accepted", score.accepted, "> 0", score.accepted > 0),
        zero("questions lost", score.lost),
        zero("questions stored twice", score.twice),
        zero("questions out of order in their chat", score.disordered),
        zero("stored texts that nobody wrote", score.unknown),
        Finding("replies", score.replies),
        zero("replies lost", score.replies_lost),
        Finding(
            "replies sent twice",
            score.replies_twice,
            "≤ 1 a kill",
            score.replies_twice <= score.kills,
        ),
        Finding("calls repeated, unchanged edits included", score.repeated),
        Finding("everything finished by the last life", score.is_quiet, "True", score.is_quiet),
        *after_sigterm(score.ends),
        Finding("duration, s", round(score.seconds)),
    ]


def after_sigterm(ends: list[tuple[int | None, float]]) -> list[Finding]:
    """How the program ends when it is told to, in the middle of work too."""
    codes, slowest = {code for code, _ in ends}, max(seconds for _, seconds in ends)
    shown = ", ".join(sorted(map(str, codes)))
    return [
        Finding("SIGTERMs", len(ends)),
        Finding("exit codes after SIGTERM", shown, "0", codes == {0}),
        Finding(
            "seconds from SIGTERM to the end, at most",
            f"{slowest:.1f}",
            f"≤ {DRAIN_SECONDS:.0f}",
            slowest <= DRAIN_SECONDS,
        ),
    ]


def control_findings(score: Score) -> list[Finding]:
    """The control's figures. It must lose something, or the run has proved nothing."""
    loses = score.lost > 0
    return [
        Finding("kills", score.kills),
        Finding("kills that hit unfinished work", score.hits),
        Finding("questions accepted", score.accepted),
        Finding("questions lost", score.lost, "", loses),
        Finding("questions stored twice", score.twice),
        Finding("questions out of order in their chat", score.disordered),
        Finding("stored texts that nobody wrote", score.unknown),
        Finding("replies lost", score.replies_lost),
        Finding("duration, s", round(score.seconds)),
    ]
