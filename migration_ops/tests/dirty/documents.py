"""Lines 45 to 58, 105 to 116: statuses, numbers of documents, free texts, payment, whole rows."""

from collections.abc import Iterator
from json import dumps

from migration_ops.tests.dirty.case import Case, Columns

NOTHING_SEEN = frozenset({"quote_implied", "total_missing", "subtotal_missing"})
BLANKED = ("customer_name", "email", "phone", "address", "quote_number", "job_number", "invoice_number")


def _case(line: int, name: str, columns: Columns, *flags: str, base: str = "deal", **rest: object) -> Case:
    return Case(line=line, name=name, columns=columns, flags=frozenset(flags), base=base, **rest)  # type: ignore[arg-type]


def _kept(**columns: object) -> str:
    return dumps({"columns": columns})


def statuses() -> Iterator[Case]:
    """Lines 45 to 50."""
    yield _case(45, "lead status unknown", {"lead_status": "hot"}, "lead_status_unknown", base="lead",
                rows={"leads_new.status": "hot", "quotes_new": 0})  # fmt: skip
    yield _case(45, "lead status in capitals", {"lead_status": "NEW "}, base="lead",
                residue=_kept(lead_status="NEW "), rows={"leads_new.status": "new"})  # fmt: skip
    yield _case(45, "lead status capital", {"lead_status": "Contacted"}, base="lead",
                residue=_kept(lead_status="Contacted"), rows={"leads_new.status": "contacted"})  # fmt: skip
    yield _case(45, "lead status empty", {"lead_status": ""}, "lead_status_unknown", base="lead",
                rows={"leads_new.status": ""})  # fmt: skip
    yield _case(45, "status is literal", {"status": "Draft "}, "status_unknown", base="quote",
                rows={"quotes_new.status": "Draft "})  # fmt: skip
    yield _case(45, "status empty", {"status": ""}, "status_unknown", base="quote", rows={"quotes_new.status": ""})
    yield _case(46, "converted without quote", {"lead_status": "converted"}, "converted_without_quote", base="lead",
                rows={"leads_new.status": "converted", "quotes_new": 0})  # fmt: skip
    yield _case(47, "no status, quote content", {"status": None, "lead_status": None}, "quote_implied", base="quote",
                residue=_kept(scheduled_at="2024-03-05T10:00:00+00:00"),
                rows={"quotes_new.status": "draft", "leads_new": 0, "jobs_new": 0})  # fmt: skip
    yield _case(47, "no status, no content", {"lead_status": None}, "lead_implied", base="lead",
                rows={"leads_new.status": "unclassified", "quotes_new": 0})  # fmt: skip
    yield _case(47, "lead status unclassified", {"lead_status": "unclassified"}, "lead_status_unknown", base="lead",
                rows={"leads_new.status": "unclassified"})  # fmt: skip
    yield _case(47, "only a total", {"lead_status": None, "total": "12.30"}, "quote_implied", "subtotal_missing",
                base="lead", residue=_kept(scheduled_at="2024-03-05T10:00:00+00:00"),
                rows={"quotes_new.total": "12.30", "leads_new": 0})  # fmt: skip
    yield _case(47, "a total of 0 is no content", {"total": "0.00"}, base="lead", residue='{"columns": {"total": 0.00}}',
                rows={"quotes_new": 0, "leads_new.status": "new"})  # fmt: skip
    yield _case(47, "only a quote number", {"quote_number": "Q-N{number}"}, *NOTHING_SEEN, base="lead",
                rows={"quotes_new.status": "draft", "leads_new.status": "new"})  # fmt: skip
    yield _case(47, "a blank quote number is none", {"quote_number": " "}, base="lead",
                residue=_kept(quote_number=" "), rows={"quotes_new": 0})  # fmt: skip
    yield _case(48, "accepted and new", {"status": "accepted", "lead_status": "new"}, "contradiction", "job_number_implied",
                base="quote", rows={"quotes_new.status": "accepted", "leads_new.status": "new"})  # fmt: skip
    yield _case(49, "paid without a time", {"status": "paid", "paid_at": None}, "contradiction", "status_unknown",
                rows={"payments": 0, "invoices_new.status": "sent", "quotes_new.status": "paid"})  # fmt: skip
    yield _case(49, "draft with an invoice", {"status": "draft"}, "contradiction",
                rows={"quotes_new.status": "draft", "jobs_new.status": "completed", "payments.amount": "55.00"})  # fmt: skip
    for status in ("deleted", "archived"):
        yield _case(50, f"status {status}", {"status": status}, "status_unknown", base="quote",
                    rows={"quotes_new.status": status})  # fmt: skip
    yield _case(50, "soft delete in notes", {"notes": "[DELETED]"}, rows={"quotes_new.notes": "[DELETED]"})


