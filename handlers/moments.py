"""Deadlines as the chat says them, in the conference's own time zone; how long there still is."""

from datetime import datetime

from conference.deadlines import time_left
from config.plan import ConferencePlan, MilestoneName
from config.texts import Texts
from documents.moments import day_words, moment_words, said_words

__all__ = ["day_words", "deadline_words", "left_words", "moment_words", "said_words"]


def deadline_words(texts: Texts, plan: ConferencePlan, name: MilestoneName) -> str:
    """A milestone as the plan says it: "trước ngày 19/5/2022", or before an hour of a day."""
    return said_words(texts, plan, plan.moment(name))


def left_words(texts: Texts, moment: datetime, now: datetime) -> str:
    """How long there still is."""
    left = time_left(moment, now)
    if moment <= now:
        return texts.plain("left-none")
    if left.days:
        return texts.plain("left-days", days=left.days)
    return texts.plain("left-hours", hours=max(left.hours, 1))
