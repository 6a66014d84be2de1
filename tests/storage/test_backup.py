"""Backups of both databases, and restoring them: every row exactly, or a clear refusal."""

import asyncio
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.engine import Connection
from sqlmodel import SQLModel, col

from storage.backup import BackupError, backup, restore
from storage.database import Database, DatabaseError
from storage.locks import only_process
from storage.migrating import migrate
from storage.tables import (
    AgeBand,
    AuditEntry,
    Broadcast,
    ChatState,
    ConferenceRecord,
    DatabaseKind,
    Department,
    Extension,
    ExtensionRequest,
    InboxUpdate,
    Invite,
    Job,
    Lane,
    NudgeRound,
    OutboxMessage,
    OutboxState,
    Person,
    PlannedNudge,
    Presence,
    Question,
    QuestionState,
    Report,
    Role,
    RoleGrant,
    Topic,
    Unit,
)

# Microseconds, another offset, and 64-bit ids are what a careless copy loses.
T = datetime(2027, 5, 26, 7, 59, 59, 123456, tzinfo=UTC)
BIG = 2**62 + 1
WORDS = 'Nhà văn hoá "Sở Dầu" mở cửa khi nào? 👩‍👩‍👧 \u202e\t\\ \u0301 =1+1'


def everything() -> list[list[SQLModel]]:
    """Rows of every table, in groups that may be stored one after the other."""
    return [
        [
            ConferenceRecord(
                code="HB27", title=WORDS, plan_digest="d" * 64, kind=DatabaseKind.live,
                last_number=147, loaded_at=T, clock_offset_seconds=-3600,
            ),
            Unit(code="so-dau", name="Đoàn phường Sở Dầu", short_name="Sở Dầu", kind="ward", position=0),
            Topic(code="moi-truong", number=8, label="Môi trường", position=0, closed_at=T),
            Department(code="y-te", name="Phòng Y tế", position=0),
            ChatState(
                bot_id="42", chat_id="7", user_id="7", state="AskForm:text", begun_at=T, changed_at=T,
                content={"text": WORDS, "nested": [1, 2.5, None, True, {"z": 1, "a": BIG}]},
            ),
            InboxUpdate(bot_id="42", update_id=BIG, chat_key="7", body={"x": WORDS}, received_at=T),
            InboxUpdate(bot_id="42", update_id=1, chat_key="7", body=None, received_at=T),
            Presence(bot_id="42", seen_at=T),
            Job(kind="export", parameters={"topic": 8}, bot_id="42", chat_id="7", language="vi", status_slot=-BIG, created_at=T),
        ],
        [
            Person(
                id=5, channel="telegram", external_id=str(BIG), age_band=AgeBand.from_16_to_17,
                consent_version="1", consented_at=T, unit_code="so-dau",
                created_at=T.astimezone(UTC) - timedelta(microseconds=1),
            ),
            Person(id=9, channel="zalo", external_id="9", created_at=T),
        ],
        [
            AuditEntry(at=T, actor_id=5, action="x", subject_kind="person", subject_id="5"),
            Invite(token_hash="h" * 64, role=Role.organiser, created_at=T, created_by=5, expires_at=T),
            *(
                OutboxMessage(
                    lane=lane, bot_id="42", chat_id="7", recipient_id=9, kind="k", state=state,
                    created_at=T, content={"text": WORDS},
                )
                for lane in Lane
                for state in OutboxState
            ),
            Question(
                code="HB27-0147", author_id=5, unit_code="so-dau", topic_code="moi-truong",
                text=WORDS, fingerprint="f" * 64, state=QuestionState.held, submitted_at=T,
            ),
            Question(
                id=700, code="HB27-0001", unit_code="so-dau", topic_code="moi-truong",
                text="x" * 3500, state=QuestionState.reported, is_addendum=True, submitted_at=T,
            ),
            Report(unit_code="so-dau", handed_up_at=T, handed_up_by=9, question_count=1),
            Broadcast(text=WORDS, audience="all", created_at=T, created_by=9),
            Extension(milestone="unit_reports_due", moment=T, reason=WORDS, granted_at=T),
            ExtensionRequest(
                milestone="unit_reports_due", unit_code="so-dau", wanted=T, reason=WORDS,
                asked_at=T, asked_by=9,
            ),
            NudgeRound(key="k", due_at=T, planned_at=T),
            PlannedNudge(person_id=5, round_key="k"),
            RoleGrant(person_id=9, role=Role.unit_lead, unit_code="so-dau", granted_at=T, granted_by=5),
        ],
    ]  # fmt: skip


