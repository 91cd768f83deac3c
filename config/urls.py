"""Which address leads where."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLResolver, include, path
from django.urls.resolvers import URLPattern
from django.views.i18n import set_language

from complaints.desk.site import desk


def alive(_request: HttpRequest) -> HttpResponse:
    """Whether the process answers. It asks no database: that one being away is no reason to restart this one."""
    return HttpResponse("ok", content_type="text/plain")


urlpatterns: list[URLPattern | URLResolver] = [
    path("gezond/", alive, name="alive"),
    path("taal/", set_language, name="set_language"),
    path("beheer/", include("complaints.desk.entrance")),
    path("beheer/", desk.urls),
    path("", include("complaints.urls")),
]
