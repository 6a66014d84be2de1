from collections.abc import Iterator

import pytest

from tests.chaos.lives import Nursery
from tests.chaos.lives import nursery as new_nursery


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """One nursery for all tests of a worker: its imports take seconds."""
    with new_nursery() as one:
        yield one


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def kind(request: pytest.FixtureRequest) -> str:
    """A kind of database; PostgreSQL only where there is a server."""
    if request.param == "postgresql":
        request.getfixturevalue("migrated_postgresql")
    return str(request.param)
