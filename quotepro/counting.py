"""The shared store of Redis, with a counter that takes one round trip."""

from django.core.cache.backends.redis import RedisCache


class CountingCache(RedisCache):
    """Django's cache in Redis; its own ``incr`` looks first whether the key is there, and tells nobody when it ends."""

    def count(self, key: str, *, seconds: int) -> int:
        """One more of what is counted under this key, the first one included; forgotten after so many seconds.

        Raises:
            redis.RedisError: the store cannot be asked.
        """
        name = self.make_and_validate_key(key)
        with self._cache.get_client(name, write=True).pipeline(transaction=False) as both:
            both.incr(name)
            both.expire(name, seconds, nx=True)
            return int(both.execute()[0])
