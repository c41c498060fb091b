"""An endpoint that is reached by a name, over TLS, and whose name can stop being known."""
import pathlib
import ssl
import subprocess
import tempfile

NAME = "aws.test"


class Name:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-name-"))
        library, self.known = self.folder / "nameless.so", self.folder / "known"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(library),
                        str(pathlib.Path(__file__).parent / "nameless.c"), "-ldl"], check=True)
        self.certificate, key = self.folder / "certificate.pem", self.folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", f"/CN={NAME}",
                        "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", str(key), "-out", str(self.certificate)],
                       check=True, capture_output=True)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.certificate, key)
        self.environment = {"LD_PRELOAD": str(library), "NAMELESS": str(self.known),
                            "AWS_CA_BUNDLE": str(self.certificate)}
        self.is_known(1.0)

    def is_known(self, share):
        self.known.write_text(f"{round(1000 * share)}\n")

    def url(self, port):
        return f"https://{NAME}:{port}"
