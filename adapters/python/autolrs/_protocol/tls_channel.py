"""A channel that no machine on the way to the tuner's can read or take over."""

from __future__ import annotations

import hashlib
import hmac
import socket
import threading
from contextlib import suppress

from autolrs._protocol.channel import CHUNK_BYTES, has_ended

try:
    import ssl
except ImportError:  # a Python that was built without OpenSSL
    ssl = None  # type: ignore[assignment]


class NotTheTunerError(Exception):
    """Who listens there cannot show that it is the tuner; the sentence says why."""


class TlsChannel:
    """TLS over a connection, to the process that has the tuner's certificate.

    The tuner makes a certificate for each run, and no authority signs it. Its SHA-256 comes with
    the address, as the token does, in the environment of the script. So no name and no date is
    checked, but the certificate itself.

    OpenSSL may not be called by two threads at once, and waiting for bytes must not keep a message
    from being sent. Hence memory between the two: only what is quick is done under the lock.

    Args:
        connection: To the tuner, with the time within which it must answer. Belongs to the channel
            from here.
        fingerprint: The certificate's SHA-256, 64 hexadecimal digits.

    Raises:
        NotTheTunerError: Another certificate is shown, or no TLS is spoken there, or this Python
            has none.
        ConnectionError: The other end hangs up amid the handshake.
        OSError: Nothing comes in time.
    """

    def __init__(self, connection: socket.socket, fingerprint: str) -> None:
        if ssl is None:
            raise NotTheTunerError(
                "this Python has no module ssl, which the tuner's --transport tls needs; use a "
                "Python that has it, or --transport tcp:HOST:PORT in a trusted network"
            )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # _check_certificate does more
        self._connection = connection
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing)
        self._lock = threading.Lock()
        try:
            self._shake_hands()
            self._check_certificate(fingerprint)
            connection.settimeout(None)
        except BaseException:
            self.close()
            raise

    def read(self) -> bytes:
        """See `Channel`."""
        while True:
            with self._lock:
                try:
                    return self._tls.read(CHUNK_BYTES)
                except ssl.SSLWantReadError:
                    self._send()  # TLS has messages of its own
            self._receive()

    def write(self, data: bytes) -> None:
        """See `Channel`."""
        with self._lock:
            self._tls.write(data)  # into memory, which takes all of it
            self._send()

    def is_closed(self) -> bool:
        """See `Channel`."""
        return has_ended(self._connection)

    def hang_up(self) -> None:
        """See `Channel`."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """See `Channel`."""
        self._connection.close()

    def fileno(self) -> int:
        """See `Channel`."""
        return self._connection.fileno()

    def _shake_hands(self) -> None:
        while True:
            try:
                self._tls.do_handshake()
                self._send()
                return
            except ssl.SSLWantReadError:
                self._send()
                self._receive()
            except ssl.SSLEOFError as error:
                raise ConnectionResetError("it hung up") from error
            except ssl.SSLError as error:
                raise NotTheTunerError(
                    f"what listens there does not speak TLS as the tuner does ({error.reason}); "
                    "it is another program, or the tuner of another run"
                ) from error

    def _check_certificate(self, fingerprint: str) -> None:
        shown = hashlib.sha256(self._tls.getpeercert(binary_form=True) or b"").hexdigest()
        if not hmac.compare_digest(shown, fingerprint):
            raise NotTheTunerError(
                f"what listens there is not the tuner of this run: its certificate has SHA-256 "
                f"{shown[:16]}…, and not {fingerprint[:16]}…; it may be another run at the same "
                "port, or a machine on the way, and was not sent the token"
            )

    def _send(self) -> None:
        data = self._outgoing.read()
        if not data:
            return
        try:
            self._connection.sendall(data)
        except BaseException:
            self.hang_up()  # after a part of a record nothing can be read any more
            raise

    def _receive(self) -> None:
        data = self._connection.recv(CHUNK_BYTES)
        with self._lock:
            if data:
                self._incoming.write(data)
            else:
                self._incoming.write_eof()  # what is read next says how it ended
