"""The form of an opportunity, and the words people add to a step."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import User
from contributions.models import Opportunity
from contributions.models.opportunities import LONGEST_DESCRIPTION
from contributions.models.timeline import LONGEST_TEXT
from projects.derive.language_rules import language_called
from projects.forms import PersonField
from projects.models import Project

MOST_WORDS = 10
LONGEST_WORD = 40


class WordsField(forms.CharField):
    """A few words between commas, as a list without repetition."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=500, **options)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        words = [" ".join(word.split()) for word in re.split(r"[,;\n]", super().clean(value))]
        found = list({word.casefold(): self.spell(word) for word in words if word}.values())
        if len(found) > MOST_WORDS:
            raise ValidationError(f"Name at most {MOST_WORDS}.")
        if any(len(word) > LONGEST_WORD for word in found):
            raise ValidationError(f"Each has at most {LONGEST_WORD} characters.")
        return found

    def spell(self, word: str) -> str:
        return word.lower()


class LanguagesField(WordsField):
    """Programming languages; known ones are spelled as in the rest of the portal."""

    def spell(self, word: str) -> str:
        return language_called(word.lower()) or word


class OpportunityForm(forms.ModelForm):
    """What a maintainer fills in, for a new opportunity or one that exists."""

    skills = WordsField(
        help_text="What one should know or would learn, between commas: sql, kubernetes, accessibility."
    )
    languages = LanguagesField(help_text="Programming languages, between commas.")
    mentor = PersonField(
        required=False,
        max_length=254,
        help_text="Who helps: user name or mail address. Tasks with a mentor are taken sooner.",
    )

    class Meta:
        model = Opportunity
        fields = [
            *("title", "description", "kind", "effort", "skills", "languages"),
            *("mentor", "good_first", "path", "deadline"),
        ]
        labels = {"good_first": "Good first task", "path": "Place in the code"}
        help_texts = {
            "title": "What will be different afterwards, in one line.",
            "description": "Markdown. What is wrong or missing, where to begin, how one sees that it is done.",
            "good_first": "For somebody who has never changed this project: small, and described to the end.",
            "path": "A file or folder, if the task has one.",
            "deadline": "Only if there is one.",
        }
        widgets = {
            "description": forms.Textarea(attrs={"rows": 9, "maxlength": LONGEST_DESCRIPTION}),
            "deadline": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    def __init__(self, project: Project, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.project = project
        self.instance.project = project
        mentor = self.instance.mentor
        self.initial["mentor"] = options.get("initial", {}).get("mentor") or (mentor.username if mentor else "")

    def clean_mentor(self) -> User | None:
        """Somebody who may read the project. One who left stays only as long as nobody touches the field."""
        mentor: User | None = self.cleaned_data["mentor"]
        if mentor and not Project.objects.visible_to(mentor).filter(pk=self.project.pk).exists():
            raise ValidationError("This person may not read the project, so cannot help with it.")
        return mentor

    def clean_deadline(self) -> Any:
        deadline = self.cleaned_data["deadline"]
        if deadline and "deadline" in self.changed_data and deadline < timezone.localdate():
            raise ValidationError("This day has passed.")
        return deadline

    def clean_path(self) -> str:
        path: str = self.cleaned_data["path"].strip().strip("/")
        if any(part in ("..", ".git") for part in path.split("/")):
            raise ValidationError("This is no place in the repository.")
        return path


class WordsForm(forms.Form):
    """A comment."""

    text = forms.CharField(
        label="Comment", max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 4}), help_text="Markdown."
    )


class StepForm(forms.Form):
    """What goes with a step: a few words, and the state in which the person saw the opportunity."""

    text = forms.CharField(required=False, max_length=LONGEST_TEXT)
    seen = forms.CharField(required=False, max_length=20)
