"""The portal's own account addresses, before allauth's; names as allauth knows them."""

from django.urls import path

from accounts import company

urlpatterns = [
    path("oidc/<str:provider_id>/login/", company.company_sign_in, name="openid_connect_login"),
    path("oidc/<str:provider_id>/login/callback/", company.company_callback, name="openid_connect_callback"),
]
