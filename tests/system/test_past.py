"""What was, and why: a resource's story and AWS at a moment, from what the daemon recorded."""
import network

VPC = "network.vpc.main"


def hold(held):
    tree = network.small()
    tree["network"]["vpc"]["main"].update(enable_dns_support=True, enable_dns_hostnames=True)
    return held(network.dump(tree))


def drift_and_correct(daemon, ec2):
    vpc = daemon.ids()[VPC]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": False})
    daemon.sync()
    daemon.wait_status(
        lambda status: [e for e in daemon.history(limit="100") if e["what"] == "closed" and e["address"] == VPC],
        "the drift to be closed in history")
    return vpc


def test_why_tells_the_drift_and_the_call_that_corrected_it(held, ec2):
    daemon = hold(held)
    vpc = drift_and_correct(daemon, ec2)
    told = daemon.holdfast_json("why", VPC, check=0)
    assert told["format"] == 1 and told["address"] == VPC
    assert "stack.yaml, line " in told["now"][0] and "version " in told["now"][0]
    story = " ".join(one["text"] for one in told["story"])
    assert "ec2:CreateVpc was called" in story and vpc in story
    assert "went from true, which the file wants, to false in AWS." in story
    assert "corrected by ec2:ModifyVpcAttribute" in story
    assert "AWS request id " in story
    whats = [one["what"] for one in told["story"]]
    assert whats.index("drift") < len(whats) - 1 - whats[::-1].index("closed")
    text = daemon.holdfast("why", VPC, check=0).stdout
    assert "How it came to this" in text and "ModifyVpcAttribute" in text


def test_why_of_what_is_not_there_says_what_may_have_been_meant(held):
    daemon = hold(held)
    said = daemon.holdfast("why", "network.vpc.mian", check=1).stderr
    assert "did you mean 'network.vpc.main'" in said


def test_why_names_the_pause_of_a_layer_and_who_ordered_it(held):
    daemon = hold(held)
    daemon.holdfast("pause", "network", "--reason", "the move", check=0)
    now = " ".join(daemon.holdfast_json("why", VPC, check=0)["now"])
    assert "Writing to network is paused by " in now and "the move" in now
