"""The states of a question: one table, and one function that changes them."""

from storage.tables import QuestionState

QUESTION_MOVES: dict[QuestionState, frozenset[QuestionState]] = {
    QuestionState.submitted: frozenset(
        {QuestionState.held, QuestionState.reported, QuestionState.withdrawn}
    ),
    QuestionState.held: frozenset({QuestionState.submitted, QuestionState.withdrawn}),
    QuestionState.reported: frozenset(),
    QuestionState.withdrawn: frozenset(),
}


class WorkflowError(RuntimeError):
    """A change of state that the table does not know: a fault of ours, not of a person's."""


def can_become(state: QuestionState, wanted: QuestionState) -> bool:
    """Whether a question may go from one state to the other."""
    return wanted in QUESTION_MOVES[state]


def next_state(state: QuestionState, wanted: QuestionState) -> QuestionState:
    """The wanted state, or `WorkflowError`."""
    if not can_become(state, wanted):
        raise WorkflowError(f"{state} cannot become {wanted}")
    return wanted
