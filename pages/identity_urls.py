"""Addresses for deciding who is who; all but claiming an address are for administrators."""

from django.urls import path

from pages import bots, claims, disputes, erasure, identities, identity_suggestions

app_name = "identities"
urlpatterns = [
    path("people/identities/", identities.people, name="people"),
    path("people/identities/<int:pk>/", identities.person, name="person"),
    path("people/identities/<int:pk>/merge/", identities.merge, name="merge"),
    path("people/identities/<int:pk>/kind/", bots.person_kind, name="person_kind"),
    path("people/identities/<int:pk>/erase/", erasure.erase, name="erase"),
    path("people/bots/", bots.patterns, name="bots"),
    path("people/bots/switch/", bots.pattern_switch, name="bot_pattern_switch"),
    path("people/bots/remove/", bots.pattern_remove, name="bot_pattern_remove"),
    path("accounts/addresses/", claims.addresses, name="claims"),
    path("accounts/addresses/claim/<str:token>/", claims.redeem, name="claim_redeem"),
    path("people/claims/", disputes.disputes, name="disputes"),
    path("people/claims/<int:pk>/give/", disputes.dispute_give, name="dispute_give"),
    path("people/claims/<int:pk>/leave/", disputes.dispute_leave, name="dispute_leave"),
    path("people/merges/<int:pk>/undo/", identities.merge_undo, name="merge_undo"),
    path("people/suggestions/", identity_suggestions.suggested, name="suggestions"),
    path("people/suggestions/accept/", identity_suggestions.accept, name="suggestion_accept"),
    path("people/suggestions/reject/", identity_suggestions.reject, name="suggestion_reject"),
    path("people/suggestions/restore/", identity_suggestions.restore, name="suggestion_restore"),
    path("people/terms/add/", identity_suggestions.term_add, name="term_add"),
    path("people/terms/remove/", identity_suggestions.term_remove, name="term_remove"),
]
