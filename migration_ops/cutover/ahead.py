"""What stands between a company and its next stages."""

from crm.models import Company
from migration_ops.cutover import gates
from migration_ops.cutover.gates import GateResult
from migration_ops.stages import STAGE_MOVES, Stage, is_forward


def gates_ahead(company: Company, stage: Stage) -> dict[str, list[GateResult]]:
    """The gates of each step forward, looked at now."""
    moves = STAGE_MOVES[stage]
    return {str(after): gates.check(company, move.gates) for after, move in moves.items() if is_forward(stage, after)}
