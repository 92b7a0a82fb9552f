"""Flags and quarantine reasons: a closed list, each with words a person understands."""

from django.db import models


class QuarantineReason(models.TextChoices):
    """Why a row waits: it cannot be represented without losing or inventing something."""

    ITEMS_SHAPE = "items_shape", "The line items are not a list of objects"
    ITEMS_DEPTH = "items_depth", "The line items are nested too deeply to be read"
    NUMBER_NAN = "number_nan", "A number is recorded as NaN"
    NUMBER_RANGE = "number_range", "A number is infinite, too large or has too many decimals"
    NUMBER_UNREADABLE = "number_unreadable", "A number is recorded as text that cannot be read without guessing"
    TIMESTAMP_RANGE = "timestamp_range", "A time is infinite or outside the years 1 to 9999"
    ENCODING = "encoding", "A text holds bytes that are not valid in the database's encoding"
    PROJECTION_FAILED = "projection_failed", "The database refused the projected row"


REMEDIES: dict[str, str] = {
    QuarantineReason.ITEMS_SHAPE: "correct items in the legacy row to a list of objects, then retry",
    QuarantineReason.ITEMS_DEPTH: "correct items in the legacy row to a flat list of objects, then retry",
    QuarantineReason.NUMBER_NAN: "correct the number in the legacy row, then retry",
    QuarantineReason.NUMBER_RANGE: "correct the number in the legacy row (18 digits, 12 decimals), then retry",
    QuarantineReason.NUMBER_UNREADABLE: "write the number plainly in the legacy row, then retry",
    QuarantineReason.TIMESTAMP_RANGE: "correct the time in the legacy row, then retry",
    QuarantineReason.ENCODING: "correct the text in the legacy row, then retry",
    QuarantineReason.PROJECTION_FAILED: "read the database's message, correct the legacy row, then retry",
}


