"""Rows with every trap of a quotes table: families, offices, generations, placeholders, typing errors, wrong columns."""

import random
from dataclasses import dataclass

from benchmarks.made import lists


@dataclass(frozen=True, slots=True)
class Row:
    """One legacy row; ``customer`` is the truth."""

    customer: int
    name: str | None
    email: str | None
    phone: str | None
    address: str | None
    traps: frozenset[str] = frozenset()


@dataclass(slots=True)
class Person:
    """A customer as they are; the rows are what was typed."""

    number: int
    first: str
    last: str
    middle: str
    suffix: str
    company: str
    phones: list[str]
    mails: list[str]
    addresses: list[str]
    kind: str


class Maker:
    """Makes rows of about ``rows`` in all, the same for the same seed.

    ``many_names``: thousands of surnames instead of some hundreds, as a large population has.
    """

    def __init__(self, seed: int, *, many_names: bool = False) -> None:
        self.random = random.Random(seed)
        self.people = 0
        self.given_mails: set[str] = set()
        self.staff_mail = "frontdesk.kelly@ourcrew.net"
        more = lists.MORE_LAST if many_names else []
        self.surnames = [*lists.LAST, *random.Random(seed).sample(more, len(more))]
        weights = [1 / (place + 3) for place in range(len(self.surnames))]
        self.last_weights = weights
        self.first_weights = [1 / (place + 6) for place in range(len(lists.FIRST))]

    def rows(self, wanted: int) -> list[Row]:
        """At least ``wanted`` rows, of whole customers, in random order."""
        made: list[Row] = []
        while len(made) < wanted:
            for person in self._group():
                made += self._rows_of(person)
        self.random.shuffle(made)
        return made[:wanted]

    def _group(self) -> list[Person]:
        dice = self.random.random()
        if dice < 0.62:
            return [self._person("single")]
        if dice < 0.76:
            return self._household()
        if dice < 0.785:
            return self._generations()
        if dice < 0.84:
            return self._office()
        if dice < 0.86:
            return self._sole_trader()
        return [self._company()]

    def _one(self, words: list[str] | tuple[str, ...]) -> str:
        return self.random.choice(words)

    def _phone(self) -> str:
        return f"{self._one([str(area) for area in lists.AREAS])}{self.random.randint(2, 9)}{self.random.randint(0, 999999):06d}"

    def _address(self) -> str:
        city, state, zip3 = self.random.choice(lists.CITIES)
        long, _ = self.random.choice(lists.KINDS)
        flat = f" Apt {self.random.randint(1, 40)}" if self.random.random() < 0.1 else ""
        number = self.random.randint(1, 9999)
        return f"{number} {self._one(lists.STREETS).title()} {long}{flat}, {city}, {state} {zip3}{self.random.randint(0, 60):02d}"

    def _mail(self, first: str, last: str) -> str:
        style = self.random.random()
        number = str(self.random.randint(1, 99)) if self.random.random() < 0.6 else ""
        local = (
            f"{first}.{last}{number}" if style < 0.4 else f"{first[0]}{last}{number}" if style < 0.7
            else f"{first}{last}{number}" if style < 0.9 else f"{last}{self.random.randint(1, 999)}"
        )  # fmt: skip
        mail = f"{local}@{self._one(lists.PROVIDERS)}"
        # No provider gives one mailbox to two people.
        if mail.replace(".", "") in self.given_mails:
            return self._mail(f"{first}{self.random.randint(100, 9999)}", last)
        self.given_mails.add(mail.replace(".", ""))
        return mail

    def _person(self, kind: str, *, last: str = "", first: str = "") -> Person:
        self.people += 1
        first = first or self.random.choices(lists.FIRST, self.first_weights)[0]
        last = last or self.random.choices(self.surnames, self.last_weights)[0]
        middle = self._one(lists.FIRST) if self.random.random() < 0.3 else ""
        phones, mails, addresses = [self._phone()], [self._mail(first, last)], [self._address()]
        if self.random.random() < 0.2:
            phones.append(self._phone())
        if self.random.random() < 0.12:
            mails.append(self._mail(first, last))
        if self.random.random() < 0.12:
            addresses.append(self._address())
        return Person(self.people, first, last, middle, "", "", phones, mails, addresses, kind)

    def _household(self) -> list[Person]:
        head = self._person("household")
        members = [head]
        for _ in range(self.random.choice((1, 1, 1, 2))):
            initial = head.first[0] if self.random.random() < 0.2 else ""
            known = {member.first for member in members}
            firsts = [name for name in lists.FIRST if name.startswith(initial) and name not in known] or ["zelda"]
            other = self._person("household", last=head.last, first=self._one(firsts))
            other.phones = [head.phones[0], *other.phones[:1]] if self.random.random() < 0.7 else other.phones
            other.addresses = list(head.addresses)
            if self.random.random() < 0.25:
                other.mails = list(head.mails)
            members.append(other)
        return members

    def _generations(self) -> list[Person]:
        old = self._person("generations")
        young = self._person("generations", last=old.last, first=old.first)
        old.suffix, young.suffix = "Sr", "Jr"
        young.phones, young.addresses = list(old.phones), list(old.addresses)
        young.middle = old.middle
        return [old, young]

    def _company(self) -> Person:
        stem = f"{self.random.choices(self.surnames, self.last_weights)[0].title()}"
        if self.random.random() < 0.4:
            stem = f"{stem} & {self._one(lists.LAST).title()}"
        name = f"{stem} {self._one(lists.TRADES)}"
        domain = name.lower().replace(" & ", "").replace(" ", "") + self._one((".com", ".net", ".biz"))
        if domain in self.given_mails:
            return self._company()
        self.given_mails.add(domain)
        person = self._person("company")
        person.company = name
        person.mails = [f"{self._one(lists.ROLES)}@{domain}"]
        return person

    def _office(self) -> list[Person]:
        company = self._company()
        company.kind = "office"
        domain = company.mails[0].partition("@")[2]
        staff = []
        for _ in range(self.random.randint(2, 7)):
            person = self._person("employee")
            person.phones = [company.phones[0]]
            person.mails = (
                [f"{person.first}.{person.last}@{domain}"] if self.random.random() < 0.6
                else person.mails if self.random.random() < 0.5 else [company.mails[0]]
            )  # fmt: skip
            if self.random.random() < 0.3:
                person.addresses = list(company.addresses)
            staff.append(person)
        return [company, *staff]

    def _sole_trader(self) -> list[Person]:
        person = self._person("sole trader")
        company = self._company()
        company.company = f"{person.last.title()} {self._one(lists.TRADES)}"
        company.phones, company.addresses = [person.phones[0]], list(person.addresses)
        return [person, company]

    def _rows_of(self, person: Person) -> list[Row]:
        count = self.random.choices((1, 2, 3, 4, 5, 7, 9), (34, 27, 17, 10, 6, 4, 2))[0]
        return [self._row(person) for _ in range(count)]

    def _row(self, person: Person) -> Row:
        traps: set[str] = {person.kind}
        name = self._written_name(person, traps)
        phone: str | None = self._written_phone(person, traps)
        email: str | None = self._written_mail(person, traps)
        address: str | None = self._written_address(person, traps)
        if not phone and not email and not address:
            # A name alone is nobody: every row has something to reach its customer by.
            phone = person.phones[0]
        if phone and email and "@" in email and self.random.random() < 0.016:
            traps.add("wrong column")
            place = self.random.random()
            if place < 0.4:
                phone, email = email, phone
            elif place < 0.7:
                phone, email = f"{phone} {email}", None
            elif address:
                address, phone = f"{address} {phone}", None
        return Row(person.number, name, email, phone, address, frozenset(traps))

    def _written_name(self, person: Person, traps: set[str]) -> str | None:
        dice = self.random.random()
        if person.company:
            if person.kind != "employee" and dice < 0.05:
                traps.add("attn")
                return f"{person.company} Attn: {self._one(lists.FIRST).title()}"
            form = f" {self._one(lists.FORMS)}" if dice < 0.6 else ""
            comma = "," if form and self.random.random() < 0.3 else ""
            return self._maybe_typo(f"{person.company}{comma}{form}", 0.015, traps)
        first, last = person.first, person.last
        if dice < 0.015:
            traps.add("no name")
            return None
        if dice < 0.03:
            traps.add("bare")
            return last.title()
        if dice < 0.07:
            traps.add("initial")
            return f"{first[0].upper()}{self._one(('.', ''))} {last.title()}"
        if dice < 0.13 and first in lists.NICKNAMES:
            traps.add("nickname")
            first = lists.NICKNAMES[first]
        middle = ""
        if person.middle and self.random.random() < 0.4:
            middle = person.middle.title() if self.random.random() < 0.4 else person.middle[0].upper()
        suffix = f" {person.suffix}" if person.suffix and self.random.random() < 0.85 else ""
        whole = " ".join(part for part in (first.title(), middle, last.title()) if part) + suffix
        style = self.random.random()
        if style < 0.06:
            traps.add("last, first")
            whole = f"{last.title()}{suffix}, {first.title()}"
        elif style < 0.10:
            whole = whole.upper()
        elif style < 0.16:
            whole = whole.lower()
        elif style < 0.20:
            whole = f"{self._one(('Mr', 'Mrs.', 'Ms', 'Dr.'))} {whole}"
        return self._maybe_typo(whole, 0.03, traps)

    def _maybe_typo(self, text: str, chance: float, traps: set[str]) -> str:
        if self.random.random() >= chance:
            return text
        traps.add("typo")
        return typo(text, self.random)

    def _written_phone(self, person: Person, traps: set[str]) -> str | None:
        dice = self.random.random()
        if dice < 0.14:
            return None
        if dice < 0.18:
            traps.add("placeholder phone")
            return self._one(lists.FAKE_PHONES)
        digits = person.phones[0] if len(person.phones) == 1 or self.random.random() < 0.65 else person.phones[1]
        if self.random.random() < 0.025:
            traps.add("phone typo")
            digits = digit_typo(digits, self.random)
        a, b, c = digits[:3], digits[3:6], digits[6:]
        style = self._one(
            (
                "({a}) {b}-{c}",
                "{a}-{b}-{c}",
                "{a}.{b}.{c}",
                "{a}{b}{c}",
                "+1 {a} {b} {c}",
                "1-{a}-{b}-{c}",
                "001{a}{b}{c}",
            )
        )
        written = style.format(a=a, b=b, c=c)
        if self.random.random() < 0.02:
            written += f" x{self.random.randint(1, 99)}"
        return written

    def _written_mail(self, person: Person, traps: set[str]) -> str | None:
        dice = self.random.random()
        if dice < 0.30:
            return None
        if dice < 0.325:
            traps.add("placeholder mail")
            return self._one(lists.FAKE_MAILS)
        if dice < 0.33:
            traps.add("staff mail")
            return self.staff_mail
        mail = person.mails[0] if len(person.mails) == 1 or self.random.random() < 0.65 else person.mails[1]
        local, _, domain = mail.partition("@")
        if self.random.random() < 0.025:
            traps.add("mail typo")
            mail = (
                f"{typo(local, self.random)}@{domain}"
                if self.random.random() < 0.6
                else f"{local}@{typo(domain, self.random)}"
            )
        elif self.random.random() < 0.06 and domain == "gmail.com":
            traps.add("gmail")
            dotted = local[:2] + "." + local[2:] if "." not in local else local.replace(".", "")
            mail = f"{dotted}@{domain}" if self.random.random() < 0.5 else f"{local}+quotes@{domain}"
        return mail.upper() if self.random.random() < 0.04 else mail

    def _written_address(self, person: Person, traps: set[str]) -> str | None:
        if self.random.random() < 0.25:
            return None
        address = (
            person.addresses[0] if len(person.addresses) == 1 or self.random.random() < 0.6 else person.addresses[1]
        )
        if self.random.random() < 0.5:
            for long, short in lists.KINDS:
                address = address.replace(f" {long}", f" {short}", 1)
        if self.random.random() < 0.15:
            address = address.rpartition(",")[0].rpartition(",")[0] or address
        if self.random.random() < 0.05:
            address = address.upper()
        return self._maybe_typo(address, 0.03, traps)


def typo(text: str, source: random.Random) -> str:
    """One slip: a letter left out, doubled, changed or two swapped."""
    letters = [place for place, sign in enumerate(text) if sign.isalnum()]
    if len(letters) < 3:
        return text
    place = source.choice(letters[1:-1])
    kind = source.random()
    if kind < 0.3:
        return text[:place] + text[place + 1 :]
    if kind < 0.5:
        return text[:place] + text[place] + text[place:]
    if kind < 0.75:
        return text[:place] + text[place + 1 : place + 2] + text[place] + text[place + 2 :]
    return text[:place] + source.choice("abcdefghiklmnoprstuvwy") + text[place + 1 :]


def digit_typo(digits: str, source: random.Random) -> str:
    """One slip in a number."""
    place = source.randint(1, len(digits) - 2)
    if source.random() < 0.4:
        return digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
    return digits[:place] + str((int(digits[place]) + source.randint(1, 9)) % 10) + digits[place + 1 :]
