"""Erasing a person, after the name was typed: for administrators."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from activity import erasure
from activity.identities import IdentityError
from contributions import erasing
from pages.identities import administrator, get_person


@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest, pk: int) -> HttpResponse:
    user, person = administrator(request), get_person(pk)
    if person.merged_into:
        return redirect("identities:erase", person.merged_into_id)
    problem = typed = ""
    if request.method == "POST":
        typed = " ".join(request.POST.get("name", "").split())
        if typed != " ".join(person.name.split()):
            problem = "This is not the name. Type it exactly as it stands above."
        else:
            try:
                erased = erasure.erase(person.pk, user, also=erasing.erase)
            except IdentityError as error:
                problem = str(error)
            else:
                messages.success(request, f"Done. {erased.name} is all that is left; the figures stay.")
                return redirect("identities:person", erased.pk)
    context = {"person": person, "known": erasure.known(person), "problem": problem, "typed": typed}
    return render(request, "pages/erase.html", context, status=422 if problem else 200)
