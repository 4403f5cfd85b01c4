import ara.errors
from tools.reference import check, errors_page, python_pages, write


def test_every_error_has_its_row():
    page = errors_page()
    for name in set(ara.errors.__all__) - {"AraAIException", "words_of"}:
        error = getattr(ara.errors, name)
        assert f"`{name}` | `{error.code}` | {error.exit_code} | {error.http_status} | " in page


def test_what_is_below_is_indented():
    assert "| &emsp;&emsp;`UnknownSymbolError` |" in errors_page()


def test_the_index_names_every_python_page():
    pages = python_pages()
    for name in set(pages) - {"index.md"}:
        assert f"({name})" in pages["index.md"]
        assert f"::: {name.removesuffix('.md')}\n" in pages[name]


def test_what_is_written_is_current(tmp_path):
    assert list(check(tmp_path))
    write(tmp_path)
    assert list(check(tmp_path)) == []
