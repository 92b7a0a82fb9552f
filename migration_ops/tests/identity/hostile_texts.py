"""Ten thousand characters each, chosen to make a careless parser slow."""

_UNITS = [
    "a", "a@", "1", "(0)", "+1 ", "1 x", "\u0301\u0323", "a.", "a,", " ", "x#1", "5550100123 ", "5550100123/", "attn ",
    "&", "<", "a@b.co ", "\n", "a\r\n", "(555", "-", "5-", "é", "\u202e", "5 5 ", "a:", "@", "1e", "l l c ", "\x00",
    "a & b ", "\u0661", "\ud800", "0", "+", "𝟙", "ﷺ", "a@b.", "<a@b.co>",
]  # fmt: skip

HOSTILE_TEXTS = [(unit * 10_000)[:10_000] for unit in _UNITS] + [
    "a." * 5_000 + "@",
    " " * 9_999 + "x",
    "a:" * 4_997 + "@b.co",
    "x" * 9_990 + "@b.com",
]
