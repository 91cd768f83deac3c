"""What is remembered for minutes, such as how often somebody tried: in Valkey, so that all processes know it.

While Valkey is away each process remembers for itself. Nobody is kept from signing in, and trying stays slow.
"""

import time
from typing import Any, ClassVar

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

AWAY = 10  # seconds in which Valkey is not asked again after it did not answer


class ShortMemory(RedisCache):
    """Django's cache in Valkey, with the memory of this process behind it."""

    away_until: ClassVar[float] = 0

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._own = LocMemCache("short-memory", {})

    def add(self, *args: Any, **kwargs: Any) -> Any:
        return self._either("add", *args, **kwargs)

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self._either("get", *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        return self._either("set", *args, **kwargs)

    def incr(self, *args: Any, **kwargs: Any) -> Any:
        """One more; from 1 when it is not known, such as by the memory that is asked while the other is away."""
        try:
            return self._either("incr", *args, **kwargs)
        except ValueError:
            self.add(args[0], 1)
            return 1

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return self._either("delete", *args, **kwargs)

    def _either(self, name: str, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= ShortMemory.away_until:
            try:
                return getattr(super(), name)(*args, **kwargs)
            except (RedisError, OSError):
                ShortMemory.away_until = time.monotonic() + AWAY
        return getattr(self._own, name)(*args, **kwargs)
