"""A small mail server on loopback that does what it is told, also what no good server does."""

import email
import email.policy
import socketserver
import threading
from contextlib import suppress

GOOD, HANGS, GREYLISTS, REFUSES, DIES_IN_TEXT, DIES_AFTER_TEXT, SLAMS, DRIPS = range(8)


class MailServer(socketserver.ThreadingTCPServer):
    """`moods`: one for each mail to come, the last one for ever; `taken`: what it accepted or kept before it died."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Talk)
        self.moods, self.taken, self.talks = [GOOD], [], 0
        self.refused_address = None
        self.over = threading.Event()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def port(self):
        return self.server_address[1]

    def mood(self):
        return self.moods.pop(0) if len(self.moods) > 1 else self.moods[0]

    def close(self):
        self.over.set()
        self.shutdown()
        self.server_close()


class _Talk(socketserver.StreamRequestHandler):
    def handle(self):
        self.server.talks += 1
        if self.server.moods[0] == SLAMS:
            self.server.mood()
            return
        self.say("220 here")
        while line := self.rfile.readline():
            word = line.split()[0].upper().decode() if line.split() else ""
            if word == "QUIT":
                return self.say("221 bye")
            if not getattr(self, f"on_{word.lower()}", self.other)(line):
                return None
        return None

    def say(self, words):
        self.wfile.write(words.encode() + b"\r\n")
        return True

    def other(self, _line):
        return self.say("250 fine")

    def on_mail(self, _line):
        self.mood = self.server.mood()
        if self.mood == HANGS:
            self.server.over.wait(60)
            return False
        if self.mood == DRIPS:
            return self.drip()
        return self.say("250 fine")

    def drip(self):
        """A reply that never ends, in pieces that each come in time."""
        with suppress(OSError):
            while not self.server.over.wait(0.05):
                self.wfile.write(b".")
        return False

    def on_rcpt(self, line):
        if self.mood == REFUSES or (self.server.refused_address or "@nobody@").encode() in line:
            return self.say("550 no such person")
        return self.say("451 come back later" if self.mood == GREYLISTS else "250 fine")

    def on_data(self, _line):
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
            if self.mood == DIES_IN_TEXT:
                return False
        self.server.taken.append(email.message_from_bytes(b"".join(lines), policy=email.policy.default))
        return self.say("250 taken") if self.mood != DIES_AFTER_TEXT else False
