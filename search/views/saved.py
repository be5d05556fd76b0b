"""Saved searches: the list, keeping and dropping one, and the feed that needs nothing but its own address."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from projects.access import signed_in
from search import feeds, tabs
from search.models import SavedSearch
from search.query import QueryError, parse
from search.query.resolve import resolve
from search.query.tree import Query
from search.saved import SEARCHES_EACH
from search.tabs import Tab
from search.views.results import mistake


class SaveForm(forms.Form):
    """A name for a query. The query itself is checked apart, so that its mistake can be pointed at."""

    name = forms.CharField(max_length=100, strip=True, help_text="How you find it again, and the title of its feed.")
    q = forms.CharField(label="Query", max_length=2_000, widget=forms.TextInput(attrs={"spellcheck": "false"}))
    type = forms.ChoiceField(label="Searches in", choices=SavedSearch.Kind.choices)


@require_safe
def saved(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    rows = [(search, _search_url(search), _feed_url(search)) for search in SavedSearch.objects.filter(owner=user)]
    return render(request, "search/saved.html", {"rows": rows})


@require_safe
def save(request: HttpRequest) -> HttpResponse:
    signed_in(request)
    kind = tabs.chosen(None, request.GET.get("type", "")).key
    text = request.GET.get("q", "")[:2_000].replace("\0", "")
    known = kind if kind in SavedSearch.Kind.values else SavedSearch.Kind.CODE
    form = SaveForm(initial={"name": text[:100], "q": text, "type": known}, auto_id="save-%s")
    return render(request, "search/save.html", {"form": form})


@require_POST
def save_create(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    form = SaveForm(request.POST, auto_id="save-%s")
    found = None
    if form.is_valid():
        text, kind = form.cleaned_data["q"], form.cleaned_data["type"]
        try:
            resolve(_parsed(text), user)
        except QueryError as error:
            form.add_error("q", error.message)
            found = mistake(text, error, tabs.chosen(None, kind))
    if form.is_valid() and SavedSearch.objects.filter(owner=user).count() >= SEARCHES_EACH:
        form.add_error(
            None, f"You have {SEARCHES_EACH} saved searches, which is the most there can be. Drop one first."
        )
    if not form.is_valid():
        return render(request, "search/save.html", {"form": form, "mistake": found}, status=422)
    kept = SavedSearch(owner=user, name=form.cleaned_data["name"], text=text, kind=kind)
    kept.save()
    messages.success(request, f"“{kept.name}” is saved. It runs within minutes; what it finds after that is new.")
    return redirect("search:saved")


@require_POST
def saved_drop(request: HttpRequest, pk: int) -> HttpResponse:
    search = _mine(request, pk)
    search.delete()
    messages.success(request, f"“{search.name}” is dropped, and its feed with it.")
    return redirect("search:saved")


@require_POST
def saved_renew(request: HttpRequest, pk: int) -> HttpResponse:
    search = _mine(request, pk)
    search.renew_token()
    messages.success(request, f"The feed of “{search.name}” has a new address; the old one leads nowhere now.")
    return redirect("search:saved")


@require_POST
def saved_run(request: HttpRequest, pk: int) -> HttpResponse:
    search = _mine(request, pk)
    SavedSearch.objects.filter(pk=search.pk).update(due_at=timezone.now())
    messages.success(request, f"“{search.name}” runs again within a minute.")
    return redirect("search:saved")


@require_safe
def feed(_request: HttpRequest, token: str) -> HttpResponse:
    """New hits as Atom, for whoever has the address. It shows what its owner may read at this moment."""
    search = SavedSearch.objects.select_related("owner").filter(token=token, owner__is_active=True).first()
    if search is None:
        raise Http404("No feed has this address.")
    response = HttpResponse(feeds.atom(search, _search_url(search)), content_type="application/atom+xml; charset=utf-8")
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _mine(request: HttpRequest, pk: int) -> SavedSearch:
    """Raises Http404 for those of others: nobody learns that they are there."""
    return get_object_or_404(SavedSearch, pk=pk, owner=signed_in(request))


def _parsed(text: str) -> Query:
    query = parse(text)
    if query.tree is None:
        raise QueryError("There is nothing here to search for.", 0, len(text))
    return query


def _search_url(search: SavedSearch) -> str:
    return tabs.search_url(search.text, Tab(search.kind, "", "") if search.kind != tabs.DEFAULT.key else None)


def _feed_url(search: SavedSearch) -> str:
    return str(settings.BASE_URL) + reverse("search:feed", args=[search.token])
