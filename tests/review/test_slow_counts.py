"""What takes long to count is kept for a while, and nothing else."""

from extractor.review.slow_counts import SlowCounts


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_quick_count_is_always_of_this_moment():
    numbers = iter(range(10))
    counts = SlowCounts(Clock())
    assert [counts.get("open", lambda: next(numbers)) for _ in range(3)] == [0, 1, 2]


def test_a_slow_one_is_kept_forty_times_as_long_for_whom_it_was_counted():
    clock, numbers = Clock(), iter(range(10))
    counts = SlowCounts(clock)

    def slow() -> int:
        clock.now += 1.0
        return next(numbers)

    assert [counts.get("mine", slow), counts.get("mine", slow), counts.get("yours", slow)] == [0, 0, 1]
    clock.now += 38.5
    assert counts.get("mine", slow) == 0
    clock.now += 1.0
    assert counts.get("mine", slow) == 2