def numbers() -> Iterator[Case]:
    """Lines 51 to 58."""
    yield _case(51, "quote number absent", {"quote_number": None}, rows={"quotes_new.quote_number": None})
    yield _case(52, "quote number twice", {"quote_number": "Q-DOUBLE", "job_number": None, "invoice_number": None},
                "number_duplicate", "job_number_implied", "invoice_number_missing",
                also=({"notes": "the second one"},), rows={"quotes_new.quote_number": "Q-DOUBLE"})  # fmt: skip
    for text in ("q-001", " Q-001"):
        yield _case(53, f"quote number {text!r}", {"quote_number": text}, "number_duplicate",
                    also=({"job_number": None, "invoice_number": "INV" + text},),
                    rows={"quotes_new.quote_number": text})  # fmt: skip
    yield _case(54, "job name absent", {"job_name": None}, rows={"quotes_new.job_name": None, "jobs_new.title": None})
    yield _case(
        55, "job number absent", {"job_number": None}, "job_number_implied", rows={"jobs_new.job_number": "JOB-{id}"}
    )
    yield _case(55, "job number blank", {"job_number": "  "}, "job_number_implied", residue=_kept(job_number="  "),
                rows={"jobs_new.job_number": "JOB-{id}"})  # fmt: skip
    yield _case(55, "job number blank, no job", {"job_number": ""}, base="quote", residue=_kept(job_number=""),
                rows={"jobs_new": 0})  # fmt: skip
    yield _case(55, "job number alone makes a job", {"job_number": "J-N{number}"}, *NOTHING_SEEN, base="lead",
                rows={"jobs_new.status": "scheduled", "quotes_new.status": "draft"})  # fmt: skip
    yield _case(55, "started alone makes a job", {"started_at": "2024-03-06 08:00:00+00"}, *NOTHING_SEEN,
                "job_number_implied", base="lead", rows={"jobs_new.status": "in_progress"})  # fmt: skip
    yield _case(56, "job number twice", {"job_number": "J-DOUBLE", "quote_number": None, "invoice_number": None},
                "job_number_duplicate", "invoice_number_missing", also=({"notes": "the second one"},))  # fmt: skip
    yield _case(57, "description of 1 MB", {"description": "Roof é " * 150_000})
    for name, sign in (("form feed", "\f"), ("replacement", "\ufffd"), ("escape", "\x1b"), ("delete", "\x7f")):
        yield _case(57, f"description with {name}", {"description": f"Roof{sign}"}, "control_characters",
                    rows={"quotes_new.description": f"Roof{sign}"})  # fmt: skip
    yield _case(57, "notes of a lead with a bell", {"notes": "\x07"}, "control_characters", base="lead",
                rows={"leads_new.notes": "\x07"})  # fmt: skip
    yield _case(57, "texts empty", {"description": "", "notes": "", "job_name": ""},
                rows={"quotes_new.notes": "", "quotes_new.description": "", "jobs_new.title": ""})  # fmt: skip
    for text in ("4111 1111 1111 1111", "Password: hunter2", "api_key=abc"):
        yield _case(58, f"notes {text}", {"notes": text}, "sensitive", rows={"quotes_new.notes": text})


