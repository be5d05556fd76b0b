"""The outer elements of an XML file, without entities, document types or a tree in memory."""

from xml.parsers import expat

from projects.derive.content import Unreadable

DEPTH = 3
MAX_TEXT = 1_000


class _Reader:
    def __init__(self) -> None:
        self.names: list[str] = []
        self.text: list[str] = []
        self.values: dict[str, str] = {}
        self.root = ""

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        self.names.append(name.rpartition(":")[2])
        self.root = self.root or self.names[0]
        self.text = []

    def data(self, data: str) -> None:
        if len(self.names) <= DEPTH and len(self.text) < MAX_TEXT:
            self.text.append(data[:MAX_TEXT])

    def end(self, _name: str) -> None:
        text = "".join(self.text).strip()[:MAX_TEXT]
        if 1 < len(self.names) <= DEPTH and text:
            self.values.setdefault("/".join(self.names[1:]), text)
        self.names.pop()
        self.text = []

    def doctype(self, *_: object) -> None:
        raise Unreadable("has a document type declaration, so it was not read")


def load_xml(text: str, root: str) -> dict[str, str]:
    """First text of each element at most two levels below `root`, by path ("parent/groupId"); {} for another root.

    Raises Unreadable; a document type ends the reading, so no entity is ever expanded.
    """
    reader = _Reader()
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.data
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.buffer_text = True
    try:
        parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        raise Unreadable(f"is not valid XML: {error}") from error
    return reader.values if reader.root == root else {}
