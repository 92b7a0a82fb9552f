"""Colours of the statuses, and the values that lists offer as filters."""

LEAD_STATUSES = ("new", "contacted", "qualified", "converted", "unclassified")
QUOTE_STATUSES = ("draft", "sent", "accepted", "scheduled", "completed")

# Grey is what has not begun, blue what is on its way, green what is done; anything not known stays grey.
COLOURS = {
    "new": "primary",
    "contacted": "info",
    "qualified": "info",
    "converted": "success",
    "unclassified": "warning",
    "sent": "info",
    "accepted": "success",
    "scheduled": "info",
    "in_progress": "primary",
    "completed": "success",
    "pending": "warning",
    "paid": "success",
}


def same_words(values: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Values offered in their own words."""
    return tuple((value, value.capitalize()) for value in values)