def invoices() -> Iterator[Case]:
    """Lines 105 to 114."""
    yield _case(105, "invoice number twice", {"invoice_number": "INV-DOUBLE", "quote_number": None, "job_number": None},
                "invoice_duplicate", "job_number_implied", also=({"notes": "the second one"},))  # fmt: skip
    for text in ("", " ", "\u00a0"):
        yield _case(106, f"invoice number {text!r}", {"invoice_number": text}, "invoice_number_missing",
                    residue=_kept(invoice_number=text), rows={"invoices_new.invoice_number": None})  # fmt: skip
    yield _case(106, "invoice number blank, no invoice", {"invoice_number": " "}, base="quote",
                residue=_kept(invoice_number=" "), rows={"invoices_new": 0, "jobs_new": 0})  # fmt: skip
    yield _case(106, "invoice number none", {"invoice_number": "none"}, "invoice_number_odd", "invoice_duplicate",
                also=({"job_number": None, "quote_number": None},),
                rows={"invoices_new.invoice_number": "none"})  # fmt: skip
    yield _case(107, "invoice of a draft", {"status": "draft", "invoice_number": "INV-D{number}"}, "contradiction",
                "job_number_implied", base="quote",
                rows={"invoices_new.status": "pending", "invoices_new.amount_due": "55.00", "payments": 0})  # fmt: skip
    yield _case(107, "invoice of a lead", {"invoice_number": "INV-L{number}"}, *NOTHING_SEEN, "job_number_implied", base="lead",
                rows={"invoices_new.amount_due": None, "quotes_new.status": "draft", "leads_new.status": "new"})  # fmt: skip
    yield _case(109, "paid without a number", {"invoice_number": None}, "invoice_number_missing",
                rows={"invoices_new.invoice_number": None, "payments.amount": "55.00"})  # fmt: skip
    yield _case(109, "sent without a number", {"invoice_sent_at": "2024-03-06 08:00:00+00"}, "invoice_number_missing",
                "job_number_implied", "contradiction", base="quote",
                rows={"invoices_new.status": "sent", "payments": 0})  # fmt: skip
    yield _case(109, "a lead that was paid", {"paid_at": "2024-03-06 08:00:00+00"}, *NOTHING_SEEN, "invoice_number_missing",
                "job_number_implied", "paid_without_total", base="lead",
                rows={"payments.amount": "0", "payments.method": "unknown", "invoices_new.amount_due": None})  # fmt: skip
    for text in ("CASH ", "Cash", "bar", ""):
        yield _case(112, f"payment method {text!r}", {"payment_method": text},
                    rows={"invoices_new.payment_method": text, "payments.method": text})  # fmt: skip
    yield _case(112, "payment method absent", {"payment_method": None},
                rows={"invoices_new.payment_method": None, "payments.method": "unknown"})  # fmt: skip
    yield _case(112, "payment method without invoice", {"payment_method": "cash"}, base="quote",
                residue=_kept(payment_method="cash"), rows={"invoices_new": 0})  # fmt: skip
    for url in ("javascript:alert(1)", "http://169.254.169.254/", "https://a.example.com/ https://b.example.com/",
                "pay.example.com/i/1", ""):  # fmt: skip
        yield _case(113, f"payment link {url}", {"payment_link_url": url}, "url_odd",
                    rows={"invoices_new.payment_link_url": url})  # fmt: skip
    yield _case(113, "payment link without invoice", {"payment_link_url": "https://pay.example.com/i/1"}, base="lead",
                residue=_kept(payment_link_url="https://pay.example.com/i/1"))  # fmt: skip
    yield _case(
        114, "payment link with a token", {"payment_link_url": "https://pay.example.com/i/1?token=abc"}, "sensitive"
    )


def whole_rows() -> Iterator[Case]:
    """Lines 115 and 116."""
    yield _case(115, "twin", {}, "twin", "number_duplicate", "job_number_duplicate", "invoice_duplicate", also=({},))
    yield _case(115, "twin lead", {}, "twin", base="lead", also=({}, {}))
    yield _case(115, "not a twin by a blank", {"quote_number": None, "job_number": None, "invoice_number": None},
                "job_number_implied", "invoice_number_missing", also=({"notes": "Call before the visit "},))  # fmt: skip
    yield _case(116, "all absent", {}, "empty", "lead_implied", "customer_placeholder", base="empty",
                rows={"leads_new.status": "unclassified", "customers_new.name": "Unknown customer",
                      "customers_new.is_placeholder": "true", "customer_addresses": 0, "quotes_new": 0})  # fmt: skip
    yield _case(116, "all blank", dict.fromkeys(BLANKED, " "), "empty", "lead_implied", "customer_placeholder", base="empty",
                residue=_kept(address=" ", quote_number=" ", job_number=" ", invoice_number=" "),
                rows={"customer_contacts.name": " ", "customers_new.name": "Unknown customer"})  # fmt: skip
    yield _case(116, "only an address", {"address": "1 Main"}, "lead_implied", "customer_placeholder", base="empty",
                rows={"customer_addresses.address": "1 Main", "customer_addresses.is_primary": "true"})  # fmt: skip
    yield _case(116, "only a name", {"customer_name": "Ana Solo"}, "lead_implied", base="empty",
                rows={"customers_new.name": "Ana Solo", "customers_new.is_placeholder": "false"})  # fmt: skip
    yield _case(116, "a paid deal of nobody", {"customer_name": None, "email": "", "phone": " "}, "customer_placeholder",
                rows={"payments.amount": "55.00", "customers_new.is_placeholder": "true"})  # fmt: skip


def cases() -> Iterator[Case]:
    """Each line as it stands in the list."""
    yield from statuses()
    yield from numbers()
    yield from invoices()
    yield from whole_rows()
