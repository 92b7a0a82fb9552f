"""Finds customers of one company that may be one, with fuzzy evidence: weights, vetoes, guarded clusters, a policy."""
