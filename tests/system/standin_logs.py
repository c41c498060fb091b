"""CloudWatch Logs as AWS has them: the emulator has neither keys nor classes nor protection of log groups, does not
read them by name, adds a second metric filter instead of replacing the first, takes no change of a subscription
filter beside another one, and forgets how events are distributed."""
import standin
from standin import Refused


class StandIn(standin.Modelled):
    service = "logs"

    def __init__(self):
        self.settings = {}  # group -> members as DescribeLogGroups shows them
        self.distributions = {}  # (group, filter) -> word

    # -- groups

    def CreateLogGroup(self, given, emulator):
        self.settings[given["logGroupName"]] = {
            name: given[name] for name in ("logGroupClass", "deletionProtectionEnabled") if name in given}

    def DescribeLogGroups(self, given, emulator):
        names = given.get("logGroupIdentifiers")
        groups = [group for page in emulator("logs").get_paginator("describe_log_groups").paginate()
                  for group in page["logGroups"]]
        return {"logGroups": [{**group, **self.settings.get(group["logGroupName"], {})} for group in groups
                              if not names or group["logGroupName"] in names]}

    def AssociateKmsKey(self, given, emulator):
        self.settings.setdefault(given["logGroupName"], {})["kmsKeyId"] = given["kmsKeyId"]
        return {}

    def DisassociateKmsKey(self, given, emulator):
        self.settings.setdefault(given["logGroupName"], {})["kmsKeyId"] = None
        return {}

    def PutLogGroupDeletionProtection(self, given, emulator):
        own = self.settings.setdefault(given["logGroupIdentifier"], {})
        own["deletionProtectionEnabled"] = given["deletionProtectionEnabled"]
        return {}

    def DeleteLogGroup(self, given, emulator):
        if self.settings.get(given["logGroupName"], {}).get("deletionProtectionEnabled"):
            raise Refused("ValidationException", "The log group is protected from deletion")
        self.settings.pop(given["logGroupName"], None)

    # -- filters

    def PutMetricFilter(self, given, emulator):
        logs = emulator("logs")
        name = {"logGroupName": given["logGroupName"], "filterName": given["filterName"]}
        while any(row["filterName"] == name["filterName"] for row in logs.describe_metric_filters(
                logGroupName=name["logGroupName"])["metricFilters"]):
            logs.delete_metric_filter(**name)

    def PutSubscriptionFilter(self, given, emulator):
        logs = emulator("logs")
        name = {"logGroupName": given["logGroupName"], "filterName": given["filterName"]}
        if any(row["filterName"] == name["filterName"] for row in logs.describe_subscription_filters(
                logGroupName=name["logGroupName"])["subscriptionFilters"]):
            logs.delete_subscription_filter(**name)
        self.distributions[tuple(name.values())] = given.get("distribution", "ByLogStream")

    def DescribeSubscriptionFilters(self, given, emulator):
        logs = emulator("logs")
        try:
            rows = logs.describe_subscription_filters(logGroupName=given["logGroupName"])["subscriptionFilters"]
        except logs.exceptions.ResourceNotFoundException:
            return None
        return {"subscriptionFilters": [{**row, "distribution": self.distributions.get(
            (row["logGroupName"], row["filterName"]), "ByLogStream")} for row in rows]}
