"""What is kept about me, as words and as a file, and forgetting it."""

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from conference.privacy import erase_person, what_is_kept
from conference.roles import Permission
from handlers.callbacks import EraseMeCallback, OpenCallback, SendMyDataCallback
from handlers.commands import on_button, on_command
from handlers.conversation import Conversation, Screen, button
from handlers.member.drafts import load_draft
from handlers.moments import moment_words


async def cmd_privacy(message: Message, conversation: Conversation) -> None:
    """`/dulieu`: everything kept about me."""
    del message
    await show_privacy(conversation)


async def show_privacy(conversation: Conversation) -> None:
    """Everything kept about the person, in plain words."""
    texts, plan = conversation.texts, conversation.plan
    kept = await what_is_kept(conversation.session, conversation.actor)
    draft = await load_draft(conversation.state)
    has_draft = draft is not None and bool(draft.text)
    erase = [button(texts.plain("button-erase"), EraseMeCallback(sure=False))]
    if kept is None:
        text = texts("privacy-draft-only" if has_draft else "privacy-nothing")
        await conversation.show(Screen(text, [erase] if has_draft else []))
        return
    person = kept.person
    band = person.age_band.value.replace("_", "-") if person.age_band else "unknown"
    text = texts(
        "privacy-kept",
        account=person.external_id,
        language=texts.plain("language-name"),
        age=texts.plain(f"age-{band}"),
        unit=plan.unit(person.unit_code).name
        if person.unit_code in {unit.code for unit in plan.units}
        else "—",
        consent=moment_words(texts, plan, person.consented_at) if person.consented_at else "—",
        version=person.consent_version or "—",
        roles=", ".join(
            texts.plain(f"role-{grant.role.value.replace('_', '-')}") for grant in kept.roles
        )
        or texts.plain("role-member"),
        questions=len(kept.questions),
        days=plan.collection.retention_days,
    )
    await conversation.show(
        Screen(
            text + ("\n\n" + texts("privacy-draft") if has_draft else ""),
            [
                [
                    button(texts.plain("button-my"), OpenCallback(command="my")),
                    button(texts.plain("button-my-data"), SendMyDataCallback()),
                ],
                erase,
            ],
        )
    )


async def on_my_data(callback: CallbackQuery, conversation: Conversation) -> None:
    """The same as a file: a job, since a file takes longer than a blink."""
    del callback
    if conversation.actor.person_id is None:
        await show_privacy(conversation)
        return
    await conversation.start_job(
        "my_data",
        person_id=conversation.actor.person_id,
    )


async def cmd_erase(message: Message, conversation: Conversation) -> None:
    """`/xoa`: forget me, after asking once."""
    del message
    await ask_to_erase(conversation)


async def ask_to_erase(conversation: Conversation) -> None:
    """Say what goes and what stays, and ask."""
    texts = conversation.texts
    await conversation.show(
        Screen(
            texts("erase-ask"),
            [
                [button(texts.plain("button-erase-sure"), EraseMeCallback(sure=True))],
                [button(texts.plain("button-keep"), OpenCallback(command="privacy"))],
            ],
        )
    )


async def on_erase(
    callback: CallbackQuery, callback_data: EraseMeCallback, conversation: Conversation
) -> None:
    """Forget the person at once."""
    del callback
    if not callback_data.sure:
        await ask_to_erase(conversation)
        return
    texts, actor = conversation.texts, conversation.actor
    erased = await erase_person(conversation.session, actor, now=conversation.now)
    conversation.turn.forgotten = True
    counts = {"deleted": erased.deleted, "kept": erased.kept_without_link}
    await conversation.show(
        Screen(
            texts("erase-done", **counts) if actor.person is not None else texts("erase-nothing")
        )
    )
    await conversation.state.clear()


def build_router() -> Router:
    """Privacy: view, copy, erase."""
    router = Router(name="member.my_data")
    on_command(router, "privacy", cmd_privacy)
    on_command(router, "erase", cmd_erase)
    on_button(router, on_my_data, SendMyDataCallback, Permission.public)
    on_button(router, on_erase, EraseMeCallback, Permission.public)
    return router
