"""What a transaction leaves for those who work beside the turns: they are woken by its commit."""

from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

_KEY = "news"


class News(StrEnum):
    """A job to do, a paced message to send, or the traces of something erased to be removed."""

    job = "job"
    paced = "paced"
    erased = "erased"


def announce(session: AsyncSession, news: News) -> None:
    """There is something new, once this session commits."""
    session.info.setdefault(_KEY, set()).add(news)


def news_of(session: AsyncSession) -> frozenset[News]:
    """What has been announced in this session."""
    return frozenset(session.info.get(_KEY, ()))
