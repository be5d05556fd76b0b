from django.apps import AppConfig
from django.conf import settings

from demo.organisation import DEMO_ACCOUNTS


class DemoConfig(AppConfig):
    name = "demo"

    def ready(self) -> None:
        """In demo mode the sign-in page shows the accounts; it lies below this room and cannot import them."""
        if settings.DEMO and not getattr(settings, "DEMO_ACCOUNTS", None):
            settings.DEMO_ACCOUNTS = list(DEMO_ACCOUNTS)
