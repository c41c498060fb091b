"""SNS as AWS has it: the emulator takes attributes of topics that it does not show, has no data protection policies,
and confirms every subscription at once."""
import standin
from emulator import ACCOUNT, REGION
from standin import Refused


class StandIn(standin.Modelled):
    service = "sns"

    def __init__(self):
        self.kept = {}  # topic -> {attribute: value}
        self.policies = {}  # topic -> data protection policy
        self.waiting = {}  # (topic, protocol, endpoint) -> attributes

    # -- topics

    def CreateTopic(self, given, emulator):
        arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:{given['Name']}"
        self.kept[arn] = dict(given.get("Attributes", {}))
        self.policies[arn] = given.get("DataProtectionPolicy", "")

    def SetTopicAttributes(self, given, emulator):
        self.kept.setdefault(given["TopicArn"], {})[given["AttributeName"]] = given.get("AttributeValue", "")

    def GetTopicAttributes(self, given, emulator):
        sns = emulator("sns")
        try:
            shown = sns.get_topic_attributes(TopicArn=given["TopicArn"])["Attributes"]
        except sns.exceptions.NotFoundException:
            return None
        own = {name: value for name, value in self.kept.get(given["TopicArn"], {}).items() if name != "Policy"}
        return {"Attributes": {name: value for name, value in {**shown, **own}.items() if value}}

    def PutDataProtectionPolicy(self, given, emulator):
        self.policies[given["ResourceArn"]] = given["DataProtectionPolicy"]
        return {}

    def GetDataProtectionPolicy(self, given, emulator):
        return {"DataProtectionPolicy": self.policies.get(given["ResourceArn"], "")}

    # -- subscriptions

    def Subscribe(self, given, emulator):
        if not given["Protocol"].startswith(("email", "http")):
            return None
        key = (given["TopicArn"], given["Protocol"], given["Endpoint"])
        if any((row["TopicArn"], row["Protocol"], row["Endpoint"]) == key
               for row in emulator("sns").list_subscriptions()["Subscriptions"]):
            return None
        self.waiting[key] = given.get("Attributes", {})
        return {"SubscriptionArn": "pending confirmation"}

    def ConfirmSubscription(self, given, emulator):
        for key in [key for key in self.waiting if key[0] == given["TopicArn"]]:
            emulator("sns").subscribe(TopicArn=key[0], Protocol=key[1], Endpoint=key[2],
                                      Attributes=self.waiting.pop(key))
        return {"SubscriptionArn": "confirmed"}

    def ListSubscriptions(self, given, emulator):
        rows = emulator("sns").list_subscriptions()["Subscriptions"]
        pending = [{"SubscriptionArn": "PendingConfirmation", "Owner": ACCOUNT, "TopicArn": topic,
                    "Protocol": protocol, "Endpoint": endpoint} for topic, protocol, endpoint in self.waiting]
        gone = [{**row, "SubscriptionArn": "Deleted"} for row in rows]  # of an earlier life
        return {"Subscriptions": pending + rows + gone}

    @staticmethod
    def only_confirmed(given):
        if not given["SubscriptionArn"].startswith("arn:"):
            raise Refused("InvalidParameter", "Invalid parameter: SubscriptionArn Reason: An ARN must have at "
                          "least 6 elements, not 1")

    def GetSubscriptionAttributes(self, given, emulator):
        self.only_confirmed(given)

    def SetSubscriptionAttributes(self, given, emulator):
        self.only_confirmed(given)

    def Unsubscribe(self, given, emulator):
        self.only_confirmed(given)
