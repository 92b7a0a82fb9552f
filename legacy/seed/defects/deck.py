"""Deals out defects so that all of them occur, the rare ones seldom."""

from random import Random

from .registry import DEFECTS, Defect, DirtyRow

# Each round of the deck has every rare defect once and every other this many times.
COMMON_COPIES = 6
# How far down the deck to look for a defect that suits a row.
SEARCH_DEPTH = 60


class Deck:
    """A shuffled deck of defects, dealt from the top and shuffled anew when it runs out."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._cards: list[Defect] = []

    def soil(self, row: DirtyRow) -> None:
        """Give the row one to three defects that suit it and do not touch the same column."""
        wanted = 1 + int(self._random.random() * 3)
        touched: set[str] = set()
        for _ in range(wanted):
            card = self._deal(row, touched)
            if card is None:
                return
            card.apply(row)
            row.defects.append(card.name)
            touched.update(card.columns)
            if card.needs == "twin":
                return

    def _deal(self, row: DirtyRow, touched: set[str]) -> Defect | None:
        if len(self._cards) < SEARCH_DEPTH:
            self._cards = self._shuffled() + self._cards
        cards = self._cards
        for position in range(len(cards) - 1, len(cards) - 1 - SEARCH_DEPTH, -1):
            card = cards[position]
            if touched.isdisjoint(card.columns) and suits(card, row, touched):
                return cards.pop(position)
        return None

    def _shuffled(self) -> list[Defect]:
        cards = [each for each in DEFECTS.values() for _ in range(1 if each.is_rare else COMMON_COPIES)]
        # By hand: random.shuffle may draw differently in another Python.
        for position in range(len(cards) - 1, 0, -1):
            other = int(self._random.random() * (position + 1))
            cards[position], cards[other] = cards[other], cards[position]
        return cards


def suits(card: Defect, row: DirtyRow, touched: set[str] = frozenset()) -> bool:  # type: ignore[assignment]
    """Whether the defect would show on this row."""
    values = row.values
    match card.needs:
        case "any":
            return True
        case "twin":
            return row.twin is not None and not touched
        case "name":
            name = values["customer_name"] or ""
            return " " in name and "," not in name
        case "email":
            return "@" in (values["email"] or "")
        case "phone":
            return sum(character.isdigit() for character in values["phone"] or "") >= 10
        case "lead":
            return not row.items
        case "quote":
            return bool(row.items)
        case "sent":
            return values["sent_at"] is not None
        case "job":
            return values["job_number"] is not None
        case "done":
            return values["completed_at"] is not None
        case "invoice":
            return values["invoice_number"] is not None
        case "paid":
            return values["paid_at"] is not None
