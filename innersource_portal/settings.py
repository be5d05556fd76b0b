"""All settings, read from the environment; docs/settings.md lists every variable and a test compares the two."""

import secrets
import sys
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from common import openid
from demo import organisation

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def _kept_secret(path: Path) -> str:
    """A random secret made on first use and kept beside the data of an embedded portal."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(64))
    return path.read_text()


# Who and where

TESTING = "pytest" in sys.modules
DEBUG = env.bool("PORTAL_DEBUG", default=False)
DATA_DIR = Path(env.str("PORTAL_DATA_DIR", default=str(BASE_DIR / "data"))).resolve()
BASE_URL = env.str("PORTAL_BASE_URL", default="http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS: list[str] = env.list("PORTAL_ALLOWED_HOSTS", default=[])
EMBEDDED = env.bool("PORTAL_EMBEDDED", default=False)  # set by `make run`: one machine, one person trying it out
DEMO = env.bool("PORTAL_DEMO", default=False)
DEMO_ACCOUNTS = organisation.DEMO_ACCOUNTS  # shown where DEMO is on
SECRET_KEY = env.str("PORTAL_SECRET_KEY", default="")
ENCRYPTION_KEYS: list[str] = env.list("PORTAL_ENCRYPTION_KEYS", default=[])

if TESTING:
    SECRET_KEY = SECRET_KEY or "only-for-tests-" + "x" * 40
if EMBEDDED or DEBUG or TESTING:
    ALLOWED_HOSTS = ALLOWED_HOSTS or ["127.0.0.1", "localhost", "[::1]", "testserver"]
if not SECRET_KEY and (EMBEDDED or DEBUG):
    SECRET_KEY = _kept_secret(DATA_DIR / "secret-key")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "PORTAL_SECRET_KEY is not set. Set it to a long random text, for example the output of: "
        "python3 -c 'import secrets; print(secrets.token_urlsafe(64))'"
    )

# The parts

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django_htmx",
    "heroicons",
    "csp",
    "innersource_portal",
    "accounts",
    "projects",
    "activity",
    "contributions",
    "source",
    "search",
    "sync",
    "pages",
    "demo",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.SignInRequiredMiddleware",
]
ROOT_URLCONF = "innersource_portal.urls"
WSGI_APPLICATION = "innersource_portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "pages.context.portal",
            ],
            "libraries": {"portal": "common.templatetags.portal"},
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Database: measured settings for SQLite; see docs/operations.md

DATABASES: dict[str, Any] = {"default": env.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'portal.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000; "
        "PRAGMA mmap_size=268435456;",
    }
elif DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # Compiling a query costs more than any of ours; what the address says itself comes first.
    DATABASES["default"]["OPTIONS"] = {"options": "-c jit=off", **DATABASES["default"].get("OPTIONS", {})}
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

# Broker and cache: embedded unless REDIS_URL is set

REDIS_URL = env.str("REDIS_URL", default="")
CACHES: dict[str, Any] = {
    "default": (
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL, "KEY_PREFIX": "portal"}
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "portal"}
    ),
    # What is derived from Git objects: keyed by object id, so it never goes stale, and on disk because it is large.
    "code": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": str(DATA_DIR / "cache" / "code"),
        "TIMEOUT": 30 * 24 * 3600,
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    },
    # Pages of code as they were drawn for a viewer, compressed.
    "pages": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "pages",
        "TIMEOUT": 15 * 60,
        "OPTIONS": {"MAX_ENTRIES": 300},
    },
}

# Sign-in

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
SIGNUP_OPEN = env.bool("PORTAL_SIGNUP_OPEN", default=False)
ANONYMOUS_READ = env.bool("PORTAL_ANONYMOUS_READ", default=False)
PERSON_FIGURES = env.str("PORTAL_PERSON_FIGURES", default="everybody")
if PERSON_FIGURES not in {"everybody", "self"}:
    raise ImproperlyConfigured("PORTAL_PERSON_FIGURES is everybody or self.")
REGISTER_OPEN = env.bool("PORTAL_REGISTER_OPEN", default=False)
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "accounts.adapters.SocialAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*", "password2*"]
# Accounts made by an administrator need no proof of their address; those people make themselves do.
ACCOUNT_EMAIL_VERIFICATION = env.str("PORTAL_EMAIL_VERIFICATION", default="mandatory" if SIGNUP_OPEN else "none")
ACCOUNT_PREVENT_ENUMERATION = True
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("PORTAL_TRUSTED_PROXIES", default=0)
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = False
SOCIALACCOUNT_LOGIN_ON_GET = False
# Forges whose logins are the user names of this portal: their no-reply addresses say whose account it is.
TRUSTED_FORGES: list[str] = [host.lower() for host in env.list("PORTAL_TRUSTED_FORGES", default=[])]
OIDC_ISSUER = env.str("PORTAL_OIDC_ISSUER", default="")
OIDC_SIGNUP = env.bool("PORTAL_OIDC_SIGNUP", default=False)
if OIDC_ISSUER:
    SOCIALACCOUNT_PROVIDERS = openid.company_provider(
        OIDC_ISSUER,
        env.str("PORTAL_OIDC_CLIENT_ID"),
        env.str("PORTAL_OIDC_CLIENT_SECRET"),
        env.str("PORTAL_OIDC_NAME", default="Company account"),
        testing=TESTING,
    )

# Mail

EMAIL_CONFIG = env.email("PORTAL_MAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("PORTAL_MAIL_FROM", default="InnerSource Portal <portal@localhost>")
EMAIL_TIMEOUT = env.float("PORTAL_MAIL_TIMEOUT_SECONDS", default=10)
DIGEST_HOUR = env.int("PORTAL_DIGEST_HOUR", default=7)
if DIGEST_HOUR not in range(24):
    raise ImproperlyConfigured("PORTAL_DIGEST_HOUR is a whole hour from 0 to 23.")

# Limits of what a repository may cost

MIRROR_DIR = DATA_DIR / "mirrors"
GIT_TIMEOUT_SECONDS = env.int("PORTAL_GIT_TIMEOUT_SECONDS", default=1800)
GIT_MAX_PACK_BYTES = env.int("PORTAL_GIT_MAX_PACK_BYTES", default=4 * 1024**3)
GIT_MAX_REFS = env.int("PORTAL_GIT_MAX_REFS", default=100_000)
GIT_MAX_FILES = env.int("PORTAL_GIT_MAX_FILES", default=250_000)
GIT_PROTOCOLS: list[str] = env.list("PORTAL_GIT_PROTOCOLS", default=["https", "ssh"])
GIT_ALLOWED_HOSTS: list[str] = env.list("PORTAL_GIT_ALLOWED_HOSTS", default=[])
GIT_LOCAL_ROOTS: list[Path] = [Path(root) for root in env.list("PORTAL_GIT_LOCAL_ROOTS", default=[])]
if DEMO:
    GIT_LOCAL_ROOTS += [DATA_DIR / "demo", BASE_DIR]
SYNC_MIN_SECONDS = env.int("PORTAL_SYNC_MIN_SECONDS", default=300)
SYNC_MAX_SECONDS = env.int("PORTAL_SYNC_MAX_SECONDS", default=6 * 3600)
SYNC_CONCURRENCY = env.int("PORTAL_SYNC_CONCURRENCY", default=2)

# Search in code: docs/search-engine.md

SEARCH_ENGINE = env.str("PORTAL_SEARCH_ENGINE", default="embedded")
ZOEKT_URL = env.str("PORTAL_ZOEKT_URL", default="http://localhost:6070")
SEARCH_SHARDS = env.int("PORTAL_SEARCH_SHARDS", default=2)
SEARCH_MAX_FILE_BYTES = env.int("PORTAL_SEARCH_MAX_FILE_BYTES", default=1024**2)
SEARCH_MAX_REFS = env.int("PORTAL_SEARCH_MAX_REFS", default=20)
SEARCH_SECONDS = env.float("PORTAL_SEARCH_SECONDS", default=2.0)
# After a change landed its author is asked first for so long; 0 for no warranty.
WARRANTY_DAYS = env.int("PORTAL_WARRANTY_DAYS", default=30)
TASK_QUIET_DAYS = env.int("PORTAL_TASK_QUIET_DAYS", default=14)
TASK_GRACE_DAYS = env.int("PORTAL_TASK_GRACE_DAYS", default=7)

# Pages

LANGUAGE_CODE = "en-gb"
TIME_ZONE = env.str("PORTAL_TIME_ZONE", default="UTC")
USE_I18N = True
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG or TESTING
WHITENOISE_AUTOREFRESH = DEBUG or TESTING
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = False  # htmx reads no cookie, but forms rendered by the server need the default
# A patch of 20 MB pasted into a form is far too large and still gets an answer in words.
DATA_UPLOAD_MAX_MEMORY_SIZE = 24 * 1024**2
# Nothing larger than FILE_UPLOAD_MAX_MEMORY_SIZE is of use here, and nobody shall fill the disk with it.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
# Files of teams alone go to the disk, those of administrators: projects.team_forms.TeamsUploadHandler.
TEAMS_MAX_BYTES = env.int("PORTAL_TEAMS_MAX_BYTES", default=64 * 1024**2)
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Security

HTTPS = BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = False  # the proxy in front redirects; health checks come by plain HTTP
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ALLAUTH_TRUSTED_PROXY_COUNT else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_TRUSTED_ORIGINS = [BASE_URL]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}

# Logs

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("PORTAL_LOG_LEVEL", default="INFO")},
}
