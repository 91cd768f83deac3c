"""The addresses of django-helpdesk, where its documentation has them."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("", include("helpdesk.urls"))]
