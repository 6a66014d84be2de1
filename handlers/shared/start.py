"""`/start` in all its forms, the menu, help, deadlines, language and cancel."""

from aiogram import Router
from aiogram.filters import CommandObject
from aiogram.types import CallbackQuery, Message

from conference.joining import set_language
from conference.privacy import is_retention_open
from conference.roles import Permission
from config.plan import MilestoneName
from config.texts import LANGUAGES, texts_for
from handlers.callbacks import (
    CancelCallback,
    ChooseLanguageCallback,
    EraseIdentitiesCallback,
    OpenCallback,
)
from handlers.commands import (
    COMMANDS,
    commands_of,
    on_button,
    on_command,
    publish_menu,
    shown_name,
)
from handlers.conversation import Conversation, Screen, button, grid
from handlers.duty_officer.held_questions import show_held
from handlers.member.ask_question import cancel
from handlers.member.drafts import load_draft
from handlers.member.my_data import ask_to_erase, show_privacy
from handlers.member.my_questions import ask_for_code, show_my
from handlers.member.question_steps import begin, begin_with_unknown_unit
from handlers.moments import deadline_words, left_words, moment_words
from handlers.organiser.broadcast import show_broadcast
from handlers.organiser.export_list import show_export
from handlers.organiser.extend_deadline import show_extend
from handlers.organiser.outbox import show_outbox
from handlers.organiser.progress import show_progress, show_remind
from handlers.organiser.statistics import show_stats
from handlers.organiser.team import show_invite_roles, show_team
from handlers.shared.invitation import role_words, show_invite
from handlers.unit_lead.poster import UNIT_PAYLOAD, show_poster
from handlers.unit_lead.send_report import show_report
from storage.tables import Role

INVITE_PAYLOAD = "i-"
_OFFICIAL = (
    "report",
    "progress",
    "remind",
    "stats",
    "poster",
    "broadcast",
    "export",
    "held",
    "team",
    "outbox",
)
_DEADLINES: tuple[MilestoneName, ...] = (
    "asking_closes",
    "unit_reports_due",
    "consolidation_due",
    "conference_opens",
    "conclusion_due",
)


async def cmd_start(message: Message, command: CommandObject, conversation: Conversation) -> None:
    """`/start`, alone, with a unit's deep link, or with an invitation."""
    del message
    payload = (command.args or "").strip()
    if payload.startswith(INVITE_PAYLOAD):
        await show_invite(conversation, payload.removeprefix(INVITE_PAYLOAD))
        return
    if payload.startswith(UNIT_PAYLOAD):
        code = payload.removeprefix(UNIT_PAYLOAD)
        if code in {unit.code for unit in conversation.plan.units}:
            await begin(conversation, unit=code)
            return
        await begin_with_unknown_unit(conversation)
        return
    actor = conversation.actor
    if not actor.has_consented and not actor.roles:
        await begin(conversation)
        return
    if actor.roles:
        # Whom the settings name has accepted no link, and gets the role's menu here.
        await publish_menu(conversation.bot, actor, conversation.texts.language)
    await show_menu(conversation)


async def show_menu(conversation: Conversation) -> None:
    """What this person can do, as buttons."""
    texts, plan = conversation.texts, conversation.plan
    draft = await load_draft(conversation.state)
    names = [name for name in _OFFICIAL if _entry_may(conversation, name)]
    names += ["ask", "my", "deadline", "help"]
    text = texts(
        "menu",
        title=plan.conference.short_title,
        organiser=plan.organiser.name,
        deadline=deadline_words(texts, plan, "asking_closes"),
        roles=_roles_words(conversation) or "none",
    )
    if draft is not None and draft.text:
        text += "\n\n" + texts("menu-draft")
    rows = grid(
        [button(texts.plain(f"button-{name}"), OpenCallback(command=name)) for name in names]
    )
    if await is_retention_open(conversation.session, conversation.actor, plan, conversation.now):
        text += "\n\n" + texts("notice-retention", days=plan.collection.retention_days)
        confirm = EraseIdentitiesCallback(sure=False)
        rows.insert(0, [button(texts.plain("button-retention"), confirm)])
    await conversation.show(Screen(text, rows))


def _roles_words(conversation: Conversation) -> str:
    """The person's roles, a lead's with each unit."""
    texts, plan, actor = conversation.texts, conversation.plan, conversation.actor
    said = [
        role_words(texts, plan, role) for role in sorted(actor.roles) if role is not Role.unit_lead
    ]
    said += [
        role_words(texts, plan, Role.unit_lead, unit.code)
        for unit in plan.units
        if unit.code in actor.led_units
    ]
    return ", ".join(said)


def _entry_may(conversation: Conversation, name: str) -> bool:
    return any(command.name == name for command in commands_of(conversation.actor))


async def cmd_help(message: Message, conversation: Conversation) -> None:
    """`/trogiup`: what this person can do."""
    del message
    await show_help(conversation)


