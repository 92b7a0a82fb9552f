"""Customers as a small business records them: recurring, spelled differently, sharing phones.

Texts returned here are ready for COPY (nothing to escape); NULL is the two characters ``\\N``.
"""

from dataclasses import dataclass
from random import Random

from . import pools

NULL = r"\N"
# About 2.5 rows a customer: this share of the rows brings a new one.
NEW_CUSTOMER_SHARE = 0.4
# Customers that may come back; bounded, so that memory does not grow with the rows.
RING = 4096
OFFICES = 64


@dataclass(slots=True)
class Customer:
    """One person or business, as it was recorded first."""

    first: str
    last: str
    name: str
    email: str
    phone: tuple[str, str, str] | None
    phone_text: str
    place: int
    address: str


class Crowd:
    """The customers of one company; draws are repeatable from ``random``; ``offices`` are its business customers."""

    def __init__(self, random: Random, *, offices: int) -> None:
        self._draw = random.random
        self._ring: list[Customer] = []
        self._home = int(self._draw() * len(pools.PLACES))
        self._offices = [self._office() for _ in range(offices)]

    def contact(self) -> tuple[str, str, str, str]:
        """Name, e-mail, phone and address for the next row."""
        draw = self._draw
        ring = self._ring
        if not ring or draw() < NEW_CUSTOMER_SHARE:
            customer = self._new()
            if len(ring) < RING:
                ring.append(customer)
            else:
                ring[int(draw() * RING)] = customer
            return customer.name, customer.email, customer.phone_text, customer.address
        customer = ring[int(draw() * len(ring))]
        if draw() < 0.6:
            return customer.name, customer.email, customer.phone_text, customer.address
        return self._respelled(customer)

    def _pick(self, pool: tuple[str, ...]) -> str:
        return pool[int(self._draw() * len(pool))]

    def _phone(self, place: int) -> tuple[str, str, str]:
        # Exchanges 220 to 999 without the service codes (N11) and 555.
        exchange = 220 + int(self._draw() * 780)
        if exchange % 100 == 11 or exchange == 555:
            exchange += 1
        return self._pick(pools.PLACES[place][3]), str(exchange), f"{int(self._draw() * 10000):04d}"

    def _address(self, place: int) -> str:
        city, state, postcode, _ = pools.PLACES[place]
        kind = pools.STREET_KINDS[int(self._draw() * len(pools.STREET_KINDS))][0]
        number = 1 + int(self._draw() * 9900)
        return f"{number} {self._pick(pools.STREETS)} {kind}, {city}, {state} {postcode}{int(self._draw() * 100):02d}"

    def _place(self) -> int:
        return self._home if self._draw() < 0.85 else int(self._draw() * len(pools.PLACES))

    def _office(self) -> Customer:
        last = self._pick(pools.LAST_NAMES)
        name = f"{last} {self._pick(pools.BUSINESS_KINDS)}"
        place = self._place()
        phone = self._phone(place)
        mail = f"{self._pick(pools.ROLE_MAILBOXES)}@{_ascii(name).replace(' ', '')}.example"
        return Customer("", last, name, mail, phone, self._phone_text(phone), place, self._address(place))

    def _phone_text(self, phone: tuple[str, str, str] | None) -> str:
        return NULL if phone is None else self._pick(pools.PHONE_SHAPES) % phone

    def _email(self, first: str, last: str) -> str:
        first, last, draw = _ascii(first), _ascii(last), self._draw()
        if draw < 0.4:
            local = f"{first}.{last}"
        elif draw < 0.6:
            local = f"{first[0]}{last}"
        else:
            local = f"{first}{last}{int(self._draw() * 1000)}"
        return f"{local}@{self._pick(pools.MAIL_DOMAINS)}"

    def _new(self) -> Customer:
        draw = self._draw()
        if draw < 0.06:  # a business with its role mailbox
            return self._offices[int(self._draw() * len(self._offices))]
        first, last = self._pick(pools.FIRST_NAMES), self._pick(pools.LAST_NAMES)
        if draw < 0.09:  # somebody at the phone of the office
            office = self._offices[int(self._draw() * len(self._offices))]
            mail = f"{_ascii(first)}@{office.email.partition('@')[2]}"
            return Customer(
                first, last, f"{first} {last}", mail, office.phone, office.phone_text, office.place, office.address
            )
        if draw < 0.16 and self._ring:  # household, now and then father and son of the same name
            other = self._ring[int(self._draw() * len(self._ring))]
            if other.first:
                if draw < 0.10:
                    first = other.first
                name = f"{first} {other.last}" + (" Jr" if draw < 0.10 else "")
                mail = self._email(first, other.last)
                return Customer(
                    first, other.last, name, mail, other.phone, other.phone_text, other.place, other.address
                )
        place = self._place()
        name = f"{first} {last}" if draw < 0.8 else f"{first} {chr(65 + int(self._draw() * 26))}. {last}"
        phone: tuple[str, str, str] | None = self._phone(place)
        phone_text, mail = self._phone_text(phone), self._email(first, last)
        draw = self._draw()
        if draw < 0.04:
            phone, phone_text = None, NULL
        elif draw < 0.11:
            mail = NULL
        elif draw < 0.125:
            phone, phone_text = None, self._pick(pools.PLACEHOLDER_PHONES)
        elif draw < 0.14:
            mail = self._pick(pools.PLACEHOLDER_MAILS)
        return Customer(first, last, name, mail, phone, phone_text, place, self._address(place))

    def _respelled(self, customer: Customer) -> tuple[str, str, str, str]:
        """The same customer, with one or two columns as another clerk would type them."""
        name, email, phone, address = customer.name, customer.email, customer.phone_text, customer.address
        draw = self._draw()
        if draw < 0.35:
            phone = self._phone_text(customer.phone) if customer.phone else phone
        elif draw < 0.6 and customer.first:
            name = self._other_name(customer)
        elif draw < 0.7:
            email = email if email == NULL else email.upper() if draw < 0.63 else email.title()
        elif draw < 0.85:
            address = _abbreviated(address)
        elif draw < 0.9:  # moved
            address = customer.address = self._address(customer.place)
        elif draw < 0.95:
            email = NULL
        elif draw < 0.98:
            phone = NULL if email != NULL else phone
        else:
            phone, name = self._phone_text(customer.phone) if customer.phone else phone, name.upper()
        return name, email, phone, address

    def _other_name(self, customer: Customer) -> str:
        first, last, draw = customer.first, customer.last, self._draw()
        if draw < 0.3:
            return f"{pools.NICKNAMES.get(first, first)} {last}"
        if draw < 0.45:
            return f"{first[0]}. {last}"
        if draw < 0.6:
            return f"{last}, {first}"
        if draw < 0.75:
            return customer.name.upper()
        if draw < 0.85:
            return customer.name.lower()
        at = 1 + int(self._draw() * (len(last) - 2))
        return f"{first} {last[:at]}{last[at + 1]}{last[at]}{last[at + 2 :]}" if at + 1 < len(last) else customer.name


_ASCII = str.maketrans("éèêçëüúñøåöáÅ", "eeeceuunoaoaA", " ’'.,&")


def _ascii(text: str) -> str:
    """Lower case without accents, as it stands in a mailbox."""
    return text.translate(_ASCII).lower()


def _abbreviated(address: str) -> str:
    for long, short in pools.STREET_KINDS:
        if f" {long}," in address:
            return address.replace(f" {long},", f" {short},", 1)
    return address
