"""Known wrong variants of merging, undoing, splitting and deciding; each is given ``patch``, which takes it back."""

from dataclasses import replace

from crm.selectors import decisions as decided
from crm.services import decisions, merge, merge_plan, redo, references, split, undo
from migration_ops.identity import companion, pairs
from migration_ops.identity.duplicates import engine, policy

NOTHING = "SELECT 1 WHERE false"


def with_block(patch, module, name, text) -> None:
    """Another statement in place of one of ``crm/sql/{merge,undo,split}.sql``, for one module."""
    right = module.block
    patch.setattr(module, "block", lambda file, each: text if each == name else right(file, each))


def without_companion_block(patch, name) -> None:
    right = companion.block

    def wrong(file, each):
        found = right(file, each)
        return replace(found, sql=NOTHING) if each == name else found

    patch.setattr(companion, "block", wrong)


def addresses_nobody_uses_are_thrown_away(patch):
    with_block(
        patch, merge, "remove_addresses",
        "DELETE FROM customer_addresses a WHERE a.company_id = %(company)s AND a.customer_id = ANY (%(customers)s::uuid[])"
        " AND NOT EXISTS (SELECT FROM migration_legacy_link l WHERE l.address_id = a.id)",
    )  # fmt: skip


def invoices_stay_behind(patch):
    patch.setattr(merge, "MOVING", tuple(each for each in merge.MOVING if each.table != "invoices_new"))


def addresses_stay_with_the_survivor(patch):
    with_block(patch, undo, "addresses_back", NOTHING)


def what_was_shown_is_not_given_back(patch):
    with_block(patch, undo, "show_again", NOTHING)


def times_of_a_shared_address_are_everybodys(patch):
    without_companion_block(patch, "shrink")


def a_split_forgets_addresses(patch):
    with_block(patch, split, "addresses_again", NOTHING)


def a_split_leaves_its_deals(patch):
    patch.setattr(split, "MOVING", tuple(each for each in split.MOVING if each.table == "customer_contacts"))
    without_companion_block(patch, "quotes")


def what_came_after_a_split_stays_behind(patch):
    right = split.composed
    patch.setattr(
        split, "composed", lambda name, reference, **file: NOTHING if name == "move" else right(name, reference, **file)
    )


def rules_overrule_people(patch):
    patch.setattr(merge, "_refuse_against", lambda *_: None)


def decisions_end_with_a_merge(patch):
    """What was decided about a customer is not asked any more once that customer is part of another."""
    with_block(
        patch, decided, "family",
        "SELECT c.id, c.id FROM customers_new c WHERE c.company_id = %(company)s AND c.id = ANY (%(customers)s::uuid[])",
    )  # fmt: skip


def redo_overrules_everybody(patch):
    patch.setattr(redo, "of_undo", lambda done: decided.standing_between(done.company, undo.members(done)))


def undo_of_a_split_overrules_everybody(patch):
    patch.setattr(split, "standing_between", lambda *_: [])


def unknown_relations_are_ignored(patch):
    patch.setattr(merge_plan, "refuse_unknown", lambda: None)


def changes_are_not_looked_at(patch):
    patch.setattr(merge, "changes_since", lambda *_: [])
    patch.setattr(split, "changes_since", lambda *_: [])


def later_quotes_go_with_the_merged(patch):
    with_block(
        patch, references, "move_back",
        "UPDATE {table} t SET {column} = m.customer_id FROM customer_merge_moves m WHERE m.merge_id = %(merge)s"
        " AND m.\"table\" = 'customers_new' AND t.company_id = %(company)s AND t.{column} = %(survivor)s",
    )  # fmt: skip


def undo_says_nothing(patch):
    patch.setattr(decisions, "separated", lambda *_, **__: None)


def undo_in_any_order(patch):
    patch.setattr(undo, "_later", lambda _: [])


def a_bulk_undo_leaves_out_the_last(patch):
    one = undo._undo
    done = []

    def wrong(company, each, **how):
        if done:
            one(company, each, **how)
        done.append(each)

    patch.setattr(undo, "_undo", wrong)


def an_employee_is_the_company(patch):
    def wrong(first, second, shared, verdict):
        verdict.is_same = True

    patch.setattr(pairs, "_company_and_person", wrong)


def employees_are_strangers(patch):
    """The search keeps them apart, and does not say why they are met together."""
    right = policy.relations

    def wrong(compared):
        found = right(compared)
        found[found == policy.RELATIONS.index("works_for")] = 0
        return found

    patch.setattr(policy, "relations", wrong)
    patch.setattr(engine, "relations", wrong, raising=False)
