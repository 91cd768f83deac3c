"""Which address leads where."""

from django.urls import URLResolver, include, path
from django.urls.resolvers import URLPattern
from django.views.i18n import set_language

from complaints.desk.site import desk
from complaints.operations import views as operations

urlpatterns: list[URLPattern | URLResolver] = [
    path("gezond/", include(operations.urlpatterns)),
    path("taal/", set_language, name="set_language"),
    path("beheer/", include("complaints.desk.entrance")),
    path("beheer/", desk.urls),
    path("", include("complaints.urls")),
]
