"""Defects of customer_name, email, phone and address (cases 10 to 44)."""

from .registry import DirtyRow, decomposed, defect, define

define("name_missing", 10, "customer_name", None)
define("name_empty", 10, "customer_name", "")
define("name_blank", 10, "customer_name", "   ", "\t", "\u00a0")
define("name_placeholder", 14, "customer_name", "Test", "asdf", "n/a", "-", "Kunde", "???")
define("name_decomposed", 16, "customer_name", decomposed("José Núñez"), decomposed("Zoë Müller"))
define("name_right_to_left", 17, "customer_name", "\u202eztluhcS annA", "\u200fدانا خليل")
define("name_emoji", 17, "customer_name", "Kim 🏠 Ross", "🔥 HOT LEAD 🔥 Dana Cole")
define("name_homoglyph", 17, "customer_name", "Раtriсk Вlасk", "Ѕаrаh Соlе")
define(
    "name_unicode", 17, "customer_name", "王小明", "Ελένη Παπαδοπούλου", "Ольга Иванова", "佐藤 花子", "Nguyễn Thị Ánh"
)
define("name_script", 18, "customer_name", "<script>alert('x')</script>", '<img src=x onerror="alert(1)">')
define("name_formula", 18, "customer_name", '=HYPERLINK("http://example.com";"pay")', "+1+1", "@SUM(A1)")
define("name_template", 18, "customer_name", "{{7*7}}", "{% debug %}", "${7*7}", "%(name)s %s")
define("name_sql", 18, "customer_name", "' OR 1=1 --", "Robert'); DROP TABLE quotes;--", "back\\slash \\N \\.")
define("name_mojibake", 19, "customer_name", "FranÃ§ois LefÃ¨vre", "JÃ¼rgen MÃ¼ller")


@defect(11, "customer_name", needs="name")
def name_padded(row: DirtyRow) -> None:
    """Blanks, no-break spaces, tabs and line breaks around and inside."""
    first, _, rest = row.text("customer_name").partition(" ")
    row.values["customer_name"] = row.pick(
        (f"  {first} {rest} ", f"\u00a0{first}  {rest}\u00a0", f"\t{first} {rest}\n")
    )


@defect(11, "customer_name", needs="name")
def name_zero_width(row: DirtyRow) -> None:
    """Invisible characters between the names."""
    row.values["customer_name"] = row.text("customer_name").replace(" ", " \u200b", 1)


@defect(12, "customer_name", needs="name")
def name_last_first(row: DirtyRow) -> None:
    """Smith, John."""
    first, _, last = row.text("customer_name").rpartition(" ")
    row.values["customer_name"] = f"{last}, {first}"


@defect(12, "customer_name", needs="name")
def name_upper(row: DirtyRow) -> None:
    """SHOUTED, with a double blank."""
    row.values["customer_name"] = row.text("customer_name").upper().replace(" ", "  ", 1)


@defect(13, "customer_name", needs="name")
def name_two_people(row: DirtyRow) -> None:
    """Two people in one name."""
    name = row.text("customer_name")
    row.values["customer_name"] = row.pick((f"Mary & {name}", f"{name} / Pat Cole", f"Mr and Mrs {name}"))


@defect(15, "customer_name", needs="name")
def name_long(row: DirtyRow) -> None:
    """More than 300 characters."""
    row.values["customer_name"] = row.text("customer_name") + " of the Association of Homeowners" * 10


define("email_missing", 21, "email", None)
define("email_empty", 21, "email", "", "  ")
define("email_invalid", 25, "email", "a@x", "a.x.com", "keine", "@", "smith at example dot com")
define("email_unicode", 27, "email", "İpek@example.com", "straße@example.com", "ana＠example.com", "用户@example.com")
define("email_role", 29, "email", "info@example.com", "office@example.com", "sales@example.com")


@defect(22, "email", needs="email")
def email_padded(row: DirtyRow) -> None:
    """Blanks around, mixed case."""
    row.values["email"] = f" {row.text('email').title()} "


