from collections import Counter

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from karyogram.karyotype.arrange import MOST_EXTRA, arrange, choose
from karyogram.karyotype.findings import count_classes, find_changes
from karyogram.karyotype.iscn_text import iscn_text, possible_robertsonian
from karyogram.karyotype.review import review_reasons
from karyogram.karyotype.summary import summarize
from karyogram.labels import AUTOSOMES, INDEX, LABELS

NORMAL = [*AUTOSOMES, *AUTOSOMES, "X", "Y"]


def opinions(labels, sure=0.99):
    """Probabilities (N, 24) that name each label with the given certainty."""
    rows = np.full((len(labels), 24), (1 - sure) / 23)
    rows[np.arange(len(labels)), [INDEX[label] for label in labels]] = sure
    return rows


def placed(labels, probabilities=None, whole=None):
    probabilities = opinions(labels) if probabilities is None else probabilities
    whole = np.full(len(labels), 0.99) if whole is None else whole
    return [LABELS[i] if i >= 0 else None for i in arrange(probabilities, whole).classes]


def none(whole):
    """Arms of objects that are in no cluster."""
    return np.zeros((len(whole), 0), bool)


def test_a_normal_cell_is_placed_as_the_pictures_say():
    assert placed(NORMAL) == NORMAL


def test_of_two_rivals_one_is_placed():
    labels = [*NORMAL, "3", "3"]
    rivals = [(len(NORMAL), INDEX["3"]), (len(NORMAL) + 1, INDEX["3"]), (len(NORMAL), len(NORMAL) + 1)]
    whole = np.full(len(labels), 0.99)
    whole[-2:] = 0.98
    classes = arrange(opinions(labels), whole, rivals).classes
    assert classes[-2:].tolist() == [-1, -1]
    assert [LABELS[i] for i in classes[:-2]] == NORMAL
    assert choose(opinions(labels), whole, rivals, none(whole)) == list(range(len(NORMAL)))


def test_an_arm_that_nobody_holds_speaks_for_the_one_that_holds_it():
    labels = [*NORMAL, "3", "3"]
    rivals = [(INDEX["3"], len(NORMAL)), (INDEX["3"], len(NORMAL) + 1), (len(NORMAL), len(NORMAL) + 1)]
    whole = np.full(len(labels), 0.9)
    arms = np.zeros((len(labels), 3), bool)
    arms[len(NORMAL), :2] = True  # one of the three masks for a chromosome 3 holds both of its arms
    chosen = choose(opinions(labels), whole, rivals, arms)
    assert len(NORMAL) in chosen
    assert len(chosen) == len(NORMAL)


def test_an_arm_is_not_given_to_two_if_another_choice_is_as_good():
    labels = [*NORMAL, "7"]
    whole = np.full(len(labels), 0.9)
    arms = np.zeros((len(labels), 2), bool)
    first, second = INDEX["7"], NORMAL.index("7", INDEX["7"] + 1)
    arms[first, 0] = arms[second, 1] = arms[len(NORMAL), :] = True
    chosen = choose(opinions(labels), whole, [], arms)
    assert chosen == list(range(len(NORMAL)))
    assert choose(opinions(labels), whole, [], none(whole)) != chosen


def test_a_mask_that_runs_into_another_yields_to_a_clean_one():
    labels = [*NORMAL, "3"]
    rivals = [(INDEX["3"], len(NORMAL))]
    whole = np.full(len(labels), 0.9)
    whole[-1] = 0.92  # the surer mask of this chromosome 3 holds most of a chromosome 21, too
    sharing = [(INDEX["21"], len(NORMAL), 0.8)]
    assert INDEX["3"] not in choose(opinions(labels), whole, rivals, none(whole))
    assert INDEX["3"] in choose(opinions(labels), whole, rivals, none(whole), sharing)


