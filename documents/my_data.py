"""Everything kept about one person, as a text file for that person alone."""

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from config.plan import ConferencePlan
from config.texts import Texts
from documents.written_file import WrittenFile, replaced_file
from storage.people import grants_of
from storage.questions import questions_of
from storage.tables import Person
from storage.units import unit_and_topic_names


async def write_my_data(
    session: AsyncSession, plan: ConferencePlan, texts: Texts, path: Path, *, person_id: int
) -> WrittenFile:
    """Write the person's data in plain words, questions unmasked: they are the reader's own."""
    person = await session.scalar(select(Person).where(col(Person.id) == person_id))
    lines = [texts.plain("my-data-title", title=plan.conference.title), ""]
    if person is None:
        lines.append(texts.plain("privacy-nothing"))
    else:
        band = person.age_band.value.replace("_", "-") if person.age_band else "unknown"
        consented = person.consented_at
        lines += [
            texts.plain("my-data-account", channel=person.channel, account=person.external_id),
            texts.plain("my-data-language", language=person.language),
            texts.plain("my-data-age", age=texts.plain(f"age-{band}")),
            texts.plain(
                "my-data-consent",
                moment=consented.astimezone(plan.zone).isoformat(timespec="minutes")
                if consented
                else "—",
                version=person.consent_version or "—",
            ),
        ]
        lines += [
            texts.plain(
                "my-data-role", role=texts.plain(f"role-{grant.role.value.replace('_', '-')}")
            )
            for grant in await grants_of(session, person_id)
        ]
        for question in await questions_of(session, person_id):
            unit, topic = await unit_and_topic_names(
                session, question.unit_code, question.topic_code
            )
            lines += [
                "",
                texts.plain(
                    "my-data-question",
                    code=question.code,
                    moment=question.submitted_at.astimezone(plan.zone).isoformat(
                        timespec="minutes"
                    ),
                    state=texts.plain(f"state-{question.state.value}"),
                    unit=unit,
                    topic=topic,
                ),
                question.text,
            ]
    content = ("\n".join(lines) + "\n").encode("utf-8-sig")
    with replaced_file(path) as draft:
        draft.write_bytes(content)
    return WrittenFile(path, rows=len(lines), bytes_=len(content))