@defect(23, "email", needs="email")
def email_two(row: DirtyRow) -> None:
    """Two addresses in one column."""
    row.values["email"] = row.text("email") + row.pick(("; ", ", ", " / ")) + "second.mailbox@example.org"  # type: ignore[operator]


@defect(24, "email", needs="email")
def email_display_name(row: DirtyRow) -> None:
    """The name before the address, or a link."""
    email = row.text("email")
    row.values["email"] = row.pick((f"Customer <{email}>", f"mailto:{email}", f'"{email}" <{email}>'))


@defect(26, "email", needs="email")
def email_trailing(row: DirtyRow) -> None:
    """A full stop or a comma at the end, or a domain with a letter too few."""
    email = row.text("email")
    row.values["email"] = row.pick((f"{email}.", f"{email},", email.replace("example", "exmple")))


@defect(28, "email", needs="email")
def email_line_break(row: DirtyRow) -> None:
    """A line break, as a header injection would bring."""
    row.values["email"] = row.text("email") + "\r\nBcc: everyone@example.com"


@defect(30, "email", needs="email")
def email_plus_tag(row: DirtyRow) -> None:
    """A tag after the local part."""
    row.values["email"] = row.text("email").replace("@", "+quotes@", 1)


define("phone_missing", 38, "phone", None)
define("phone_empty", 38, "phone", "", " ")
define("phone_invalid", 35, "phone", "0000000000", "123", "12", "555-5555", "+1 999 999 9999 9999 99", "unknown")
define("phone_exponent", 36, "phone", "5.12E+09", "5,12E+09")
define("phone_foreign", 37, "phone", "+49 711 2842222", "0711 2842222", "00 44 20 7946 0018", "+55 (12) 3923-5555")
define("phone_letters", 34, "phone", "512-555-ROOF", "1-800-FLOWERS")


@defect(31, "phone", needs="phone")
def phone_prefix(row: DirtyRow) -> None:
    """The country code in a shape of its own."""
    row.values["phone"] = f"001 {_digits(row)}"


@defect(32, "phone", needs="phone")
def phone_extension(row: DirtyRow) -> None:
    """A number with an extension."""
    row.values["phone"] = row.text("phone") + row.pick((" x12", " ext. 12", " #12"))  # type: ignore[operator]


@defect(33, "phone", needs="phone")
def phone_two(row: DirtyRow) -> None:
    """Two numbers in one column."""
    row.values["phone"] = row.text("phone") + row.pick((" / ", " or ", "; ")) + "(512) 340-0199"  # type: ignore[operator]


@defect(36, "phone", needs="phone")
def phone_float(row: DirtyRow) -> None:
    """A number that has been through a spreadsheet."""
    row.values["phone"] = f"{_digits(row)}.0"


@defect(39, "phone", needs="phone")
def phone_full_width(row: DirtyRow) -> None:
    """Digits that are not ASCII."""
    zero = ord("０") if row.random.random() < 0.5 else ord("٠")
    row.values["phone"] = "".join(chr(zero + int(digit)) for digit in _digits(row))


def _digits(row: DirtyRow) -> str:
    return "".join(character for character in row.text("phone") if character in "0123456789")[-10:]


@defect(10, "customer_name email phone")
def contact_missing(row: DirtyRow) -> None:
    """No name, no e-mail, no phone."""
    row.values.update(customer_name=None, email=None, phone=None)


define("address_missing", 40, "address", None)
define("address_empty", 40, "address", "", "  ")


@defect(41, "address")
def address_respelled(row: DirtyRow) -> None:
    """The same address in capitals, without commas."""
    row.values["address"] = row.text("address").upper().replace(",", "")


@defect(42, "address")
def address_lines(row: DirtyRow) -> None:
    """Several lines."""
    row.values["address"] = row.text("address").replace(", ", row.pick(("\r\n", "\n", "<br>")) or "")


@defect(43, "address")
def address_shared(row: DirtyRow) -> None:
    """An address many customers give."""
    row.values["address"] = "1 Courthouse Square, Austin, TX 78701"