async def fill(database: Database) -> None:
    async with database.transaction() as session:
        for rows in everything():
            session.add_all(rows)
            await session.flush()


async def contents(database: Database) -> dict[str, list[dict[str, Any]]]:
    def rows(connection: Connection) -> dict[str, list[dict[str, Any]]]:
        return {
            table.name: [
                dict(row)
                for row in connection.execute(
                    select(table).order_by(*table.primary_key)
                ).mappings()
            ]
            for table in SQLModel.metadata.sorted_tables
        }

    async with database.snapshot() as session:
        return await (await session.connection()).run_sync(rows)


async def empty(database: Database) -> None:
    async with database.transaction() as session:
        for table in reversed(SQLModel.metadata.sorted_tables):
            await session.execute(table.delete())


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def as_restored(before: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    for row in before["outbox"]:
        if row["lane"] is Lane.paced and row["state"] is OutboxState.sending:
            row.update(state=OutboxState.uncertain, sent_at=row["created_at"])
    return before


@pytest.fixture
async def fresh(tmp_path: Path):
    """A new SQLite database that nobody has migrated yet."""
    database = Database(f"sqlite:///{tmp_path / 'fresh.db'}")
    yield database
    await database.close()


@pytest.fixture
def sound(tmp_path: Path, migrated_sqlite: Path) -> Iterator[sqlite3.Connection]:
    """A backup's content, to be spoilt by a test; `tmp_path / "sound.db"`."""
    path = tmp_path / "sound.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = delete")
        yield connection


async def test_backup_restored_elsewhere_has_every_row(
    database: Database, fresh: Database, tmp_path: Path
):
    await fill(database)
    before = await contents(database)
    assert [name for name, rows in before.items() if not rows] == []

    made = await backup(database, tmp_path / "backup.db")
    restored = await restore(tmp_path / "backup.db", fresh)

    assert await contents(database) == before
    assert await contents(fresh) == as_restored(before)
    counts = {name: len(rows) for name, rows in before.items()}
    assert (made.path, made.rows) == (tmp_path / "backup.db", counts)
    assert (restored.revision, restored.rows) == (made.revision, counts)


async def test_backup_restored_into_the_emptied_database_has_every_row(
    database: Database, tmp_path: Path
):
    await fill(database)
    before = await contents(database)
    await backup(database, tmp_path / "backup.db")
    await empty(database)

    await restore(tmp_path / "backup.db", database)

    assert await contents(database) == as_restored(before)


async def test_backup_of_sqlite_moves_to_either_database(
    database: Database, fresh: Database, tmp_path: Path
):
    await migrate(fresh)
    await fill(fresh)
    await backup(fresh, tmp_path / "backup.db")
    await restore(tmp_path / "backup.db", database)
    assert await contents(database) == as_restored(await contents(fresh))


async def test_restored_database_numbers_its_next_rows_after_the_last(
    database: Database, tmp_path: Path
):
    await fill(database)
    await backup(database, tmp_path / "backup.db")
    await empty(database)
    await restore(tmp_path / "backup.db", database)

    question = Question(
        code="HB27-0148", unit_code="so-dau", topic_code="moi-truong", text="?",
        state=QuestionState.submitted, submitted_at=T,
    )  # fmt: skip
    person = Person(channel="telegram", external_id="10", created_at=T)
    async with database.transaction() as session:
        session.add_all([question, person])
    assert (question.id, person.id) == (701, 10)


async def test_restored_empty_tables_number_from_one(database: Database, tmp_path: Path):
    await backup(database, tmp_path / "backup.db")
    await restore(tmp_path / "backup.db", database)

    person = Person(channel="telegram", external_id="10", created_at=T)
    async with database.transaction() as session:
        session.add(person)
    assert person.id == 1


