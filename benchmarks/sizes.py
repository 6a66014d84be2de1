"""How large the benchmarks are: as the figures are defined, or small, to see all of it run."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """One size of everything."""

    runs: int = 3
    """Of each bot, in turn."""
    rounds: int = 4
    """Conversations for each of the people who talk at once."""
    at_once: int = 50
    many_questions: int = 1_000_000
    many_people: int = 200_000
    few_questions: int = 1000
    few_people: int = 200
    listed: int = 50_000
    """Questions in an export."""
    reached: int = 20_000
    """People whom a broadcast goes to."""
    nudged: int = 100_000
    per_second: float = 20.0
    """Updates a second of the steady load, far below what the bot can answer."""
    window: float = 20.0
    """Seconds of the steady load beside nothing, or beside what goes on."""
    windows: int = 3
    messages: int = 10_000
    """Sent by the courier at its rate, alone."""


FULL = Size()
QUICK = Size(
    runs=1,
    rounds=1,
    many_questions=20_000,
    many_people=4000,
    listed=2000,
    reached=2000,
    nudged=5000,
    per_second=5.0,
    window=8.0,
    windows=1,
    messages=250,
)
