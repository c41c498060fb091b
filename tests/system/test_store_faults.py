"""What befalls the database while it answers: locks, deadlocks, a full disk, rows that people changed."""
import resource
import threading
import time

import pytest

import network
from daemon import wait_until
from postgres import Postgres

SUBNET = "network.subnet.public-a"


@pytest.fixture
def start(make_daemon, postgres):
    def begin(tree, server=postgres):
        return make_daemon(network.dump(tree), postgres=server.conninfo()).start()

    return begin


@pytest.fixture
def small_postgres():
    """Its tables stand on a disk of 24 MB."""
    postgres = Postgres(disk="24m")
    yield postgres
    postgres.close()


def store(daemon):
    return daemon.status()["store"]


def hand(ec2, subnet, value=False):
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": value})


def is_mended(ec2, subnet):
    return ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["MapPublicIpOnLaunch"]


def wait_mended(ec2, subnet, patience=60):
    wait_until(lambda: is_mended(ec2, subnet), "the drift to be mended", patience)


def wait_closed(daemon, postgres, count=1):
    """It is seen to be mended, and told."""
    daemon.wait_synced()
    wait_told(daemon)
    wait_until(lambda: drifts_of_subnet(postgres) == [["corrected"]] * count, "the drift to be closed")


def wait_told(daemon, patience=60):
    wait_until(lambda: store(daemon)["history_waiting"] == 0, "all history to be told", patience)


def drifts_of_subnet(postgres):
    return postgres.sql(f"SELECT how FROM holdfast.drift WHERE address = '{SUBNET}' AND field = 'MapPublicIpOnLaunch'")


# -- locks

def test_a_person_who_locks_the_history_stops_only_the_history(start, postgres, ec2):
    daemon = start(network.small())
    daemon.wait_synced()
    subnet = daemon.ids()[SUBNET]
    person = postgres.session()
    pid = person.run("SELECT pg_backend_pid();")[0]
    person.run("BEGIN; LOCK TABLE holdfast.pass, holdfast.observation, holdfast.drift, holdfast.resource;")
    hand(ec2, subnet)
    daemon.sync("network")
    wait_mended(ec2, subnet)  # the lease is renewed and the intent recorded on another connection
    status = daemon.wait_status(lambda s: f"session {pid}" in s["store"]["message"], "the session to be named")
    assert "history waits" in status["store"]["message"] and "psql" in status["store"]["message"]
    assert f"session {pid}" in daemon.holdfast("status").stdout
    # Two waits for the lock have been given up by then, and the lease has been renewed all the while.
    wait_until(lambda: postgres.log().count("canceling statement due to lock timeout") >= 2, "the limit to be kept")
    assert "leads no longer" not in daemon.log() and "cannot be proven" not in daemon.log()
    assert store(daemon)["history_on_disk"] > 0
    person.run("COMMIT;")
    wait_closed(daemon, postgres)
    assert postgres.sql("SELECT count(*) FROM holdfast.action WHERE outcome IS NULL") == [["0"]]
    daemon.wait_status(lambda s: s["store"]["message"] == "", "the message to go")


def test_a_person_who_alters_the_table_of_intents_stops_the_writing(start, postgres, proxy, ec2):
    daemon = start(network.small())
    daemon.wait_synced()
    subnet = daemon.ids()[SUBNET]
    person = postgres.session()
    pid = person.run("SELECT pg_backend_pid();")[0]
    person.run("BEGIN; ALTER TABLE holdfast.action ADD COLUMN note text;")
    proxy.clear_calls()
    hand(ec2, subnet)
    daemon.sync("network")
    daemon.wait_status(lambda s: f"session {pid}" in s["store"]["message"], "the session to be named")
    daemon.wait_status(lambda s: any("nothing is changed in AWS" in text for text in (
        s["store"]["message"], *(row["message"] for row in s["resources"]))), "what it stops to be named")
    assert daemon.resources()[SUBNET]["sync"] == "OutOfSync"  # it is looked at all the same
    assert proxy.mutations() == []
    person.run("COMMIT;")
    wait_mended(ec2, subnet)
    wait_told(daemon)
    assert postgres.sql("SELECT count(*) FROM holdfast.action WHERE outcome IS NULL") == [["0"]]


