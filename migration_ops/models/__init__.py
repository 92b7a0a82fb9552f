"""Everything the move itself needs; goes away with it."""

from migration_ops.models.approvals import StepRequest
from migration_ops.models.cases import DedupCase
from migration_ops.models.companies import CompanyStage, StageChange
from migration_ops.models.conflicts import DedupConflict
from migration_ops.models.duplicates import DedupContact, DedupGroup, DedupRun, DedupValue
from migration_ops.models.findings import Mismatch, Verdict
from migration_ops.models.gates import AuditLine, Finding, GateEvidence, RefusedWrites, Repair
from migration_ops.models.outbox import ApplyListener, CaptureInstallation, OutboxEntry, ReverseEntry
from migration_ops.models.provenance import LegacyLink
from migration_ops.models.quarantine import QuarantinedRow
from migration_ops.models.runs import MigrationBatch, MigrationRun
from migration_ops.models.staging import StagedAddress, StagedCluster, StagedContact, StagedDoubt, StagedFinding
from migration_ops.models.v1_use import V1Use

__all__ = [
    "ApplyListener",
    "AuditLine",
    "CaptureInstallation",
    "CompanyStage",
    "DedupCase",
    "DedupConflict",
    "DedupContact",
    "DedupGroup",
    "DedupRun",
    "DedupValue",
    "Finding",
    "GateEvidence",
    "LegacyLink",
    "MigrationBatch",
    "MigrationRun",
    "Mismatch",
    "OutboxEntry",
    "QuarantinedRow",
    "RefusedWrites",
    "Repair",
    "ReverseEntry",
    "StageChange",
    "StagedAddress",
    "StagedCluster",
    "StagedContact",
    "StagedDoubt",
    "StagedFinding",
    "StepRequest",
    "V1Use",
    "Verdict",
]
