"""What all bodies share: requests refuse unknown fields and odd characters."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from contracts.ids import ID_PATTERN

ATTRIBUTE_CHARS_MAX = 100
# PostgreSQL cannot store NUL; half a surrogate pair is no character at all
NOT_TEXT = re.compile(r"[\x00\ud800-\udfff]")


def _is_text(value: str) -> str:
    if NOT_TEXT.search(value):
        raise ValueError("holds characters that no text has (NUL)")
    return value


Text = Annotated[str, AfterValidator(_is_text)]
Attribute = Annotated[Text, Field(min_length=1, max_length=ATTRIBUTE_CHARS_MAX)]
Id = Annotated[str, Field(pattern=f"^{ID_PATTERN.pattern}$", description="a-z, 0-9 and '-'")]


class Received(BaseModel):
    """A request's body: fields that are not ours are refused, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Sent(BaseModel):
    """A body of ours, read from the dataclass of the same fields."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class ProblemOut(BaseModel):
    """A refusal, RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] = []
