import psycopg
import pytest

from quotepro import env

SECRET = "geheim"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("nonsense", "has no scheme"),
        ("mysql://u:geheim@h/db", "unknown scheme 'mysql'"),
        ("sqlite:///db.sqlite3", "unknown scheme 'sqlite'"),
        ("postgres://u:geheim@h:port/db", "cannot be read"),
        ("postgres://u:geheim@h:99999/db", "cannot be read"),
        ("postgres://u:geheim@[::1/db", "cannot be read"),
        ("postgres://u:1/geheim@h/db", "percent-encoded"),
        ("postgres://u:geheim#geheim@h/db", "percent-encoded"),
        ("postgres://u:geheim@h", "names no database"),
        ("postgres://u:geheim@h/", "names no database"),
        ("postgres://u:geheim@h/db?colour=red", 'invalid connection option "colour"'),
        ("host=h password=geheim", "has no scheme"),
    ],
)
def test_a_database_url_that_cannot_work_is_refused_without_its_password(url, reason):
    with pytest.raises(env.SettingRefused) as refused:
        env.postgres_settings(url)
    message = str(refused.value)
    assert message.startswith("DATABASE_URL=")
    assert reason in message
    assert env.POSTGRES_EXAMPLE in message
    assert SECRET not in message
    assert "\n" not in message


def test_a_database_url_becomes_settings():
    found = env.postgres_settings("postgresql://u:p%40ss@db.example.com:5433/crm?sslmode=require")
    assert found["ENGINE"] == "django.db.backends.postgresql"
    assert [found[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")] == [
        *("crm", "u", "p@ss", "db.example.com", 5433),
    ]
    assert found["OPTIONS"]["sslmode"] == "require"
    assert found["OPTIONS"]["application_name"] == "quotepro"


def test_a_socket_folder_becomes_the_host():
    assert env.postgres_settings("postgres://u@/db?host=/run/pg")["HOST"] == "/run/pg"


def test_sessions_do_not_depend_on_the_defaults_of_the_server(scratch_database_url):
    hostile = {
        "DateStyle": "'SQL, DMY'",
        "TimeZone": "'Asia/Kathmandu'",
        "search_path": "pg_catalog",
        "extra_float_digits": "-10",
        "IntervalStyle": "iso_8601",
        "default_transaction_isolation": "serializable",
    }
    found = env.postgres_settings(scratch_database_url)
    with psycopg.connect(scratch_database_url, autocommit=True) as connection:
        for name, value in hostile.items():
            connection.execute(f"ALTER DATABASE {found['NAME']} SET {name} = {value}")
    with psycopg.connect(scratch_database_url, **found["OPTIONS"]) as connection:
        shown = {name: connection.execute(f"SHOW {name}").fetchone()[0] for name in hostile}
    assert shown == {
        "DateStyle": "ISO, MDY",
        "TimeZone": "UTC",
        "search_path": "public",
        "extra_float_digits": "1",
        "IntervalStyle": "postgres",
        "default_transaction_isolation": "read committed",
    }


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("nonsense", "has no scheme"),
        ("http://:geheim@h/0", "unknown scheme 'http'"),
        ("redis://:geheim@h:port/0", "cannot be read"),
        ("redis://:geheim@:6379/0", "names no host"),
        ("redis://:geheim@h/first", "database 'first'"),
        ("unix://", "names no host"),
        ("unix:///run/r.sock?db=x", "database 'x'"),
    ],
)
def test_a_redis_url_that_cannot_work_is_refused_without_its_password(url, reason):
    with pytest.raises(env.SettingRefused) as refused:
        env.redis_url(url)
    assert reason in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://:pw@h:6379/1", "redis://:pw@h:6379/1"),
        ("unix:///run/r.sock?db=2", "redis+socket:///run/r.sock?virtual_host=2"),
        ("unix:///run/r.sock", "redis+socket:///run/r.sock?virtual_host=0"),
        ("rediss://h/0", "rediss://h/0?ssl_cert_reqs=required"),
        ("rediss://h/0?ssl_cert_reqs=none", "rediss://h/0?ssl_cert_reqs=none"),
    ],
)
def test_celery_gets_the_same_server_in_its_own_spelling(url, expected):
    assert env.celery_url(env.redis_url(url)) == expected


@pytest.mark.parametrize(
    ("reader", "value", "remedy"),
    [
        (lambda: env.flag("QP_TEST", default=False), "maybe", "1 or 0"),
        (lambda: env.integer("QP_TEST", 5, low=1, high=9), "10", "from 1 to 9"),
        (lambda: env.integer("QP_TEST", 5, low=1, high=9), "five", "from 1 to 9"),
        (lambda: env.choice("QP_TEST", ("a", "b"), "a"), "c", "one of: a, b"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_by_name(monkeypatch, reader, value, remedy):
    monkeypatch.setenv("QP_TEST", value)
    with pytest.raises(env.SettingRefused, match=remedy) as refused:
        reader()
    assert f"QP_TEST='{value}'" in str(refused.value)


def test_an_empty_variable_counts_as_not_set(monkeypatch):
    monkeypatch.setenv("QP_TEST", "  ")
    assert env.flag("QP_TEST", default=True) is True
    assert env.integer("QP_TEST", 5, low=1, high=9) == 5
    assert env.names("QP_TEST", ["x"]) == ["x"]


def test_another_database_on_the_same_server():
    url = "postgres://u:p@h:1/db?sslmode=require"
    assert env.with_database(url, "copy") == "postgres://u:p@h:1/copy?sslmode=require"
    assert env.with_database("postgres://u@/db?host=/run", "copy") == "postgres://u@/copy?host=/run"
