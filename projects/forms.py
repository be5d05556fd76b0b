"""Forms of the edit page."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from accounts.models import Team, User, slug_validator
from projects.fields import FIELDS, clean_value, current_value
from projects.models import Project, Role
from projects.slugs import wished_slug


class FieldsForm(forms.Form):
    """Every field of the page with the value in force. Only what the person changed becomes an edited value."""

    def __init__(self, project: Project, data: Any = None) -> None:
        super().__init__(data)
        self.project = project
        for name, field in FIELDS.items():
            form_field = field.form_field()
            form_field.label, form_field.help_text = field.label, field.help
            # A sync may move the value while the form is open: compare with what the person saw.
            form_field.show_hidden_initial = True
            self.fields[name] = form_field
            self.initial[name] = _shown(current_value(project, name))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in FIELDS:
            if name in cleaned and name in self.changed_data:
                try:
                    cleaned[name] = clean_value(name, cleaned[name])
                except ValidationError as error:
                    self.add_error(name, error)
        return cleaned

    def edits(self) -> dict[str, Any]:
        """Fields the person changed, and their new values."""
        changed = {name: self.cleaned_data[name] for name in FIELDS if name in self.changed_data}
        return {name: value for name, value in changed.items() if value != current_value(self.project, name)}


def _shown(value: Any) -> Any:
    return ", ".join(value) if isinstance(value, list) else value


class SlugForm(forms.Form):
    """A new address for the page."""

    slug = forms.CharField(
        label="New address",
        max_length=100,
        help_text="The part after /projects/. The old address will lead here.",
        validators=[slug_validator],
    )

    def __init__(self, project: Project, editor: User, data: Any = None) -> None:
        super().__init__(data, initial={"slug": project.slug}, auto_id="id_address_%s")
        self.project, self.editor = project, editor

    def clean_slug(self) -> str:
        slug = wished_slug(self.cleaned_data["slug"], self.editor, self.project)
        if slug is None:
            raise ValidationError("This address is taken. Choose another one.")
        return slug


class OwnerForm(forms.Form):
    """Owner team and visibility."""

    owner = forms.ModelChoiceField(Team.objects.all(), required=False, empty_label="No team")
    visibility = forms.ChoiceField(choices=Project.Visibility.choices)

    def __init__(self, project: Project, data: Any = None) -> None:
        super().__init__(data, initial={"owner": project.owner_id, "visibility": project.visibility})


class PersonField(forms.CharField):
    """An active person by user name or mail address."""

    def clean(self, value: Any) -> User | None:
        text = super().clean(value)
        if not text:
            return None
        people = User.objects.filter(Q(username__iexact=text) | Q(email__iexact=text), is_active=True)
        found = list(people[:2])
        if len(found) != 1:
            raise ValidationError("Nobody here has this user name or mail address.")
        return found[0]


class AccessForm(forms.Form):
    """One more team or person that may read a restricted project."""

    team = forms.ModelChoiceField(Team.objects.all(), required=False, empty_label="Choose a team")
    person = PersonField(required=False, max_length=254, help_text="User name or mail address.")

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="id_access_%s")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and bool(cleaned.get("team")) == bool(cleaned.get("person")):
            raise ValidationError("Choose either a team or a person.")
        return cleaned


class RoleForm(forms.Form):
    """One more person with a part in the project."""

    person = PersonField(max_length=254, help_text="User name or mail address.")
    kind = forms.ChoiceField(label="Role", choices=Role.Kind.choices, initial=Role.Kind.TRUSTED_COMMITTER)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="id_role_%s")
