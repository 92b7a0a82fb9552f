"""Whole deals in the legacy columns: the clean rows, every number adding up and every time in order.

A row is a list of texts in column order, ready for COPY (nothing to escape); NULL is ``\\N``.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from random import Random
from uuid import UUID, uuid5

from . import pools
from .people import NULL, OFFICES, Crowd

NAMESPACE = UUID("6f7d7f0e-3b0a-5c1e-9a53-0d7a5d0c6a11")
SPAN_DAYS = 1095
# Minutes of a working day that a record may carry.
TIMES_OF_DAY = 600
TIME_TABLES = 16
LINES_A_COMPANY = 1500
# How many of 100 quotes have 1, 2, … 8 items: 3.06 on average.
ITEM_COUNTS = (1,) * 18 + (2,) * 26 + (3,) * 24 + (4,) * 15 + (5,) * 8 + (6,) * 5 + (7,) * 2 + (8,) * 2
# Cumulated shares of the stages a deal has reached.
LEAD, DRAFT, SENT, ACCEPTED, SCHEDULED, COMPLETED, INVOICED = 0.12, 0.20, 0.32, 0.39, 0.49, 0.55, 0.65
TAX_RATES = ("8.25", "8.25", "7", "6.625", "0")


def company_uuid(seed: int, index: int) -> UUID:
    """The id of the ``index``-th company (from 0) of a seed; fixed for ever."""
    return uuid5(NAMESPACE, f"company/{seed}/{index}")


def company_sizes(rows: int, companies: int) -> list[int]:
    """Rows of each company, largest first, each at least 1, summing to ``rows``; the n-th is about 1/n of the first."""
    weights = [1 / (index + 1) for index in range(companies)]
    free, total = rows - companies, sum(weights)
    sizes = [1 + int(free * weight / total) for weight in weights]
    sizes[0] += rows - sum(sizes)
    return sizes


class Ledger:
    """The deals of one company, oldest first.

    Args:
        random: the source of every draw; the same state gives the same rows.
        company_id: goes into every row.
        rows: how many rows `rows` will give; they spread over the years before ``until``.
        until: nothing happens after this day.
    """

    def __init__(self, *, random: Random, company_id: UUID, rows: int, until: date) -> None:
        self._random, self._company_id, self._rows = random, str(company_id), rows
        draw = random.random
        self._days = _days(until)
        self._times = _times(int(draw() * TIME_TABLES))
        self._users = [str(uuid5(company_id, f"user/{number}")) for number in range(3 + int(draw() * 6))]
        self._trade, catalogue = pools.TRADES[int(draw() * len(pools.TRADES))]
        self._tax_rate = TAX_RATES[int(draw() * len(TAX_RATES))]
        self._lines = [self._line(catalogue) for _ in range(min(LINES_A_COMPANY, 20 + rows))]
        self._crowd = Crowd(random, offices=min(OFFICES, 2 + rows // 20))
        self._quotes = self._jobs = self._invoices = 1000

    def _line(self, catalogue: tuple) -> tuple[str, int]:
        """One line item as JSON up to its sort order, and its total in cents."""
        draw = self._random.random
        name, description, prices, step, most = catalogue[int(draw() * len(catalogue))]
        if draw() < 0.012:
            cents = -2500 * (1 + int(draw() * 8))
            return _item("Discount", "Loyalty discount", "1", cents, cents, is_discount=True), cents
        price = prices[int(draw() * len(prices))]
        hundredths = step * (1 + int(draw() * draw() * most))
        # A price of whole cents times a quantity in hundredths must come out in whole cents.
        while hundredths * price % 100:
            hundredths += step
        total = hundredths * price // 100
        quantity = f"{hundredths / 100:g}"
        tier = ("good", "better", "best")[int(draw() * 3)] if draw() < 0.12 else None
        return _item(name, description, quantity, price, total, tier=tier, is_upsell=draw() < 0.08), total

    def rows(self) -> Iterator[tuple[list[str], list[str]]]:
        """Each row with its line items, which the row holds joined in its column ``items``."""
        for index in range(self._rows):
            yield self._row(index)

    def _row(self, index: int) -> tuple[list[str], list[str]]:
        draw = self._random.random
        bits = self._random.getrandbits(128)
        row_id = "%032x" % (bits & ~0xF000C000000000000000 | 0x40008000000000000000)
        days, times = self._days, self._times
        day, minute = int((index + draw()) * SPAN_DAYS / self._rows), int(draw() * (TIMES_OF_DAY - 8))
        created = days[day] + times[minute]
        name, email, phone, address = self._crowd.contact()
        user = self._users[int(draw() * draw() * len(self._users))]
        notes = pools.NOTES[int(draw() * len(pools.NOTES))] if draw() < 0.3 else NULL
        job_word = pools.JOB_WORDS[int(draw() * len(pools.JOB_WORDS))]
        stage = draw()
        if stage < LEAD:
            lead_status = "new" if stage < 0.05 else "contacted" if stage < 0.09 else "qualified"
            visit = days[day + 3] + times[minute] if stage > 0.1 and day + 3 < SPAN_DAYS else NULL
            # fmt: off
            return [
                row_id, self._company_id, user, name, email, phone, address, lead_status, NULL, NULL, NULL, NULL,
                f"Asked for: {self._trade} {job_word}", NULL, NULL, NULL, NULL, NULL, NULL, notes, visit,
                NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, created, created,
            ], []
            # fmt: on
        items, subtotal = self._items()
        discount = int(subtotal * 0.05) if draw() < 0.12 and subtotal > 0 else 0
        tax = _tax(subtotal - discount, self._tax_rate)
        total = subtotal - discount + tax
        self._quotes += 1
        quote_number = f"Q-{self._quotes}"
        lead_status = "converted" if draw() < 0.55 else NULL
        status, updated = "draft", created
        sent = scheduled = started = completed = job_number = NULL
        invoice_number = invoiced = paid = method = link = NULL
        # The last days of the ledger hold deals that have not got further yet.
        if stage >= DRAFT and day + 1 < SPAN_DAYS:
            status, sent = "sent", days[day] + times[minute + 1 + int(draw() * 7)]
            updated = sent
            if stage >= SENT:
                status, day = "accepted", day + 1 + int(draw() * 5)
                if day >= SPAN_DAYS:
                    day = SPAN_DAYS - 1
                updated = days[day] + times[minute]
                self._jobs += 1
                job_number = f"J-{self._jobs}"
                done = day + 2 + int(draw() * 9)
                if stage >= ACCEPTED:
                    # A visit may lie ahead of the last day; a completed one may not.
                    status, scheduled = "scheduled", _ahead(days, done) + times[minute]
                    if stage >= SCHEDULED and done < SPAN_DAYS:
                        status, started, completed = (
                            "completed",
                            days[done] + times[minute + 1],
                            days[done] + times[minute + 5],
                        )
                        updated = completed
                        billed = done + 1 + int(draw() * 3)
                        if stage >= COMPLETED and billed < SPAN_DAYS:
                            self._invoices += 1
                            invoice_number, invoiced = f"INV-{self._invoices}", days[billed] + times[minute]
                            link = f"https://pay.example.com/{invoice_number}"
                            updated = invoiced
                            day = billed + 1 + int(draw() * 25)
                            if stage >= INVOICED and day < SPAN_DAYS:
                                paid = updated = days[day] + times[minute]
                                method = pools.METHODS[int(draw() * len(pools.METHODS))]
        # fmt: off
        return [
            row_id, self._company_id, user, name, email, phone, address, lead_status, status, quote_number,
            f"{self._trade} {job_word}", job_number, f"{self._trade} {job_word} at {address.partition(',')[0]}",
            f"[{','.join(items)}]", _money(subtotal), _money(discount), self._tax_rate, _money(tax), _money(total),
            notes, scheduled, started, completed, sent, invoice_number, invoiced, paid, method, link, created, updated,
        ], items
        # fmt: on

    def _items(self) -> tuple[list[str], int]:
        draw, lines, total = self._random.random, self._lines, 0
        items = []
        for position in range(1, ITEM_COUNTS[int(draw() * 100)] + 1):
            line, cents = lines[int(draw() * len(lines))]
            while cents < 0 and total + cents <= 0:  # a discount needs something to be taken from
                line, cents = lines[int(draw() * len(lines))]
            items.append(f"{line}{position}}}")
            total += cents
        return items, total


@cache
def _days(until: date) -> list[str]:
    """The days of the ledger, oldest first."""
    first = until - timedelta(days=SPAN_DAYS - 1)
    return [(first + timedelta(days=day)).isoformat() for day in range(SPAN_DAYS)]


@cache
def _times(table: int) -> list[str]:
    """A time of day for each minute from seven to five, ascending; a table of seconds of its own for each number."""
    draw = Random(table).random
    return [
        f" {7 + minute // 60:02d}:{minute % 60:02d}:{int(draw() * 60):02d}.{int(draw() * 1000):03d}+00"
        for minute in range(TIMES_OF_DAY)
    ]


def _item(
    name: str,
    description: str,
    quantity: str,
    price: int,
    total: int,
    *,
    tier: str | None = None,
    is_upsell: bool = False,
    is_discount: bool = False,
) -> str:
    """The canonical nine keys as JSON, open at the end for the sort order; money in cents."""
    tier_json = f'"{tier}"' if tier else "null"
    return (
        f'{{"name":"{name}","description":"{description}","quantity":{quantity},"unit_price":{_money(price)},'
        f'"total":{_money(total)},"option_tier":{tier_json},"is_upsell":{"true" if is_upsell else "false"},'
        f'"is_discount":{"true" if is_discount else "false"},"sort_order":'
    )


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}" if cents >= 0 else f"-{_money(-cents)}"


def _tax(cents: int, rate: str) -> int:
    """Tax in cents, half up, of an amount in cents at a rate in percent (three decimals at most)."""
    whole, _, fraction = rate.partition(".")
    return (cents * int(whole + fraction.ljust(3, "0")) + 50_000) // 100_000


def _ahead(days: list[str], day: int) -> str:
    return (
        days[day]
        if day < SPAN_DAYS
        else (date.fromisoformat(days[-1]) + timedelta(days=day - SPAN_DAYS + 1)).isoformat()
    )
