"""Known wrong variants of the backfill; each is given ``patch``, which takes it back, and ``session``."""

import psycopg
from django.db import connection

from migration_ops import conf
from migration_ops.backfill import batch, sweep
from migration_ops.backfill import owner as owners
from migration_ops.dual_write import capture
from migration_ops.models import MigrationBatch
from migration_ops.projection import project
from migration_ops.stages import BatchState


def no_fence(patch, session):
    patch.setattr(batch, "_fence", lambda *_: None)


def checkpoint_in_another_transaction(patch, session):
    """Checkpoint first, rows after: the classic."""
    do = batch._do

    def apart(run, found, worker) -> None:
        do(run, found, worker)
        with psycopg.connect(session().info.dsn) as other:
            # The batch's row is locked by its worker, so the wrong variant keeps its notes in a copy.
            other.execute(
                "INSERT INTO migration_batch (run_id, kind, part, low, high, rows, state, attempts, error, migrated,"
                " quarantined, worker) SELECT run_id, kind, part, low, high, rows, 'done', 0, '', 0, 0, ''"
                " FROM migration_batch WHERE id = %s",
                [found.pk],
            )

    patch.setattr(batch, "_do", apart)


def no_row_locks(patch, session):
    read = project.read
    patch.setattr(project, "read", lambda scope, **_: read(scope, is_locking=False))


def random_ids(patch, session):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('qp_child_id'::regproc)")
        original = cursor.fetchone()[0]
        cursor.execute(
            "CREATE OR REPLACE FUNCTION qp_child_id(parent uuid, name text) RETURNS uuid LANGUAGE sql VOLATILE STRICT"
            " AS 'SELECT CASE WHEN name = ''job'' THEN gen_random_uuid() ELSE md5(parent::text || name)::uuid END'"
        )
    patch.original = original


def no_capture(patch, session):
    capture.remove()
    patch.setattr(capture, "install", lambda: False)


def changes_forgotten(patch, session):
    """Entries are taken from the outbox, and nothing is done about them."""
    patch.setattr(sweep, "_changes", lambda *_: ([], []))


def every_owner_is_dead(patch, session):
    patch.setattr(owners, "is_gone", lambda *_: True)


def halves_planned_twice(patch, session):
    halve = sweep.halve

    def wrong(company, found, message, *, is_locked) -> None:
        halve(company, found, message, is_locked=is_locked)
        MigrationBatch.objects.filter(run=found.run, kind="rows", state=BatchState.PENDING, part=found.part).update(
            rows=found.rows
        )

    patch.setattr(sweep, "halve", wrong)


def one_round_only(patch, session):
    patch.setattr(conf, "CATCH_UP_ROUNDS", 1)


def no_late_identity(patch, session):
    patch.setattr(sweep, "resolve_late", lambda *_: None)
