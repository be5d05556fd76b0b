"""Whether a README says at its top that the project has ended: "deprecated", "archived" or nothing."""

import re

from projects.derive.blocks import Block

FIRST_BLOCKS = 12
FIRST_HEADINGS = 3
MAX_TEXT = 400
_ENDED = (
    r"(?:deprecated|unmaintained|archived|abandoned|discontinued|end[- ]of[- ]life"
    r"|(?:no\ longer|not)\ (?:being\ )?(?:actively\ )?(?:maintained|supported|developed)(?!\ by))"
)
_IS = r"(?:is|are|has\ been|have\ been)\ (?:now\ |officially\ |currently\ |considered\ |since\ [\w ]{1,20}\ )?"
_SAYS = re.compile(
    rf"""(?ix) \b(?:this|the)\ (?:\w+\ )?
    (?:project|repo|repository|package|library|module|plugin|tool|component|service|crate|gem|app|application)
    (?:\ \S{{1,40}})?\ {_IS}({_ENDED})\b"""
)
_HEADING = re.compile(rf"(?ix)\W* (?:(?:this|the)\ \w+\ is\ )? ({_ENDED}|deprecation\ notice) \W*(?:[:!–—-].*)?")


def stated_lifecycle(blocks: list[Block], title: str) -> str:
    """What headings and paragraphs at the top say of the whole; a part of it ("this option is …") does not count."""
    named = re.compile(rf"(?ix)\b{re.escape(title)}\ {_IS}({_ENDED})\b") if title else None
    headings = 0
    for block in blocks[:FIRST_BLOCKS]:
        text = " ".join(block.text.split())[:MAX_TEXT]
        headings += bool(block.level)
        if headings > FIRST_HEADINGS:
            break
        found = _SAYS.search(text) or (named and named.search(text)) or (block.level and _HEADING.fullmatch(text))
        if found:
            return "deprecated" if found[1].lower().startswith("deprecat") else "archived"
    return ""
