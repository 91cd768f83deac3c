"""Settings from the environment, or from a file that it names: SECRET_KEY_FILE=/run/secrets/key for SECRET_KEY.

A value in the environment is seen by every program that is started, and shown by `docker inspect`; a file is not.
"""

import environ
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping


class _Environment(FileAwareMapping):  # type: ignore[misc]  # environ has no types
    """The environment with what its files say; without the line's end that an editor puts behind it."""

    def __getitem__(self, key: str) -> str:
        try:
            value = str(super().__getitem__(key))
        except (OSError, UnicodeDecodeError) as problem:
            raise ImproperlyConfigured(f"{key}_FILE cannot be read: {type(problem).__name__}.") from None
        return value.rstrip("\r\n") if self.env.get(f"{key}_FILE") else value


class Env(environ.FileAwareEnv):  # type: ignore[misc]
    ENVIRON = _Environment(cache=False)  # asked once, at the start
