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


def upgrade() -> None:
    op.add_column('nudge_round', sa.Column('planned_to', sa.BigInteger(), nullable=True))
    op.add_column('broadcast', sa.Column('written_to', sa.BigInteger(), nullable=True))
    op.create_index('ix_person_unit', 'person', ['unit_code', 'id'], unique=False)
    op.create_index('ix_outbox_paced_open', 'outbox', ['kind', 'recipient_id', 'id'], unique=False, sqlite_where=PACED_OPEN, postgresql_where=PACED_OPEN)
    op.create_index('ix_outbox_recipient', 'outbox', ['recipient_id'], unique=False, sqlite_where=HAS_RECIPIENT, postgresql_where=HAS_RECIPIENT)


def downgrade() -> None:
    op.drop_index('ix_outbox_recipient', 'outbox')
    op.drop_index('ix_outbox_paced_open', 'outbox')
    op.drop_index('ix_person_unit', 'person')
    op.drop_column('broadcast', 'written_to')
    op.drop_column('nudge_round', 'planned_to')
