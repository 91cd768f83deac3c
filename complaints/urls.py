"""The addresses of the public side. `organisation` is taken from the address by the scope middleware."""

from django.urls import URLPattern, path

from complaints.desk import agenda, inviting
from complaints.intake import copying, filing
from complaints.intake import views as intake
from complaints.portal import entering, files, own_data, writing
from complaints.portal import views as portal

urlpatterns: list[URLPattern] = [
    path("", intake.organisations, name="organisations"),
    path("<slug:organisation>/", intake.organisation_page, name="organisation"),
    path("<slug:organisation>/privacy/", intake.privacy, name="privacy"),
    path("<slug:organisation>/procedure.pdf", intake.procedure_on_paper, name="procedure_pdf"),
    path("<slug:organisation>/versies/", intake.version_list, name="versions"),
    path("<slug:organisation>/versies/<int:number>/", intake.version, name="version"),
    path("<slug:organisation>/thema.css", intake.theme, name="theme"),
    path("<slug:organisation>/indienen/", filing.file_complaint, name="file"),
    path("<slug:organisation>/indienen/nakijken/", filing.check, name="check"),
    path("<slug:organisation>/indienen/verder/", filing.resume, name="resume"),
    path("<slug:organisation>/indienen/opnieuw/", filing.begin_again, name="begin_again"),
    path("<slug:organisation>/indienen/kopie/", copying.copy, name="copy"),
    path("<slug:organisation>/agenda/<slug:secret>.ics", agenda.feed, name="agenda"),
    path("<slug:organisation>/commissie/link/<slug:secret>/", inviting.accept, name="room_invitation"),
    path("<slug:organisation>/volgen/", entering.enter, name="enter"),
    path("<slug:organisation>/volgen/afsluiten/", entering.leave, name="leave"),
    path("<slug:organisation>/volgen/link/", entering.link, name="link"),
    path("<slug:organisation>/volgen/link/<slug:secret>/", entering.open_link, name="open_link"),
    path("<slug:organisation>/volgen/zaak/", portal.case_page, name="case"),
    path("<slug:organisation>/volgen/samen/", entering.lead_on, name="lead_on"),
    path("<slug:organisation>/volgen/handeling/<slug:act>/", portal.act, name="act"),
    path("<slug:organisation>/volgen/bericht/", writing.message, name="write"),
    path("<slug:organisation>/volgen/adres/", writing.contact, name="contact"),
    path("<slug:organisation>/volgen/gegevens/", own_data.own_data, name="own_data"),
    path("<slug:organisation>/volgen/kopie/", files.copy, name="own_copy"),
    path("<slug:organisation>/volgen/brief/<int:pk>/", files.letter, name="letter"),
    path("<slug:organisation>/volgen/stuk/<int:pk>/", files.document, name="document"),
]
