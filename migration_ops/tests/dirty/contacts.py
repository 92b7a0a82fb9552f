"""Lines 8 to 44: who the customer is, and where."""

from collections.abc import Iterator

from migration_ops.tests.dirty.case import Case


def _name(line: int, name: str, recorded: str | None, *flags: str, shown: str | None = None) -> Case:
    shown = recorded if shown is None else shown
    return Case(
        line=line, name=f"customer_name {name}", columns={"customer_name": recorded}, flags=frozenset(flags),
        rows={"customer_contacts.name": recorded, "customers_new.name": shown},
    )  # fmt: skip


def _email(line: int, name: str, recorded: str | None, *flags: str, shown: str | None = None) -> Case:
    return Case(
        line=line, name=f"email {name}", columns={"email": recorded}, flags=frozenset(flags),
        rows={"customer_contacts.email": recorded, "customers_new.email": shown},
    )  # fmt: skip


def _phone(line: int, name: str, recorded: str | None, *flags: str, shown: str | None = None) -> Case:
    return Case(
        line=line, name=f"phone {name}", columns={"phone": recorded}, flags=frozenset(flags),
        rows={"customer_contacts.phone": recorded, "customers_new.phone": shown},
    )  # fmt: skip


def _address(line: int, name: str, recorded: str | None, *, kept: str | None, residue: str | None = None) -> Case:
    rows: dict[str, str | int | None] = (
        {"customer_addresses": 0} if kept is None else {"customer_addresses.address": kept}
    )
    return Case(line=line, name=f"address {name}", columns={"address": recorded}, residue=residue, rows=rows)


