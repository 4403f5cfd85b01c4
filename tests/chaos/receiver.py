"""A receiver of webhooks on 127.0.0.1 that checks each signature and remembers what it was told."""

import base64
import hashlib
import hmac
import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["Receiver"]


class Receiver:
    """Hears messages; the same one may come twice.

    `secret` is set once the webhook is registered. `told` holds the data of each message by its id, `times` how often
    it came, `forged` how many had no good signature.
    """

    def __init__(self) -> None:
        self.secret = ""
        self.told: dict[str, dict[str, Any]] = {}
        self.times: Counter[str] = Counter()
        self.forged = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}/hooks"

    def of(self, type: str, name: str) -> list[Any]:
        """Give one member of the data of all messages of a type."""
        return [one["data"][name] for one in tuple(self.told.values()) if one["type"] == type]

    def close(self) -> None:
        """Hear no more."""
        self._server.shutdown()
        self._server.server_close()

    def hear(self, headers: Any, body: bytes) -> bool:
        """Take a message where its signature is good."""
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        right = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        if not any(hmac.compare_digest(one, right) for one in headers["webhook-signature"].split()):
            self.forged += 1
            return False
        self.told[headers["webhook-id"]] = json.loads(body)
        self.times[headers["webhook-id"]] += 1
        return True

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                good = receiver.hear(self.headers, self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(204 if good else 400)
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        return Handler
