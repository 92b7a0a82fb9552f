"""Money of a quote (pure): decimals throughout, rounded once."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext

CENT = Decimal("0.01")
MOST = Decimal(10) ** 18


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line item as it is asked for; quantity and price are exact."""

    name: str
    quantity: Decimal
    unit_price: Decimal
    description: str | None = None
    option_tier: str | None = None
    is_upsell: bool = False
    is_discount: bool = False

    @property
    def total(self) -> Decimal:
        """Quantity times price, exact; a discount takes away, however its price is signed."""
        with localcontext(prec=60):
            total = self.quantity * self.unit_price
            return -abs(total) if self.is_discount else total


@dataclass(frozen=True, kw_only=True)
class Totals:
    """What a quote comes to; `tax_rate` is in percent."""

    subtotal: Decimal
    discount_amount: Decimal
    tax_rate: Decimal
    tax_amount: Decimal
    total: Decimal


def totals(lines: Iterable[Line], *, discount_amount: Decimal, tax_rate: Decimal) -> Totals:
    """Sum of the lines, less the discount, plus tax on the rest, the tax rounded half up to the cent.

    Raises:
        ValueError: the amount has more than 18 digits before the point.
    """
    with localcontext(prec=60):
        subtotal = sum((line.total for line in lines), Decimal(0))
        taxed = subtotal - discount_amount
        tax = (taxed * tax_rate / 100).quantize(CENT, rounding=ROUND_HALF_UP)
        total = taxed + tax
    if max(abs(subtotal), abs(total)) >= MOST:
        raise ValueError("the quote comes to more than 18 digits")
    return Totals(
        subtotal=subtotal, discount_amount=discount_amount, tax_rate=tax_rate, tax_amount=tax, total=total
    )  # fmt: skip
