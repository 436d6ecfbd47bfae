"""Words that have broken programs before, for every place into which people can write."""

from __future__ import annotations

from urllib.parse import quote

WORDS = (
    "<script>alert('x')</script>",
    '"><img src=x onerror=alert(1)>',
    "=cmd|' /C calc'!A0",
    "+1+cmd",
    "@SUM(A1:A9)",
    "-2+3",
    "\t=1+1",
    "＝1＋1",
    "\u202eevif\u202c \u2066abc\u2069",
    "مرحبا بالعالم",
    "👩‍👩‍👧‍👦🏳️‍🌈🇪🇺✊🏿",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘",
    "'; DROP TABLE posts; --",
    "1' OR '1'='1",
    "* AND NOT kind:post",
    '{"match_all": {}}',
    "a:* OR (b:[* TO *}",
    "../../etc/passwd",
    "%00%0d%0aSet-Cookie: a=b",
    "line\r\nbreak\u2028and\u2029more",
    "${jndi:ldap://x/a}{{7*7}}<%= 7*7 %>",
    "NULL",
    "\ufeffbom",
    "back\\slash\\u0000",
    "a\x00b",
    "lone \ud83d surrogate \udc00",
    "x" * 100_000,
    "\U0001f525" * 25_000,
)

# For hashtags: what would be the same in normal form, or be none, is left out.
TAGS = (
    "<b>x</b>",
    "=1+1",
    "'or'1'='1",
    "*",
    "tag:*",
    "\u202egat",
    "👩‍👩‍👧",
    "a\x00b",
    "lone\ud83d",
    "{}",
    "日本語",
    "null",
)

# In an address, as they stand.
ADDRESSED = (
    *(quote(word.encode("utf-8", "surrogatepass"), safe="") for word in WORDS if len(word) < 1_000),
    "%ed%a0%80",
    "%ff%fe",
    "%c0%ae%c0%ae",
    "_all",
    "*",
    "a" * 5_000,
    "%F0%9F%94%A5" * 300,
)
