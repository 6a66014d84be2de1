"""Slow work outside turns: each job in a child process, its file into the outbox."""

import asyncio
import json
import logging
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from bot.clock import Clock
from bot.sender import Sender
from bot.trace import log_fault
from bot.turn import Call, write_calls
from bot.waiting import wait_for_news
from config.plan import ConferencePlan
from config.texts import texts_for
from documents.written_file import Handout
from storage.database import Database
from storage.tables import Job, JobState

log = logging.getLogger(__name__)

FILES_KEPT = timedelta(hours=24)
_MOST_ATTEMPTS = 2
_OTHERS_MAY_NOT_READ = 0o077
_FILE_NAMES = {
    "export": "list-file-name",
    "my_data": "my-data-file-name",
    "stats": "stats-file-name",
    "poster": "poster-file-name",
}
_SENDING = {"document": "sendDocument", "photo": "sendPhoto"}


class JobFailedError(Exception):
    """The child process did not make the file; its own words are in the log."""


@dataclass(slots=True)
class Workshop:
    """Does the queued jobs, one at a time, the oldest first.

    Jobs outlive the process. Only the process that leads does them (`bot.leadership`): what it
    finds `running` when it begins, somebody before was cut off in.
    """

    database: Database
    plan: ConferencePlan
    plan_file: Path
    database_address: str
    sender: Sender
    clock: Clock
    folder: Path
    progress_every: float = 3.0
    """Seconds between two changes of the message that shows the progress."""
    longest: float = 600.0
    """Seconds after which a job is taken to hang."""
    largest: int = 50_000_000
    """Bytes of the largest file that can be sent (Bot API, sendDocument)."""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    is_to_sweep: bool = False
    """Somebody has asked to be forgotten: their files go at once, not at the next sweep."""

    def wake(self) -> None:
        """There may be a job."""
        self.news.set()

    async def resume(self) -> None:
        """Before `run`: queue again what somebody before was cut off in."""
        async with self.database.transaction() as session:
            await session.execute(
                update(Job).where(col(Job.state) == JobState.running).values(state=JobState.queued)
            )

    async def run(self) -> None:
        """Work for ever; a job that could not be closed is done again."""
        is_unsure = False
        while True:
            self.news.clear()
            try:
                if is_unsure:
                    await self.resume()
                    is_unsure = False
                if self.is_to_sweep:
                    self.is_to_sweep = False
                    await self.sweep()
                did = await self.run_next()
            except Exception as error:  # noqa: BLE001  drivers raise what they like
                log_fault(log, error, "a job could not be taken or closed")
                is_unsure = True
                await asyncio.sleep(2)
                continue
            if not did:
                await wait_for_news(self.news, 5 if self.database.is_sqlite else 1)

    async def run_next(self) -> bool:
        """Do the oldest queued job. False: there was none."""
        async with self.database.transaction() as session:
            job = await session.scalar(
                select(Job)
                .where(col(Job.state) == JobState.queued)
                .order_by(col(Job.id))
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if job is None:
                return False
            job.state = JobState.running
            job.attempts += 1
        try:
            files = await self._make(job)
        except JobFailedError as error:
            log.warning("job %s (%s) failed: %s", job.id, job.kind, error)
            await self._close(job, [], str(error))
        except Exception as error:  # noqa: BLE001  whatever it is, the asker must hear of it
            log_fault(log, error, f"job {job.id} ({job.kind}) failed")
            await self._close(job, [], type(error).__name__)
        else:
            await self._close(job, files, None)
        return True

    async def _make(self, job: Job) -> list[Handout]:
        """Let a child process make the files.

        Raises:
            JobFailedError: it did not, it took too long, or they are too large.
        """
        texts = texts_for(job.language)
        form = str(job.parameters.get("form", "txt"))
        day = self.clock().astimezone(self.plan.zone).date()
        name = f"{texts.plain(_FILE_NAMES[job.kind])}-{self.plan.conference.code}-{day}.{form}"
        folder = self.folder / str(job.id)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        request = {
            "kind": job.kind,
            "database": self.database_address,
            "plan": str(self.plan_file),
            "language": job.language,
            "path": str(folder / name),
            "now": self.clock().isoformat(),
            "parameters": job.parameters,
        }
        with tempfile.TemporaryFile() as complaint:
            child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "documents",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=complaint,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
                umask=_OTHERS_MAY_NOT_READ,
                # A Ctrl-C is for the bot, which then ends the child in order.
                start_new_session=True,
            )
            try:
                async with asyncio.timeout(self.longest):
                    files = await self._follow(job, child, request)
            except TimeoutError:
                raise JobFailedError("it took too long") from None
            finally:
                if child.returncode is None:
                    child.kill()
                    await child.wait()
            if child.returncode != 0:
                complaint.seek(0)
                raise JobFailedError(f"exit {child.returncode}: {_last_class(complaint.read())}")
        if any(one.path.stat().st_size > self.largest for one in files):
            raise JobFailedError("a file is too large to be sent")
        return files

    async def _follow(
        self, job: Job, child: asyncio.subprocess.Process, request: dict[str, Any]
    ) -> list[Handout]:
        """Give the child its request, show what it tells of its progress, and see it end."""
        assert child.stdin is not None  # noqa: S101  both are pipes
        assert child.stdout is not None  # noqa: S101
        child.stdin.write(json.dumps(request).encode())
        child.stdin.close()
        loop = asyncio.get_running_loop()
        shown = loop.time()
        told: dict[str, Any] = {}
        async for line in child.stdout:
            told = json.loads(line)
            if "total" in told and loop.time() - shown >= self.progress_every:
                shown = loop.time()
                percent = 100 * told["done"] // max(told["total"], 1)
                await self._show(job, "job-progress", percent=percent)
        await child.wait()
        return [Handout(**{**one, "path": Path(one["path"])}) for one in told.get("files", [])]

    async def _show(self, job: Job, message_id: str, **variables: Any) -> None:
        """Change the message that shows the job's progress."""
        async with self.database.transaction() as session:
            if await session.get(Job, job.id) is None:
                return  # its owner has asked to be forgotten meanwhile
            rows = await self._written(session, job, [self._status(job, message_id, **variables)])
        self.sender.queue(rows)

    async def _close(self, job: Job, files: list[Handout], error: str | None) -> None:
        """Hand the file over, or say that the fault is ours; a first failure is tried again."""
        async with self.database.transaction() as session:
            there = await session.get(Job, job.id)
            if there is None:
                shutil.rmtree(self.folder / str(job.id), ignore_errors=True)
                return  # its owner has asked to be forgotten meanwhile
            if there.state is not JobState.running or there.attempts != job.attempts:
                return  # another process has taken over, and does it again
            if error is not None and there.attempts < _MOST_ATTEMPTS:
                there.state = JobState.queued
                there.error = error[:120]
                return
            there.state = JobState.failed if error else JobState.finished
            there.finished_at = self.clock()
            there.error = error[:120] if error else None
            calls = [
                self._status(job, "job-failed" if error else "job-finished"),
                *(_sending(job.chat_id, one) for one in files),
            ]
            rows = await self._written(session, job, calls)
        self.sender.queue(rows)

    def _status(self, job: Job, message_id: str, **variables: Any) -> Call:
        texts = texts_for(job.language)
        return Call(
            "editMessageText",
            {
                "chat_id": job.chat_id,
                "message_id": str(job.status_slot),
                "text": texts.plain(message_id, **variables),
            },
            job.chat_id,
        )

    async def _written(
        self, session: AsyncSession, job: Job, calls: list[Call]
    ) -> list[dict[str, Any]]:
        return await write_calls(session, job.bot_id, calls, self.clock())

    async def make_again(self, path: Path, chat_id: str) -> bool:
        """Queue the job whose file is gone before it was sent, if it was done only once."""
        if not path.parent.name.isdigit():
            return False
        async with self.database.transaction() as session:
            job = await session.get(Job, int(path.parent.name), with_for_update=True)
            if (
                job is None
                or job.chat_id != chat_id
                or job.state is not JobState.finished
                or job.attempts >= _MOST_ATTEMPTS
            ):
                return False
            job.state, job.finished_at = JobState.queued, None
        log.warning("job %s is done again: its file is gone", job.id)
        self.wake()
        return True

    async def sweep(self) -> None:
        """Remove the files of jobs finished long enough ago.

        The folders are listed first: one that another process makes meanwhile is not looked at.
        """
        if not self.folder.is_dir():
            return
        there = list(self.folder.iterdir())
        async with self.database.snapshot() as session:
            kept = {
                str(number)
                for number in await session.scalars(
                    select(col(Job.id)).where(
                        (col(Job.finished_at).is_(None))
                        | (col(Job.finished_at) > self.clock() - FILES_KEPT)
                    )
                )
            }
        for folder in there:
            if folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)


def _sending(chat_id: str, file: Handout) -> Call:
    parameters = {"chat_id": chat_id, "file_path": str(file.path), "caption": file.caption}
    return Call(_SENDING[file.shown_as], parameters, chat_id)


def _last_class(complaint: bytes) -> str:
    """The class of the error that ended the child, without its words."""
    lines = complaint.decode(errors="replace").strip().splitlines()
    return lines[-1].partition(":")[0][:80] if lines else "no words"
