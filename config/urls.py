"""Which address leads where."""

from django.urls import URLResolver, include, path
from django.urls.resolvers import URLPattern
from django.views.i18n import set_language

from complaints.api import addresses as api
from complaints.desk.site import desk
from complaints.operations import views as operations

urlpatterns: list[URLPattern | URLResolver] = [
    path("gezond/", include(operations.urlpatterns)),
    path("taal/", set_language, name="set_language"),
    path("beheer/", include("complaints.desk.entrance")),
    path("beheer/", desk.urls),
    path("api/v1/<slug:organisation>/", include(api.urlpatterns)),
    path("", include("complaints.urls")),
]
# Below /api/ what goes wrong is told to machines; elsewhere as Django does.
handler400 = "complaints.api.problems.bad_page"
handler404 = "complaints.api.problems.page_not_found"
handler500 = "complaints.api.problems.server_error"
