import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migration_ops.identity import emails
from migration_ops.identity.emails import read_emails


@pytest.mark.parametrize(
    ("recorded", "key", "display", "flags"),
    [
        (" John@Example.COM ", "john@example.com", "John@example.com", ()),
        ("John <a@x.com>", "a@x.com", "a@x.com", ()),
        ("mailto:a@x.com", "a@x.com", "a@x.com", ()),
        ("MAILTO:a@x.com?subject=hi", "a@x.com", "a@x.com", ()),
        ("Email: a@x.com", "a@x.com", "a@x.com", ()),
        ("a＠x.com", "a@x.com", "a@x.com", ()),
        ("jo\u200bhn@x.com", "john@x.com", "john@x.com", ()),
        ("jo\nhn@x.com", "john@x.com", "john@x.com", ("email_line_break",)),
        ("john@exam\r\nple.com", "john@example.com", "john@example.com", ("email_line_break",)),
        ("a@x.com.", "a@x.com", "a@x.com.", ("email_invalid",)),
        ("a@x.com,", "a@x.com", "a@x.com,", ("email_invalid",)),
        ("bob@gmial.com", "bob@gmial.com", "bob@gmial.com", ("email_domain_typo",)),
        ("B.o.b+x@GoogleMail.com", "bob@gmail.com", "B.o.b+x@googlemail.com", ()),
        ("b.o.b+x@example.com", "b.o.b@example.com", "b.o.b+x@example.com", ()),
        ("ß@x.com", "ss@x.com", "ß@x.com", ("email_unicode",)),
        ("a@müller.de", "a@xn--mller-kva.de", "a@müller.de", ("email_unicode",)),
        ("a@xn--mller-kva.de", "a@xn--mller-kva.de", "a@xn--mller-kva.de", ()),
    ],
)
def test_one_mailbox(recorded, key, display, flags):
    read = read_emails(recorded)
    assert (read.keys, read.display, read.flags) == ((key,), display, flags)


@pytest.mark.parametrize("recorded", ["a@x", "a.x.com", "keine", "@x.com", "a@@x.com", "a b@", ".a@x.com", "a..b@x.com",
                                      "a" * 65 + "@x.com", "a@" + "x" * 260 + ".com"])  # fmt: skip
def test_what_is_no_mailbox_is_flagged_and_shown_as_recorded(recorded):
    read = read_emails(recorded)
    assert (read.keys, read.display) == ((), recorded)
    assert "email_invalid" in read.flags


@pytest.mark.parametrize("recorded", ["n/a", "none", "-", "none@none.com", "noreply@x.com", "no-reply@x.com",
                                      "test@test.com", "noemail@gmail.com", "none@x"])  # fmt: skip
def test_a_placeholder_is_no_key(recorded):
    read = read_emails(recorded)
    assert read.keys == ()
    assert "email_placeholder" in read.flags


@pytest.mark.parametrize("recorded", ["a@x.com; b@x.com", "a@x.com,b@x.com", "a@x.com / b@x.com", "a@x.com or b@x.com",
                                      "A <a@x.com>, B <b@x.com>", "a@x.com|b@x.com"])  # fmt: skip
def test_two_mailboxes_are_both_read(recorded):
    read = read_emails(recorded)
    assert (read.keys, read.display, read.flags) == (("a@x.com", "b@x.com"), "a@x.com", ("email_two",))


def test_an_injected_header_never_reaches_the_display():
    read = read_emails("a@x.com\r\nBcc: b@y.com")
    assert read.display == "a@x.com"
    assert read.flags == ("email_line_break", "email_two")
    assert "\n" not in (read_emails("nobody\r\nBcc: all").display or "")


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("info@x.com", True), ("info2@x.com", True), ("accounts.payable@x.com", True), ("sales-office@x.com", True),
        ("it@x.com", True), ("ann@x.com", False), ("sales.ann@x.com", False), ("informer@x.com", False),
        ("storey@x.com", False),
    ],
)  # fmt: skip
def test_role_mailboxes(key, expected):
    assert emails.is_role(key) is expected


@settings(deadline=None)
@given(st.from_regex(r"[A-Za-z0-9_]{1,20}(\.[a-z]{1,5})?@[a-z]{2,10}\.(com|de)", fullmatch=True))
def test_short_way_and_long_way_agree(mailbox):
    assert read_emails(mailbox) == emails._read_unusual(mailbox)


@settings(deadline=None)
@given(st.emails())
def test_folding_twice_changes_nothing(mailbox):
    once = emails.fold_mailbox(mailbox)
    assert emails.fold_mailbox(once) == once
    assert emails.fold_mailbox(mailbox.upper()) == once
