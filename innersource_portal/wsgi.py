"""The web process's entry point."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "innersource_portal.settings")
application = get_wsgi_application()
gc.freeze()  # what stays for good need not be looked through again while pages with thousands of figures are made
