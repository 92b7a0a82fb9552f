"""The shared store of Redis, with a counter that takes one round trip."""

from functools import cached_property
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import NoScriptError

# One more, and when to forget it: in one step, so that nothing is counted and never forgotten.
_COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count
"""


class CountingCache(RedisCache):
    """Django's cache in Redis; its own ``incr`` looks first whether the key is there, and tells nobody when it ends."""

    @cached_property
    def _counter(self) -> tuple[Any, str]:
        # Kept, as Django's cache does not: to make a client takes longer than to ask it.
        client = self._cache.get_client(write=True)
        return client, client.register_script(_COUNT).sha

    def count(self, key: str, *, seconds: int) -> int:
        """One more of what is counted under this key, the first one included; forgotten after so many seconds.

        Raises:
            redis.RedisError: the store cannot be asked.
        """
        client, script = self._counter
        name = self.make_and_validate_key(key)
        try:
            return int(client.execute_command("EVALSHA", script, 1, name, seconds))
        except NoScriptError:
            # A store that was started anew knows no scripts.
            return int(client.execute_command("EVAL", _COUNT, 1, name, seconds))