def test_two_that_fit_the_cell_beat_the_one_that_covers_both():
    labels = [*NORMAL[:-2], "X", "Y", "Y"]  # the last covers the X and the Y before it
    whole = np.full(len(labels), 0.8)
    whole[-1] = 0.9
    rivals = [(len(labels) - 1, len(labels) - 2), (len(labels) - 1, len(labels) - 3)]
    assert choose(opinions(labels), whole, rivals, none(whole)) == list(range(len(labels) - 1))


def test_a_sure_object_without_a_place_is_shown_and_a_doubtful_one_is_not():
    labels = [*NORMAL, "5", "5"]
    probabilities = opinions(labels)
    probabilities[-2:] = 1 / 24
    whole = np.full(len(labels), 0.95)
    whole[-1] = 0.3
    assert choose(probabilities, whole, [], none(whole)) == list(range(len(NORMAL) + 1))


def test_a_trisomy_wins_when_the_pictures_say_so():
    labels = [*NORMAL, "21"]
    assert placed(labels) == labels


def test_a_monosomy_leaves_its_slot_empty():
    labels = [label for i, label in enumerate(NORMAL) if i != INDEX["21"]]
    assert placed(labels) == labels


def test_sex_chromosomes_may_be_any_number():
    for sex in (["X"], ["X", "X", "Y"], ["X", "Y", "Y"], ["X", "X", "X"]):
        labels = [*AUTOSOMES, *AUTOSOMES, *sex]
        assert placed(labels) == labels


def test_a_weak_opinion_yields_to_the_empty_slot():
    rows = opinions(NORMAL)
    rows[INDEX["4"]] = 0.1 / 22
    rows[INDEX["4"], [INDEX["5"], INDEX["4"]]] = 0.5, 0.4
    assert placed(NORMAL, rows) == NORMAL


def test_an_object_that_is_no_chromosome_makes_no_trisomy():
    whole = np.full(47, 0.99)
    whole[-1] = 0.05
    assert placed([*NORMAL, "21"], whole=whole) == [*NORMAL, None]


def test_no_objects_no_places():
    assert len(arrange(np.zeros((0, 24)), np.zeros(0)).classes) == 0


@given(st.lists(st.sampled_from(LABELS), min_size=1, max_size=50), st.randoms())
def test_order_does_not_matter(labels, random):
    assume(max(Counter(labels).values()) <= 1 + MOST_EXTRA)  # what its class cannot hold could go to any other
    order = list(range(len(labels)))
    random.shuffle(order)
    rows, whole = opinions(labels), np.linspace(0.5, 0.99, len(labels))
    first = arrange(rows, whole)
    second = arrange(rows[order], whole[order])
    assert np.isclose(first.cost, second.cost)
    assert sorted(first.classes) == sorted(second.classes)


def counts(*extra, without=()):
    result = dict.fromkeys(AUTOSOMES, 2) | {"X": 1, "Y": 1}
    for label in extra:
        result[label] += 1
    for label in without:
        result[label] -= 1
    return result


def test_iscn_text_of_number_findings():
    assert iscn_text(counts()) == "46,XY"
    assert iscn_text(counts("21")) == "47,XY,+21"
    assert iscn_text(counts("18", "X")) == "48,XXY,+18"
    assert iscn_text(counts(without=("Y",))) == "45,X"
    assert iscn_text(counts(without=("X",))) == "", "no cell lives without X"


def test_the_program_alone_claims_no_monosomy():
    assert iscn_text(counts(without=("7",))) == "45,XY,-?7"
    assert iscn_text(counts(without=("7", "7"))) == "44,XY,-?7,-?7"


def test_one_acrocentric_short_is_never_printed_as_a_loss():
    for label in ("13", "14", "15", "21", "22"):
        odd = counts(without=(label,))
        assert possible_robertsonian(odd) == (label,)
        assert iscn_text(odd) == "45,XY,?"
    fused_read_as_9 = counts("9", without=("13", "14"))
    assert possible_robertsonian(fused_read_as_9) == ("13", "14")
    assert iscn_text(fused_read_as_9) == "45,XY,?"
    for other in (counts(without=("16",)), counts("9", without=("13", "7")), counts()):
        assert possible_robertsonian(other) == ()