async def test_backup_is_one_file_that_only_its_owner_can_read(database: Database, tmp_path: Path):
    folder = tmp_path / "backups"
    folder.mkdir()
    await fill(database)
    await backup(database, folder / "backup.db")

    assert names_in(folder) == ["backup.db"]
    assert stat.filemode((folder / "backup.db").stat().st_mode) == "-rw-------"


async def test_backup_made_while_others_write_is_whole(database: Database, tmp_path: Path):
    await fill(database)
    committed = 0
    progress, stop = asyncio.Event(), asyncio.Event()

    async def write() -> None:
        nonlocal committed
        while not stop.is_set():
            async with database.transaction() as session:
                # Both rows or neither: a backup that sees one is torn.
                for number in (committed * 2, committed * 2 + 1):
                    session.add(
                        Question(
                            code=f"W-{number}", unit_code="so-dau", topic_code="moi-truong",
                            text=WORDS * 20, state=QuestionState.submitted, submitted_at=T,
                        )
                    )  # fmt: skip
                await session.execute(
                    update(ConferenceRecord).values(
                        last_number=col(ConferenceRecord.last_number) + 2
                    )
                )
            committed += 1
            progress.set()
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        group.create_task(write())
        for turn in range(5):
            progress.clear()
            await progress.wait()
            earlier = committed
            path = tmp_path / f"{turn}.db"
            await backup(database, path)
            with closing(sqlite3.connect(path)) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
                query = "SELECT count(*) FROM question WHERE code LIKE 'W-%'"
                (rows,) = connection.execute(query).fetchone()
                (number,) = connection.execute("SELECT last_number FROM conference").fetchone()
            assert rows >= earlier * 2
            assert number == 147 + rows
        stop.set()
    assert committed > 5


async def test_backup_overwrites_nothing(database: Database, tmp_path: Path):
    path = tmp_path / "there.db"
    path.write_text("mine")
    with pytest.raises(BackupError) as raised:
        await backup(database, path)
    assert str(raised.value) == f"{path} is there already; a backup overwrites nothing"
    assert path.read_text() == "mine"


async def test_backup_into_a_missing_folder_is_refused(database: Database, tmp_path: Path):
    path = tmp_path / "nowhere" / "backup.db"
    with pytest.raises(BackupError) as raised:
        await backup(database, path)
    assert str(raised.value) == f"{path} cannot be written: No such file or directory"


async def test_backup_of_no_database_is_refused_and_makes_none(fresh: Database, tmp_path: Path):
    with pytest.raises(BackupError) as raised:
        await backup(fresh, tmp_path / "backup.db")
    assert str(raised.value) == f"there is no database at {tmp_path / 'fresh.db'}"
    assert names_in(tmp_path) == []


async def test_backup_of_an_unused_database_is_refused(database: Database, tmp_path: Path):
    await migrate(database, "base")
    try:
        with pytest.raises(BackupError):
            await backup(database, tmp_path / "backup.db")
    finally:
        await migrate(database)
    assert [name for name in names_in(tmp_path) if "backup" in name] == []


async def test_restore_into_a_used_database_is_refused(database: Database, tmp_path: Path):
    await fill(database)
    before = await contents(database)
    await backup(database, tmp_path / "backup.db")
    with pytest.raises(BackupError) as raised:
        await restore(tmp_path / "backup.db", database)
    assert str(raised.value) == (
        "the database already holds conference HB27; a backup is restored into a new one"
    )
    assert await contents(database) == before


async def test_restore_into_a_database_with_any_row_is_refused(database: Database, tmp_path: Path):
    await backup(database, tmp_path / "backup.db")
    async with database.transaction() as session:
        session.add(Department(code="y-te", name="Phòng Y tế", position=0))
    with pytest.raises(BackupError) as raised:
        await restore(tmp_path / "backup.db", database)
    assert str(raised.value) == (
        "the database already holds rows (department); a backup is restored into a new one"
    )


async def test_restore_of_a_missing_file_is_refused(fresh: Database, tmp_path: Path):
    with pytest.raises(BackupError) as raised:
        await restore(tmp_path / "none.db", fresh)
    assert str(raised.value) == f"there is no file {tmp_path / 'none.db'}"


