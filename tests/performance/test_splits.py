"""No answer is known before its question, whatever is cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.errors import ValidationError
from ara.performance.splits import combinatorial, hold_out, purged_folds, walk_forward

AT = np.repeat(np.arange(30), 2)
KNOWN = AT + np.tile([1, 3], 30)


def test_walking_forward_by_hand():
    found = list(walk_forward(AT, KNOWN, first=10, step=8, window=5))
    assert [sorted(set(AT[one.test])) for one in found] == [
        list(range(10, 18)),
        list(range(18, 26)),
        list(range(26, 30)),
    ]
    assert [(int(AT[one.train].min()), int(KNOWN[one.train].max())) for one in found] == [(5, 10), (13, 18), (21, 26)]
    assert list(AT[found[0].train]) == [5, 5, 6, 6, 7, 7, 8, 9]
    whole = list(walk_forward(AT, KNOWN, first=10, step=20))
    assert len(whole) == 1
    assert int(AT[whole[0].train].min()) == 0


def test_the_last_fifth_is_kept_apart():
    found = hold_out(AT, KNOWN)
    assert sorted(set(AT[found.test])) == list(range(24, 30))
    assert int(KNOWN[found.train].max()) == 24


def test_folds_by_hand():
    found = purged_folds(AT, KNOWN, folds=3, embargo=2)
    assert [sorted(set(AT[one.test])) for one in found] == [list(range(10)), list(range(10, 20)), list(range(20, 30))]
    middle = found[1]
    assert int(KNOWN[middle.train][AT[middle.train] < 10].max()) == 10
    assert int(AT[middle.train][AT[middle.train] > 10].min()) == 19 + 3 + 2
    assert int(AT[purged_folds(AT, KNOWN, folds=3)[0].train].min()) == 12


def test_every_past_is_whole_and_judged_once():
    found = combinatorial(AT, KNOWN, groups=6, judged=2)
    assert (len(found.splits), found.paths.shape) == (15, (5, 6))
    for path in found.paths:
        places = [
            one
            for group, split in zip(found.groups, path, strict=True)
            for one in group
            if one in found.splits[split].test
        ]
        assert sorted(places) == list(range(60))
    for group in range(6):
        assert len(set(found.paths[:, group])) == 5


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_nothing_overlaps(data):
    count = data.draw(st.integers(8, 40))
    at = np.array(data.draw(st.lists(st.integers(0, 30), min_size=count, max_size=count)))
    known = at + np.array(data.draw(st.lists(st.integers(0, 6), min_size=count, max_size=count)))
    times = len(set(at.tolist()))
    if times < 4:
        return
    embargo = data.draw(st.integers(0, 3))
    for split in combinatorial(at, known, groups=4, judged=2, embargo=embargo).splits:
        assert not set(split.train) & set(split.test)
        for row in split.train:
            for other in split.test:
                assert known[row] <= at[other] or at[row] >= known[other]
    for split in walk_forward(at, known, first=2, step=2):
        assert not len(split.train) or known[split.train].max() <= at[split.test].min()


def test_dates_do_as_well_as_numbers():
    days = np.datetime64("2020-01-01") + AT
    assert hold_out(days, np.datetime64("2020-01-01") + KNOWN).test.tolist() == hold_out(AT, KNOWN).test.tolist()


@pytest.mark.parametrize(
    "call",
    [
        lambda: list(walk_forward(AT, KNOWN, first=30, step=1)),
        lambda: list(walk_forward(AT, KNOWN, first=5, step=0)),
        lambda: list(walk_forward(AT, KNOWN, first=5, step=1, window=0)),
        lambda: hold_out(AT, KNOWN[1:]),
        lambda: hold_out(KNOWN, AT),
        lambda: hold_out(AT, KNOWN, share=1.0),
        lambda: hold_out(AT.astype(float), KNOWN),
        lambda: hold_out(np.array(["NaT"], "datetime64[s]"), np.array([1])),
        lambda: combinatorial(AT, KNOWN, groups=31),
        lambda: combinatorial(AT, KNOWN, groups=4, judged=4),
        lambda: purged_folds(AT, KNOWN, embargo=-1),
    ],
)
def test_bad_input_is_refused(call):
    with pytest.raises(ValidationError):
        call()
