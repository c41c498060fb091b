"""CloudWatch as AWS has it: the emulator has no composite alarms, and deletes alarms that a rule still names."""
import standin
from emulator import ACCOUNT, REGION
from standin import Refused


class StandIn(standin.Modelled):
    service = "monitoring"

    def __init__(self):
        self.alarms = {}  # name -> as DescribeAlarms shows it
        self.tags = {}  # ARN -> {key: value}

    def PutCompositeAlarm(self, given, emulator):
        given = dict(given)
        new = given.pop("Tags", [])
        name = given["AlarmName"]
        arn = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"
        if name not in self.alarms:  # "If you are updating, any tags you specify are ignored."
            self.tags[arn] = {tag["Key"]: tag["Value"] for tag in new}
        self.alarms[name] = {"ActionsEnabled": True, "StateValue": "INSUFFICIENT_DATA", **given, "AlarmArn": arn}
        return {}

    def DescribeAlarms(self, given, emulator):
        if "CompositeAlarm" not in given.get("AlarmTypes", []):
            return None
        names = given.get("AlarmNames")
        return {"CompositeAlarms": [alarm for name, alarm in self.alarms.items() if not names or name in names],
                "MetricAlarms": []}

    def DeleteAlarms(self, given, emulator):
        for name in given["AlarmNames"]:
            if any(f'"{name}"' in alarm["AlarmRule"] for alarm in self.alarms.values()):
                raise Refused("ValidationError", f"Cannot delete {name}: a composite alarm depends on it")
        own = [name for name in given["AlarmNames"] if name in self.alarms]
        for name in own:
            self.tags.pop(self.alarms.pop(name)["AlarmArn"])
        return {} if own else None

    def ListTagsForResource(self, given, emulator):
        mine = self.tags.get(given["ResourceARN"])
        return None if mine is None else {"Tags": [{"Key": key, "Value": value} for key, value in mine.items()]}

    def TagResource(self, given, emulator):
        mine = self.tags.get(given["ResourceARN"])
        if mine is None:
            return None
        mine.update({tag["Key"]: tag["Value"] for tag in given["Tags"]})
        return {}

    def UntagResource(self, given, emulator):
        mine = self.tags.get(given["ResourceARN"])
        if mine is None:
            return None
        for key in given["TagKeys"]:
            mine.pop(key, None)
        return {}
