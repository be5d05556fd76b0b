from contributions.opportunity_urls import urlpatterns as opportunity_urls
from contributions.recognition_urls import urlpatterns as recognition_urls
from contributions.request_urls import urlpatterns as request_urls

app_name = "contributions"
urlpatterns = [*opportunity_urls, *recognition_urls, *request_urls]
