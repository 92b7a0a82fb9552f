"""Each veto holds by itself: even if everything else were taken for one person's, and without it the pair would go on."""

import numpy as np
import pytest

from migration_ops.identity.duplicates import policy, score
from migration_ops.identity.duplicates.policy import Why
from migration_ops.tests.identity.duplicates.people import contact, search
from migration_ops.tests.identity.duplicates.test_traps import APART

VETOED = {
    Why.HOUSEHOLD: "household",
    Why.SUFFIX_CLASH: "two generations",
    Why.COMPANY_PERSON: "company and person",
}


@pytest.fixture(autouse=True)
def strangers_only(monkeypatch):
    """Nothing else tells people of one place apart: only the vetoes are left."""
    monkeypatch.setattr(score, "shares_place", lambda compared: np.zeros(len(compared.phone), np.bool_))
    monkeypatch.setattr(score, "SUFFIX_BITS", np.zeros(4, np.float32))


@pytest.mark.parametrize("veto", VETOED)
def test_the_veto_strikes(veto):
    found = search(*(contact(*texts) for texts in APART[VETOED[veto]]))
    assert (found.verdict(), found.why()) == ("separate", veto.value)
    assert found.score() < 0.5


@pytest.mark.parametrize("veto", VETOED)
def test_without_the_veto_the_pair_would_go_on(veto, monkeypatch):
    monkeypatch.setattr(policy, "VETOES", tuple(each for each in policy.VETOES if each is not veto))
    assert search(*(contact(*texts) for texts in APART[VETOED[veto]])).verdict() != "separate"
