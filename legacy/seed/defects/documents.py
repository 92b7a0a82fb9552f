"""Defects of numbers, names, texts and links of documents (cases 51 to 58, 105 to 114)."""

from .registry import DirtyRow, defect, define

define("quote_number_missing", 51, "quote_number", None, needs="quote")
define("quote_number_empty", 51, "quote_number", "", " ", needs="quote")
define("job_name_missing", 54, "job_name", None, needs="quote")
define("job_number_missing", 55, "job_number", None, needs="job")
define("invoice_number_missing", 109, "invoice_number", None, needs="invoice")
define("invoice_number_blank", 106, "invoice_number", "", " ", needs="invoice")
define("invoice_number_none", 106, "invoice_number", "none", "N/A", needs="invoice")
define("paid_without_number", 109, "invoice_number", None, needs="paid")
# The first number of the ledger is given to some earlier deal.
define("quote_number_duplicate", 52, "quote_number", "Q-1001", needs="quote")
define("job_number_duplicate", 56, "job_number", "J-1001", needs="job")
define("invoice_number_duplicate", 105, "invoice_number", "INV-1001", needs="invoice")
define("payment_method_missing", 112, "payment_method", None, needs="paid")
define("payment_method_respelled", 112, "payment_method", "Cash", "CASH ", "bar", "", needs="paid")


@defect(53, "quote_number", needs="quote")
def quote_number_respelled(row: DirtyRow) -> None:
    """The number in lower case, with a blank before it."""
    row.values["quote_number"] = f" {row.text('quote_number').lower()}"


@defect(107, "status invoice_number", needs="lead")
def invoice_number_on_lead(row: DirtyRow) -> None:
    """A lead that carries an invoice number."""
    row.values["invoice_number"] = "INV-LEAD"


@defect(109, "job_number invoice_number", needs="invoice")
def invoice_without_numbers(row: DirtyRow) -> None:
    """An invoice of which only the dates are left."""
    row.values.update(job_number=None, invoice_number=None)


define("notes_control_characters", 57, "notes", "page one\fpage two\x01\x02", "bell\a and escape \x1b[31m", "DEL \x7f")
define("notes_replacement_character", 57, "notes", "Caf\ufffd on the corner", "\ufeffwith a byte order mark")
define("notes_card_number", 58, "notes", "card 4111 1111 1111 1111 exp 12/27", "AmEx 378282246310005")
define("notes_password", 58, "notes", "alarm password: hunter2", "portal token=tok_0123456789abcdef")
define("notes_html", 18, "notes", "<b>VIP</b><br>&amp; <script>fetch('//example.com')</script>")
define("notes_soft_delete", 50, "notes", "[DELETED] do not use", "deleted_at=2024-01-01")
define("notes_line_ends", 42, "notes", "line one\r\nline two\rline three\n", "  \n ", "")
define("description_empty", 57, "description", "", " ")
define("description_backslashes", 57, "description", "C:\\new\\table \\N \\. \\\\server", "quote \" and ' and \\")


@defect(57, "description", is_large=True)
def description_long(row: DirtyRow) -> None:
    """Twenty thousand characters and more."""
    row.values["description"] = "Scope as discussed on site, see the attached list of rooms. " * 400


define("link_javascript", 113, "payment_link_url", "javascript:alert(document.cookie)", "JaVaScRiPt:alert(1)")
define("link_data", 113, "payment_link_url", "data:text/html,<script>alert(1)</script>")
define("link_internal", 113, "payment_link_url", "http://169.254.169.254/latest/meta-data/", "http://localhost:6379/")
define("link_two", 113, "payment_link_url", "https://pay.example.com/1 https://pay.example.com/2")
define("link_no_scheme", 113, "payment_link_url", "pay.example.com/INV-7", "//pay.example.com/INV-7", "")
define("link_secret", 114, "payment_link_url", "https://pay.example.com/i/7?token=sk_live_0123456789abcdef")
