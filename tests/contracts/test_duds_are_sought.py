"""Every registered model is either held to finding what was planted and nothing else, or it is said why it can't be."""

from ara import plugins
from ara.models.learning.frame import LearnedModel
from ara.models.networks import Fused, Network, NetworkEnsemble
from tests.models.learning import test_duds
from tests.models.networks import test_planted

OWN_BARS = "it looks at the bars of one series alone: no feature can be planted, no label dealt out to another row"
POOLED = "it forecasts volatility from bars: tests/models/pooled plants in these, and finds nothing in worlds without"
MEMBERS = (
    "it fits nothing of its own: its members are tested, and that it trusts none of them where nothing is to be found"
)
CAN_NOT = {
    "auto_ets": OWN_BARS,
    "auto_theta": OWN_BARS,
    "blended": MEMBERS,
    "default": MEMBERS,
    "drift": OWN_BARS,
    "ewma_t": OWN_BARS,
    "fast": MEMBERS,
    "fhs": OWN_BARS,
    "full": MEMBERS,
    "garch_t": OWN_BARS,
    "gjr_t": OWN_BARS,
    "har_fhs": OWN_BARS,
    "har_t": OWN_BARS,
    "hist": OWN_BARS,
    "pooled_har": POOLED,
    "stacked": MEMBERS,
    "weekday": OWN_BARS,
}


def names_of(cases):
    return {getattr(one, "values", (one,))[0] for one in cases}


def test_every_learner_and_every_network_is_sought_and_nobody_is_left_out():
    found = {name: plugins.load("models", name) for name in plugins.names("models")}
    learners = {name for name, one in found.items() if isinstance(one, type) and issubclass(one, LearnedModel)}
    networks = {
        name
        for name, one in found.items()
        if isinstance(one, type) and issubclass(one, Network | NetworkEnsemble | Fused)
    }
    assert names_of(test_duds.EVERY) == learners
    assert {one.family for one in names_of(test_planted.CASES)} == networks
    assert set(found) == learners | networks | set(CAN_NOT)
    assert not (learners | networks) & set(CAN_NOT)


def test_what_is_left_out_has_a_reason():
    assert all(len(words.split()) > 8 for words in CAN_NOT.values())
