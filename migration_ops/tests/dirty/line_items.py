"""Lines 59 to 88: the line items, whatever they were recorded as."""

from collections.abc import Iterator, Mapping
from json import dumps

from migration_ops.tests.dirty.case import LINE, Case, items, line

Recorded = Mapping[str, str | None]
ITEM = "quote_items_new."


def _residue(raw: Recorded, *absent: str) -> str:
    keys = ", ".join(f'"{key}": {value}' for key, value in raw.items())
    return '{"item": {"2": {"raw": {' + keys + '}, "absent": ' + dumps(absent) + "}}}"


def _item(number: int, named: str, changes: Recorded, /, *flags: str, kept: Recorded | None = None, absent: tuple[str, ...] = (),
          region: str = "US", **columns: str | None) -> Case:  # fmt: skip
    """An item that migrates. kept: what its residue holds as recorded; columns: what its columns hold."""
    return Case(
        line=number, name=named, base="quote", item=line(changes), flags=frozenset(flags), region=region,
        residue=_residue(kept or {}, *absent) if kept or absent else None,
        rows={f"{ITEM}{column}": value for column, value in columns.items()},
    )  # fmt: skip


def _refused(number: int, name: str, changes: Recorded, reason: str, *, region: str = "US") -> Case:
    """An item whose row is set aside; the first changed key is the one named."""
    return Case(
        line=number, name=name, base="quote", item=line(changes), reason=reason, at=f"items[2].{next(iter(changes))}",
        region=region,
    )  # fmt: skip


def _shape(
    number: int, name: str, recorded: str | None, *flags: str, residue: str | None = None, count: int = 0
) -> Case:
    """Items that are no list but migrate."""
    return Case(
        line=number, name=f"items {name}", base="quote", columns={"items": recorded}, flags=frozenset(flags),
        residue=residue, rows={"quote_items_new": count},
    )  # fmt: skip


def shapes() -> Iterator[Case]:
    """Lines 59 to 68."""
    one, two = line({"sort_order": "1"}), line()
    whole = line({"sort_order": "1", "unit_price": "25", "total": "50"})
    yield _shape(59, "absent", None)
    yield _shape(60, "null", "null", "items_odd_shape", residue='{"items": null}')
    yield _shape(60, "empty list", "[]", residue='{"items": []}')
    yield _shape(60, "empty object", "{}", "items_odd_shape", residue='{"items": {}}')
    yield _shape(61, "one object", whole, "items_odd_shape", residue=f'{{"items": {whole}}}', count=1)
    numbered = f'{{"1": {one}, "2": {two}}}'
    yield _shape(62, "object of objects", numbered, "items_odd_shape", residue=f'{{"items": {numbered}}}', count=2)
    text = dumps(f"[{one}, {two}]")
    yield _shape(63, "text", text, "items_odd_shape", residue=f'{{"items": {text}}}', count=2)
    yield _shape(63, "text of an empty list", '"[]"', "items_odd_shape", residue='{"items": "[]"}')
    for name, recorded, reason in (
        ("text twice", dumps(text), "items_depth"),
        ("text that is no JSON", '"two doors"', "items_shape"), ("text empty", '""', "items_shape"),
        ("text of a number", '"5"', "items_shape"), ("text of null", '"null"', "items_shape"),
    ):  # fmt: skip
        yield Case(line=63, name=f"items {name}", columns={"items": recorded}, reason=reason, at="items")
    for recorded in ("5", '"x"', "true"):
        yield Case(line=64, name=f"items {recorded}", columns={"items": recorded}, reason="items_shape", at="items")
    for recorded in ("null", '"x"', "5", "[]", "[5]"):
        yield Case(
            line=65, name=f"items with {recorded}", columns={"items": items(recorded)}, reason="items_shape", at="items"
        )
        yield Case(
            line=65, name=f"items of {recorded}", columns={"items": f"[{recorded}]"}, reason="items_shape", at="items"
        )
    yield Case(
        line=66, name="items nested", columns={"items": "[" * 5_000 + "]" * 5_000}, reason="items_depth", at="items"
    )
    nested = '{"a": ' * 2_000 + "1" + "}" * 2_000
    yield Case(line=66, name="item nested", item=line({"name": nested}), reason="items_depth", at="items[2]")
    yield Case(line=66, name="unknown key nested", item=line({"more": nested}), reason="items_depth", at="items[2]")
    many = (
        "["
        + ", ".join(line({"sort_order": str(place), "quantity": "0", "total": "0"}) for place in range(1, 10_001))
        + "]"
    )
    yield Case(line=67, name="10,000 items", base="quote", columns={"items": many}, flags=frozenset({"doc_sum"}),
               rows={"quote_items_new": 10_000})  # fmt: skip
    yield Case(
        line=68,
        name="duplicate keys",
        base="quote",
        item='{"quantity": 9, ' + line()[1:],
        rows={f"{ITEM}quantity": "2"},
    )


