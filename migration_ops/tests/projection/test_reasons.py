"""Flags and quarantine reasons: one closed list, with words."""

import re

from migration_ops.identity.keys import CONTACT_FLAGS
from migration_ops.projection.reasons import CROSS_ROW_FLAGS, REMEDIES, Flag, QuarantineReason
from migration_ops.sql.loader import text

WRITTEN = re.compile(r"THEN\s+'([a-z_]+)'\s+END|THEN\s+'([a-z_]+)'\s+WHEN")


def test_a_contact_s_flags_are_in_the_list():
    assert set(Flag.values) >= CONTACT_FLAGS


def test_every_flag_the_projection_writes_is_in_the_list_and_every_other_is_a_contact_s():
    blocks = text("projection/links.sql") + text("projection/source.sql").split("read_odd_items")[1]
    written = {one or other for one, other in WRITTEN.findall(blocks)} | {"lead_implied", "customer_placeholder"}
    assert written <= set(Flag.values)
    assert set(Flag.values) - written - set(CROSS_ROW_FLAGS) == CONTACT_FLAGS


def test_every_flag_of_the_run_s_end_is_in_its_block():
    block = text("projection/cross_row_flags.sql")
    assert all(block.count(f"'{flag}'") >= 2 for flag in CROSS_ROW_FLAGS)


def test_every_flag_and_reason_has_words_and_every_reason_a_remedy():
    assert all(len(member.label) > 10 and member.label != member.value for member in (*Flag, *QuarantineReason))
    assert set(REMEDIES) == set(QuarantineReason)
