"""What watching needs: when the bot was last there, and when something was set aside.

The lease columns of the outbox were never used. SQLite drops and adds a column by itself (since
3.35, which RETURNING needs too), so no table is copied.

Revision: 0002
Follows: 0001
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

TROUBLED = sa.text("state IN ('failed', 'uncertain')")
SET_ASIDE = sa.text("state = 'set_aside'")


def upgrade() -> None:
    op.drop_column('outbox', 'lease_owner')
    op.drop_column('outbox', 'lease_until')
    # What was being sent when a process ended was closed without a moment.
    op.execute(
        "UPDATE outbox SET sent_at = created_at WHERE state = 'uncertain' AND sent_at IS NULL"
    )
    op.create_index('ix_outbox_troubled', 'outbox', ['sent_at'], unique=False, sqlite_where=TROUBLED, postgresql_where=TROUBLED)
    op.add_column('inbox', sa.Column('set_aside_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    op.execute("UPDATE inbox SET set_aside_at = received_at WHERE state = 'set_aside'")
    op.create_index('ix_inbox_set_aside', 'inbox', ['set_aside_at'], unique=False, sqlite_where=SET_ASIDE, postgresql_where=SET_ASIDE)
    op.create_table('presence',
    sa.Column('bot_id', sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
    sa.Column('seen_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('bot_id', name=op.f('pk_presence'))
    )


def downgrade() -> None:
    op.drop_table('presence')
    op.drop_index('ix_inbox_set_aside', 'inbox')
    op.drop_column('inbox', 'set_aside_at')
    op.drop_index('ix_outbox_troubled', 'outbox')
    op.add_column('outbox', sa.Column('lease_until', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    op.add_column('outbox', sa.Column('lease_owner', sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True))
