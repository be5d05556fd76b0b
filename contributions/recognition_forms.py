"""Forms about roles and thanks."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import User
from contributions.models import LONGEST_THANKS
from projects.forms import PersonField


class NominationForm(forms.Form):
    """Whom to ask, and why."""

    person = PersonField(max_length=254, help_text="User name or mail address.")
    words = forms.CharField(
        label="A few words",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Why you ask. The person reads it.",
    )


class AnswerForm(forms.Form):
    """A few words with yes or no."""

    answer = forms.CharField(max_length=2000, required=False)


class ThanksForm(forms.Form):
    """The words of thanks."""

    text = forms.CharField(
        label="Your words",
        max_length=LONGEST_THANKS,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text="Markdown. Say what it changed for you or your users: that is worth more than the list.",
    )


class ManagerForm(forms.Form):
    """The person who hears of thanks."""

    manager = PersonField(
        label="Your manager", required=False, max_length=254, help_text="User name or mail address. Empty: nobody."
    )

    def __init__(self, person: User, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.person = person

    def clean_manager(self) -> User | None:
        manager: User | None = self.cleaned_data["manager"]
        if manager == self.person:
            raise ValidationError("Name somebody else.")
        return manager
