"""No table and no column is forgotten: each says what erasing does with it."""

from __future__ import annotations

import dataclasses

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorField
from django.db.models import BinaryField, CharField, Field, FileField, JSONField, Model, TextField

from complaints.models import Case, Letter
from complaints.retention.personal import BESIDE_CASES, TREATMENTS
from complaints.retention.searching import tables
from procedures.isolation import is_tenant

TEXTS = (CharField, TextField, JSONField, FileField, ArrayField, SearchVectorField, BinaryField)


def texts_of(model: type[Model]) -> set[str]:
    """The columns in which somebody could be named: all that hold texts, files or words, but for fixed choices."""
    return {
        each.name
        for each in model._meta.get_fields()
        if isinstance(each, Field) and isinstance(each, TEXTS) and not each.choices
    }


def forgotten(models: list[type[Model]]) -> dict[str, set[str]]:
    """The columns of which nothing is said, by table; all of a table that is in no entry."""
    known = {each.model: each for each in TREATMENTS}
    found = {}
    for model in models:
        columns = texts_of(model)
        treatment = known.get(model)
        if model._meta.label in BESIDE_CASES or not columns:
            continue
        if treatment is None:
            found[model._meta.label] = columns
        elif treatment.empty is not None:
            rest = columns - set(treatment.empty) - set(treatment.kept)
            found |= {model._meta.label: rest} if rest else {}
        elif treatment.rows is None and not treatment.why:
            found[model._meta.label] = columns
    return found


def test_every_table_says_what_erasing_does_with_it():
    assert forgotten(apps.get_models()) == {}
    assert not {each.model._meta.label for each in TREATMENTS} & set(BESIDE_CASES)
    assert len(TREATMENTS) == len({each.model for each in TREATMENTS})


def test_table_or_column_that_is_not_named_is_found(monkeypatch: pytest.MonkeyPatch):
    without = [each for each in TREATMENTS if each.model is not Letter]
    letter = next(each for each in TREATMENTS if each.model is Letter)
    monkeypatch.setitem(globals(), "TREATMENTS", without)
    assert set(forgotten([Letter, Case])) == {"complaints.Letter"}
    assert letter.empty
    fewer = dataclasses.replace(letter, empty={k: v for k, v in letter.empty.items() if k != "html"})
    monkeypatch.setitem(globals(), "TREATMENTS", [*without, fewer])
    assert forgotten([Letter, Case]) == {"complaints.Letter": {"html"}}


def test_rows_that_stay_are_emptied_in_columns_that_there_are():
    for each in TREATMENTS:
        columns = {field.name for field in each.model._meta.get_fields()}
        assert set(each.empty or {}) | set(each.kept) | set(each.certified) <= columns, each.model


@pytest.mark.django_db
def test_search_looks_in_every_table_with_texts_as_the_database_has_them():
    searched = {table: set(columns) for table, columns in tables()}
    for model in apps.get_models():
        columns = {each.column for each in model._meta.local_fields if isinstance(each, TEXTS) and not each.primary_key}
        if is_tenant(model) and columns:
            assert columns <= searched[model._meta.db_table], model