def cases() -> Iterator[Case]:
    """Each line as it stands in the list."""
    yield Case(line=3, name="id nil", columns={"id": "00000000-0000-0000-0000-000000000000"})
    yield Case(line=3, name="id max", columns={"id": "ffffffff-ffff-ffff-ffff-ffffffffffff"})
    yield Case(line=8, name="user_id absent", columns={"user_id": None}, rows={"quotes_new.created_by": None})
    yield Case(
        line=8, name="user_id of a lead", base="lead", columns={"user_id": "ffffffff-ffff-ffff-ffff-ffffffffffff"},
        rows={"leads_new.created_by": "ffffffff-ffff-ffff-ffff-ffffffffffff"},
    )  # fmt: skip

    yield _name(10, "absent", None, "name_missing", shown="")
    yield _name(10, "empty", "", "name_missing", shown="")
    yield _name(10, "blank", " \t\u00a0 ", "name_missing", shown="")
    yield _name(11, "spaces around", "  Ana Roe  ", shown="Ana Roe")
    yield _name(11, "double space", "Ana  Roe")
    yield _name(11, "no-break spaces", "\u00a0Ana Roe\u00a0", shown="Ana Roe")
    yield _name(11, "zero-width", "\u200bAna Roe", shown="Ana Roe")
    yield _name(11, "tab", "Ana Roe\t", shown="Ana Roe")
    yield _name(11, "newline", "Ana\nRoe")
    yield _name(12, "last first", "Smith, John")
    yield _name(12, "capitals", "JOHN SMITH")
    yield _name(13, "couple", "John & Mary Smith", "two_people")
    yield _name(13, "slash", "John / Mary", "two_people")
    for text in ("Test", "asdf", "n/a", "-", "Kunde"):
        yield _name(14, f"placeholder {text}", text, "name_placeholder")
    yield _name(15, "300 characters", "Ana " + "roe" * 100, "name_long")
    yield _name(15, "5,000 characters", "Ana " + "roe " * 1_249 + "roe", "name_long")
    yield _name(16, "composed", "José Núñez")
    yield _name(16, "decomposed", "José Núñez")
    yield _name(17, "right to left", "\u202eAna Roe", "name_bidi")
    yield _name(17, "emoji", "Ana Roe 🏠", "name_symbol")
    yield _name(17, "homoglyphs", "Аna Roe", "name_mixed_script")
    yield _name(18, "script", "<script>alert(1)</script>", "two_people")
    yield _name(18, "formula", '=HYPERLINK("http://x.y","z")', "two_people")
    yield _name(18, "template", "{{7*7}}")
    yield _name(18, "sql", "' OR 1=1", "two_people")
    yield _name(19, "double encoding", "FranÃ§ois Roe", "mojibake")
    yield Case(
        line=20, name="customer_name changes", columns={"customer_name": "Ana Roe"},
        also=({"customer_name": "Ana Roe Jr", "updated_at": "2024-04-01 08:00:00+00"},),
        flags=frozenset({"number_duplicate", "job_number_duplicate", "invoice_duplicate"}),
        rows={"customer_contacts.name": "Ana Roe"},
    )  # fmt: skip

    yield _email(21, "absent", None)
    yield _email(21, "empty", "")
    yield _email(22, "spaces and capitals", " John@Example.COM ", shown="John@example.com")
    yield _email(
        23, "two", "first.one@homemail.net; other.one@homemail.net", "email_two", shown="first.one@homemail.net"
    )
    yield _email(24, "with a name", "John <john.roe@homemail.net>", shown="john.roe@homemail.net")
    yield _email(24, "mailto", "mailto:jo.roe@homemail.net", shown="jo.roe@homemail.net")
    for text in ("a@x", "a.x.com"):
        yield _email(25, f"invalid {text}", text, "email_invalid", shown=text)
    yield _email(25, "keine", "keine", "email_invalid", "email_placeholder", shown="keine")
    yield _email(26, "trailing dot", "j.roe@homemail.net.", "email_invalid", shown="j.roe@homemail.net.")
    yield _email(26, "trailing comma", "jj.roe@homemail.net,", "email_invalid", shown="jj.roe@homemail.net,")
    yield _email(26, "domain typo", "ana.roe@gmial.com", "email_domain_typo", shown="ana.roe@gmial.com")
    yield _email(27, "sharp s", "straße@homemail.net", "email_unicode", shown="straße@homemail.net")
    yield _email(27, "dotted capital I", "İpek@homemail.net", "email_unicode", shown="İpek@homemail.net")
    yield _email(27, "full-width", "ana.b＠homemail.net", shown="ana.b@homemail.net")
    yield _email(28, "line break", "ana.c@home\nmail.net", "email_line_break", shown="ana.c@homemail.net")
    yield _email(28, "header", "ana.d@homemail.net\r\nBcc: x@homemail.net", "email_line_break", "email_two",
                 shown="ana.d@homemail.net")  # fmt: skip
    yield _email(29, "role", "info@roeroofs.net", "email_role", shown="info@roeroofs.net")
    yield _email(30, "tag", "ana+roof@homemail.net", shown="ana+roof@homemail.net")
    yield _email(30, "dots", "a.n.a@gmail.com", shown="a.n.a@gmail.com")

    for number, text in enumerate(("(212) 755-0123", "+1 212 755 0123", "2127550123")):
        yield _phone(31, f"spelling {number + 1}", text, shown="+12127550123")
    yield _phone(32, "x12", "212-755-0124 x12", "phone_extension", shown="+12127550124 x12")
    yield _phone(32, "ext. 12", "212-755-0125 ext. 12", "phone_extension", shown="+12127550125 x12")
    yield _phone(33, "two", "212-755-0126 / 212-755-0127", "phone_two", shown="+12127550126")
    yield _phone(34, "letters", "212-755-ROOF", shown="212-755-ROOF")
    yield _phone(35, "short", "123", "phone_invalid", "phone_placeholder", shown="123")
    yield _phone(35, "zeroes", "0000000000", "phone_invalid", "phone_placeholder", shown="0000000000")
    yield _phone(35, "long", "21275501231234567890", "phone_invalid", shown="21275501231234567890")
    yield _phone(36, "float", "2127550128.0", shown="+12127550128")
    yield _phone(36, "scientific", "2.13E+09", "phone_precision_lost", shown="2.13E+09")
    yield _phone(37, "country unclear", "0171 2345678", "phone_country_unclear", shown="0171 2345678")
    yield _phone(38, "absent", None)
    yield _phone(38, "empty", "")
    yield _phone(39, "full-width digits", "２１２７５５０１２９", shown="+12127550129")
    yield _phone(39, "arabic digits", "٢١٢٧٥٥٠١٣٠", shown="+12127550130")

    yield _address(40, "absent", None, kept=None)
    yield _address(40, "empty", "", kept=None, residue='{"columns": {"address": ""}}')
    yield _address(40, "blank", " \u00a0\n", kept=None, residue='{"columns": {"address": " \u00a0\\n"}}')
    yield Case(
        line=41, name="address in three ways", columns={"address": "1 Main St."},
        also=({"address": "1 Main Street"}, {"address": "1 MAIN ST"}),
        flags=frozenset({"number_duplicate", "job_number_duplicate", "invoice_duplicate"}),
        rows={"customer_addresses.address": "1 Main St."},
    )  # fmt: skip
    yield _address(42, "line ends", "1 Main\r\nSpringfield", kept="1 Main\nSpringfield",
                   residue='{"columns": {"address": "1 Main\\r\\nSpringfield"}}')  # fmt: skip
    yield _address(42, "two lines", "1 Main\nSpringfield", kept="1 Main\nSpringfield")
    yield _address(42, "spaces around", " 1 Main ", kept="1 Main", residue='{"columns": {"address": " 1 Main "}}')
    yield _address(42, "html", "1 Main<br>Springfield", kept="1 Main<br>Springfield")
    yield Case(
        line=44, name="address changes", columns={"address": "1 Old Street"},
        also=({"address": "2 New Street", "created_at": "2024-03-02 08:00:00+00"},),
        flags=frozenset({"number_duplicate", "job_number_duplicate", "invoice_duplicate"}),
        rows={"customer_addresses.address": "1 Old Street", "customer_addresses.is_primary": "false"},
    )  # fmt: skip
