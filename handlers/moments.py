"""Dates and deadlines in words, always in the conference's own time zone."""

from datetime import date, datetime

from conference.deadlines import said_as, time_left
from config.plan import ConferencePlan, MilestoneName
from config.texts import Texts


def day_words(texts: Texts, day: date) -> str:
    """A date as people write it."""
    return texts.plain("moment-day", day=str(day.day), month=str(day.month), year=str(day.year))


def deadline_words(texts: Texts, plan: ConferencePlan, name: MilestoneName) -> str:
    """A milestone as the plan says it: "trước ngày 19/5/2022", or before an hour of a day."""
    return said_words(texts, plan, plan.moment(name))


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


def left_words(texts: Texts, moment: datetime, now: datetime) -> str:
    """How long there still is."""
    left = time_left(moment, now)
    if moment <= now:
        return texts.plain("left-none")
    if left.days:
        return texts.plain("left-days", days=left.days)
    return texts.plain("left-hours", hours=max(left.hours, 1))
