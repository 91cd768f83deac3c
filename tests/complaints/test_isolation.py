"""One organisation never sees another: not through the managers, and not through the database below them (G7)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, ProgrammingError, connection, models, transaction
from django.db.utils import InternalError

from complaints.models import Case, Event, Membership, Party, organisations_of
from complaints.queries.due import organisations_with_work
from procedures.isolation import is_tenant
from procedures.models import ClosingDay, Organisation, ProcedureVersion
from procedures.scoping import NoScope, ScopedManager, WrongScope, scope
from tests.complaints.factories import account, filed_case, member, published

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
TENANTS = [model for model in apps.get_models() if is_tenant(model)]


@pytest.fixture
def ours() -> Organisation:
    return published("klik-onderwijs")


@pytest.fixture
def theirs() -> Organisation:
    return published("klassepro")


def test_every_tenant_model_is_guarded_by_scoped_managers():
    assert len(TENANTS) >= 13
    for model in TENANTS:
        assert isinstance(model._default_manager, ScopedManager), model
        assert isinstance(model._base_manager, ScopedManager), model
        assert isinstance(getattr(model, "objects", None), ScopedManager), model


@pytest.mark.parametrize(
    "ask",
    [
        lambda manager: manager.all(),
        lambda manager: manager.count(),
        lambda manager: manager.exists(),
        lambda manager: manager.first(),
        lambda manager: manager.filter(pk=1),
        lambda manager: manager.get(pk=1),
        lambda manager: manager.none(),
        lambda manager: manager.in_bulk([1]),
        lambda manager: manager.create(),
        lambda manager: manager.get_or_create(pk=1),
        lambda manager: manager.update_or_create(pk=1),
        lambda manager: manager.bulk_create([]),
        lambda manager: manager.aggregate(models.Count("pk")),
        lambda manager: manager.raw("SELECT 1"),
        lambda manager: list(manager.iterator()),
    ],
)
@pytest.mark.parametrize("model", TENANTS, ids=lambda model: model.__name__)
def test_manager_without_scope_refuses(model: Any, ask: Any):
    for manager in (model.objects, model._default_manager, model._base_manager):
        with pytest.raises(NoScope):
            ask(manager)


def test_queryset_made_in_scope_gives_nothing_after_it(ours: Organisation):
    filed_case(ours)
    with scope(ours.pk):
        cases = Case.objects.all()
        assert cases.count() == 1
        later = Case.objects.filter(phase="received")
    assert list(later) == []  # row-level security: the scope is over


def test_case_of_another_organisation_is_not_seen(ours: Organisation, theirs: Organisation):
    case = filed_case(ours)
    with scope(theirs.pk):
        assert Case.objects.count() == Event.objects.count() == Party.objects.count() == 0
        with pytest.raises(Case.DoesNotExist):
            Case.objects.get(pk=case.pk)
        assert Case.objects.filter(pk=case.pk).update(phase="closed") == 0
        assert Case.objects.filter(pk=case.pk).delete()[0] == 0
    with scope(ours.pk):
        assert Case.objects.get(pk=case.pk).phase == "received"


def test_save_of_a_foreign_row_refuses(ours: Organisation, theirs: Organisation):
    case = filed_case(ours)
    with scope(theirs.pk):
        with pytest.raises(WrongScope):
            case.save()
        with pytest.raises(WrongScope):
            case.delete()
        with pytest.raises(WrongScope):
            ClosingDay.objects.create(organisation=ours, on=NOW.date(), name="x", added_at=NOW)
        with pytest.raises(WrongScope):
            ClosingDay.objects.bulk_create([ClosingDay(organisation=ours, on=NOW.date(), name="x", added_at=NOW)])


def test_row_moved_to_another_organisation_is_refused_by_the_database(ours: Organisation, theirs: Organisation):
    with scope(ours.pk):
        day = ClosingDay.objects.create(on=NOW.date(), name="brugdag", added_at=NOW)
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            ClosingDay.objects.filter(pk=day.pk).update(organisation=theirs)


def test_reference_to_a_row_of_another_organisation_is_refused_by_the_database(
    ours: Organisation, theirs: Organisation
):
    case = filed_case(ours)
    with scope(theirs.pk), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="same_organisation"), transaction.atomic():
            Party.objects.create(case_id=case.pk, kind=Party.Kind.RESPONDENT, name="x")


@pytest.mark.parametrize("model", TENANTS, ids=lambda model: model.__name__)
def test_raw_sql_without_scope_sees_no_row(model: Any, ours: Organisation):
    filed_case(ours)
    member(ours, "Nadia Brouwer", "csm")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {model._meta.db_table}")  # noqa: S608
        assert cursor.fetchone() == (0,)


def test_raw_insert_without_scope_is_refused(ours: Organisation):
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            'INSERT INTO procedures_closingday (organisation_id, "on", name, added_at) '
            "VALUES (%s, now(), 'x', now())",
            [ours.pk],
        )


@pytest.mark.parametrize(
    "statement",
    [
        "SET ROLE gehoor_owner",
        "SET ROLE gehoor_sweeper",
        "ALTER TABLE complaints_case DISABLE ROW LEVEL SECURITY",
        "DROP POLICY in_scope ON complaints_case",
        "TRUNCATE complaints_case CASCADE",
        "CREATE TABLE public.mine (x int)",
        "ALTER FUNCTION organisations_with_work(timestamptz) SECURITY INVOKER",
        "ALTER TABLE complaints_event DISABLE TRIGGER ALL",
    ],
)
def test_role_of_the_app_may_not_open_a_way_round(statement: str):
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_every_tenant_table_is_forced_behind_a_policy_and_composite_keys():
    """The catalogue itself: what a new table forgets is found here."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, "
            "  EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'in_scope') "
            "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organisation_id' "
            "WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
        )
        tables = {name: rest for name, *rest in cursor.fetchall()}
        assert set(tables) == {model._meta.db_table for model in TENANTS}
        assert {name for name, rest in tables.items() if not all(rest)} == set()
        # Every foreign key from a tenant table to a tenant table has a twin that holds the organisation.
        cursor.execute(
            "SELECT conrelid::regclass::text, confrelid::regclass::text, array_length(conkey, 1), "
            "  conkey[array_length(conkey, 1)] "
            "FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace"
        )
        keys = cursor.fetchall()
    single = {(here, there, column) for here, there, size, column in keys if size == 1 and {here, there} <= set(tables)}
    double = {(here, there, column) for here, there, size, column in keys if size == 2}
    assert single
    assert single - double == set()


