"""Forms about requests. What somebody typed is never lost: a form that fails shows it again."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from contributions.checking import Offer, try_branch, try_patch
from contributions.models import LONGEST_TEXT, Opportunity
from contributions.requests import Wish
from gitstore.errors import GitError
from gitstore.patch_mails import MAX_BYTES, BadPatch
from projects.models import Project

MAX_PATHS = 50
KEPT_CHARACTERS = 3 * 1024**2
TOO_LARGE = f"The patch is larger than {MAX_BYTES // 1024**2} MB. Push it as a branch and name the branch, or split it."


class ChangeForm(forms.Form):
    """A branch or a patch, tried on the default branch while the form is checked; `offer` is what came of it."""

    branch = forms.CharField(
        max_length=250,
        required=False,
        help_text="A branch of this repository that holds your change. Leave it empty if you have a patch.",
    )
    patch = forms.CharField(
        strip=False,
        required=False,
        widget=forms.Textarea({"rows": 8, "class": "mono", "spellcheck": "false", "data-max-bytes": MAX_BYTES}),
        help_text="Paste what “git format-patch origin/HEAD --stdout” prints, one commit or several, or “git diff”.",
    )
    upload = forms.FileField(
        label="Patch as a file",
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput({"data-max-bytes": MAX_BYTES}),
        help_text="Keeps every byte, which pasting does not: better for binary files and odd line ends.",
    )
    anyway = forms.BooleanField(label="Offer it all the same: the maintainers see where it conflicts", required=False)

    def __init__(
        self, project: Project, data: Any = None, files: MultiValueDict[str, UploadedFile] | None = None, **more: Any
    ) -> None:
        self.may_change = more.pop("may_change", True)
        super().__init__(data, files, **more)
        self.project = project
        self.offer: Offer | None = None
        self.conflicting = False
        if not self.may_change:
            for name in ("branch", "patch", "upload", "anyway"):
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.may_change or self.errors.keys() & {"branch", "patch", "upload"}:
            return cleaned
        given = [name for name in ("branch", "patch", "upload") if self._given(cleaned, name)]
        if len(given) > 1:
            self.add_error(given[1], "Give either a branch or a patch, pasted or as a file.")
        elif given:
            self._try(given[0], cleaned)
        return cleaned

    def _given(self, cleaned: dict[str, Any], name: str) -> bool:
        value = cleaned.get(name)
        return value is not None and value is not False if name == "upload" else bool(str(value or "").strip())

    def _try(self, name: str, cleaned: dict[str, Any]) -> None:
        try:
            if name == "branch":
                offer = try_branch(self.project.repository, cleaned["branch"].strip())
            else:
                offer = try_patch(self.project.repository, self._bytes(name, cleaned))
        except GitError as error:
            self.add_error(name, f"{error.message} {error.hint}".strip())
            return
        self.conflicting = bool(offer.checked.conflicts)
        if not self.conflicting or cleaned.get("anyway"):
            self.offer = offer
            return
        self.add_error(name, "It does not apply to the default branch as it is now.")
        for conflict in offer.checked.conflicts[:20]:
            place = conflict.path.decode("utf-8", "replace") + (f", line {conflict.line}" if conflict.line else "")
            self.add_error(name, f"{place}: {conflict.why}.")

    def _bytes(self, name: str, cleaned: dict[str, Any]) -> bytes:
        if name == "patch":
            data: bytes = cleaned["patch"].encode("utf-8", "surrogateescape")
        else:
            if cleaned["upload"].size > MAX_BYTES:
                raise BadPatch(TOO_LARGE)
            data = cleaned["upload"].read()
            self._keep(data)
        return data

    def _keep(self, data: bytes) -> None:
        """Browsers forget a chosen file when a form comes back; its text is shown in the field for pasting then."""
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            return
        if "\0" not in text:
            kept = QueryDict(mutable=True)
            kept.update(self.data)
            kept["patch"] = text
            self.data = kept


class RequestForm(ChangeForm):
    """A request: what and why, where, and the change itself if there is one yet."""

    title = forms.CharField(max_length=200, label="What would you like to change?")
    why = forms.CharField(
        max_length=LONGEST_TEXT,
        label="Why, and how",
        widget=forms.Textarea({"rows": 7}),
        help_text="Markdown. What it is good for, and what a maintainer should know before looking at it.",
    )
    paths = forms.CharField(
        required=False,
        max_length=5000,
        label="Where",
        widget=forms.Textarea({"rows": 2, "class": "mono"}),
        help_text="Files or folders, one a line. Read from the change when you give one.",
    )
    field_order = ("title", "why", "paths", "branch", "patch", "upload", "anyway")

    def clean_paths(self) -> list[str]:
        paths = [line.strip() for line in self.cleaned_data["paths"].splitlines() if line.strip()]
        if len(paths) > MAX_PATHS:
            raise forms.ValidationError(f"Name at most {MAX_PATHS} places.")
        return list(dict.fromkeys(paths))

    def wish(self, task: Opportunity | None = None) -> Wish:
        cleaned = self.cleaned_data
        paths = cleaned["paths"]
        if not paths and self.offer:
            paths = [path.decode("utf-8", "replace") for path in sorted(self.offer.checked.paths)[:MAX_PATHS]]
        return Wish(cleaned["title"], cleaned["why"], paths, task)


class WordsForm(forms.Form):
    """Something that people say."""

    words = forms.CharField(max_length=LONGEST_TEXT, label="Comment", widget=forms.Textarea({"rows": 4}))


class AnswerForm(forms.Form):
    """A verdict, the state it was made in, and words."""

    to = forms.CharField(max_length=20)
    was = forms.CharField(max_length=20)
    words = forms.CharField(max_length=LONGEST_TEXT, required=False, label="Words", widget=forms.Textarea({"rows": 4}))


class LandedForm(forms.Form):
    """The commit with which a request landed."""

    was = forms.CharField(max_length=20)
    commit = forms.RegexField(
        r"^[0-9a-f]{7,64}\Z", label="Commit", error_messages={"invalid": "Give a commit id: 7 digits or more, 0-9 a-f."}
    )
