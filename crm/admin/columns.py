"""How values are shown in lists and on pages: texts, numbers, times, statuses, links.

Each function makes a column: a callable of one row that the admin takes in `list_display` and in `fields`. A path such
as ``customer.name`` follows references that the list has selected; a column issues no query.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

Column = Callable[[Any], Any]
Colours = Mapping[str, str]
EMPTY = "–"
LIST_CHARACTERS = 32
KEY_CHARACTERS = 20


def column(path: str, show: Callable[[Any], Any], *, words: str = "", order: str | None = None) -> Column:
    """A column of what `path` leads to; `show` is given every value but None.

    Args:
        path: attributes from the row, dotted.
        words: the heading; without it the last attribute's name.
        order: the field it sorts by, where the list allows sorting.
    """
    read = attrgetter(path)

    def value_of(row: Any) -> Any:
        try:
            value = read(row)
        except AttributeError:  # a reference on the way is empty
            return None
        if callable(value):  # __str__
            value = value()
        return None if value is None else show(value)

    value_of.__name__ = f"{show.__name__}_{path.replace('.', '_')}"
    heading = words or path.rpartition(".")[2].removesuffix("_at").replace("_", " ")
    return admin.display(value_of, description=heading, ordering=order, empty_value=EMPTY)


def short(path: str, *, words: str = "", order: str | None = None) -> Column:
    """A text in one line of a list, its end cut off."""
    return column(path, shortened, words=words, order=order)


def text(path: str, *, words: str = "", order: str | None = None) -> Column:
    """A text as recorded: line breaks kept, right-to-left marks kept from reaching beyond it."""
    return column(path, recorded, words=words, order=order)


def code(path: str, *, words: str = "") -> Column:
    """An id, in one line."""
    return column(path, identifier, words=words)


def short_code(path: str, *, words: str = "") -> Column:
    """The beginning of an id, for lists; the whole of it when pointed at."""
    return column(path, identifier_in_list, words=words)


def money(path: str, *, words: str = "", order: str | None = None) -> Column:
    """An amount: two decimals, more only where it has more."""
    return column(path, amount, words=words, order=order)


def number(path: str, *, words: str = "", order: str | None = None) -> Column:
    """A number without the zeros of its scale."""
    return column(path, plain_number, words=words, order=order)


def when(path: str, *, words: str = "", order: str | None = None) -> Column:
    """A time with its zone."""
    return column(path, moment, words=words, order=order)


def minute(path: str, *, words: str = "", order: str | None = None) -> Column:
    """A time with its zone, to the minute, for lists; to the second when pointed at."""
    return column(path, moment_in_list, words=words, order=order)


def yes_no(path: str, *, words: str = "") -> Column:
    """Yes, no, or nothing where neither was recorded."""
    return column(path, yes_or_no, words=words)


def words_of(path: str, meaning: Callable[[Any], str], *, words: str = "") -> Column:
    """A code in a person's words, a sentence long."""

    def sentence(value: Any) -> SafeString:
        return format_html('<span class="qp-words">{}</span>', meaning(value))

    return column(path, sentence, words=words)


def state(path: str, colours: Colours, *, words: str = "", labels: Mapping[str, str] | None = None) -> Column:
    """A status as a coloured label; one that is not known stays grey, in its own words.

    Args:
        colours: value to success, info, warning, danger or primary.
        labels: value to words; without it the value.
    """

    def label(value: Any) -> SafeString | None:
        return badge((labels or {}).get(value, value), colours.get(value, "")) if value != "" else None

    return column(path, label, words=words)


def link(path: str, *, words: str = "", order: str | None = None) -> Column:
    """The row that `path` leads to, as a link to its page."""
    return column(path, link_to, words=words, order=order)


def shortened(value: Any) -> SafeString | None:
    """The first characters of a text, in one line; the whole of it when pointed at."""
    whole = str(value)
    line = Truncator(" ".join(whole.split())).chars(LIST_CHARACTERS)
    # A number or a name stays in one line; a sentence may take two.
    css = "qp-line" if len(line) <= KEY_CHARACTERS else ""
    return format_html('<bdi class="{}" title="{}">{}</bdi>', css, whole, line) if line else None


def identifier(value: Any) -> SafeString:
    """An id in figures of one width."""
    return format_html('<code class="qp-text">{}</code>', value)


def identifier_in_list(value: Any) -> SafeString:
    """The first eight figures of an id."""
    return format_html('<code class="whitespace-nowrap" title="{}">{}…</code>', value, str(value)[:8])


def recorded(value: Any) -> SafeString | None:
    """A text exactly as recorded."""
    return format_html('<bdi class="qp-text">{}</bdi>', value) if value != "" else None


def yes_or_no(value: bool) -> str:
    """In a word."""
    return "yes" if value else "no"


def amount(value: Decimal) -> str:
    """12.5 as 12.50, 10.0050 as 10.005, with separators of thousands."""
    whole, _, decimals = plain_number(value).partition(".")
    return f"{whole}.{decimals.ljust(2, '0')}"


def plain_number(value: Decimal) -> str:
    """12.5000 as 12.5 and 1E+3 as 1,000."""
    whole, _, decimals = f"{value:,f}".partition(".")
    decimals = decimals.rstrip("0")
    return f"{whole}.{decimals}" if decimals else whole


def moment(value: datetime) -> SafeString:
    """A time as 2026-11-22 15:47:20 UTC, in the zone of this site."""
    return format_html('<span class="whitespace-nowrap">{}</span>', _in_zone(value, "seconds"))


def moment_in_list(value: datetime) -> SafeString:
    """A time as 2026-11-22 15:47 UTC; its seconds when pointed at."""
    shown = _in_zone(value, "minutes")
    return format_html('<span class="whitespace-nowrap" title="{}">{}</span>', _in_zone(value, "seconds"), shown)


def _in_zone(value: datetime, precision: str) -> str:
    local = timezone.localtime(value)
    return f"{local.replace(tzinfo=None).isoformat(sep=' ', timespec=precision)} {local.tzname() or ''}"


def badge(words: Any, colour: str = "") -> SafeString:
    """One coloured label."""
    return render_to_string("unfold/helpers/label.html", {"text": words, "type": colour})


def badges(labels: Iterable[tuple[Any, str]]) -> SafeString | None:
    """Labels beside each other, each (words, colour); None without any."""
    shown = [(badge(words, colour),) for words, colour in labels]
    return format_html('<span class="qp-badges">{}</span>', format_html_join(" ", "{}", shown)) if shown else None


def page_of(row: Model) -> str:
    """URL of the row's page in this admin."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def list_of(model: type[Model], **filters: Any) -> str:
    """URL of a list, filtered."""
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    return f"{url}?{query}" if query else url


def anchor(words: Any, url: str) -> SafeString:
    """A link in the theme's colour."""
    return format_html('<a class="text-link" href="{}">{}</a>', url, words)


def link_to(row: Model) -> SafeString:
    """A link to the row's page; in a list a short name in one line."""
    line = Truncator(" ".join(str(row).split())).chars(LIST_CHARACTERS)
    css = "qp-line" if len(line) <= KEY_CHARACTERS else ""
    return anchor(format_html('<bdi class="{}">{}</bdi>', css, line), page_of(row))


def links(pages: Iterable[tuple[str, str]], *, current: str = "", between: str = " · ") -> SafeString:
    """Links beside each other, each (words, URL); the `current` page is named without a link."""
    parts = (
        (format_html("<strong>{}</strong>", words) if url == current else anchor(words, url),) for words, url in pages
    )
    return format_html_join(between, "{}", parts)
