"""The connection: checked once per process, database and role, whoever opens it (web, worker, shell, command)."""

from typing import ClassVar

from django.db.backends.postgresql import base

from config.checks import refuse_unbound_role


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose role is bound by row-level security, or no connection at all.

    The check sits here and not in the start of the web server, because a database that was away at that moment
    would otherwise never be checked.
    """

    _bound: ClassVar[set[tuple[str, ...]]] = set()

    def init_connection_state(self) -> None:
        super().init_connection_state()
        settings = self.settings_dict
        key = tuple(str(settings[name]) for name in ("HOST", "PORT", "NAME", "USER"))
        if self.connection is not None and key not in self._bound:
            try:
                refuse_unbound_role(self.connection)
            except Exception:
                self.close()
                raise
            self._bound.add(key)
