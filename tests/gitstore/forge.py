"""A small Git server over HTTP on this machine, with all the bad manners a test may want."""

import os
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Forge:
    """Serves bare repositories below `root`. `requests` holds (path, headers) of what came in.

    `behaviour`: "serve", "redirect" (to `target`), "status" (answer `status` with `body`), "hang" or "drip".
    `password`: when set, requests need Basic authorisation that ends in it.
    """

    def __init__(self, root):
        self.root = root
        self.behaviour = "serve"
        self.target = ""
        self.status = 404
        self.body = b"the remote's own words"
        self.authorization = None
        self.requests = []
        self.released = threading.Event()

    def __enter__(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.released.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    @property
    def port(self):
        return self.server.server_address[1]

    def url(self, path="origin.git"):
        return f"http://127.0.0.1:{self.port}/{path}"


def _handler(forge):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.answer()

        def do_POST(self):
            self.answer()

        def log_message(self, *_):
            pass

        def answer(self):
            forge.requests.append((self.path, dict(self.headers)))
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if forge.authorization and self.headers.get("Authorization") != forge.authorization:
                return self.say(401, {"WWW-Authenticate": 'Basic realm="x"'}, forge.body)
            if forge.behaviour == "redirect":
                return self.say(302, {"Location": forge.target + self.path}, b"")
            if forge.behaviour == "status":
                return self.say(forge.status, {"Content-Type": "text/html"}, forge.body)
            if forge.behaviour == "hang":
                return forge.released.wait(90)
            return self.serve(body)

        def say(self, status, headers, body):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def serve(self, body):
            path, _, query = self.path.partition("?")
            environment = {
                "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
                "GIT_PROJECT_ROOT": str(forge.root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_CONFIG_GLOBAL": "/dev/null",
                "REQUEST_METHOD": self.command,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            }
            done = subprocess.run(
                ["git", "http-backend"], input=body, env=environment, capture_output=True, check=False
            )
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
            status = int(headers.pop("Status", "200").split()[0])
            if forge.behaviour == "drip" and "upload-pack" in path and self.command == "POST":
                return self.drip(headers, content)
            return self.say(status, headers, content)

        def drip(self, headers, content):
            """Half of the answer, then nothing."""
            self.send_response(200)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            try:
                for start in range(0, len(content) // 2, 1024):
                    self.wfile.write(content[start : start + 1024])
                    time.sleep(0.001)
                self.wfile.flush()
                forge.released.wait(90)
            except OSError:
                pass

    return Handler
