"""The only place that reads the time."""

from datetime import UTC, datetime, timedelta


class Clock:
    """The present moment, aware and in UTC; the sandbox lets it stand elsewhere."""

    def __init__(self, offset: timedelta = timedelta()) -> None:
        self.offset = offset

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset  # noqa: TID251  this is that place
