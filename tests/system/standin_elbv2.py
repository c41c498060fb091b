"""Elastic Load Balancing: what AWS does with several certificates of a listener and several priorities at once.

The emulator forgets the further certificates of a listener when the first one is replaced, and lists twice what is
added twice. Of priorities that are set in one call it looks at each by itself, and refuses what another rule of the
same call is just giving up.
"""
import standin
from standin import child, items

FREE = 40000  # no scenario has a rule there


class StandIn(standin.Base):
    service = "elasticloadbalancing"
    namespace = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"

    def __init__(self):
        self.first = {}  # listener -> its default certificate
        self.further = {}  # listener -> the others

    def _note(self, answer, params):
        root = standin.ET.fromstring(answer)
        arn = next(child(one, "ListenerArn").text for one in items(root, "member")
                   if child(one, "ListenerArn") is not None)
        if params.get("Certificates"):
            self.first[arn] = params["Certificates"][0]["CertificateArn"]
        return answer

    def CreateListener(self, params, forward):
        return self._note(forward(), params)

    def ModifyListener(self, params, forward):
        return self._note(forward(), params)

    def AddListenerCertificates(self, params, forward):
        known = self.further.setdefault(params["ListenerArn"], [])
        known += [one["CertificateArn"] for one in params["Certificates"] if one["CertificateArn"] not in known]
        return self.answer("AddListenerCertificates")

    def RemoveListenerCertificates(self, params, forward):
        gone = [one["CertificateArn"] for one in params["Certificates"]]
        known = self.further.get(params["ListenerArn"], [])
        self.further[params["ListenerArn"]] = [one for one in known if one not in gone]
        return self.answer("RemoveListenerCertificates")

    def DescribeListenerCertificates(self, params, forward):
        arn = params["ListenerArn"]
        rows = [(self.first[arn], True)] if arn in self.first else []
        rows += [(one, False) for one in self.further.get(arn, [])]
        return self.answer("DescribeListenerCertificates", "<Certificates>" + "".join(
            f"<member><CertificateArn>{one}</CertificateArn><IsDefault>{str(is_first).lower()}</IsDefault></member>"
            for one, is_first in rows) + "</Certificates>")

    def SetRulePriorities(self, params, forward):
        rows = params["RulePriorities"]
        for number, row in enumerate(rows if len(rows) > 1 else ()):
            forward({"RulePriorities.member.1.RuleArn": row["RuleArn"],
                     "RulePriorities.member.1.Priority": str(FREE + number)})
        return forward()
