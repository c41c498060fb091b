"""What Tab offers, in the shells themselves: commands, options, addresses, ids of what is held."""
import os
import re
import subprocess

import network
import pytest
from daemon import BUILD, PATIENCE, ROOT

SCRIPTS = ROOT / "packaging/completion"
HELD = "network.subnet.public-b"

# A terminal of its own: zsh completes in no other place. READY is split, so that its echo is not taken for it.
ZSH = """
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "fpath=($1 \\$fpath); autoload -Uz compinit; compinit -u -D; LISTMAX=1000; setopt no_beep; stty rows 50 cols 200; echo REA''DY"
while zpty -r shell line; do [[ $line == *READY* ]] && break; done
zpty -w -n shell "$2"$'\\t\\t'
for turn in {1..300}; do
  while zpty -r -t shell line; do all+=$line; done
  [[ $all == *$3* ]] && break
  sleep 0.1
done
print -r -- "$all"
zpty -d shell
""".replace("\\\\", "\\")
BASH = 'source "$1/holdfast.bash"; COMP_LINE="$2"; COMP_WORDS=($2); [[ $2 == *" " ]] && COMP_WORDS+=(""); ' \
       'COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_POINT=${#COMP_LINE}; ' \
       '$(complete -p holdfast | sed "s/.*-F \\([^ ]*\\).*/\\1/"); printf "%s\\n" "${COMPREPLY[@]}"'
FISH = 'source $argv[1]/holdfast.fish; complete -C $argv[2]'
SHELLS = {"zsh": ["zsh", "-f", "-c", ZSH, "zsh"], "bash": ["bash", "-c", BASH, "bash"], "fish": ["fish", "-c", FISH]}


def offered(shell, daemon, line, wanted):
    done = subprocess.run([*SHELLS[shell], str(SCRIPTS), line, wanted], capture_output=True, text=True, timeout=PATIENCE,
                          stdin=subprocess.DEVNULL,
                          env={**os.environ, "PATH": f"{BUILD}:{os.environ['PATH']}", "HOME": str(daemon.home),
                               "HOLDFAST_SOCKET": str(daemon.socket), "TERM": "xterm"})
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", done.stdout)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_offers_what_can_be_said_next(held, shell):
    tree = network.small()
    daemon = held(network.dump(tree))
    del tree["network"]["subnet"]["public-b"]
    tree["network"]["route_table"]["public"]["subnets"] = ["public-a"]
    daemon.write(network.dump(tree))
    daemon.reload()
    daemon.wait_status(lambda status: any(r["reason"] == "OrphanHeld" for r in status["resources"]), "it to be held")
    hold, = [one["id"] for one in daemon.holdfast_json("plan", check=2)["actions"] if one["address"] == HELD]
    for line, wanted in (("holdfast rel", "release"), ("holdfast plan --", "--refresh"),
                         ("holdfast get network.subnet.", "network.subnet.public-a"),
                         ("holdfast approve ", HELD), ("holdfast approve ", hold),
                         ("holdfast pause ", "monitoring"), ("holdfast explain vp", "vpc_endpoint")):
        assert wanted in offered(shell, daemon, line, wanted), (shell, line)
