"""What the move has written, as staff see it; one family a file."""

from migration_ops.admin.audit import AuditLineAdmin
from migration_ops.admin.audits import MergeSampleAdmin
from migration_ops.admin.cases import DedupCaseAdmin
from migration_ops.admin.certificates import CertificateAdmin, RetirementAdmin
from migration_ops.admin.companies import CompanyStageAdmin, StageChangeAdmin
from migration_ops.admin.conflicts import DedupConflictAdmin
from migration_ops.admin.links import LegacyLinkAdmin
from migration_ops.admin.outbox import OutboxEntryAdmin
from migration_ops.admin.patterns import BulkDecisionAdmin
from migration_ops.admin.quarantine import QuarantinedRowAdmin
from migration_ops.admin.runs import MigrationBatchAdmin, MigrationRunAdmin
from migration_ops.admin.shadow import ShadowCountAdmin, ShadowGroupAdmin, ShadowMismatchAdmin
from migration_ops.admin.v1_use import V1UseAdmin
from migration_ops.admin.values import ValueRulingAdmin
from migration_ops.admin.verdicts import MismatchAdmin, VerdictAdmin

__all__ = [
    "AuditLineAdmin",
    "BulkDecisionAdmin",
    "CertificateAdmin",
    "CompanyStageAdmin",
    "DedupCaseAdmin",
    "DedupConflictAdmin",
    "LegacyLinkAdmin",
    "MergeSampleAdmin",
    "MigrationBatchAdmin",
    "MigrationRunAdmin",
    "MismatchAdmin",
    "OutboxEntryAdmin",
    "QuarantinedRowAdmin",
    "RetirementAdmin",
    "ShadowCountAdmin",
    "ShadowGroupAdmin",
    "ShadowMismatchAdmin",
    "StageChangeAdmin",
    "V1UseAdmin",
    "ValueRulingAdmin",
    "VerdictAdmin",
]
