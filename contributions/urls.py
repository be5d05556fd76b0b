from contributions.opportunity_urls import urlpatterns as opportunity_urls
from contributions.request_urls import urlpatterns as request_urls

app_name = "contributions"
urlpatterns = [*opportunity_urls, *request_urls]
