"""What kind of file a path names, as far as ranking cares: what people wrote to be used comes first."""

import re

from projects.derive.path_rules import documentation_rules, generated_rules, vendored_rules

SOURCE, TEST, DOCUMENTATION, FOREIGN = range(4)
_TEST = re.compile(
    r"(?i)(?:^|/)(?:tests?|testing|__tests__|spec|specs|testdata|fixtures|t)/|"
    r"(?:^|/)(?:test_[^/]*|[^/]*(?:_test|_spec|\.test|\.spec|Tests?|Spec|IT)\.[A-Za-z]+|conftest\.py)$"
)


class Kinds:
    """Answers for the paths of one repository; what it learned about folders goes with it."""

    def __init__(self) -> None:
        self.vendored, self.generated = vendored_rules(), generated_rules()
        self.documentation = documentation_rules()

    def of(self, path: bytes) -> int:
        """SOURCE, TEST, DOCUMENTATION, or FOREIGN for what was vendored or generated."""
        text = path.decode("utf-8", "replace")
        folder, _, name = text.rpartition("/")
        if self.vendored.match(folder, name) or self.generated.match(folder, name):
            return FOREIGN
        if _TEST.search(text):
            return TEST
        return DOCUMENTATION if self.documentation.match(folder, name) else SOURCE
