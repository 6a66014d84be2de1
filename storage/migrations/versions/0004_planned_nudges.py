"""Whom a round reminds is written down at once, their messages as they are sent.

Revision: 0004
Follows: 0003
"""

import sqlalchemy as sa
from alembic import op


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'planned_nudge',
        sa.Column('person_id', sa.BigInteger().with_variant(sa.INTEGER(), 'sqlite'), autoincrement=False, nullable=False),
        sa.Column('round_key', sa.String(length=160), nullable=False),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_planned_nudge_person_id_person'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('person_id', name=op.f('pk_planned_nudge')),
    )


def downgrade() -> None:
    op.drop_table('planned_nudge')
