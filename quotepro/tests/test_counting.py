"""The counter in the shared store: real Valkey."""

import pytest
from django.conf import settings
from redis import ConnectionError as NoStore

from quotepro.counting import CountingCache


def test_counts_from_one_for_every_program_and_forgets_in_time(redis_server):
    here, there = (CountingCache(settings.REDIS_URL, {}) for _ in range(2))
    assert [here.count("of-a", seconds=60), there.count("of-a", seconds=60), here.count("of-b", seconds=60)] == [
        1,
        2,
        1,
    ]
    client = here._cache.get_client()
    name = here.make_key("of-a")
    assert 0 < client.ttl(name) <= 60
    client.expire(name, 30)
    here.count("of-a", seconds=60)
    assert client.ttl(name) <= 30, "the end is that of the first one counted"


def test_without_the_store_it_says_so():
    with pytest.raises(NoStore):
        CountingCache("redis://127.0.0.1:9/0", {}).count("of-a", seconds=60)


def test_a_store_that_was_started_anew_counts_on(redis_server):
    cache = CountingCache(redis_server, {})
    assert cache.count("anew", seconds=100) == 1
    cache._cache.get_client(write=True).script_flush()
    assert [cache.count("anew", seconds=100) for _ in range(2)] == [2, 3]
