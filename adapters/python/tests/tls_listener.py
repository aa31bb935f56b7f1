"""A tuner's end of TLS, as a plain socket for the tests."""

from __future__ import annotations

import hashlib
import json
import select
import socket
import ssl
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]

MAKE_CERTIFICATE = """
import { generate } from "selfsigned";
const pems = await generate(undefined, { keyType: "ec", curve: "P-256", algorithm: "sha256" });
console.log(JSON.stringify([pems.private + pems.cert, pems.cert]));
"""


class TlsListener:
    """A listener whose connections speak TLS, with a certificate as a tuner makes it.

    Args:
        listener: Where callers come.
        folder: Where the key may lie.
    """

    def __init__(self, listener: socket.socket, folder: Path) -> None:
        command = ["node", "--input-type=module", "-e", MAKE_CERTIFICATE]
        made = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True)
        key_and_certificate, certificate = json.loads(made.stdout)
        pem = folder / "tuner.pem"
        pem.write_text(key_and_certificate)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(pem)
        self._listener = listener
        self.settimeout = listener.settimeout
        self.close = listener.close
        raw = ssl.PEM_cert_to_DER_cert(certificate)
        self.fingerprint = hashlib.sha256(raw).hexdigest()
        self.hang_ups = 0
        """So many callers are turned away amid their handshake."""

    def accept(self) -> tuple[socket.socket, object]:
        """The next caller, once its handshake is done."""
        plain, place = self._listener.accept()
        plain.settimeout(10)
        while self.hang_ups > 0:
            self.hang_ups -= 1
            plain.recv(1)
            plain.close()
            plain, place = self._listener.accept()
            plain.settimeout(10)
        secured = self._context.wrap_socket(plain, server_side=True)
        near, far = socket.socketpair()
        threading.Thread(target=_relay, args=[far, secured], daemon=True).start()
        return near, place


def _relay(plain: socket.socket, secured: ssl.SSLSocket) -> None:
    """Both directions in one thread: OpenSSL may not be called by two at once."""
    with plain, secured, suppress(OSError):
        while True:
            ready, _, _ = select.select([plain, secured], [], [])
            if secured in ready:
                chunk = secured.recv(65536)
                while secured.pending():
                    chunk += secured.recv(65536)
                if not chunk:
                    return
                plain.sendall(chunk)
            if plain in ready:
                chunk = plain.recv(65536)
                if not chunk:
                    return
                secured.sendall(chunk)
