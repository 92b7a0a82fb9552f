"""Defects of legacy rows, each with a name; see registry.py for what one is."""

from . import contacts, documents, items, money, states  # noqa: F401  (each registers its defects)
from .deck import Deck
from .registry import DEFECTS, Defect, DirtyRow

__all__ = ["DEFECTS", "Deck", "Defect", "DirtyRow"]
