"""What is written to thousands is written in slices, and found without reading everything.

Revision: 0003
Follows: 0002
"""

import sqlalchemy as sa
from alembic import op


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

PACED_OPEN = sa.text("state IN ('due', 'sending') AND lane = 'paced'")
HAS_RECIPIENT = sa.text("recipient_id IS NOT NULL")


NEVER_GIVEN_AGAIN = ('outbox', 'job')
"""Whose numbers somebody may still hold when the row is gone: SQLite gives the highest again."""


def _number_anew(*, autoincrement: bool) -> None:
    if op.get_bind().dialect.name == 'sqlite':
        for table in NEVER_GIVEN_AGAIN:
            with op.batch_alter_table(table, recreate='always', table_kwargs={'sqlite_autoincrement': autoincrement}):
                pass


def upgrade() -> None:
    _number_anew(autoincrement=True)
    op.add_column('nudge_round', sa.Column('planned_to', sa.BigInteger(), nullable=True))
    op.add_column('broadcast', sa.Column('written_to', sa.BigInteger(), nullable=True))
    op.create_index('ix_person_unit', 'person', ['unit_code', 'id'], unique=False)
    op.create_index('ix_outbox_paced_open', 'outbox', ['kind', 'recipient_id', 'id'], unique=False, sqlite_where=PACED_OPEN, postgresql_where=PACED_OPEN)
    op.create_index('ix_outbox_recipient', 'outbox', ['recipient_id'], unique=False, sqlite_where=HAS_RECIPIENT, postgresql_where=HAS_RECIPIENT)


def downgrade() -> None:
    _number_anew(autoincrement=False)
    op.drop_index('ix_outbox_recipient', 'outbox')
    op.drop_index('ix_outbox_paced_open', 'outbox')
    op.drop_index('ix_person_unit', 'person')
    op.drop_column('broadcast', 'written_to')
    op.drop_column('nudge_round', 'planned_to')