def keys() -> Iterator[Case]:
    """Lines 69 to 72."""
    yield _item(69, "unknown keys", {"color": '"red"', "sku": "null", "": "[1, {}]"}, "item_keys_unknown",
                kept={"color": '"red"', "sku": "null", "": "[1, {}]"}, name="Labour")  # fmt: skip
    yield _item(70, "other keys", {"quantity": None, "unit_price": None, "description": None, "qty": "2", "price": "12.50",
                                   "desc": '"Two hours"'}, "item_keys_aliased",
                kept={"qty": "2", "price": "12.50", "desc": '"Two hours"'}, absent=("description", "quantity", "unit_price"),
                quantity="2", unit_price="12.50", description="Two hours")  # fmt: skip
    yield _item(70, "unitPrice as text", {"unit_price": None, "unitPrice": '"12.50"'}, "item_keys_aliased", "item_number_text",
                kept={"unitPrice": '"12.50"'}, absent=("unit_price",), unit_price="12.50")  # fmt: skip
    yield _item(70, "both keys", {"qty": "7", "price": "8", "desc": '"Other"'}, "item_keys_aliased",
                kept={"qty": "7", "price": "8", "desc": '"Other"'}, quantity="2", unit_price="12.50")  # fmt: skip
    yield _item(70, "unitPrice null, price known", {"unit_price": None, "unitPrice": "null", "price": "9"}, "item_keys_aliased",
                kept={"unitPrice": "null", "price": "9"}, absent=("unit_price",), unit_price=None)  # fmt: skip
    yield _item(70, "an unknown alias", {"amount": "25"}, "item_keys_unknown", kept={"amount": "25"})
    yield _item(
        70,
        "qty unreadable beside a quantity",
        {"qty": '"two"'},
        "item_keys_aliased",
        kept={"qty": '"two"'},
        quantity="2",
    )
    yield _item(71, "name null", {"name": "null"}, "item_name_missing", name=None)
    yield _item(71, "name empty", {"name": '""'}, "item_name_missing", name="")
    yield _item(71, "name absent", {"name": None}, "item_name_missing", absent=("name",), name=None)
    yield _item(71, "name a number", {"name": "5"}, "item_text_odd", kept={"name": "5"}, name="5")
    yield _item(71, "description an object", {"description": '{"a": 1}'}, "item_text_odd",
                kept={"description": '{"a": 1}'}, description='{"a": 1}')  # fmt: skip
    yield _item(
        72,
        "quantity absent",
        {"quantity": None, "unit_price": "25"},
        "quantity_implied",
        absent=("quantity",),
        quantity="1",
    )
    yield _item(72, "quantity null", {"quantity": "null", "unit_price": "25"}, "quantity_implied",
                kept={"quantity": "null"}, quantity="1")  # fmt: skip
    yield _item(72, "quantity blank", {"quantity": '" "', "unit_price": "25"}, "quantity_implied", "item_number_text",
                kept={"quantity": '" "'}, quantity="1")  # fmt: skip
    everything = dict.fromkeys(LINE)
    yield _item(72, "nothing at all", everything, "quantity_implied", "item_name_missing", absent=tuple(LINE),
                quantity="1", unit_price=None, total=None, name=None, is_upsell="false", sort_order="2")  # fmt: skip


def quantities() -> Iterator[Case]:
    """Lines 73 to 75."""
    for text, price, read in (
        ("2", "12.50", "2"),
        ("2,5", "10", "2.5"),
        ("1,234.50", "null", "1234.50"),
        ("1,234", "null", "1234"),
    ):
        yield _item(73, f"quantity {text}", {"quantity": f'"{text}"', "unit_price": price}, "item_number_text",
                    kept={"quantity": f'"{text}"'}, quantity=read)  # fmt: skip
    for text in ("2 pcs", "½", "two", "1 234", "--2", "2.", "12,34,5"):
        yield _refused(73, f"quantity {text}", {"quantity": f'"{text}"'}, "number_unreadable")
    yield _refused(73, "quantity 1,234 in Germany", {"quantity": '"1,234"'}, "number_unreadable", region="DE")
    yield _refused(73, "quantity 1.234 in Germany", {"quantity": '"1.234"'}, "number_unreadable", region="DE")
    yield _item(73, "quantity 2,5 in Germany", {"quantity": '"2,5"', "unit_price": "10"}, "item_number_text",
                kept={"quantity": '"2,5"'}, region="DE", quantity="2.5")  # fmt: skip
    yield _item(74, "quantity 0", {"quantity": "0", "total": "0"}, "doc_sum", quantity="0")
    yield _item(
        74,
        "quantity negative",
        {"quantity": "-2", "total": "-25.00"},
        "doc_sum",
        "item_quantity_negative",
        quantity="-2",
    )
    yield _item(
        74,
        "quantity of a discount",
        {"quantity": "-2", "total": "-25.00", "is_discount": "true"},
        "doc_sum",
        quantity="-2",
    )
    yield _item(
        75, "quantity a third", {"quantity": "0.333333333", "total": "null"}, quantity="0.333333333", total=None
    )


