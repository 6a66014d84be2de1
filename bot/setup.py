"""`python -m bot setup`: a few questions, and the bot is ready to run.

Nothing is written before every answer is known to be good: the plan, `.env` and the database
change together at the end, or not at all.
"""

import getpass
import os
import re
import signal
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from aiohttp_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError
from dotenv import set_key
from pydantic import SecretStr
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from bot.bot_api import ApiRefusedError, ApiUnreachableError, BotApi
from bot.clock import Clock
from conference.joining import INVITE_LIFE, create_invite
from conference.opening import PlanMismatchError, conference_record, load_plan_into
from config.plan import YEARS, ConferencePlan, PlanError, load_plan, move_conference
from config.settings import DEFAULT_PLAN, ENV_FILE, Settings, SettingsError, load_settings
from config.texts import FALLBACK, LANGUAGES, Texts, texts_for
from storage.database import Database, DatabaseError
from storage.migrating import migrate
from storage.tables import ConferenceRecord, DatabaseKind, Invite, Role

_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")
_UNKNOWN_BOT = {401, 404}
_NO_BOT_API = (
    *(KeyError, TypeError),  # an answer that is not the Bot API's
    ValueError,  # a proxy address that cannot be read
    *(ProxyError, ProxyConnectionError, ProxyTimeoutError),
)


class _Stop(Exception):  # noqa: N818  it ends the dialogue with the lines to say
    def __init__(self, *lines: str) -> None:
        super().__init__()
        self.lines = lines


