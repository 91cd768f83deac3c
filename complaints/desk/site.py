"""The admin site of the desk."""

from django.contrib.admin import AdminSite


class DeskSite(AdminSite):
    site_title = "Gehoor"
    site_header = "Gehoor"


desk = DeskSite(name="desk")
