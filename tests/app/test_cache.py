from threading import Thread

import pytest

from app.data.cache import AnswerCache


def test_an_answer_is_asked_for_once():
    asked, cache = [], AnswerCache()
    for _ in range(2):
        assert cache.get("a", lambda: asked.append("a") or [{"n": 1}]) == [{"n": 1}]
    assert asked == ["a"]


def test_who_wants_what_is_being_asked_waits_for_that_answer():
    asked, answers, cache = [], [], AnswerCache()

    def ask():
        asked.append("a")
        if len(asked) == 1:
            other.start()
            other.join(timeout=0.2)  # it waits for this answer
        return [{"n": len(asked)}]

    other = Thread(target=lambda: answers.append(cache.get("a", ask)))
    answers.append(cache.get("a", ask))
    other.join(timeout=30)
    assert answers == [[{"n": 1}]] * 2


def test_a_question_that_failed_is_asked_again():
    cache = AnswerCache()

    def fail():
        raise OSError("a disk is away")

    with pytest.raises(OSError, match="away"):
        cache.get("a", fail)
    assert cache.get("a", lambda: [{"n": 1}]) == [{"n": 1}]


def test_the_answers_asked_for_longest_ago_make_room():
    cache, asked = AnswerCache(most_rows=5), []
    for key in ("a", "b", "a", "c", "a", "b"):
        cache.get(key, lambda key=key: asked.append(key) or [{}])
    assert asked == ["a", "b", "c", "b"]
