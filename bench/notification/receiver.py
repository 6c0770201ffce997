"""A partner that takes every webhook, in a process of its own: one line says its port."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Taker(BaseHTTPRequestHandler):
    """Reads, and says 204."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Take it."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response_only(204)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until the end of the input."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    server.daemon_threads = True
    print(json.dumps(server.server_address[1]), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