@pytest.mark.parametrize("content", [b"", b"not a database, but long enough to be one" * 100])
async def test_restore_of_another_file_is_refused(fresh: Database, tmp_path: Path, content: bytes):
    path = tmp_path / "other.db"
    path.write_bytes(content)
    with pytest.raises(BackupError) as raised:
        await restore(path, fresh)
    assert str(raised.value).splitlines() == [str(raised.value)]
    assert str(raised.value).startswith(f"{path} is no ")


async def test_restore_of_another_programs_database_is_refused(fresh: Database, tmp_path: Path):
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
    with pytest.raises(BackupError) as raised:
        await restore(path, fresh)
    assert str(raised.value) == f"{path} is no database of this program"


async def test_restore_of_a_newer_backup_is_refused(
    fresh: Database, sound: sqlite3.Connection, tmp_path: Path
):
    sound.execute("UPDATE alembic_version SET version_num = 'f00d'")
    with pytest.raises(DatabaseError) as raised:
        await restore(tmp_path / "sound.db", fresh)
    assert str(raised.value) == (
        f"{tmp_path / 'sound.db'}: the database is of a newer version (revision f00d); "
        "update the program"
    )


async def test_restore_of_a_damaged_backup_is_refused(
    database: Database, fresh: Database, tmp_path: Path
):
    await fill(database)
    path = tmp_path / "backup.db"
    await backup(database, path)
    content = bytearray(path.read_bytes())
    content[8192:-4096] = bytes(len(content) - 8192 - 4096)
    path.write_bytes(content)
    with pytest.raises(BackupError) as raised:
        await restore(path, fresh)
    assert str(raised.value).splitlines() == [str(raised.value)]


async def test_restore_of_rows_that_point_nowhere_is_refused(
    fresh: Database, sound: sqlite3.Connection, tmp_path: Path
):
    sound.execute(
        "INSERT INTO report (unit_code, number, handed_up_at, question_count, is_late, by_organiser)"
        " VALUES ('gone', 1, ?, 1, 0, 0)",
        ("2027-05-26 00:00:00.000000",),
    )
    with pytest.raises(BackupError) as raised:
        await restore(tmp_path / "sound.db", fresh)
    assert str(raised.value) == f"{tmp_path / 'sound.db'} is damaged"


async def test_restore_of_a_value_unknown_here_changes_nothing(
    database: Database, fresh: Database, sound: sqlite3.Connection, tmp_path: Path
):
    sound.execute(
        "INSERT INTO unit (code, name, short_name, kind, position) VALUES ('a', 'a', 'a', 'a', 0)"
    )
    sound.execute(
        "INSERT INTO conference (code, title, plan_digest, kind, last_number, loaded_at, "
        "clock_offset_seconds) VALUES ('HB27', 't', 'd', 'secret', 0, '2027-05-26 00:00:00', 0)"
    )
    with pytest.raises(BackupError) as raised:
        await restore(tmp_path / "sound.db", fresh)
    with closing(sqlite3.connect(tmp_path / "fresh.db")) as connection:
        assert connection.execute("SELECT * FROM sqlite_schema").fetchall() == []
    with pytest.raises(BackupError) as raised:
        await restore(tmp_path / "sound.db", database)
    assert str(raised.value) == "the rows of conference cannot be copied: LookupError"
    assert {name for name, rows in (await contents(database)).items() if rows} == set()


async def test_restore_leaves_the_backup_as_it_was(
    database: Database, fresh: Database, tmp_path: Path
):
    await fill(database)
    path = tmp_path / "backup.db"
    await backup(database, path)
    before = path.read_bytes()
    path.chmod(0o400)
    await restore(path, fresh)
    assert path.read_bytes() == before


@pytest.mark.parametrize("database_address", ["sqlite"], indirect=True)
async def test_nothing_is_restored_under_a_running_bot(database: Database, tmp_path: Path):
    kept = tmp_path / "kept.db"
    await backup(database, kept)
    with only_process(database.url), pytest.raises(DatabaseError, match="is in use by another"):
        await restore(kept, database)
    await restore(kept, database)
