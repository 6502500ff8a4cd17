"""Code lists: which codes there are, from when until when, and which groups they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from lodd.protocol.base import Frozen, Identifier, LocalText

GROUP = "group"
LABEL = "label"
Word = Annotated[str, StringConstraints(min_length=1)]


class Code(Frozen):
    """A code in a period that it was in use: one whose meaning changed stands several times."""

    code: Word = Field(description="As the register has it, with leading zeros.")
    since: date | None = Field(default=None, alias="from", description="First day; default: always.")
    until: date | None = Field(default=None, description="Last day; default: still in use.")
    label: LocalText | None = Field(default=None, description="What it is called.")
    group: Word | None = Field(default=None, description="The group that it belongs to in this period.")
    groups: Mapping[str, Word] = Field(
        default_factory=dict, description="The groups of other groupings, by the grouping's name."
    )

    def group_by(self, by: str) -> str | None:
        """Its group in a grouping; by ``label``, every name is a group."""
        if by == LABEL:
            return self.label.nb if self.label is not None else None
        return self.group if by == GROUP else self.groups.get(by)

    def in_use(self, day: date) -> bool:
        return (self.since or date.min) <= day <= (self.until or date.max)


class CodeList(Frozen):
    """Codes with the periods that they were in use, in a file or written out."""

    file: str | None = Field(
        default=None,
        description="Path from the trial folder: CSV in UTF-8 with the columns `code`, and as needed `from`, `until` "
        "(YYYY-MM-DD), `label_nb`, `label_en`, `group`; every other column is another grouping, by its name.",
    )
    dataset: str | None = Field(
        default=None,
        description="Instead of `file`, the codes in the JSON file of a microdata.no dataset: the path from the trial "
        'folder to its folder. Such a list has no groups but the codes\' names: `by = "label"`.',
    )
    codes: tuple[Code, ...] = Field(
        default=(), description="The codes, instead of a file. Those of a file become part of the locked protocol."
    )
    unknown: Literal["error", "excluded"] = Field(
        default="error",
        description="What a code is that the list does not have on the record's day. `error`: stop. `excluded`: the "
        "record meets no condition on the list's groups (and is counted).",
    )

    def groupings(self) -> list[str]:
        """The names of its groupings."""
        names = {name for code in self.codes for name in code.groups}
        own = [by for by in (GROUP, LABEL) if any(code.group_by(by) is not None for code in self.codes)]
        return own + sorted(names)

    def groups(self, by: str) -> list[str]:
        """The groups of a grouping, in order."""
        return sorted({group for code in self.codes if (group := code.group_by(by)) is not None})


class CodeGroup(Frozen):
    """A condition in `where`: the column's code belongs to a group of a code list.

    The list is read as of the day on which the record started (`status`) or happened (`event`), or on which its month
    or year began (`accumulated`). A missing code belongs to no group.
    """

    list: Identifier = Field(description="One of `code_lists`.")
    group: Word | tuple[Word, ...] = Field(description="The group, or several.")
    by: Word = Field(
        default=GROUP, description="The grouping, where the list has several; `label` is the name in Bokmål."
    )

    @property
    def wanted(self) -> tuple[str, ...]:
        return (self.group,) if isinstance(self.group, str) else self.group

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.wanted:
            raise ValueError("condition_empty:")
        return self


def overlapping(codes: Iterable[Code]) -> Iterator[tuple[Code, Code]]:
    """Pairs of entries for one code that are in use on the same day."""
    by_code: dict[str, list[Code]] = {}
    for code in codes:
        by_code.setdefault(code.code, []).append(code)
    for entries in by_code.values():
        ordered = sorted(entries, key=lambda code: (code.since or date.min, code.until or date.max))
        latest = ordered[0]
        for one, other in pairwise(ordered):
            latest = max(latest, one, key=lambda code: code.until or date.max)
            if (other.since or date.min) <= (latest.until or date.max):
                yield latest, other
