"""The whole example comes up while the first answer under each client token is lost, and reads lag behind it."""
import yaml

import inventory
import killing
from tokens import READS, Tokens


def test_what_a_lost_call_has_made_is_taken_by_the_same_token_and_there_is_one_of_each(
        make_daemon, emulator, proxy, postgres):
    before, tree = inventory.everything(emulator), killing.example()
    tokens = proxy.tokens = Tokens()
    tokens.lose(proxy, READS.values())
    proxy.behaviours.append(tokens.hide)
    daemon = make_daemon(yaml.safe_dump(tree, sort_keys=False), postgres=postgres.conninfo()).start()
    killing.converge(daemon)
    again = {name.split(":")[1]: row[2] for (name, _), row in tokens.known.items() if row[2]}
    assert sorted(again) == sorted(set(READS.values())), "each was lost, and sent once more under its token"
    assert set(again.values()) == {1} and tokens.mismatches == []
    assert inventory.problems(emulator, before, tree) == []
    assert killing.history_gaps(proxy, postgres) == []
    proxy.clear_calls()
    daemon.sync()
    assert proxy.mutations() == []
