"""What people do to an architecture behind the daemon's back: two things a layer, by boto3, as from a console.

Each is data: who suffers, what it is in words, the call as one would type it, and the call itself, which
gets boto3's clients by service and the resource's id at AWS.
"""
import dataclasses
import json


@dataclasses.dataclass
class Break:
    address: str
    what: str
    code: str
    act: object  # (aws, id) -> None

    @property
    def layer(self):
        return self.address.split(".")[0]


def open_port(port):
    return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]


def delete_way_out(aws, table):
    aws("ec2").delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")


def retag(aws, subnet):
    aws("ec2").create_tags(Resources=[subnet], Tags=[{"Key": "environment", "Value": "test"}])


def open_database(aws, group):
    aws("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=open_port(5432))


def widen_role(aws, role):
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    aws("iam").put_role_policy(RoleName=role, PolicyName="metrics", PolicyDocument=json.dumps(everything))


def shorten_backups(aws, database):
    aws("rds").modify_db_instance(DBInstanceIdentifier=database, BackupRetentionPeriod=1, ApplyImmediately=True)


def open_bucket(aws, bucket):
    aws("s3").delete_public_access_block(Bucket=bucket)


def unprotect(aws, balancer):
    aws("elbv2").modify_load_balancer_attributes(
        LoadBalancerArn=balancer, Attributes=[{"Key": "deletion_protection.enabled", "Value": "false"}])


def retarget(aws, policy):
    service, name = policy.rsplit("/", 1)[0].removeprefix("ecs:service:DesiredCount/"), policy.rsplit("/", 1)[1]
    scaling = aws("application-autoscaling")
    found = scaling.describe_scaling_policies(ServiceNamespace="ecs", ResourceId=service, PolicyNames=[name])
    how = found["ScalingPolicies"][0]["TargetTrackingScalingPolicyConfiguration"]
    scaling.put_scaling_policy(
        ServiceNamespace="ecs", ResourceId=service, ScalableDimension="ecs:service:DesiredCount", PolicyName=name,
        PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration={**how, "TargetValue": 95.0})


def delete_alarm(aws, alarm):
    aws("cloudwatch").delete_alarms(AlarmNames=[alarm])


def forget_logs(aws, group):
    aws("logs").put_retention_policy(logGroupName=group, retentionInDays=1)


# From the top down. The alarm that is deleted is young: until its absence is believed, the rest has settled too.
BREAKS = [
    Break("monitoring.alarm.db-cpu", "deletes an alarm that rings too often",
          "cloudwatch.delete_alarms()", delete_alarm),
    Break("monitoring.log_group.app", "keeps logs for a day only",
          "logs.put_retention_policy(retentionInDays=1)", forget_logs),
    Break("compute.load_balancer.web", "switches deletion protection off",
          "elbv2.modify_load_balancer_attributes(deletion_protection.enabled=false)", unprotect),
    Break("compute.scaling_policy.cpu", "lets the tasks run hot before more are started",
          "application-autoscaling.put_scaling_policy(TargetValue=95)", retarget),
    Break("data.db_instance.main", "saves a little on backups",
          "rds.modify_db_instance(BackupRetentionPeriod=1)", shorten_backups),
    Break("data.s3_bucket.logs", "takes the bucket's guard against public access away",
          "s3.delete_public_access_block()", open_bucket),
    Break("security.security_group.db", "opens the database to the world, for a moment",
          "ec2.authorize_security_group_ingress(tcp 5432 from 0.0.0.0/0)", open_database),
    Break("security.iam_role.task", "lets the application do everything, to get on",
          "iam.put_role_policy(Allow * on *)", widen_role),
    Break("network.route_table.app-a", "deletes the tasks' way out of zone a",
          "ec2.delete_route(0.0.0.0/0)", delete_way_out),
    Break("network.subnet.db-b", "tags a subnet of production as test",
          "ec2.create_tags(environment=test)", retag),
]
