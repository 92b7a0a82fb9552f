"""Every defect ever met, as a named builder: the legacy row that has it, and what must become of it.

The numbers are those of the list of dirty inputs. Four of its lines cannot stand in the legacy table's column types
and have no builder: 97 (a date as text; the columns are timestamptz), 101 (created_at absent; it is NOT NULL), 117
(bytes that are not UTF-8; PostgreSQL takes none), 118 (a column unknown to us; tested where the table is checked).
Line 7 (a row changes its company) and line 43 (two customers at one address) need more than one deal: they are tests of
their own. Line 108 (a gap in the sequence of numbers) and line 109's neighbours are reports, not rows.
"""

from migration_ops.tests.dirty import contacts, documents, line_items, money_and_times
from migration_ops.tests.dirty.case import Case

CASES: tuple[Case, ...] = tuple(
    case for module in (contacts, documents, line_items, money_and_times) for case in module.cases()
)

LINES_WITHOUT_BUILDER = frozenset({7, 43, 97, 101, 108, 117, 118})
