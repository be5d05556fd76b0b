"""A small OpenID Connect provider on loopback: discovery, authorize, token (PKCE), key set, user information."""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "portal", "s3cret:with/odd chars"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Provider:
    """`person` are the claims of whoever is signed in there; `bend` changes the claims of the next id tokens."""

    def __init__(self):
        self.person = {"sub": "1", "name": "Ada Kiplagat", "preferred_username": "ada", "email": "ada@corp.example"}
        self.person["email_verified"] = True
        self.bend = {}
        self.discovery = {}
        self.signs_with, self.algorithm, self.refuses, self.asked = KEY, "RS256", "", []
        self.other_person = None
        self.codes = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"provider": self}))
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def document(self):
        names = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
        places = ("/authorize", "/token", "/userinfo", "/keys")
        document = {name: self.issuer + place for name, place in zip(names, places, strict=True)}
        return document | {"issuer": self.issuer} | self.discovery

    def authorize(self, query):
        """Where the browser goes next: back to the portal with a code, or with an error."""
        self.asked.append(query)
        state = query.get("state", "")
        if self.refuses:
            return f"{query['redirect_uri']}?{urlencode({'error': self.refuses, 'state': state})}"
        code = secrets.token_urlsafe(8)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': state})}"

    def token(self, form):
        query = self.codes.pop(form.get("code"), None)
        digest = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        known = (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
        if query is None or not known or query["code_challenge"] != digest.decode().rstrip("="):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": self.person["sub"], "iat": now, "exp": now + 300}
        claims = {k: v for k, v in (claims | {"nonce": query["nonce"]} | self.bend).items() if v is not None}
        key = "x" * 64 if self.algorithm == "HS256" else None if self.algorithm == "none" else self.signs_with
        id_token = jwt.encode(claims, key, algorithm=self.algorithm, headers={"kid": "k1"})
        return 200, {"access_token": "access", "token_type": "Bearer", "expires_in": 300, "id_token": id_token}

    def keys(self):
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
        return {"keys": [public | {"kid": "k1", "use": "sig", "alg": "RS256"}]}


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self):
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/authorize":
            self.send_response(302)
            self.send_header("Location", self.provider.authorize(query))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        answers = {
            "/.well-known/openid-configuration": self.provider.document,
            "/keys": self.provider.keys,
            "/userinfo": lambda: self.provider.other_person or self.provider.person,
        }
        self.answer(200, answers[parts.path]())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.answer(*self.provider.token({name: values[0] for name, values in parse_qs(body).items()}))

    def answer(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        pass
