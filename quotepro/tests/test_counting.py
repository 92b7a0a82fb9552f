"""The counter of requests, on a real store."""

import pytest

from quotepro.counting import CountingCache


@pytest.fixture
def cache(redis_server):
    return CountingCache(redis_server, {"KEY_PREFIX": "counting"})


def test_each_call_counts_one_more_and_the_first_one_sets_when_it_is_forgotten(cache):
    store = cache._cache.get_client(write=True)
    assert [cache.count("each", seconds=100) for _ in range(3)] == [1, 2, 3]
    assert 0 < store.ttl(cache.make_key("each")) <= 100
    store.expire(cache.make_key("each"), 50)
    assert cache.count("each", seconds=100) == 4
    assert store.ttl(cache.make_key("each")) <= 50


def test_a_store_that_was_started_anew_counts_on(cache):
    assert cache.count("anew", seconds=100) == 1
    cache._cache.get_client(write=True).script_flush()
    assert cache.count("anew", seconds=100) == 2
    assert cache.count("anew", seconds=100) == 3