def operator_language(environment: Mapping[str, str]) -> str:
    """The language of whoever sits at the terminal, from `LANG` and what overrules it."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            language = re.split(r"[_.@]", environment[name])[0].lower()
            return language if language in LANGUAGES else FALLBACK
    return FALLBACK


def ask_at_terminal(prompt: str) -> str:
    """One line of input. Raises EOFError or KeyboardInterrupt when the person ends it."""
    with _interruptible():
        return input(prompt)


def ask_secret_at_terminal(prompt: str) -> str:
    """The same, without showing what is typed."""
    with _interruptible():
        return getpass.getpass(prompt)


@contextmanager
def _interruptible() -> Iterator[None]:
    # asyncio's own handler only notes Ctrl-C until the loop runs again, after Enter.
    noting = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, noting)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _complain(line: str) -> None:
    sys.stderr.write(f"{line}\n")


async def set_up(
    *,
    clock: Clock,
    language: str,
    env_file: Path = ENV_FILE,
    ask: Callable[[str], str] = ask_at_terminal,
    ask_secret: Callable[[str], str] = ask_secret_at_terminal,
    say: Callable[[str], None] = _say,
    complain: Callable[[str], None] = _complain,
) -> int:
    """Ask for the token, the plan and the conference's day; keep them; print the first link.

    What is set already is offered again, and Enter keeps it. The token is never shown.

    Args:
        clock: the present moment.
        language: of the dialogue, as `operator_language` finds it.
        env_file: where the settings are read from and kept, with mode 600.
        ask: prompts for a line.
        ask_secret: prompts for a line that is not shown.
        say: prints a line.
        complain: prints a line about what is wrong.

    Returns:
        The exit status: 0 when the bot can run, 1 when something is wrong and has been said.
    """
    dialogue = _Dialogue(texts_for(language), ask, ask_secret, say, env_file, clock)
    try:
        await dialogue.run()
    except _Stop as stop:
        for line in stop.lines:
            complain(line)
        return 1
    except (EOFError, KeyboardInterrupt):
        complain("\n" + dialogue.texts.plain("setup-stopped"))
        return 1
    return 0


@dataclass(frozen=True, slots=True)
class _Choice:
    """The plan to load and the file that is to hold it; `moved` waits to take its place."""

    plan: ConferencePlan
    path: Path
    moved: Path | None = None
    naming_old_year: list[str] = field(default_factory=list)
    old_year: int = 0


@dataclass(frozen=True, slots=True)
class _Dialogue:
    texts: Texts
    ask: Callable[[str], str]
    ask_secret: Callable[[str], str]
    say: Callable[[str], None]
    env_file: Path
    clock: Clock

    async def run(self) -> None:
        settings = self._settings()
        self._tell("setup-welcome")
        token = self._ask_token(settings)
        username = await self._username(settings, token)
        self._tell("setup-bot-found", username=username)
        source = self._ask_plan(settings)
        choice = self._ask_day(settings, source)
        try:
            invite = await self._keep(settings, token, choice)
        finally:
            if choice.moved is not None:
                choice.moved.unlink(missing_ok=True)
        if invite is not None:
            self._tell("setup-link", hours=INVITE_LIFE.total_seconds() // 3600)
            self.say(f"https://t.me/{username}?start=i-{invite}")
        self._tell("setup-next")

    def _tell(self, message: str, **variables: Any) -> None:
        self.say(self.texts.plain(message, **variables))

    def _stop(self, message: str, **variables: Any) -> _Stop:
        return _Stop(self.texts.plain(message, **variables))

    def _settings(self) -> Settings:
        try:
            try:
                return load_settings(_env_file=self.env_file)
            except SettingsError:
                # A token spoilt by hand is what a new one is asked for.
                return load_settings(_env_file=self.env_file, telegram_bot_token=None)
        except SettingsError as error:
            raise _Stop(
                *(
                    self.texts.plain("setup-settings-unusable", reason=line)
                    for line in str(error).splitlines()
                )
            ) from None

    def _ask_token(self, settings: Settings) -> str:
        there = settings.telegram_bot_token
        prompt = "setup-token-ask" if there is None else "setup-token-keep"
        token = self.ask_secret(self.texts.plain(prompt)).strip()
        if not token:
            if there is None:
                raise self._stop("setup-token-missing")
            return there.get_secret_value()
        if not _TOKEN.fullmatch(token):
            raise self._stop("setup-token-shape")
        return token

    async def _username(self, settings: Settings, token: str) -> str:
        base = settings.telegram_api_base
        proxy = settings.telegram_proxy
        api = BotApi(token, base, proxy.get_secret_value() if proxy else None)
        try:
            bot = await api.call("getMe", {})
            return str(bot["username"])
        except ApiRefusedError as error:
            if error.code in _UNKNOWN_BOT:
                raise self._stop("setup-token-refused") from None
            raise self._stop("setup-api-refused", base=base, reason=str(error)) from None
        except ApiUnreachableError as error:
            raise self._stop("setup-api-unreachable", base=base, reason=str(error)) from None
        except _NO_BOT_API as error:
            reason = type(error).__name__
            raise self._stop("setup-api-unreachable", base=base, reason=reason) from None
        finally:
            await api.close()

    def _ask_plan(self, settings: Settings) -> Path:
        paths = sorted(DEFAULT_PLAN.parent.glob("*.toml"))
        current = settings.plan_file
        if current.resolve() not in {path.resolve() for path in paths}:
            paths.insert(0, current)
        self._tell("setup-plans")
        for number, path in enumerate(paths, 1):
            try:
                title = load_plan(path).conference.title
            except PlanError:
                title = self.texts.plain("setup-plan-unusable")
            self._tell("setup-plan-line", number=number, title=title, path=str(_shown(path)))
        answer = self.ask(self.texts.plain("setup-plan-ask", path=str(_shown(current)))).strip()
        if not answer:
            return current
        if not answer.isdecimal():
            return Path(answer).expanduser()
        if not 1 <= int(answer) <= len(paths):
            raise self._stop("setup-plan-number", number=answer)
        return paths[int(answer) - 1]

    def _ask_day(self, settings: Settings, source: Path) -> _Choice:
        plan = self._plan(source)
        day = plan.local("conference_opens").date()
        answer = self.ask(
            self.texts.plain("setup-date-ask", day=_day_said(day), example="26/5/2027")
        ).strip()
        wanted = _day(answer) if answer else day
        if wanted is None or wanted.year not in YEARS:
            raise self._stop(
                "setup-date-unusable",
                answer=answer,
                first=str(YEARS.start),
                last=str(YEARS.stop - 1),
            )
        if wanted == day:
            choice = _Choice(plan, _shown(source))
        else:
            path = settings.data_dir / "plan.toml"
            moved = path.with_name("plan.toml.new")
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                naming = move_conference(source, moved, wanted)
            except OSError as error:
                raise self._unwritable(path, error) from None
            except PlanError as error:
                raise self._faulty(source, error) from None
            choice = _Choice(self._plan(moved), path, moved, naming, day.year)
        if choice.plan.moment("conference_opens") < self.clock():
            self._tell("setup-date-past", day=_day_said(wanted))
        return choice

    def _plan(self, path: Path) -> ConferencePlan:
        try:
            return load_plan(path)
        except PlanError as error:
            raise self._faulty(path, error) from None

    def _faulty(self, path: Path, error: PlanError) -> _Stop:
        return _Stop(
            *(
                self.texts.plain(
                    "setup-plan-fault", path=str(path), fault=fault.removeprefix(f"{path}: ")
                )
                for fault in error.faults
            )
        )

    def _unwritable(self, path: Path, error: OSError) -> _Stop:
        return self._stop("setup-files-unwritable", path=str(path), reason=error.strerror)

    async def _keep(self, settings: Settings, token: str, choice: _Choice) -> str | None:
        """Change the database, the plan's file and `.env`; returns the new link's token."""
        live = settings.model_copy(update={"telegram_bot_token": SecretStr(token)})
        try:
            database = Database(live.database_address)
            try:
                await migrate(database)
                async with database.snapshot() as session:
                    there = await conference_record(session)
                wants_link = self._wants_link(there, choice.plan)
                async with database.transaction() as session:
                    now = self.clock()
                    await load_plan_into(session, choice.plan, kind=DatabaseKind.live, now=now)
                    invite = await _first_link(session, now) if wants_link else None
                    self._write(settings, token, choice)
            finally:
                await database.close()
        except (DatabaseError, PlanMismatchError) as error:
            raise self._stop("setup-database-unusable", reason=str(error)) from None
        except DBAPIError as error:
            # Only the first line: the others may hold the statement and its values.
            reason = str(error.orig).partition("\n")[0]
            raise self._stop("setup-database-unusable", reason=reason) from None
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise self._stop("setup-database-unusable", reason=reason) from None
        return invite

    def _wants_link(self, there: ConferenceRecord | None, plan: ConferencePlan) -> bool:
        if there is None:
            return True
        if there.kind is not DatabaseKind.live:
            raise self._stop("setup-database-other-program")
        if there.code != plan.conference.code:
            raise self._stop(
                "setup-database-other-conference", theirs=there.code, ours=plan.conference.code
            )
        answer = self.ask(self.texts.plain("setup-link-ask")).strip().casefold()
        yes = self.texts.plain("setup-yes").split(", ")
        return unicodedata.normalize("NFC", answer) in yes

    def _write(self, settings: Settings, token: str, choice: _Choice) -> None:
        path = choice.path
        try:
            if choice.moved is not None:
                self._put_in_place(choice)
            path = self.env_file
            values = {"PLAN_FILE": str(choice.path)}
            there = settings.telegram_bot_token
            if there is None or there.get_secret_value() != token:
                values["TELEGRAM_BOT_TOKEN"] = token
            _set_in(path, values)
        except OSError as error:
            raise self._unwritable(path, error) from None
        self._tell("setup-saved", path=str(path))

    def _put_in_place(self, choice: _Choice) -> None:
        assert choice.moved is not None  # noqa: S101  asked by the caller
        if choice.path.exists():
            aside = choice.path.with_name(f"plan-{self.clock():%Y%m%d-%H%M%S}.toml")
            choice.path.replace(aside)
            self._tell("setup-plan-kept-aside", path=str(aside))
        choice.moved.replace(choice.path)
        day = _day_said(choice.plan.local("conference_opens").date())
        self._tell("setup-plan-moved", day=day, path=str(choice.path))
        if choice.naming_old_year:
            self._tell("setup-year-left", year=str(choice.old_year), path=str(choice.path))
            for key in choice.naming_old_year:
                self._tell("setup-year-left-line", key=key)


async def _first_link(session: AsyncSession, now: datetime) -> str:
    """A new organiser link from the terminal; an earlier one that nobody has used is void."""
    await session.execute(
        update(Invite)
        .where(
            col(Invite.role) == Role.organiser,
            col(Invite.created_by).is_(None),
            col(Invite.used_at).is_(None),
            col(Invite.revoked_at).is_(None),
        )
        .values(revoked_at=now)
    )
    return await create_invite(session, None, role=Role.organiser, now=now)


def _day(answer: str) -> date | None:
    try:
        if found := re.fullmatch(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})", answer):
            return date(int(found[3]), int(found[2]), int(found[1]))
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", answer):
            return date.fromisoformat(answer)
    except ValueError:
        pass
    return None


def _day_said(day: date) -> str:
    return f"{day.day}/{day.month}/{day.year}"


def _shown(path: Path) -> Path:
    """Relative to where the program runs, so that the folder may be moved."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _set_in(env_file: Path, values: Mapping[str, str]) -> None:
    # `set_key` gives the new file the mode it finds, so that is narrowed before a secret goes in.
    if env_file.exists():
        env_file.chmod(0o600)
    else:
        os.close(os.open(env_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    for name, value in values.items():
        set_key(env_file, name, value, follow_symlinks=True)