async def show_help(conversation: Conversation) -> None:
    """Each command that the person's roles allow, with what it does."""
    texts = conversation.texts
    lines = [
        f"/{shown_name(command, texts.language)} – {texts('command-' + command.name)}"
        for command in commands_of(conversation.actor)
        if command.name != "start"
    ]
    await conversation.show(
        Screen(
            texts(
                "help",
                commands="\n".join(lines),
                minimum=conversation.plan.collection.min_characters,
            ),
            [[button(texts.plain("button-ask"), OpenCallback(command="ask"))]],
        )
    )


async def cmd_deadline(message: Message, conversation: Conversation) -> None:
    """`/han`: dates and days left."""
    del message
    await show_deadlines(conversation)


async def show_deadlines(conversation: Conversation) -> None:
    """The plan's dates as the plan says them, and how long is left."""
    texts, plan, now = conversation.texts, conversation.plan, conversation.now
    lines = [texts("deadline-title", title=plan.conference.title)]
    if now < plan.moment("asking_opens"):
        lines.append(
            texts("deadline-opens", moment=moment_words(texts, plan, plan.moment("asking_opens")))
        )
    for name in _DEADLINES:
        when = (
            moment_words(texts, plan, plan.moment(name))
            if name == "conference_opens"
            else deadline_words(texts, plan, name)
        )
        lines.append(
            texts(
                f"deadline-{name.replace('_', '-')}",
                when=when,
                left=left_words(texts, plan.moment(name), now),
                venue=plan.conference.venue,
            )
        )
    await conversation.show(
        Screen(
            "\n".join(lines), [[button(texts.plain("button-ask"), OpenCallback(command="ask"))]]
        )
    )


async def cmd_language(message: Message, conversation: Conversation) -> None:
    """`/ngonngu`: Vietnamese or English."""
    del message
    await show_languages(conversation)


async def show_languages(conversation: Conversation) -> None:
    """The languages, each in its own words."""
    await conversation.show(
        Screen(
            conversation.texts("language-ask"),
            [
                [
                    button(
                        texts_for(language).plain("language-name"),
                        ChooseLanguageCallback(language=language),
                    )
                    for language in LANGUAGES
                ]
            ],
        )
    )


async def on_language(
    callback: CallbackQuery, callback_data: ChooseLanguageCallback, conversation: Conversation
) -> None:
    """Speak this language from now on."""
    del callback
    texts = texts_for(
        callback_data.language, "child" if conversation.actor.is_under_16 else "youth"
    )
    await set_language(conversation.session, conversation.actor, language=texts.language)
    if conversation.actor.person is None:
        await conversation.state.update_data(language=texts.language)
    conversation.texts = texts
    if conversation.actor.roles:
        await publish_menu(conversation.bot, conversation.actor, texts.language)
    await conversation.show(
        Screen(
            texts("language-set"),
            [
                [button(texts.plain("button-ask"), OpenCallback(command="ask"))],
                [button(texts.plain("button-menu"), OpenCallback(command="start"))],
            ],
        )
    )


async def cmd_cancel(message: Message, conversation: Conversation) -> None:
    """`/huy`: give up what is being done."""
    del message
    await cancel(conversation)


async def on_cancel(callback: CallbackQuery, conversation: Conversation) -> None:
    """The cancel button."""
    del callback
    await cancel(conversation)


async def on_open(
    callback: CallbackQuery, callback_data: OpenCallback, conversation: Conversation
) -> None:
    """A place of the menu: the same as its command."""
    del callback
    places = {
        "start": show_menu,
        "ask": begin,
        "my": show_my,
        "status": ask_for_code,
        "deadline": show_deadlines,
        "privacy": show_privacy,
        "erase": ask_to_erase,
        "language": show_languages,
        "cancel": cancel,
        "help": show_help,
        "stats": show_stats,
        "poster": show_poster,
        "export": show_export,
        "report": show_report,
        "progress": show_progress,
        "remind": show_remind,
        "extend": show_extend,
        "invite": show_invite_roles,
        "team": show_team,
        "held": show_held,
        "broadcast": show_broadcast,
        "outbox": show_outbox,
    }
    command = next((entry for entry in COMMANDS if entry.name == callback_data.command), None)
    if command is None or not conversation.actor.may(command.permission):
        await show_menu(conversation)
        return
    await places[command.name](conversation)


def build_router() -> Router:
    """What everyone can always do."""
    router = Router(name="shared.start")
    on_command(router, "start", cmd_start)
    on_command(router, "help", cmd_help)
    on_command(router, "deadline", cmd_deadline)
    on_command(router, "language", cmd_language)
    on_command(router, "cancel", cmd_cancel, leaves_form=False)
    on_button(router, on_language, ChooseLanguageCallback, Permission.public)
    on_button(router, on_cancel, CancelCallback, Permission.public, leaves_form=False)
    on_button(router, on_open, OpenCallback, Permission.public)
    return router
