"""Known wrong variants of the API and its services; each is given ``patch``, which takes it back."""

import threading
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache

from django.core.signing import Signer

from crm import moves, values
from crm.api import answers, auth
from crm.exceptions import CrmError
from crm.models import ApiToken, Customer, IdempotentRequest
from crm.selectors import api as selectors
from crm.services import contacts, idempotency, invoices, jobs, leads, quotes, tokens
from migration_ops.api import urls as v1
from migration_ops.dual_write import deals as both_sides

SERVICES = (leads, quotes, jobs, invoices)


def everywhere(patch, name, wrong):
    """Every service that took the name by import gets the wrong one."""
    for module in SERVICES:
        if hasattr(module, name):
            patch.setattr(module, name, wrong)


def rows_of_any_company_are_written(patch):
    def wrong(model, company, id):
        return model._default_manager.select_for_update().get(pk=id)

    everywhere(patch, "locked", wrong)


def rows_of_any_company_are_shown(patch):
    right = selectors.statement
    patch.setattr(
        selectors,
        "statement",
        lambda name: right(name).replace("t.company_id = %(company)s", "%(company)s::uuid IS NOT NULL"),
    )


def customers_of_any_company_are_taken(patch):
    patch.setattr(contacts, "survivor_of", lambda company, id: Customer.objects.get(pk=id).pk)


def v1_shows_rows_of_any_company(patch):
    right = v1.legacy_row

    def wrong(company, id, *, is_new):
        return right(company, id, is_new=is_new) or next(
            (row for other in type(company).objects.all() if (row := right(other, id, is_new=is_new))), None
        )

    patch.setattr(v1, "legacy_row", wrong)


def v1_writes_rows_of_any_company(patch):
    right = both_sides.run

    def wrong(name, params):
        rows = right(name, params)
        return [(row[0], True, *row[2:]) for row in rows] if name == "hold_row" else rows

    patch.setattr(both_sides, "run", wrong)


def a_key_is_not_looked_up(patch):
    patch.setattr(answers, "once", lambda company, key, fingerprint, work: work())


def a_key_belongs_to_nobody(patch):
    """The first company's answer is given to whoever comes with the key."""
    right = idempotency.once

    def wrong(company, key, fingerprint, work):
        known = IdempotentRequest.objects.filter(key=key).exclude(status=0).first()
        if known is not None:
            return idempotency.Answer(status=known.status, body=known.body, etag=known.etag, is_repeated=True)
        return right(company, key, fingerprint, work)

    patch.setattr(answers, "once", wrong)


def a_key_fits_any_request(patch):
    right = idempotency.once
    patch.setattr(answers, "once", lambda company, key, fingerprint, work: right(company, key, "same", work))


def a_refusal_keeps_the_key(patch):
    right = idempotency.once

    def wrong(company, key, fingerprint, work):
        def kept():
            try:
                return work()
            except CrmError as error:
                return idempotency.Answer(status=error.status, body="{}")

        return right(company, key, fingerprint, kept)

    patch.setattr(answers, "once", wrong)


def every_state_has_the_same_tag(patch):
    patch.setattr(answers, "etag_of", lambda body: '"same"')


def the_tag_is_compared_before_the_row_is_held(patch):
    both = threading.Barrier(2)

    def wrong(company, deal_id):
        # Two that compare at the same moment: both find the tag they have seen.
        both.wait(timeout=10)

    patch.setattr(answers, "deal_hold", wrong)
    right = answers.etag_of
    calls = threading.local()

    def slow(body):
        tag = right(body)
        if threading.current_thread() is not threading.main_thread() and not getattr(calls, "compared", False):
            calls.compared = True
            both.wait(timeout=10)
        return tag

    patch.setattr(answers, "etag_of", slow)


def scopes_are_not_asked(patch):
    patch.setattr(auth.Token, "authenticate", lambda self, request, secret: tokens.token_check(secret))


def a_revoked_token_is_remembered(patch):
    patch.setattr(auth, "token_check", cache(tokens.token_check))


def the_end_of_a_token_is_not_looked_at(patch):
    def wrong(secret):
        return ApiToken.objects.select_related("company").filter(digest=tokens._digest(secret), revoked_at=None).first()

    patch.setattr(auth, "token_check", wrong)


def without_the_counter_everything_goes(patch):
    def wrong(request, client):
        try:
            auth.cache.count("x", seconds=60)
        except Exception:  # noqa: BLE001 - the wrong thing to do is what is tried
            return

    patch.setattr(auth, "check_rate", wrong)


def pages_are_signed_for_everybody(patch):
    patch.setattr(answers, "_signer", lambda company, kind: Signer(salt="cursor", sep="~"))


def money_is_a_float(patch):
    right = values.totals

    def wrong(lines, *, discount_amount, tax_rate):
        found = right(lines, discount_amount=discount_amount, tax_rate=tax_rate)
        taxed = float(found.subtotal) - float(discount_amount)
        tax = round(taxed * float(tax_rate) / 100, 2)
        return values.Totals(
            subtotal=Decimal(str(float(found.subtotal))), discount_amount=discount_amount, tax_rate=tax_rate,
            tax_amount=Decimal(str(tax)), total=Decimal(str(taxed + tax)),
        )  # fmt: skip

    patch.setattr(quotes, "totals", wrong)


def half_a_cent_goes_to_the_even_one(patch):
    patch.setattr(values, "ROUND_HALF_UP", ROUND_HALF_EVEN)


def lines_are_rounded_one_by_one(patch):
    right = values.Line.total.fget
    patch.setattr(values.Line, "total", property(lambda line: right(line).quantize(Decimal("0.01"))))


def tax_is_taken_before_the_discount(patch):
    right = values.totals

    def wrong(lines, *, discount_amount, tax_rate):
        before = right(lines, discount_amount=Decimal(0), tax_rate=tax_rate)
        return values.Totals(
            subtotal=before.subtotal, discount_amount=discount_amount, tax_rate=tax_rate, tax_amount=before.tax_amount,
            total=before.total - discount_amount,
        )  # fmt: skip

    patch.setattr(quotes, "totals", wrong)


def any_step_is_allowed(patch):
    everywhere(patch, "next_status", lambda what, status, verb: moves.MOVES[what][verb][1] or status)


def a_part_is_a_payment(patch):
    right = invoices.invoice_pay
    patch.setattr(invoices, "invoice_pay", lambda company, id, *, amount=None, **facts: right(company, id, **facts))
