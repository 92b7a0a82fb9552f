"""Everything the move itself needs; goes away with it."""

from migration_ops.models.approvals import StepRequest
from migration_ops.models.audits import AutomaticMerging, MergeSample
from migration_ops.models.cases import BulkDecision, DedupCase
from migration_ops.models.companies import CompanyStage, StageChange
from migration_ops.models.conflicts import DedupConflict
from migration_ops.models.duplicates import DedupContact, DedupGroup, DedupRun, DedupStale, DedupValue, ValueRuling
from migration_ops.models.findings import Mismatch, Verdict
from migration_ops.models.gates import AuditLine, Finding, GateEvidence, RefusedWrites, Repair
from migration_ops.models.notices import Notice
from migration_ops.models.outbox import ApplyListener, CaptureInstallation, OutboxEntry, ReverseEntry
from migration_ops.models.provenance import LegacyLink
from migration_ops.models.quarantine import QuarantinedRow
from migration_ops.models.retirement import Certificate, Retirement
from migration_ops.models.runs import IndexAside, MigrationBatch, MigrationRun
from migration_ops.models.shadow import ShadowCount, ShadowGroup, ShadowMismatch
from migration_ops.models.staging import StagedAddress, StagedCluster, StagedContact, StagedDoubt, StagedFinding
from migration_ops.models.v1_use import V1Use

__all__ = [
    "ApplyListener",
    "AuditLine",
    "AutomaticMerging",
    "BulkDecision",
    "CaptureInstallation",
    "Certificate",
    "CompanyStage",
    "DedupCase",
    "DedupConflict",
    "DedupContact",
    "DedupGroup",
    "DedupRun",
    "DedupStale",
    "DedupValue",
    "Finding",
    "GateEvidence",
    "IndexAside",
    "LegacyLink",
    "MergeSample",
    "MigrationBatch",
    "MigrationRun",
    "Mismatch",
    "Notice",
    "OutboxEntry",
    "QuarantinedRow",
    "RefusedWrites",
    "Repair",
    "Retirement",
    "ReverseEntry",
    "ShadowCount",
    "ShadowGroup",
    "ShadowMismatch",
    "StageChange",
    "StagedAddress",
    "StagedCluster",
    "StagedContact",
    "StagedDoubt",
    "StagedFinding",
    "StepRequest",
    "V1Use",
    "ValueRuling",
    "Verdict",
]
