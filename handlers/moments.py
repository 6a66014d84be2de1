"""Deadlines as the chat says them, in the conference's own time zone; how long there still is."""

from datetime import datetime, timedelta

from conference.deadlines import time_left
from conference.nudge_times import next_allowed
from config.plan import ConferencePlan, MilestoneName
from config.texts import Texts
from documents.moments import day_words, moment_words, said_words

__all__ = [
    "day_words",
    "deadline_words",
    "left_words",
    "moment_words",
    "quiet_until",
    "said_words",
]

_LITTLE_LATER = timedelta(minutes=5)
_MINUTE = timedelta(minutes=1)


def deadline_words(texts: Texts, plan: ConferencePlan, name: MilestoneName) -> str:
    """A milestone as the plan says it: "trước ngày 19/5/2022", or before an hour of a day."""
    return said_words(texts, plan, plan.moment(name))


def quiet_until(texts: Texts, plan: ConferencePlan, now: datetime) -> str:
    """When a message to others goes out: `none`, at once, or when the quiet hours end."""
    allowed = next_allowed(now, plan.quiet_hours, plan.zone)
    return "none" if allowed == now else moment_words(texts, plan, allowed)


def left_words(texts: Texts, moment: datetime, now: datetime) -> str:
    """How long there still is, in whole days, hours or minutes.

    A reminder due three hours before goes out a little later, and still says three hours.
    """
    if moment <= now:
        return texts.plain("left-none")
    left = time_left(moment, now - _LITTLE_LATER)
    if left.days:
        return texts.plain("left-days", days=left.days)
    if left.hours:
        return texts.plain("left-hours", hours=left.hours)
    return texts.plain("left-minutes", minutes=-((now - moment) // _MINUTE))
