"""Every table, so that importing this package is enough to know the whole schema."""

from storage.tables.audit import AuditEntry
from storage.tables.base import naming_convention
from storage.tables.broadcast import Broadcast
from storage.tables.chat_state import ChatState
from storage.tables.conference import ConferenceRecord, DatabaseKind
from storage.tables.extension import Extension, ExtensionRequest
from storage.tables.inbox import InboxState, InboxUpdate
from storage.tables.job import Job, JobState
from storage.tables.nudge import NudgeRound, PlannedNudge
from storage.tables.outbox import Lane, OutboxMessage, OutboxState
from storage.tables.person import AgeBand, Invite, Person, Role, RoleGrant
from storage.tables.presence import Presence
from storage.tables.question import Question, QuestionState
from storage.tables.report import Report
from storage.tables.unit import Department, Topic, Unit

__all__ = [
    "AgeBand",
    "AuditEntry",
    "Broadcast",
    "ChatState",
    "ConferenceRecord",
    "DatabaseKind",
    "Department",
    "Extension",
    "ExtensionRequest",
    "InboxState",
    "InboxUpdate",
    "Invite",
    "Job",
    "JobState",
    "Lane",
    "NudgeRound",
    "OutboxMessage",
    "OutboxState",
    "Person",
    "PlannedNudge",
    "Presence",
    "Question",
    "QuestionState",
    "Report",
    "Role",
    "RoleGrant",
    "Topic",
    "Unit",
    "naming_convention",
]
