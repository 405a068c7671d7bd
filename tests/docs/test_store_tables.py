"""The tables of docs/feast.md are what the code says of Feast's stores."""

from docs.store_tables import PAGE, page, tables


def test_the_tables_are_what_the_code_gives() -> None:
    text = PAGE.read_text("utf-8")
    assert tables() in text
    assert text == page(text), "docs/feast.md is old: run `make docs`, and commit what it writes"
