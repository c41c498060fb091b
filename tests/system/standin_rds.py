"""RDS as AWS has it, where the emulator differs: it deletes a subnet group that is modified, cannot reset parameters
or modify proxies, forgets some members of instances, has nothing pending and no state that takes time."""
import standin
from standin import Refused, items, put, text

# What ModifyDBInstance and CreateDBInstance take, the emulator forgets, and DescribeDBInstances shows.
FORGOTTEN = {
    "EnablePerformanceInsights": "PerformanceInsightsEnabled",
    "PerformanceInsightsRetentionPeriod": "PerformanceInsightsRetentionPeriod",
    "PerformanceInsightsKMSKeyId": "PerformanceInsightsKMSKeyId",
    "DatabaseInsightsMode": "DatabaseInsightsMode",
    "MonitoringInterval": "MonitoringInterval",
    "MonitoringRoleArn": "MonitoringRoleArn",
    "StorageThroughput": "StorageThroughput",
    "NetworkType": "NetworkType",
    "DedicatedLogVolume": "DedicatedLogVolume",
}
# What waits for the maintenance window unless ApplyImmediately is set, by its name in PendingModifiedValues.
WAITS = {"DBInstanceClass": "DBInstanceClass", "EngineVersion": "EngineVersion", "MultiAZ": "MultiAZ",
         "AllocatedStorage": "AllocatedStorage", "StorageType": "StorageType", "Iops": "Iops",
         "CACertificateIdentifier": "CACertificateIdentifier"}
STATIC = {"max_connections", "shared_buffers", "shared_preload_libraries"}
DEFAULTS = {"rds.force_ssl": "1", "log_min_duration_statement": "-1", "max_connections": "100", "log_statement": "none"}