def prices() -> Iterator[Case]:
    """Lines 76 to 85."""
    for text in ('"NaN"', '"nan"'):
        yield _refused(76, f"price {text}", {"unit_price": text}, "number_nan")
    for text in ('"Infinity"', '"-inf"', "1e400", "1e18", "-1e18", "0.1234567890123"):
        yield _refused(77, f"price {text}", {"unit_price": text}, "number_range")
    yield _item(
        78, "price of 11 digits", {"unit_price": "12345678901.00", "total": "null"}, unit_price="12345678901.00"
    )
    yield _item(
        79,
        "price of 17 digits",
        {"unit_price": "12345678901234567.89", "total": "null"},
        unit_price="12345678901234567.89",
    )
    yield _item(80, "price of three decimals", {"unit_price": "10.005", "total": "null"}, unit_price="10.005")
    yield _item(80, "price with its zeros", {"unit_price": "12.5000"}, unit_price="12.5000")
    for text, read in (
        ("$1,200", "1200"),
        ("1.200,00 €", "1200.00"),
        ("(50.00)", "-50.00"),
        ("-$5", "-5"),
        ("$-5", "-5"),
        ("USD 5", "5"),
    ):
        yield _item(81, f"price {text}", {"unit_price": f'"{text}"', "total": "null"}, "item_number_text",
                    kept={"unit_price": f'"{text}"'}, unit_price=read)  # fmt: skip
    for text in ("１２", "1_000", "0x10", "1e3", "1e400", "+-5", "(-5)", "$", "1,2,3", "1.2.3"):
        yield _refused(82, f"price {text}", {"unit_price": f'"{text}"'}, "number_unreadable")
    for recorded in ("true", "[]", "{}"):
        yield _item(
            83,
            f"price {recorded}",
            {"unit_price": recorded},
            "item_number_odd",
            kept={"unit_price": recorded},
            unit_price=None,
        )
        yield _item(
            83, f"total {recorded}", {"total": recorded}, "item_number_odd", kept={"total": recorded}, total=None
        )
        yield _refused(83, f"quantity {recorded}", {"quantity": recorded}, "number_unreadable")
    yield _item(83, "price blank", {"unit_price": '""'}, "item_number_text", kept={"unit_price": '""'}, unit_price=None)
    yield _item(
        84,
        "total is not the product",
        {"total": "30"},
        "line_sum",
        "doc_sum",
        total="30",
        quantity="2",
        unit_price="12.50",
    )
    yield _item(85, "total absent", {"total": None}, absent=("total",), total=None)
    yield _item(85, "total null", {"total": "null"}, total=None)


def choices() -> Iterator[Case]:
    """Lines 86 to 88."""
    for recorded, read in (
        ('"yes"', "true"),
        ('"ja"', "true"),
        ("1", "true"),
        ('"0"', "false"),
        ('" NO "', "false"),
        ("null", "false"),
    ):
        yield _item(86, f"is_upsell {recorded}", {"is_upsell": recorded}, kept={"is_upsell": recorded}, is_upsell=read)
        yield _item(
            86, f"is_discount {recorded}", {"is_discount": recorded}, kept={"is_discount": recorded}, is_discount=read
        )
    for recorded in ('""', '"maybe"', "2", "{}"):
        yield _item(86, f"is_upsell {recorded}", {"is_upsell": recorded}, "item_boolean_unreadable",
                    kept={"is_upsell": recorded}, is_upsell=None)  # fmt: skip
    yield _item(
        87, "sort order null", {"sort_order": "null"}, kept={"sort_order": "null"}, sort_order="2", position="2"
    )
    yield _item(87, "sort order absent", {"sort_order": None}, absent=("sort_order",), sort_order="2")
    for recorded in ("1", "-1", "99", "2147483647"):
        yield _item(87, f"sort order {recorded}", {"sort_order": recorded}, sort_order=recorded, position="2")
    for recorded in ('"1.5"', "1.5", '"1"', "2147483648", "true"):
        yield _item(87, f"sort order {recorded}", {"sort_order": recorded}, "item_sort_order_odd",
                    kept={"sort_order": recorded}, sort_order="2")  # fmt: skip
    for text in ("Good", "good ", "BEST"):
        yield _item(
            88,
            f"tier {text!r}",
            {"option_tier": f'"{text}"'},
            kept={"option_tier": f'"{text}"'},
            option_tier=text.strip().lower(),
        )
    yield _item(88, "tier unknown", {"option_tier": '"platinum"'}, "item_tier_unknown", option_tier="platinum")
    yield _item(88, "tier null", {"option_tier": "null"}, option_tier=None)
    yield _item(
        88,
        "tier a number",
        {"option_tier": "1"},
        "item_text_odd",
        "item_tier_unknown",
        kept={"option_tier": "1"},
        option_tier="1",
    )


def cases() -> Iterator[Case]:
    """Each line as it stands in the list."""
    yield from shapes()
    yield from keys()
    yield from quantities()
    yield from prices()
    yield from choices()
