"""What moving a deadline and asking for it have in common: whole days more, and a reason."""

from datetime import datetime, timedelta

from conference.vietnamese import has_words

DAYS = (1, 2, 3)
"""So many days more are one tap."""
REASON_LIMIT = 300
_DAY = timedelta(days=1)


def days_later(deadline: datetime, days: int, now: datetime) -> datetime:
    """So many whole days after a deadline; of one that is over, the days gone by do not count."""
    gone = max(0, (now - deadline) // _DAY)
    return deadline + (gone + days) * _DAY


def is_reason(words: str) -> bool:
    """Whether words can be a reason that others are told: some, and not too many."""
    return has_words(words) and len(words) <= REASON_LIMIT
