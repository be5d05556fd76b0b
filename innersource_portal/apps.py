from django.apps import AppConfig


class InnersourcePortalConfig(AppConfig):
    name = "innersource_portal"

    def ready(self) -> None:
        from innersource_portal import checks  # noqa: F401