class StandIn(standin.Base):
    namespace = "http://rds.amazonaws.com/doc/2014-10-31/"

    def __init__(self):
        self.subnet_groups = {}  # name -> {"SubnetIds", "DBSubnetGroupDescription"} as modified
        self.parameters = {}  # group -> {name: (value, method)}
        self.instances = {}  # identifier -> members as FORGOTTEN names them
        self.pending = {}  # identifier -> {name in the request: value}
        self.proxies = {}  # name -> members as modified
        self.busy = {}  # identifier or name -> (state, reads that still show it)
        self.unhealthy = {}  # proxy -> reason
        self.apply_status = {}  # identifier -> of its parameters

    # -- subnet groups

    def ModifyDBSubnetGroup(self, params, forward):
        self.subnet_groups.setdefault(params["DBSubnetGroupName"], {}).update(params)
        return self.answer("ModifyDBSubnetGroup")

    def DeleteDBSubnetGroup(self, params, forward):
        self.subnet_groups.pop(params["DBSubnetGroupName"], None)
        return forward()

    def DescribeDBSubnetGroups(self, params, forward):
        def edit(root):
            for group in items(root, "DBSubnetGroup"):
                changed = self.subnet_groups.get(text(group, "DBSubnetGroupName"), {})
                if "DBSubnetGroupDescription" in changed:
                    put(group, "DBSubnetGroupDescription", changed["DBSubnetGroupDescription"])
                if "SubnetIds" in changed:
                    put(group, "Subnets", [{"SubnetIdentifier": one, "SubnetStatus": "Active"}
                                           for one in changed["SubnetIds"]], "Subnet")
        return self.edited(forward(), edit)

    # -- parameter groups

    def ModifyDBParameterGroup(self, params, forward):
        group = self.parameters.setdefault(params["DBParameterGroupName"], {})
        if len(params["Parameters"]) > 20:
            raise Refused("InvalidParameterValue", "at most 20 parameters")
        for one in params["Parameters"]:
            if one["ParameterName"] in STATIC and one["ApplyMethod"] == "immediate":
                raise Refused("InvalidParameterCombination",
                              "cannot use immediate apply method for static parameter")
            group[one["ParameterName"]] = (one["ParameterValue"], one["ApplyMethod"])
        return forward()

    def ResetDBParameterGroup(self, params, forward):
        for one in params["Parameters"]:
            if one["ParameterName"] in STATIC and one["ApplyMethod"] == "immediate":
                raise Refused("InvalidParameterCombination", "static")
            self.parameters[params["DBParameterGroupName"]].pop(one["ParameterName"], None)
        return self.answer("ResetDBParameterGroup")

    def DeleteDBParameterGroup(self, params, forward):
        self.parameters.pop(params["DBParameterGroupName"], None)
        return forward()

    def DescribeDBParameters(self, params, forward):
        """A parameter that was set to its default counts as the engine's own."""
        group = self.parameters.get(params["DBParameterGroupName"], {})
        named = [name for one in params.get("Filters", ()) for name in one["Values"]]
        rows = []
        for name in named or sorted({*group, *DEFAULTS}):
            if name not in group and name not in DEFAULTS:
                continue
            value, method = group.get(name, (DEFAULTS.get(name), "pending-reboot"))
            source = "user" if value != DEFAULTS.get(name) else "engine-default"
            if params.get("Source", source) != source:
                continue
            rows.append(f"<Parameter><ParameterName>{name}</ParameterName><ParameterValue>{value}</ParameterValue>"
                        f"<Source>{source}</Source><ApplyMethod>{method}</ApplyMethod>"
                        f"<ApplyType>{'static' if name in STATIC else 'dynamic'}</ApplyType></Parameter>")
        return self.answer("DescribeDBParameters", f"<Parameters>{''.join(rows)}</Parameters>")

    # -- instances

    def CreateDBInstance(self, params, forward):
        self.remember(params)
        self.busy[params["DBInstanceIdentifier"]] = ["creating", 2]
        return forward()

    def ModifyDBInstance(self, params, forward):
        name = params["DBInstanceIdentifier"]
        waiting = self.pending.setdefault(name, {})
        if params.get("ApplyImmediately") == "true":
            params = {**waiting, **params}
            waiting.clear()
        else:
            waiting.update({key: params[key] for key in WAITS if key in params})
            params = {key: value for key, value in params.items() if key not in WAITS}
        self.remember(params)
        self.busy[name] = ["modifying", 1]
        return forward(params)

    def remember(self, params):
        kept = self.instances.setdefault(params["DBInstanceIdentifier"], {})
        kept.update({shown: params[name] for name, shown in FORGOTTEN.items() if name in params})
        if "DBPortNumber" in params:
            kept["DbInstancePort"] = params["DBPortNumber"]

    def DeleteDBInstance(self, params, forward):
        if ("FinalDBSnapshotIdentifier" in params) == (params.get("SkipFinalSnapshot") == "true"):
            raise Refused("InvalidParameterCombination", "a final snapshot, or none: one of them")
        for memory in (self.instances, self.pending, self.busy):
            memory.pop(params["DBInstanceIdentifier"], None)
        return forward()

    def DescribeDBInstances(self, params, forward):
        def edit(root):
            for one in items(root, "DBInstance"):
                name = text(one, "DBInstanceIdentifier")
                for member, value in self.instances.get(name, {}).items():
                    put(one, member, value)
                    if member == "DbInstancePort":
                        put(standin.child(one, "Endpoint"), "Port", value)
                put(one, "PendingModifiedValues",
                    {WAITS[key]: value for key, value in self.pending.get(name, {}).items()})
                for status in items(one, "ParameterApplyStatus"):
                    status.text = self.apply_status.get(name) or "in-sync"
                put(one, "DBInstanceStatus", self.state(name, text(one, "DBInstanceStatus")))
        return self.edited(forward(), edit)

    def state(self, name, otherwise):
        """What takes time shows it for some reads."""
        busy = self.busy.get(name)
        if not busy:
            return otherwise
        busy[1] -= 1
        if busy[1] <= 0:
            del self.busy[name]
        return busy[0]

    # -- proxies

    def CreateDBProxy(self, params, forward):
        self.busy[params["DBProxyName"]] = ["creating", 2]
        self.proxies[params["DBProxyName"]] = {
            "RequireTLS": params.get("RequireTLS", "false"), "DefaultAuthScheme": "NONE"}
        return forward()

    def ModifyDBProxy(self, params, forward):
        kept = self.proxies[params["DBProxyName"]]
        for name, value in params.items():
            kept["VpcSecurityGroupIds" if name == "SecurityGroups" else name] = value
        return self.answer("ModifyDBProxy")

    def DeleteDBProxy(self, params, forward):
        self.proxies.pop(params["DBProxyName"], None)
        return forward()

    def DescribeDBProxies(self, params, forward):
        def edit(root):
            for one in items(items(root, "DBProxies")[0], "member"):
                name = text(one, "DBProxyName")
                if not name:
                    continue
                for member, value in self.proxies.get(name, {}).items():
                    if member == "Auth":  # AWS says what it took for granted
                        value = [{"ClientPasswordAuthType": "POSTGRES_SCRAM_SHA_256", **item} for item in value]
                    put(one, member, value)
                put(one, "Status", self.state(name, text(one, "Status")))
        return self.edited(forward(), edit)

    def ready(self, name):
        if name in self.busy:
            raise Refused("InvalidDBProxyStateFault", f"proxy {name} is {self.busy[name][0]}")

    def ModifyDBProxyTargetGroup(self, params, forward):
        self.ready(params["DBProxyName"])
        return forward()

    def RegisterDBProxyTargets(self, params, forward):
        self.ready(params["DBProxyName"])
        return forward()

    def exists(self, name):
        if name not in self.proxies:  # the emulator breaks
            raise Refused("DBProxyNotFoundFault", f"no proxy {name}", 404)

    def DescribeDBProxyTargetGroups(self, params, forward):
        self.exists(params["DBProxyName"])
        return forward()

    def DescribeDBProxyTargets(self, params, forward):
        self.exists(params["DBProxyName"])

        def edit(root):
            for one in items(root, "TargetHealth"):
                reason = self.unhealthy.get(params["DBProxyName"])
                if reason:
                    put(one, "State", "UNAVAILABLE")
                    put(one, "Reason", reason)
        return self.edited(forward(), edit)
