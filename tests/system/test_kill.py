"""kill -9 at random instants of the whole example coming up and going away: one of each, and all of it in history.

`python tests/system/killing.py --runs 50` does the same for longer."""
import pytest

import killing


@pytest.mark.parametrize("phase, seed", [("create", 2), ("create", 6), ("create", 36), ("create", 39), ("teardown", 3)])
def test_a_kill_at_a_random_instant_leaves_one_of_each_and_a_whole_history(emulator, proxy, postgres, phase, seed):
    _, problems, is_killed = killing.run(emulator, proxy, postgres, phase, killing.Instant(seed, phase))
    assert problems == []
    assert is_killed, "the instant came after the last call"
