"""The four ways to register: one address, many, a folder of the server, a table."""

import re
from typing import Any

from django import forms

from accounts.models import Team, User
from gitstore.credentials import Credential as GitCredential
from projects.models import Credential, Project
from sync import policy

MAX_TABLE_BYTES = 1024 * 1024


class SecretTextarea(forms.Textarea):
    """Never shows again what was typed into it."""

    def format_value(self, value: Any) -> None:  # noqa: ARG002
        return None


class AddressInput(forms.TextInput):
    """Shows an address again without what stood in front of its host."""

    def format_value(self, value: Any) -> str | None:
        return policy.without_secret(str(value)) if value else None


class AddressesTextarea(forms.Textarea):
    """The same, line by line."""

    def format_value(self, value: Any) -> str | None:
        return "\n".join(policy.without_secret(line) for line in str(value).splitlines()) if value else None


class TableTextarea(forms.Textarea):
    """The same for the addresses within a table."""

    def format_value(self, value: Any) -> str | None:
        return re.sub(r"://[^/\s,;\"]*@", "://", str(value)) if value else None


class CommonForm(forms.Form):
    """What every way asks for: who owns the projects and who may see them."""

    team = forms.ModelChoiceField(Team.objects.none(), label="Owner team", required=False, empty_label="No team yet")
    visibility = forms.ChoiceField(label="Visibility", choices=Project.Visibility, initial="internal")

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        teams = Team.objects.all()
        team = self.fields["team"]
        if isinstance(team, forms.ModelChoiceField):
            team.queryset = teams if user.is_administrator else teams.filter(pk__in=user.team_ids())

    def common(self) -> dict[str, Any]:
        """Arguments for `registration.register`."""
        return {"team": self.cleaned_data["team"], "visibility": self.cleaned_data["visibility"]}


class CredentialForm(CommonForm):
    """With a secret for reading: a stored one (administrators) or a new one."""

    credential = forms.ModelChoiceField(
        Credential.objects.none(), label="Stored credential", required=False, empty_label="None"
    )
    credential_kind = forms.ChoiceField(
        label="New credential", required=False, choices=[("", "None"), *Credential.Kind.choices]
    )
    credential_username = forms.CharField(label="User name", required=False, max_length=200)
    credential_secret = forms.CharField(
        label="Secret",
        required=False,
        max_length=20_000,
        strip=False,
        widget=SecretTextarea(attrs={"rows": 2, "autocomplete": "off", "spellcheck": "false"}),
        help_text="The token, the password, or the private key. Stored encrypted and never shown again.",
    )
    known_hosts = forms.CharField(
        label="Host keys",
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text="For a deploy key: the server's lines as in a known_hosts file.",
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        stored = self.fields["credential"]
        if not user.is_administrator:
            del self.fields["credential"]
        elif isinstance(stored, forms.ModelChoiceField):
            stored.queryset = Credential.objects.order_by("name")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        kind, secret = data.get("credential_kind"), data.get("credential_secret")
        if secret and not kind:
            self.add_error("credential_kind", "Say what kind of secret this is.")
        if kind and not secret:
            self.add_error("credential_secret", "The secret is missing.")
        if kind == Credential.Kind.PASSWORD and not data.get("credential_username"):
            self.add_error("credential_username", "A password needs a user name.")
        if kind and data.get("credential"):
            self.add_error("credential_kind", "Choose either a stored credential or a new one.")
        return data

    def given_credential(self) -> GitCredential | None:
        """What to read with, stored or new; raises `common.secrets.Undecryptable`."""
        stored: Credential | None = self.cleaned_data.get("credential")
        return stored.reveal() if stored else self.new_secret()

    def new_secret(self) -> GitCredential | None:
        """The secret typed into the form."""
        data = self.cleaned_data
        if not data.get("credential_secret"):
            return None
        return GitCredential(
            kind=data["credential_kind"],
            username=data["credential_username"],
            secret=data["credential_secret"],
            known_hosts=data["known_hosts"],
        )


class OneForm(CredentialForm):
    """One repository."""

    address = forms.CharField(
        label="Clone address",
        max_length=2000,
        help_text="As you would give it to git clone.",
        widget=AddressInput(attrs={"spellcheck": "false", "autocapitalize": "none", "autocomplete": "off"}),
    )
    slug = forms.CharField(
        label="Page address", required=False, max_length=100, help_text="Made from the repository's name if empty."
    )
    branch = forms.CharField(
        label="Branch", required=False, max_length=250, help_text="The default branch of the repository if empty."
    )
    subdirectory = forms.CharField(
        label="Folder within the repository", required=False, max_length=1000, help_text="For one part of a monorepo."
    )

    field_order = ("address", "team", "visibility", "slug", "branch", "subdirectory")


class ManyForm(CredentialForm):
    """Many addresses, one a line."""

    lines = forms.CharField(
        label="Clone addresses",
        max_length=500_000,
        help_text="One a line. Lines that begin with # are passed over.",
        widget=AddressesTextarea(attrs={"rows": 10, "spellcheck": "false"}),
    )

    field_order = ("lines", "team", "visibility")


class FolderForm(CommonForm):
    """Every repository in a folder of the server."""

    folder = forms.CharField(
        label="Folder of the server",
        max_length=1000,
        help_text="Every Git repository in or below it. It must lie within the folders the settings allow.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )

    field_order = ("folder", "team", "visibility")


class TableForm(CommonForm):
    """A CSV file, or its text."""

    file = forms.FileField(label="CSV file", required=False)
    table = forms.CharField(
        label="Or its text",
        required=False,
        max_length=MAX_TABLE_BYTES,
        widget=TableTextarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text="The first line names the columns: url, and any of slug, team, visibility, branch, subdirectory.",
    )

    field_order = ("file", "table", "team", "visibility")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        upload = data.get("file")
        if upload:
            data["table"] = self._decoded(upload)
        elif not data.get("table", "").strip():
            self.add_error("table", "Choose a file, or paste its text.")
        return data

    def _decoded(self, upload: Any) -> str:
        if upload.size > MAX_TABLE_BYTES:
            self.add_error("file", "The file is larger than 1 MiB. Split it.")
            return ""
        try:
            text: str = upload.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            self.add_error("file", "The file is not UTF-8 text.")
            return ""
        return text
