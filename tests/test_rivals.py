"""Of two that may show the same chromosome one is kept."""

from hypothesis import given
from hypothesis import strategies as st

from karyogram.rivals import keep_apart

PAIRS = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda pair: pair[0] != pair[1]), max_size=12)


def test_the_first_in_order_stays_and_what_is_kept_already_comes_before_it():
    assert keep_apart([2, 0, 1], [(0, 2), (1, 3)]) == [2, 1]
    assert keep_apart([2, 0, 1], [(0, 2), (1, 3)], kept=[3]) == [3, 2]


@given(st.permutations(range(8)), PAIRS)
def test_no_two_rivals_are_kept_and_whoever_is_not_has_a_rival_before_it(order, pairs):
    kept = keep_apart(order, pairs)
    rivals = {frozenset(pair) for pair in pairs}
    assert not [pair for pair in rivals if pair <= set(kept)]
    for number in set(order) - set(kept):
        assert any({number, before} in rivals for before in kept if order.index(before) < order.index(number))
