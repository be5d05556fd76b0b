"""Forms of the pages that manage teams."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import Team, User, slug_validator
from accounts.team_files import ADDRESS, RESERVED
from accounts.team_verbs import Member


def _day(label: str, help_text: str = "", *, required: bool = False) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, help_text=help_text, required=required, widget=widget)


class PlainForm(forms.Form):
    """A page has several of them: each has its own ids."""

    prefix_id = "id"

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, auto_id=f"{self.prefix_id}_%s", **options)


class DescribeForm(PlainForm):
    """Name and description."""

    name = forms.CharField(max_length=200)
    description = forms.CharField(
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What the team looks after.",
    )


class CreateForm(DescribeForm):
    """A new team."""

    slug = forms.CharField(
        label="Address",
        max_length=100,
        validators=[slug_validator],
        help_text="The part after /teams/, for example delivery. It stays as it is.",
    )
    parent = forms.ModelChoiceField(Team.objects.none(), required=False, empty_label="At the top", label="Below")
    field_order = ("name", "slug", "parent", "description")

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        _choose(self.fields["parent"], Team.objects.open())

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if slug in RESERVED:
            raise ValidationError("This is an address of the portal itself. Choose another one.")
        return slug


class MoveForm(PlainForm):
    """Another place in the tree."""

    prefix_id = "id_move"
    parent = forms.ModelChoiceField(Team.objects.none(), required=False, empty_label="At the top", label="Below")
    always = forms.BooleanField(
        required=False, label="It always was there", help_text="To correct a mistake: figures of the past change."
    )
    since = _day("Since", "The first day there. Figures of days before stay as they are.")

    def __init__(self, team: Team, data: Any = None) -> None:
        super().__init__(data, initial={"parent": team.parent_id, "since": timezone.localdate()})
        _choose(self.fields["parent"], Team.objects.open().exclude(pk=team.pk))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not data.get("always") and not data.get("since") and "since" not in self.errors:
            self.add_error("since", "Say since when.")
        return data


class CloseForm(PlainForm):
    """The first day without the team."""

    prefix_id = "id_close"
    on = _day("First day without the team", required=True)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, initial={"on": timezone.localdate()})


class EndForm(PlainForm):
    """The first day outside the team."""

    on = _day("First day outside the team", required=True)


class MemberForm(PlainForm):
    """One more person in the team: an account, or somebody known by address or login only."""

    prefix_id = "id_member"
    person = forms.CharField(
        max_length=254,
        help_text="User name of an account; of somebody without one the mail address or the forge login in commits.",
    )
    name = forms.CharField(max_length=200, required=False, help_text="Of somebody without an account.")
    started_on = _day("First day", "Empty: always.")
    ended_on = _day("First day outside", "Empty: still in the team.")
    is_further = forms.BooleanField(
        required=False,
        label="A further team",
        help_text="Beside the main team: it gives permission, figures pass it over.",
    )

    def clean_person(self) -> str:
        text: str = self.cleaned_data["person"].lower()
        if "@" in text.lstrip("@"):
            if not ADDRESS.fullmatch(text):
                raise ValidationError("This is no valid email address.")
        elif len(text) > 150 or not text.isprintable() or " " in text:
            raise ValidationError("This is no user name, address or login.")
        return text.removeprefix("@")

    def member(self) -> Member:
        """An account is meant by its user name alone: an address that nobody proved gives no permission."""
        text, name = self.cleaned_data["person"], self.cleaned_data["name"]
        if "@" in text:
            proven = User.objects.filter(emailaddress__email__iexact=text, emailaddress__verified=True).first()
            return Member(user=proven) if proven else Member(email=text, name=name)
        account = User.objects.filter(Q(username=text) | Q(username__iexact=text)).first()
        return Member(user=account) if account else Member(login=text, name=name)


class ImportForm(PlainForm):
    """A file of teams."""

    file = forms.FileField(help_text="CSV, YAML or JSON.", required=False)
    complete = forms.BooleanField(
        required=False,
        label="The file is complete",
        help_text="People whom it does not name leave, today, the teams that it names.",
    )


class TeamsUploadHandler(TemporaryFileUploadHandler):
    """A file of teams goes to the disk, where it is read line by line; one that is too large goes nowhere."""

    FORM = 64 * 1024  # bytes for the rest of the request

    @classmethod
    def is_too_large(cls, request: HttpRequest) -> bool:
        length = request.headers.get("content-length") or ""
        return length.isdecimal() and int(length) > settings.TEAMS_MAX_BYTES + cls.FORM

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.activated = not self.is_too_large(request)

    def new_file(self, *args: Any, **options: Any) -> None:
        if self.activated:
            super().new_file(*args, **options)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        return super().receive_data_chunk(raw_data, start) if self.activated else raw_data

    def file_complete(self, file_size: int) -> Any:
        return super().file_complete(file_size) if self.activated else None


def _choose(field: forms.Field, teams: Any) -> None:
    if isinstance(field, forms.ModelChoiceField):
        field.queryset = teams
