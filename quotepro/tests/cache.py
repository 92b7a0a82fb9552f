"""The cache of tests that have no Redis: in this process, emptied with it."""

from django.core.cache.backends.locmem import LocMemCache


class LocalCountingCache(LocMemCache):
    """Counts as the project's cache in Redis does."""

    def count(self, key: str, *, seconds: int) -> int:
        """One more of what is counted under this key."""
        self.add(key, 0, timeout=seconds)
        return self.incr(key)
