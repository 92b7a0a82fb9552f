"""Everything an operator can be told "no" about."""

from typing import Any


class MigrationOpsError(Exception):
    """Base of everything this app refuses; the message is one clear line for the operator."""

    message = ""

    def __init__(self, message: str = "", **facts: Any) -> None:
        self.facts = facts
        super().__init__(message or self.message.format(**facts))


class CompanyUnknown(MigrationOpsError):
    """No company of that id or slug, and no legacy row of that company."""

    message = "no company {company!r}: {remedy}"


class RunAlreadyActive(MigrationOpsError):
    """Another process drives a run of this company."""

    message = (
        "company {company} is already being migrated: run {run} is driven by {owner}, last heartbeat {age:.0f} s ago;"
        " follow it with migration_status"
    )


class NoSuchRun(MigrationOpsError):
    """There is no run that the asked-for move applies to."""

    message = "company {company} has no run to {verb}: {why}"


class IllegalTransition(MigrationOpsError):
    """Somebody else moved first."""

    message = "run {run} is {status}, so it cannot become {wanted}"


class RunTakenOver(MigrationOpsError):
    """A newer generation drives the run; this worker's batch was rolled back."""

    message = "run {run} was taken over by another process; this worker (generation {generation}) wrote nothing"


class RunStopped(MigrationOpsError):
    """A run stopped by itself; its reason is stored on it."""

    message = "{reason}"


class CaptureNotInstalled(MigrationOpsError):
    """The legacy table stayed locked by its writers."""

    message = (
        "change capture could not be installed in {attempts} attempts: an open transaction holds the legacy table;"
        " end it and start again"
    )


class ContactUnresolved(MigrationOpsError):
    """A row's contact is unknown although it was just resolved: never the row's fault."""

    message = (
        "{rows} rows of {company} have no contact after resolution: a defect of the program, not of the rows;"
        " report it and start the run again once it is mended"
    )


class ProofFailed(MigrationOpsError):
    """A batch did not write what it read; it was rolled back."""

    message = "batch proof failed: {what} expected {expected}, found {found}"


class StageRefused(MigrationOpsError):
    """The company's stage does not allow this."""

    message = "company {company} is {stage}: {why}"


class CaseDecided(MigrationOpsError):
    """Somebody else decided the case first; says who, when and what."""

    message = "{actor} decided this case {at}: {words}"


class CaseClaimed(MigrationOpsError):
    """Somebody else is looking at the case."""

    message = "{actor} is looking at this case until {until}; take another one"


class BadArgument(MigrationOpsError):
    """A value from the command line that cannot be used."""

    message = "{argument} {value!r}: {remedy}"


class MoveRefused(MigrationOpsError):
    """The table of moves has no such step."""

    message = "company {company} is {stage}: it cannot go to {wanted}; from here it may go to {allowed}"


class GateNotPassed(MigrationOpsError):
    """Gates of a step are red or their evidence is missing; nothing was changed."""

    message = "company {company} stays {stage}: {missing}"


class FenceTimedOut(MigrationOpsError):
    """Writers in flight, or changes to be applied, took longer than the step may hold others up."""

    message = "company {company} stays {stage}: {why}; nothing was changed, try again in a moment"


class LegacyCannotHold(MigrationOpsError):
    """A write of the new side that a legacy row has no place for; refused until the company is complete."""

    message = "a legacy row cannot hold {what}; possible once the move of company {company} is complete"


class SideDoesNotLead(MigrationOpsError):
    """A write to the side that does not lead."""

    message = "company {company} is {stage}: {why}"


class NothingToCompare(MigrationOpsError):
    """Only one side can answer."""

    message = "the reads of {company} ({stage}) cannot be compared: {why}"


class DrillFailed(MigrationOpsError):
    """The rollback drill could not be done."""

    message = "the rollback drill could not be done: {why}"


class BackupRefused(MigrationOpsError):
    """A backup file that is not taken, or not written; nothing was touched."""

    message = "{file}: {why}"


class BackupImpossible(MigrationOpsError):
    """A backup that cannot be made or restored here; nothing was left behind."""

    message = "the backup could not be done: {why}"


class CertificateRefused(MigrationOpsError):
    """A certificate that cannot be signed off, or a file that is not one of ours; nothing was changed."""

    message = "{what}: {why}"


class RetirementRefused(MigrationOpsError):
    """Legacy rows that may not go, or not come back; every missing proof is named."""

    message = "no legacy row of {company} goes or comes back now: {missing}"


class RowsLeft(MigrationOpsError):
    """A removal came to its end, and rows are there that the archive does not hold."""

    message = (
        "{rows:,} legacy rows of {company} are not the ones that were archived, and stay; all others are gone: look at"
        " them, or put all back with --restore"
    )


class ArchiveRefused(MigrationOpsError):
    """An archive that is damaged, foreign or does not hold what it must; nothing was touched."""

    message = "{file}: {why}"


class PersonRefused(MigrationOpsError):
    """Somebody who may not do this, or did not prove to be who they say."""

    message = "{person}: {why}"


class Interrupted(MigrationOpsError):
    """A signal ended it; what was begun was removed."""

    message = "stopped by {signal}; {what}"


class ExportRefused(MigrationOpsError):
    """More files than one person may take in an hour."""

    message = "no file was made: {name} has exported {had} times in the last hour, which is the limit"


class CorrectionRefused(MigrationOpsError):
    """Something a person wanted with quarantined rows that is not done."""

    message = "not done: {why}"


class StaleForm(MigrationOpsError):
    """A form that was made for another company, person or moment."""

    message = "nothing was done: {why}"


class SecondPersonRefused(MigrationOpsError):
    """A step that cannot be taken back, without two people who agree."""

    message = "company {company} stays {stage}: {why}"


class BulkRefused(MigrationOpsError):
    """One answer for many cases that cannot be given, or taken back, like this."""

    message = "not done: {why}"


class RulingRefused(MigrationOpsError):
    """A word on a value that cannot be given, or taken back, like this."""

    message = "not done: {why}"


class SampleRefused(MigrationOpsError):
    """An answer of the standing audit, or a resumption, that is not taken."""

    message = "not done: {why}"


class AutomaticMergingStopped(MigrationOpsError):
    """The standing audit found too many wrong merges; people decide until somebody resumes it."""

    message = (
        "automatic merging of {company} is stopped since {since}: {why}; resume it with a reason in the admin"
        " (Audit of merges) or with audit_merges --resume"
    )
