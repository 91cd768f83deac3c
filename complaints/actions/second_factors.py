"""A second factor that is lost: taking it away, so that its owner sets up another one when they next sign in.

An account can be a member of several organisations, and its second factor guards all of them. So an organisation takes
it away only from who works there alone; for others, whoever runs the installation does (`manage.py second_factor`).
"""

from __future__ import annotations

from datetime import datetime

import structlog
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import SESSION_KEY
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from complaints.actions.account_mail import LANGUAGE, tell_changed
from complaints.actions.memberships import NotChanged
from complaints.models import Membership, User, organisations_of
from complaints.said import spoken
from procedures.definition import Procedure

log = structlog.get_logger(__name__)


def has_second_factor(user: User) -> bool:
    return bool(Authenticator.objects.filter(user=user).exists())


def reason_against(member: Membership, *, by: Membership, procedure: Procedure) -> str:
    """Why `by` cannot take this member's second factor away, and whom to ask instead; "" when they can."""
    if member.pk == by.pk:
        return _("Uw eigen tweede stap haalt u hier niet weg. Vraag het een andere beheerder.")
    if not member.is_active:
        return _("Deze collega kan er niet in.")
    if not has_second_factor(member.user):
        return _("Deze collega heeft geen tweede stap ingesteld.")
    if procedure.publisher in member.roles and procedure.publisher not in by.roles:
        title = procedure.role(procedure.publisher).title.in_language(spoken())
        return _(
            "Deze collega heeft de rol “%(role)s”. Alleen iemand met diezelfde rol haalt de tweede stap weg. "
            "Is die er niet? Vraag het wie Gehoor technisch beheert."
        ) % {"role": title}
    if len(organisations_of(member.user)) > 1:
        return _(
            "Deze collega werkt met hetzelfde account ook bij een andere organisatie. "
            "Vraag wie Gehoor technisch beheert om de tweede stap weg te halen."
        )
    return ""


@transaction.atomic
def take_second_factor(member: Membership, *, reason: str, by: Membership, procedure: Procedure, at: datetime) -> None:
    """Takes a member's app, passkeys and recovery codes away. Raises NotChanged.

    Side effects: all their sessions end, they get a mail with the reason, and who did it and why is kept for whoever
    manages people.
    """
    user = User.objects.select_for_update().get(pk=member.user_id)
    if refusal := reason_against(member, by=by, procedure=procedure):
        raise NotChanged(refusal)
    LogEntry.objects.create(
        user=by.user,
        content_type=ContentType.objects.get_for_model(Membership),
        object_id=str(member.pk),
        object_repr="second factor",
        action_flag=CHANGE,
        change_message=reason,
        action_time=at,
    )
    _forget(user, who=by.name, reason=reason, at=at)
    log.info("second_factor_taken", member=member.pk, by=by.pk)


@transaction.atomic
def take_second_factor_of_account(user: User, *, reason: str, at: datetime) -> None:
    """The same for an account, by whoever runs the installation; it is kept in the log alone, without the reason."""
    fresh = User.objects.select_for_update().get(pk=user.pk)
    _forget(fresh, who=_("De technisch beheerder van Gehoor"), reason=reason, at=at)
    log.info("second_factor_taken", account=user.pk)


def taken_from(member: Membership) -> list[LogEntry]:
    """When a member's second factor was taken away here, by whom and why; newest first. One query."""
    kept = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(Membership), object_id=str(member.pk)
    ).select_related("user")
    return list(kept.order_by("-action_time", "-pk"))


def _forget(user: User, *, who: str, reason: str, at: datetime) -> None:
    Authenticator.objects.filter(user=user).delete()
    end_sessions(user, at=at)
    with translation.override(LANGUAGE):
        lines = (
            _("%(who)s deed dit. De reden: %(reason)s") % {"who": who, "reason": reason},
            _("U bent overal uitgelogd. Als u weer inlogt, stelt u de tweede stap opnieuw in."),
        )
        tell_changed(user, _("Uw tweede stap bij inloggen is weggehaald."), lines=lines, at=at)


def end_sessions(user: User, *, at: datetime) -> None:
    """Signs somebody out everywhere. Reads every session that is open: they last half an hour, so they are few."""
    for session in Session.objects.filter(expire_date__gt=at).iterator():
        if session.get_decoded().get(SESSION_KEY) == str(user.pk):
            session.delete()
