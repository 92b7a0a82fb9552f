"""Deals out defects so that all of them occur, the rare ones seldom."""

from random import Random

from .registry import DEFECTS, Defect, DirtyRow, Needs

# Each round of a pile has every rare defect once and every other this many times.
COMMON_COPIES = 6
# Cards to try when those dealt touch a column that has a defect already.
TRIES = 4


class Deck:
    """A shuffled pile of defects for each kind of row, dealt from the top and shuffled anew when it runs out."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._kinds: dict[Needs, list[Defect]] = {}
        for each in DEFECTS.values():
            self._kinds.setdefault(each.needs, []).append(each)
        self._piles: dict[Needs, list[Defect]] = {kind: [] for kind in self._kinds}

    def soil(self, row: DirtyRow) -> None:
        """Give the row one to three defects that suit it and do not touch the same column."""
        touched: set[str] = set()
        for _ in range(1 + int(self._random.random() * 3)):
            card = self._deal(row, touched)
            if card is None:
                return
            card.apply(row)
            row.defects.append(card.name)
            touched.update(card.columns)
            if card.needs == "twin":  # a twin with a defect of its own would be none
                return

    def _deal(self, row: DirtyRow, touched: set[str]) -> Defect | None:
        kinds = kinds_of(row)
        if touched and "twin" in kinds:
            kinds.remove("twin")
        weights = [len(self._kinds[kind]) for kind in kinds]
        for _ in range(TRIES):
            at = int(self._random.random() * sum(weights))
            position = 0
            while at >= weights[position]:
                at -= weights[position]
                position += 1
            pile = self._piles[kinds[position]]
            if not pile:
                pile += self._round(kinds[position])
            if touched.isdisjoint(pile[-1].columns):
                return pile.pop()
        return None

    def _round(self, kind: Needs) -> list[Defect]:
        """Every common card a few times, all of them once before any comes again, and each rare one somewhere."""
        cards: list[Defect] = []
        for _ in range(COMMON_COPIES):
            cards += self._shuffled([each for each in self._kinds[kind] if not each.is_rare])
        for each in self._kinds[kind]:
            if each.is_rare:
                cards.insert(int(self._random.random() * (len(cards) + 1)), each)
        return cards

    def _shuffled(self, cards: list[Defect]) -> list[Defect]:
        # By hand: random.shuffle may draw differently in another Python.
        for position in range(len(cards) - 1, 0, -1):
            other = int(self._random.random() * (position + 1))
            cards[position], cards[other] = cards[other], cards[position]
        return cards


def kinds_of(row: DirtyRow) -> list[Needs]:
    """What the row is now, as far as a defect can need it."""
    values = row.values
    name, phone = values["customer_name"] or "", values["phone"] or ""
    kinds: list[Needs] = ["any", "quote" if row.items else "lead"]
    if row.twin is not None:
        kinds.append("twin")
    if " " in name and "," not in name:
        kinds.append("name")
    if "@" in (values["email"] or ""):
        kinds.append("email")
    if len(phone) >= 10 and phone[-4:].isdigit():
        kinds.append("phone")
    if values["sent_at"] is not None:
        kinds.append("sent")
    if values["job_number"] is not None:
        kinds.append("job")
    if values["completed_at"] is not None:
        kinds.append("done")
    if values["invoice_number"] is not None:
        kinds.append("invoice")
    if values["paid_at"] is not None:
        kinds.append("paid")
    return kinds
