"""Dates and moments in words, in chats and in files: always in the conference's own time zone."""

from datetime import date, datetime

from conference.deadlines import said_as
from config.plan import ConferencePlan
from config.texts import Texts


def day_words(texts: Texts, day: date) -> str:
    """A date as people write it."""
    # The year is text: as a number it would be grouped, "2.022".
    return texts.plain("moment-day", day=day.day, month=day.month, year=str(day.year))


def said_words(texts: Texts, plan: ConferencePlan, moment: datetime) -> str:
    """A deadline's moment in words: midnight is said as the day before which."""
    deadline = said_as(moment, plan.zone)
    day = day_words(texts, deadline.day)
    if deadline.hour is None:
        return texts.plain("moment-before-day", day=day)
    return texts.plain("moment-before-hour", day=day, hour=f"{deadline.hour:%H:%M}")


def moment_words(texts: Texts, plan: ConferencePlan, moment: datetime) -> str:
    """A moment: its hour and day in the conference's time zone."""
    local = moment.astimezone(plan.zone)
    return texts.plain("moment-at", day=day_words(texts, local.date()), hour=f"{local:%H:%M}")
