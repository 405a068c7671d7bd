"""The names that users rely on, and the modules that group them."""

import inspect

import pytest

import foreset
from docs.error_page import kinds, modules
from docs.finding_page import kinds as found_kinds
from docs.finding_page import modules as finding_modules


def test_every_error_of_the_page_has_its_name_in_errors() -> None:
    named = [kind for module in modules() for kind in kinds(module) if "demo" not in module.__name__]
    assert [getattr(foreset.errors, kind.__name__) for kind in named] == named
    assert {kind.__name__ for kind in named} <= set(dir(foreset.errors))


def test_every_finding_of_the_page_has_its_name_in_findings() -> None:
    named = [kind for module in finding_modules() for kind in found_kinds(module)]
    assert [getattr(foreset.findings, kind.__name__) for kind in named] == named
    assert {kind.__name__ for kind in named} <= set(dir(foreset.findings))


def test_the_feast_style_surface_is_the_same_by_both_names() -> None:
    for name in foreset.feast.__all__:
        value = getattr(foreset.feast, name)
        assert name == "DeltaOfflineStore" or value is getattr(foreset, name)
    assert inspect.isclass(foreset.feast.DeltaOfflineStore)
    assert dir(foreset.feast) == sorted(foreset.feast.__all__)


@pytest.mark.parametrize("module", [foreset.errors, foreset.findings, foreset.feast, foreset])
def test_a_name_that_is_not_there_is_an_attribute_error(module: object) -> None:
    with pytest.raises(AttributeError, match="has no attribute 'TableMising'"):
        module.TableMising  # type: ignore[attr-defined]  # noqa: B018  # misspelt
