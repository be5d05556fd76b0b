from contributions.request_urls import urlpatterns as request_urls

app_name = "contributions"
urlpatterns = [*request_urls]
