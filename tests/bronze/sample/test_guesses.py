"""How well a purchase can be foreseen: by who knows the hidden state, and by who saw the events only."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from bronze.sample.journeys import Steps

from .guesses import guess, play

POINTS = (1, 2, 3, 5, 10)


@pytest.fixture(scope="module")
def shop_at_play():
    return play(scale=0.05, seed=7)


@pytest.fixture(scope="module")
def guesses(shop_at_play):
    return guess(shop_at_play)


def at(guesses, place):
    where = guesses.place == place
    return (column[where] for column in (guesses.buys, guesses.has_cart, guesses.by_events, guesses.by_state))


@pytest.mark.parametrize("place", POINTS)
@pytest.mark.parametrize("who", ["by_events", "by_state"])
def test_a_guess_comes_true_as_often_as_it_says(guesses, who, place):
    where = guesses.place == place
    chance, buys = getattr(guesses, who)[where], guesses.buys[where]
    for part in (chance < 0.02, chance >= 0.02):
        expected, spread = chance[part].sum(), np.sqrt((chance * (1 - chance))[part].sum())
        assert buys[part].sum() == pytest.approx(expected, abs=4 * spread + 0.1 * expected)


@pytest.mark.parametrize("place", POINTS)
def test_who_saw_the_events_knows_more_than_whether_there_is_a_cart_and_less_than_the_state(guesses, place):
    buys, has_cart, by_events, by_state = at(guesses, place)
    areas = [roc_auc_score(buys, guess) for guess in (has_cart, by_events, by_state)]
    assert areas[0] + 0.07 < areas[1] < areas[2] - 0.02


@pytest.mark.parametrize("place, official", [(2, 0.781), (3, 0.819)])
def test_the_first_events_tell_as_much_of_the_purchase_as_in_real_rows(guesses, place, official):
    buys, _, by_events, _ = at(guesses, place)
    assert roc_auc_score(buys, by_events) == pytest.approx(official, abs=0.05)


def test_no_guess_looks_ahead():
    """Cut the last visit of each visitor to two events: the guesses up to there are the same."""
    small = play(scale=0.005, seed=7)
    steps, visitor = small.steps, small.visits.visitor
    place = np.arange(len(steps.visit)) - np.searchsorted(steps.visit, steps.visit)
    is_last = np.append(np.diff(visitor) != 0, True)[steps.visit]
    kept = np.flatnonzero((place < 2) | ~is_last)
    cut = replace(small, steps=Steps(*(column[kept] for column in vars(steps).values())))
    whole, short = guess(small), guess(cut)
    both = np.isin(whole.row, kept)
    assert np.allclose(whole.by_events[both], short.by_events)
    assert (place >= 2).sum() > 100 and both.sum() < len(whole.row)