def test_a_person_who_locks_the_lease_stops_the_writing(start, postgres, proxy, ec2):
    daemon = start(network.small())
    daemon.wait_synced()
    subnet = daemon.ids()[SUBNET]
    person = postgres.session()
    person.run("BEGIN; LOCK TABLE holdfast.lease;")
    wait_until(lambda: "cannot be proven" in daemon.log(), "the lease to run out")
    proxy.clear_calls()
    hand(ec2, subnet)
    daemon.sync("network")
    assert proxy.mutations() == []
    assert daemon.resources()[SUBNET]["sync"] == "OutOfSync"
    person.run("ROLLBACK;")
    wait_mended(ec2, subnet)
    wait_told(daemon)


# -- transactions that are rolled back

def test_serialization_failures_cost_nothing(start, postgres, ec2):
    postgres.sql("ALTER ROLE holdfast SET default_transaction_isolation TO 'serializable'")
    daemon = start(network.small())
    person = postgres.session()
    is_over = threading.Event()

    def disturb():
        while not is_over.is_set():
            person.run("BEGIN; UPDATE holdfast.lease SET host = host; SELECT pg_sleep(0.05); COMMIT;")
            time.sleep(0.1)

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        daemon.wait_synced(patience=120)
        subnet = daemon.ids()[SUBNET]
        for _ in range(5):
            hand(ec2, subnet)
            daemon.sync("network")
            wait_mended(ec2, subnet)
            daemon.wait_synced(patience=120)
    finally:
        is_over.set()
        thread.join()
    wait_closed(daemon, postgres, count=5)
    assert "could not serialize access" in postgres.log()
    assert postgres.sql("SELECT count(*) FROM holdfast.action WHERE outcome IS NULL") == [["0"]]
    found = network.in_aws(ec2)
    assert sorted(address for address, _ in found) == sorted(network.addresses(network.small()))


# -- its disk

def test_a_full_disk_of_the_server_stops_the_writing(start, small_postgres, proxy, ec2):
    postgres = small_postgres
    daemon = start(network.small(), postgres)
    daemon.wait_synced()
    subnet = daemon.ids()[SUBNET]
    wait_told(daemon)
    postgres.fill_disk()
    # What is left of the last page still takes rows; then it is full.
    postgres.sql("DO $$ BEGIN FOR i IN 1..100000 LOOP BEGIN"
                 " INSERT INTO holdfast.action (action_id, stack, address, operation, intended_at, outcome)"
                 " VALUES ('filler-' || i, 'another', 'a.b.c', 'ec2:DoNothing', now(), 'done');"
                 " EXCEPTION WHEN disk_full THEN EXIT; END; END LOOP; END $$")
    proxy.clear_calls()
    hand(ec2, subnet)
    daemon.sync("network")
    shown = daemon.wait_status(lambda s: any("No space left" in (r["message"] or "") for r in s["resources"]),
                               "the disk to be said full")
    assert "nothing is changed in AWS without a record" in str(shown["resources"])
    assert "No space left" in daemon.holdfast("status").stdout
    time.sleep(3)  # it is tried again meanwhile
    daemon.sync("network")
    assert proxy.mutations() == []
    assert not is_mended(ec2, subnet)
    assert "leads no longer" not in daemon.log()  # what renews the lease needs no more room
    postgres.free_disk()
    wait_mended(ec2, subnet)
    wait_closed(daemon, postgres)
    assert postgres.sql("SELECT count(*) FROM holdfast.action WHERE outcome IS NULL") == [["0"]]
    assert postgres.sql("SELECT count(*) FROM holdfast.action WHERE operation = 'ec2:ModifySubnetAttribute'"
                        f" AND address = '{SUBNET}' AND outcome = 'done' AND change = '~'") == [["1"]]


