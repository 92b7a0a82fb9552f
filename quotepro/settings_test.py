"""The few overrides tests need."""

from quotepro.settings import *  # noqa: F403