def test_an_object_of_no_class_may_be_two_acrocentrics_fused():
    def warned(*labels, unplaced=1):
        lacks = list(NORMAL)
        for label in labels:
            lacks.remove(label)
        classes = np.array([*(INDEX[label] for label in lacks), *[-1] * unplaced])
        return any("possible rob" in text for text in summarize(classes, np.full(len(classes), 0.99)).warnings)

    assert warned("14", "21")
    assert not warned("14", "9")
    assert not warned("14")
    assert not warned("14", "21", unplaced=2)


def probability_of(labels, belief=0.99, unplaced=0):
    """The probability of the only finding in a cell of these chromosomes and so many objects without a place."""
    classes = np.array([*(INDEX[label] for label in labels), *[-1] * unplaced])
    (found,) = find_changes(count_classes(classes), classes, np.full(len(classes), belief))
    return found.label, found.change, found.probability


def test_a_gain_is_believed_as_its_copies_and_its_cell_are():
    assert probability_of([*NORMAL, "21"], 0.98)[:2] == ("21", 1)
    clear, doubtful, debris = (probability_of([*NORMAL, "21"], *how)[2] for how in ((0.99,), (0.9,), (0.99, 3)))
    assert clear > 0.5 > doubtful
    assert clear > debris


def test_a_gain_beside_a_loss_is_believed_less():
    swapped = np.array([INDEX[label] for label in [*(label for i, label in enumerate(NORMAL) if i != INDEX["7"]), "8"]])
    found = find_changes(count_classes(swapped), swapped, np.full(len(swapped), 0.99))
    beside = {f.label: f.probability for f in found}
    assert beside["8"] < probability_of([*NORMAL, "8"])[2]
    assert beside["7"] < probability_of([label for i, label in enumerate(NORMAL) if i != INDEX["7"]])[2]


def test_the_loss_of_an_autosome_in_one_cell_is_not_believed_that_of_a_sex_chromosome_may_be():
    lacks_7 = [label for i, label in enumerate(NORMAL) if i != INDEX["7"]]
    label, change, clear = probability_of(lacks_7)
    assert (label, change) == ("7", -1)
    assert probability_of(lacks_7, unplaced=1)[2] < clear < 0.5 < probability_of(NORMAL[:-1])[2]


def test_sex_chromosome_findings():
    def changes(*sex):
        classes = np.array([INDEX[label] for label in [*AUTOSOMES, *AUTOSOMES, *sex]])
        return {f.label: f.change for f in find_changes(count_classes(classes), classes, np.full(len(classes), 0.99))}

    assert changes("X", "X") == changes("X", "Y") == {}
    assert changes("X") == {"X": -1}
    assert changes("X", "X", "Y") == {"X": 1}
    assert changes("X", "Y", "Y") == {"Y": 1}
    assert changes("X", "X", "X") == {"X": 1}


def test_review_reasons():
    sure = opinions(["5"])[0]
    assert review_reasons(INDEX["5"], sure, 0.99, 0.99, extra=False, at_border=False) == ()
    assert review_reasons(-1, sure, 0.1, 0.99, extra=False, at_border=False) == ("unplaced", "outline uncertain")
    assert "moved by its cell" in review_reasons(INDEX["4"], sure, 0.99, 0.99, extra=False, at_border=False)
    assert "extra copy" in review_reasons(INDEX["5"], sure, 0.99, 0.99, extra=True, at_border=False)
    assert review_reasons(INDEX["5"], sure, 0.99, 0.5, extra=False, at_border=True) == (
        "orientation uncertain",
        "cut by the border",
    )