# -- notifications

def test_nothing_rests_on_notifications(start, postgres, proxy, ec2):
    postgres.sql("ALTER SYSTEM SET log_statement = 'all'")
    postgres.reload()
    daemon = start(network.small())
    daemon.wait_synced()
    subnet = daemon.ids()[SUBNET]
    # Another holder appears, and nobody is told.
    postgres.sql("UPDATE holdfast.lease SET holder = 'somebody', host = 'elsewhere', token = token + 1,"
                 " beats = beats + 1, expires_at = clock_timestamp() + interval '1 hour'")
    wait_until(lambda: "another daemon leads" in daemon.log(), "the other holder to be seen", 10)
    proxy.clear_calls()
    hand(ec2, subnet)
    daemon.sync("network")
    assert proxy.mutations() == []
    postgres.sql("UPDATE holdfast.lease SET expires_at = clock_timestamp()")
    wait_mended(ec2, subnet)
    said = postgres.log().upper()
    assert "EXECUTE <UNNAMED>" in said  # the daemon's statements are in there
    assert " LISTEN " not in said and " NOTIFY " not in said and "PG_NOTIFY" not in said


# -- who leads

def test_that_who_leads_cannot_be_asked_is_said(start, postgres):
    """Postgres answers, but not that: somebody took the table away."""
    daemon = start(network.small())
    daemon.wait_synced()
    assert store(daemon)["message"] == ""
    postgres.sql("ALTER TABLE holdfast.daemon RENAME TO away")
    wait_until(lambda: store(daemon)["message"].startswith("who leads cannot be asked: "), "it to be said")
    assert "who leads cannot be asked" in daemon.log()
    assert "State store: who leads cannot be asked" in " ".join(daemon.holdfast("status").stdout.split())
    postgres.sql("ALTER TABLE holdfast.away RENAME TO daemon")
    wait_until(lambda: store(daemon)["message"] == "", "it to be over")


# -- history that can be kept nowhere

def test_nothing_is_changed_while_history_can_be_kept_nowhere(start, postgres, proxy, ec2):
    daemon = start(network.small())
    daemon.wait_synced()
    subnet = daemon.ids()[SUBNET]
    person = postgres.session()
    person.run("BEGIN; LOCK TABLE holdfast.pass, holdfast.observation, holdfast.drift, holdfast.resource;")
    limits = resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (64, resource.RLIM_INFINITY))
    daemon.sync("network")  # a pass to tell of
    wait_until(lambda: "nothing is changed in AWS" in store(daemon)["journal"], "the disk to be said full")
    status = daemon.status()
    assert status["store"]["phase"] == "ready" and status["lease"]["proven"]  # it is the journal alone
    proxy.clear_calls()
    hand(ec2, subnet)
    daemon.sync("network")
    assert daemon.resources()[SUBNET]["sync"] == "OutOfSync"
    assert proxy.mutations() == []
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, limits)
    wait_mended(ec2, subnet)
    person.run("ROLLBACK;")
    wait_closed(daemon, postgres)


def test_a_store_that_stands_still_keeps_nobody_waiting_who_asks(start, postgres):
    daemon = start(network.small())
    daemon.wait_synced()
    wait_told(daemon)
    postgres.freeze()
    began = time.monotonic()
    said = daemon.holdfast("history", check=1).stderr
    assert "Postgres has not answered for 8 s" in said and "answers again when that is back" in said
    # What the daemon knows by itself it tells all the same.
    why = daemon.holdfast("why", SUBNET, check=0).stdout
    assert "History cannot be asked now: Postgres has not answered for 3 s." in why and "stack.yaml" in why
    assert SUBNET in daemon.holdfast("get", SUBNET, check=0).stdout
    # Eight seconds and twice three; the store's own patience is 45 s, each time.
    assert time.monotonic() - began < 45
    postgres.thaw()
    wait_until(lambda: daemon.holdfast("history").returncode == 0, "history to be told again")