def test_history_can_be_neither_changed_nor_deleted(ours: Organisation):
    case = filed_case(ours)
    with scope(ours.pk):
        event = Event.objects.get(case=case, number=1)
        for change in (
            lambda: Event.objects.filter(pk=event.pk).update(occurrence="decide"),
            lambda: Event.objects.filter(pk=event.pk).delete(),
            event.save,
        ):
            with pytest.raises((IntegrityError, InternalError, models.ProtectedError)), transaction.atomic():
                change()


def test_published_version_can_be_neither_changed_nor_deleted(ours: Organisation):
    with scope(ours.pk):
        version = ProcedureVersion.objects.get()
        version.source += "\n"
        for change in (version.save, version.delete):
            with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
                change()


def test_sweeper_learns_only_which_organisations_have_work(ours: Organisation, theirs: Organisation):
    member(ours, "Nadia Brouwer", "csm")
    filed_case(ours, at=NOW)
    assert organisations_with_work(NOW) == [ours.pk]  # letters that wait
    assert organisations_with_work(datetime(2020, 1, 1, tzinfo=UTC)) == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM complaints_case")
        assert cursor.fetchone() == (0,)


def test_memberships_of_a_person_are_known_across_organisations(ours: Organisation, theirs: Organisation):
    person, stranger = account("Nadia Brouwer"), account("Iris Blok")
    member(ours, "", "csm", user=person)
    member(theirs, "", "coordinator", user=person)
    assert organisations_of(person) == sorted([ours, theirs], key=lambda each: each.name)
    assert organisations_of(stranger) == []
    with pytest.raises(NoScope):
        Membership.objects.all()


def test_scope_ends_where_it_ended_and_nests(ours: Organisation, theirs: Organisation):
    filed_case(ours)
    with scope(ours.pk):
        with scope(theirs.pk):
            assert Case.objects.count() == 0
        assert Case.objects.count() == 1
        with pytest.raises(RuntimeError), scope(theirs.pk):
            raise RuntimeError
        assert Case.objects.count() == 1
    with pytest.raises(NoScope):
        Case.objects.count()
