"""kill -9 at random instants of the whole example coming up and going away: one of each, and all of it in history.

`make kills KILLS=200` does the same for longer."""
import pytest

import killing


@pytest.mark.parametrize("phase, seed", [("create", 2), ("create", 4), ("create", 7), ("teardown", 3), ("teardown", 8)])
def test_kills_at_random_instants_leave_one_of_each_and_a_whole_history(emulator, proxy, postgres, phase, seed):
    _, problems, kills = killing.run(emulator, proxy, postgres, phase, killing.instants(seed, phase))
    assert problems == []
    assert kills, "the instant came after the last call"
