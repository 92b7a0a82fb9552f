"""Decisions whose evidence changed: the question is asked again, saying what is new."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from uuid import UUID

import numpy as np
from django.utils import timezone

from crm.models import Company, CustomerDecision
from crm.selectors.customers import living
from crm.selectors.decisions import APART
from migration_ops.identity.duplicates import explain
from migration_ops.identity.duplicates.engine import Found
from migration_ops.identity.duplicates.store import Book

REASON: Final = "evidence_changed"
# What every pair has, or what a rule made of it: no observation.
NO_OBSERVATION: Final = ("prior", "place", "rule")
Items = Iterable[Mapping[str, Any]]


def news(before: Items, now: Items) -> list[str]:
    """What speaks for one customer now and did not when it was decided, in words; empty when nothing does.

    New evidence for, or evidence against that is gone. Weights move with every new contact and are not compared.
    """
    old, new = _observations(before), _observations(now)
    gained = [item["text"] for key, item in new.items() if key not in old and item["weight"] > 0]
    lost = [item["text"] for key, item in old.items() if key not in new and item["weight"] < 0]
    return [*(f"new: {text}" for text in gained), *(f"no longer: {text}" for text in lost)]


def reopened(company: Company, book: Book, found: Found) -> Iterator[tuple[Any, ...]]:
    """Questions about pairs that a person keeps apart on evidence that is another one now, as ``write_questions`` takes
    them. A decision that was made without evidence holds as it is.
    """
    decisions = _decisions(company)
    places = _strongest(book, found, decisions)
    if not places:
        return
    scored = found.scored
    part = np.array(list(places.values()), np.int64)
    explained = explain.explain(
        found.comparer, scored.one[part], scored.other[part], scored.verdict[part], scored.why[part], found.threshold
    )
    for (pair, place), reasons in zip(places.items(), explained, strict=True):
        decision = decisions[pair]
        changed = news(decision.evidence, reasons["evidence"])
        if not changed:
            continue
        a, b = sorted((book.ids[int(scored.one[place])], book.ids[int(scored.other[place])]))
        told = (
            f"{decision.actor} decided on {timezone.localtime(decision.at):%Y-%m-%d}:"
            f" {decision.get_verdict_display().lower()}. Since then {'; '.join(changed)}"
        )
        evidence = [
            *reasons["evidence"],
            {"kind": "rule", "field": "rule", "level": REASON, "text": told, "weight": 0.0},
        ]
        yield (
            a, b, REASON, round(float(1 / (1 + 2.0 ** -float(scored.w[place]))), 6), evidence,
            reasons["counterfactual"], pair[0], reasons["fingerprint"],
        )  # fmt: skip


def _observations(items: Items) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {(item["kind"], item.get("level", "")): item for item in items if item["kind"] not in NO_OBSERVATION}


def _decisions(company: Company) -> dict[tuple[UUID, UUID], CustomerDecision]:
    """The latest answer about each pair of living customers that was given on evidence, the lower customer first."""
    rows = list(
        CustomerDecision.objects.filter(company=company, superseded_at__isnull=True, verdict__in=APART)
        .exclude(evidence=[])
        .order_by("at", "pk")
    )
    root = living(company, sorted({id for row in rows for id in (row.customer_a_id, row.customer_b_id)}))
    found: dict[tuple[UUID, UUID], CustomerDecision] = {}
    for row in rows:
        low, high = sorted((root[row.customer_a_id], root[row.customer_b_id]))
        if low != high:
            found[low, high] = row
    return found


def _strongest(book: Book, found: Found, pairs: Iterable[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], int]:
    """Of each pair of customers, the place of the compared pair of contacts that speaks most for one customer."""
    ids = book.customer_ids
    wanted = {
        tuple(sorted((ids.find(one), ids.find(other)))): (one, other)
        for one, other in pairs
        if one in ids and other in ids
    }
    if not wanted:
        return {}
    customers = np.array(book.customers, np.int64)
    one, other = customers[found.scored.one], customers[found.scored.other]
    packed = np.minimum(one, other) << 32 | np.maximum(one, other)
    keys = np.array([low << 32 | high for low, high in wanted], np.int64)
    best: dict[tuple[UUID, UUID], int] = {}
    for place in np.flatnonzero(np.isin(packed, keys)).tolist():
        pair = wanted[int(packed[place]) >> 32, int(packed[place]) & 0xFFFFFFFF]
        if pair not in best or found.scored.w[place] > found.scored.w[best[pair]]:
            best[pair] = place
    return best
