"""Defects of the line items: their shape, their keys, their values (cases 59 to 88)."""

import json

from .registry import DirtyRow, defect, define

MANY_ITEMS = 250
DEEP = 5000

define("items_missing", 59, "items", None, needs="quote")
define("items_json_null", 60, "items", "null", needs="quote")
define("items_empty_array", 60, "items", "[]", needs="quote")
define("items_empty_object", 60, "items", "{}", needs="quote")
define("items_scalar", 64, "items", "5", '"x"', "true", needs="quote", quarantine="items_shape")
define("items_too_deep", 66, "items", "[" * DEEP + "]" * DEEP, needs="quote", quarantine="items_depth")


@defect(61, "items", needs="quote")
def items_single_object(row: DirtyRow) -> None:
    """One object instead of an array."""
    row.values["items"] = row.items[0]


@defect(62, "items", needs="quote")
def items_object_of_objects(row: DirtyRow) -> None:
    """Numbered keys instead of an array."""
    members = ",".join(f'"{number}":{item}' for number, item in enumerate(row.items, start=1))
    row.values["items"] = f"{{{members}}}"


@defect(63, "items", needs="quote")
def items_json_text(row: DirtyRow) -> None:
    """The array as JSON text inside a JSON string."""
    row.values["items"] = json.dumps(row.text("items"))


@defect(63, "items", needs="quote", quarantine="items_shape")
def items_json_text_twice(row: DirtyRow) -> None:
    """JSON text inside JSON text."""
    row.values["items"] = json.dumps(json.dumps(row.text("items")))


@defect(65, "items", needs="quote", quarantine="items_shape")
def items_mixed(row: DirtyRow) -> None:
    """Elements that are no objects."""
    odd = row.pick(("null", '"see notes"', "5", "[]"))
    row.values["items"] = f"[{','.join([*row.items, str(odd)])}]"


@defect(67, "items", needs="quote", is_large=True)
def items_many(row: DirtyRow) -> None:
    """Hundreds of line items."""
    row.items = (row.items * MANY_ITEMS)[:MANY_ITEMS]
    row.write_items()


@defect(68, "items", needs="quote")
def items_duplicate_keys(row: DirtyRow) -> None:
    """A key twice in one object: jsonb keeps the last."""
    row.items[0] = '{"name":"first of two",' + row.items[0][1:]
    row.write_items()


@defect(69, "items", needs="quote")
def item_unknown_keys(row: DirtyRow) -> None:
    """Keys nobody has heard of."""
    row.items[0] = row.items[0][:-1] + ',"sku":"RX-7","color":null,"meta":{"warranty_years":[5,10]}}'
    row.write_items()


@defect(70, "items", needs="quote")
def item_key_aliases(row: DirtyRow) -> None:
    """Other names for known keys."""
    for known, alias in (("quantity", "qty"), ("unit_price", "price"), ("description", "desc")):
        row.items = [item.replace(f'"{known}":', f'"{alias}":') for item in row.items]
    row.write_items()


def _value(name: str, case: int, key: str, *literals: str | None, quarantine: str = "") -> None:
    """Register a defect that gives the first line item one of the JSON literals under ``key`` (None: no key)."""

    def apply(row: DirtyRow) -> None:
        row.set_item(key, row.pick(literals))

    apply.__name__ = name
    defect(case, "items", needs="quote", quarantine=quarantine)(apply)


_value("item_name_missing", 71, "name", None)
_value("item_name_null", 71, "name", "null")
_value("item_name_empty", 71, "name", '""', '"  "')
_value("item_name_number", 71, "name", "42")
_value("item_name_html", 18, "name", '"<script>alert(1)</script>"', '"=1+1"')
_value("item_description_missing", 71, "description", None)
_value("item_description_unicode", 71, "description", '"Tür \\u00fc 2\\" \\\\ \\n\\t ½ 🏠"')
_value("item_quantity_missing", 72, "quantity", None)
_value("item_quantity_null", 72, "quantity", "null")
_value("item_quantity_unreadable", 73, "quantity", '"2 pcs"', '"½"', '"a few"', quarantine="number_unreadable")
_value("item_quantity_zero", 74, "quantity", "0")
_value("item_quantity_negative", 74, "quantity", "-2")
_value("item_quantity_decimals", 75, "quantity", "0.333333333")
_value("item_price_missing", 83, "unit_price", None)
_value("item_price_null", 83, "unit_price", "null")
_value("item_price_nan", 76, "unit_price", '"NaN"', quarantine="number_nan")
_value("item_price_infinite", 77, "unit_price", '"Infinity"', "1e400", quarantine="number_range")
_value("item_price_large", 78, "unit_price", "12345678901.00", "12345678901234567.89")
_value("item_price_too_large", 78, "unit_price", "1" + "0" * 20, quarantine="number_range")
_value("item_price_decimals", 80, "unit_price", "10.005")
_value("item_price_money_text", 81, "unit_price", '"$1,200.00"', '"$45.50"', '"1,234.50"')
_value("item_price_ambiguous", 81, "unit_price", '"1,234"', '"1.200"', quarantine="number_unreadable")
_value("item_price_euro_text", 81, "unit_price", '"1.200,00 €"')
_value("item_price_brackets", 81, "unit_price", '"(50.00)"')
_value("item_price_odd_text", 82, "unit_price", '"1_000"', '"0x10"', '"１２"', quarantine="number_unreadable")
_value("item_price_not_a_number", 83, "unit_price", "true", "[]", '{"amount":5}')
_value("item_price_tbd", 81, "unit_price", '"TBD"', '"call us"', quarantine="number_unreadable")
_value("item_total_missing", 85, "total", None)
_value("item_total_null", 85, "total", "null")
_value("item_total_wrong", 84, "total", "1.23")
_value("item_boolean_text", 86, "is_upsell", '"yes"', '"ja"', "1", '"0"', '""')
_value("item_boolean_unreadable", 86, "is_discount", '"maybe"', "7")
_value("item_boolean_missing", 86, "is_discount", None)
_value("item_sort_order_null", 87, "sort_order", "null")
_value("item_sort_order_missing", 87, "sort_order", None)
_value("item_sort_order_odd", 87, "sort_order", '"1.5"', "-1", "99", '"first"')
_value("item_tier_respelled", 88, "option_tier", '"Good"', '"good "')
_value("item_tier_unknown", 88, "option_tier", '"platinum"')


@defect(73, "items", needs="quote")
def item_numbers_as_text(row: DirtyRow) -> None:
    """Quantity, price and total of every line as text."""
    for index in range(len(row.items)):
        for key in ("quantity", "unit_price", "total"):
            row.set_item(key, f'"{row.item_literal(key, index=index)}"', index=index)


@defect(87, "items", needs="quote")
def item_sort_order_duplicate(row: DirtyRow) -> None:
    """Every line claims the same place."""
    for index in range(len(row.items)):
        row.set_item("sort_order", "1", index=index)


@defect(96, "items", needs="quote")
def item_currency_mixed(row: DirtyRow) -> None:
    """Dollars in one line, euros in another."""
    row.items.append(row.items[0])
    row.set_item("unit_price", '"$45.50"')
    row.set_item("unit_price", '"€45.50"', index=len(row.items) - 1)


@defect(85, "items", needs="quote")
def item_bare(row: DirtyRow) -> None:
    """A line of which only the name is left."""
    row.items[0] = f'{{"name":{row.item_literal("name")}}}'
    row.write_items()