class Flag(models.TextChoices):
    """What was implied or is odd about a migrated row; it is kept as it is, and can be listed."""

    # what the mapping implied
    LEAD_IMPLIED = "lead_implied", "A lead was implied: the row is neither a lead nor a quote"
    QUOTE_IMPLIED = "quote_implied", "A quote was implied by its content"
    JOB_NUMBER_IMPLIED = "job_number_implied", "The job number was implied"
    INVOICE_NUMBER_MISSING = "invoice_number_missing", "An invoice without a number"
    QUANTITY_IMPLIED = "quantity_implied", "A missing quantity was taken as 1"
    CUSTOMER_PLACEHOLDER = "customer_placeholder", "No name, e-mail or phone was recorded"
    EMPTY = "empty", "Every business column is empty"
    # statuses
    STATUS_UNKNOWN = "status_unknown", "An unknown status"
    LEAD_STATUS_UNKNOWN = "lead_status_unknown", "An unknown lead status"
    CONVERTED_WITHOUT_QUOTE = "converted_without_quote", "A converted lead without a quote"
    CONTRADICTION = "contradiction", "Status and evidence contradict each other"
    # numbers of documents
    NUMBER_DUPLICATE = "number_duplicate", "The quote number occurs more than once"
    JOB_NUMBER_DUPLICATE = "job_number_duplicate", "The job number occurs more than once"
    INVOICE_DUPLICATE = "invoice_duplicate", "The invoice number occurs more than once"
    INVOICE_NUMBER_ODD = "invoice_number_odd", "The invoice number says there is none"
    TWIN = "twin", "Another row is identical in every business column"
    # line items
    ITEMS_ODD_SHAPE = "items_odd_shape", "The line items were not recorded as a list"
    ITEM_KEYS_ALIASED = "item_keys_aliased", "Line items use other names for known columns"
    ITEM_KEYS_UNKNOWN = "item_keys_unknown", "Line items have columns of their own"
    ITEM_NUMBER_TEXT = "item_number_text", "Line items have numbers recorded as text"
    ITEM_NUMBER_ODD = "item_number_odd", "A price of a line item is neither a number nor text"
    ITEM_NAME_MISSING = "item_name_missing", "A line item without a name"
    ITEM_TEXT_ODD = "item_text_odd", "A text of a line item was not recorded as text"
    ITEM_QUANTITY_NEGATIVE = "item_quantity_negative", "A negative quantity that is not a discount"
    ITEM_BOOLEAN_UNREADABLE = "item_boolean_unreadable", "Yes or no of a line item cannot be read"
    ITEM_SORT_ORDER_ODD = "item_sort_order_odd", "The sort order of a line item is no whole number"
    ITEM_TIER_UNKNOWN = "item_tier_unknown", "An unknown option tier"
    LINE_SUM = "line_sum", "A line's total is not quantity times price"
    # money
    DOC_SUM = "doc_sum", "The total is not what its parts add up to"
    TOTAL_MISSING = "total_missing", "A quote without a total"
    SUBTOTAL_MISSING = "subtotal_missing", "A quote without a subtotal"
    TOTAL_NEGATIVE = "total_negative", "The total is negative"
    TOTAL_FRACTION = "total_fraction", "The total has more than two decimals"
    TAX_RATE_ODD = "tax_rate_odd", "The tax rate is negative or above 100"
    TAX_RATE_UNIT = "tax_rate_unit", "The tax amount does not show in which unit the tax rate is"
    DISCOUNT_ODD = "discount_odd", "The discount is larger than the subtotal or negative"
    CURRENCY_MIXED = "currency_mixed", "The company's line items carry more than one currency, this row's one of them"
    PAID_WITHOUT_TOTAL = "paid_without_total", "Paid, but without a total"
    # times
    PLACEHOLDER_DATE = "placeholder_date", "A time that looks like a placeholder"
    DATE_ORDER = "date_order", "Times are out of order"
    DATE_FUTURE = "date_future", "Created in the future"
    # texts
    CONTROL_CHARACTERS = "control_characters", "A text holds control characters"
    SENSITIVE = "sensitive", "A text looks like a card number, a password or a token"
    URL_ODD = "url_odd", "The payment link is not one https address"
    # the recorded contact, as identity/keys.py finds them
    NAME_MISSING = "name_missing", "No name was recorded"
    NAME_PLACEHOLDER = "name_placeholder", "The name was typed to fill the field"
    NAME_LONG = "name_long", "The name has 300 characters or more"
    NAME_BIDI = "name_bidi", "The name holds signs that change the direction of writing"
    NAME_SYMBOL = "name_symbol", "The name holds symbols such as emoji"
    NAME_CONTROL = "name_control", "The name holds control characters"
    NAME_MIXED_SCRIPT = "name_mixed_script", "The name mixes letters that look alike from two alphabets"
    MOJIBAKE = "mojibake", "The name was encoded twice"
    TWO_PEOPLE = "two_people", "The name is that of two people"
    EMAIL_INVALID = "email_invalid", "The e-mail is no mailbox, or has a stray sign"
    EMAIL_PLACEHOLDER = "email_placeholder", "The e-mail was typed to fill the field"
    EMAIL_TWO = "email_two", "Several e-mails in one field"
    EMAIL_ROLE = "email_role", "The e-mail is that of an office, not of a person"
    EMAIL_DOMAIN_TYPO = "email_domain_typo", "The e-mail's domain looks misspelt"
    EMAIL_LINE_BREAK = "email_line_break", "A line break inside the e-mail"
    EMAIL_UNICODE = "email_unicode", "The e-mail holds letters outside ASCII"
    EMAIL_IN_PHONE = "email_in_phone", "A mailbox in the phone's field"
    PHONE_IN_EMAIL = "phone_in_email", "A phone number in the e-mail's field"
    PHONE_INVALID = "phone_invalid", "The phone is no number that can be called"
    PHONE_PLACEHOLDER = "phone_placeholder", "The phone was typed to fill the field"
    PHONE_TWO = "phone_two", "Several phone numbers in one field"
    PHONE_EXTENSION = "phone_extension", "The phone has an extension"
    PHONE_COUNTRY_UNCLEAR = "phone_country_unclear", "The phone's country is not clear"
    PHONE_PRECISION_LOST = "phone_precision_lost", "A spreadsheet dropped digits of the phone"
    PHONE_UNASSIGNED = "phone_unassigned", "The phone's range is not assigned to anybody"


# Flags that depend on other rows of the company, or on the day: found when the run ends, not row by row.
CROSS_ROW_FLAGS = (
    Flag.NUMBER_DUPLICATE, Flag.JOB_NUMBER_DUPLICATE, Flag.INVOICE_DUPLICATE, Flag.TWIN, Flag.CURRENCY_MIXED,
    Flag.DATE_FUTURE,
)  # fmt: skip
