"""The commands: names, Vietnamese names, and who may use them.

The menu, the help text and the tests are made from this one list.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from aiogram import Bot, Router
from aiogram.filters import Command
from aiogram.types import BotCommand, BotCommandScopeChat

from conference.roles import Actor, Permission
from config.texts import Texts, texts_for


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """One command. `command-<name>` in the catalogues says what it does."""

    name: str
    vietnamese: str
    permission: Permission
    in_menu: bool = True


COMMANDS = (
    CommandEntry("start", "batdau", Permission.public, in_menu=False),
    CommandEntry("ask", "hoi", Permission.question_ask),
    CommandEntry("my", "cuatoi", Permission.question_view_own),
    CommandEntry("status", "tracuu", Permission.question_view_own),
    CommandEntry("deadline", "han", Permission.public),
    CommandEntry("privacy", "dulieu", Permission.public),
    CommandEntry("erase", "xoa", Permission.public),
    CommandEntry("language", "ngonngu", Permission.public, in_menu=False),
    CommandEntry("cancel", "huy", Permission.public, in_menu=False),
    CommandEntry("help", "trogiup", Permission.public),
    CommandEntry("report", "baocao", Permission.report_send, in_menu=False),
    CommandEntry("progress", "tiendo", Permission.progress_view, in_menu=False),
    CommandEntry("remind", "nhac", Permission.nudge_send, in_menu=False),
    CommandEntry("extend", "giahan", Permission.milestone_extend, in_menu=False),
    CommandEntry("invite", "moi", Permission.people_invite, in_menu=False),
    CommandEntry("team", "nhansu", Permission.people_invite, in_menu=False),
    CommandEntry("broadcast", "thongbao", Permission.broadcast_send, in_menu=False),
    CommandEntry("outbox", "hangdoi", Permission.outbox_view, in_menu=False),
    CommandEntry("stats", "thongke", Permission.statistics_view, in_menu=False),
    CommandEntry("poster", "apphich", Permission.poster_make, in_menu=False),
    CommandEntry("export", "xuat", Permission.list_export, in_menu=False),
    CommandEntry("held", "cangiup", Permission.question_release, in_menu=False),
)
BY_NAME = {name: command for command in COMMANDS for name in (command.name, command.vietnamese)}


def on_command(
    router: Router, name: str, handler: Callable[..., Any], *, leaves_form: bool = True
) -> None:
    """Register a command under both its names, with its permission as the handler's flag.

    Args:
        router: where to.
        name: the command.
        handler: what it does.
        leaves_form: whether a form of one answer (new words, a code) that waits is given up.
    """
    command = BY_NAME[name]
    router.message.register(
        handler,
        command_filter(command.name, command.vietnamese),
        flags={"permission": command.permission, "leaves_form": leaves_form},
    )


def command_filter(*names: str) -> Command:
    """A command in any case, and with whatever bot's name behind it.

    To compare that name aiogram would ask the network, which no turn may do. In a group the
    platform itself passes on only what is meant for this bot.
    """
    return Command(*names, ignore_case=True, ignore_mention=True)


def on_button(
    router: Router,
    handler: Callable[..., Any],
    callback: Any,
    permission: Permission,
    *,
    leaves_form: bool = True,
) -> None:
    """Register a button under its callback class, with the same flags as a command."""
    router.callback_query.register(
        handler,
        callback.filter(),
        flags={"permission": permission, "leaves_form": leaves_form},
    )


def shown_name(command: CommandEntry, language: str) -> str:
    """The name a person of this language is shown; both work always."""
    return command.vietnamese if language == "vi" else command.name


def commands_of(actor: Actor) -> list[CommandEntry]:
    """What this person may use."""
    return [command for command in COMMANDS if actor.may(command.permission)]


def menu(texts: Texts, commands: Iterable[CommandEntry] = COMMANDS) -> list[BotCommand]:
    """A menu in one language; without `commands`, the one published to everyone."""
    return [
        BotCommand(
            command=shown_name(command, texts.language),
            description=texts.plain(f"command-{command.name}"),
        )
        for command in commands
        if command.in_menu or commands is not COMMANDS
    ]


async def publish_menu(bot: Bot, actor: Actor, language: str) -> None:
    """Give a person's own chat the commands that their roles allow, in their language.

    Someone without a role has the menu that everyone has.
    """
    scope = BotCommandScopeChat(chat_id=int(actor.external_id))
    if not actor.roles:
        await bot.delete_my_commands(scope=scope)
        return
    allowed = [command for command in commands_of(actor) if command.name != "start"]
    await bot.set_my_commands(menu(texts_for(language), allowed), scope=scope)
