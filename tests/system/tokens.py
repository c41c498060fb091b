"""Client tokens as AWS has them, for the proxy in front of an emulator that mostly takes no heed of them.

    tokens = proxy.tokens = Tokens()
    tokens.lose(proxy)          the first answer under each token never arrives
    proxy.behaviours.append(tokens.hide)      and what it made is shown by no read until the same call has come again

The same token with the same parameters is answered as the first time, and makes nothing; with other ones it is
refused in the service's own words.
"""
import json

NAMES = ("ClientToken", "ClientRequestToken", "IdempotencyToken")
# "IdempotentParameterMismatch: The request uses the same client token as a previous, but non-identical request."
MISMATCH = (400, "IdempotentParameterMismatch", "The request uses the same client token as a previous request.")
MISMATCHES = {
    # "If the token is the same and the content is not, the call fails: you can't modify an existing version."
    "secretsmanager": (400, "ResourceExistsException", "A version with that token exists already."),
}
# What shows what a create has made.
READS = {
    "DescribeNatGateways": "CreateNatGateway", "DescribeRouteTables": "CreateRouteTable",
    "DescribeNetworkAcls": "CreateNetworkAcl", "DescribeVpcEndpoints": "CreateVpcEndpoint",
    "DescribeFlowLogs": "CreateFlowLogs", "ListCertificates": "RequestCertificate",
}


class Tokens:
    def __init__(self):
        self.known = {}  # (name of the call, token) -> [parameters, answer, how often it came again]
        self.mismatches = []
        self.before = {}  # what is asked -> the first answer

    @staticmethod
    def of(call):
        return next((call.params[name] for name in NAMES if call.params.get(name)), None) if call.is_mutating else None

    def answer(self, call):
        """("known", answer) or ("mismatch", what is said) of what came before; None."""
        row = self.known.get((call.name, self.of(call)))
        if not row:
            return None
        if row[0] != call.params:
            self.mismatches.append(call.name)
            return "mismatch", MISMATCHES.get(call.service, MISMATCH)
        row[2] += 1
        return "known", row[1]

    def note(self, call, answer):
        """After it was carried out."""
        if self.of(call) and answer[0] == 200:
            self.known[call.name, self.of(call)] = [call.params, answer, 0]

    def lose(self, proxy, operations):
        for operation in operations:
            proxy.fail("lose", operation, when=lambda call: (call.name, self.of(call)) not in self.known)

    def waits(self, operation):
        return any(name.endswith(f":{operation}") and not row[2] for (name, _), row in self.known.items())

    def hide(self, call, status, answer):
        """A replica that lags: of what a lost call has made nothing is seen yet."""
        if call.operation not in READS and call.operation != "GetResources":
            return status, answer
        waits = self.waits(READS[call.operation]) if call.operation in READS else any(map(self.waits, READS.values()))
        first = self.before.setdefault((call.name, json.dumps(call.params, sort_keys=True)), (status, answer))
        return first if waits else (status, answer)
