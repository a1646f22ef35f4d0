"""`python -m gateway.published docs`: write the schemas, the document and the examples anew."""

import json
import sys
from pathlib import Path
from typing import Any

from gateway.published import asyncapi, examples, schemas


def files() -> dict[str, str]:
    """What is published, by its path below the folder of the docs."""
    of_schemas = {
        "upload": schemas.upload_schema(),
        "answer": schemas.answer_schema(),
        "reject": schemas.reject_schema(),
        "status": schemas.status_schema(),
    }
    written = {f"wire_format/{name}.schema.json": _json(one) for name, one in of_schemas.items()}
    written |= {f"examples/{name}.json": _json(one) for name, one in examples.UPLOADS.items()}
    written["wire_format/asyncapi.yaml"] = _yaml(asyncapi.document())
    return written


def main(arguments: list[str]) -> int:
    """Write them below the folder; returns the exit status."""
    if len(arguments) != 1:
        print("usage: python -m gateway.published FOLDER", file=sys.stderr)  # noqa: T201
        return 2
    for name, text in files().items():
        path = Path(arguments[0]) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return 0


def _json(value: Any) -> str:  # noqa: ANN401  any JSON
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _yaml(value: Any) -> str:  # noqa: ANN401  any JSON
    import yaml  # of the developers' tools: who runs a gateway publishes nothing

    class Plain(yaml.SafeDumper):
        """Without anchors: people read it."""

        def ignore_aliases(self, _data: Any) -> bool:  # noqa: ANN401
            return True

    head = "# Written by `python -m gateway.published docs`; edit gateway/published/ instead.\n"
    text: str = yaml.dump(value, Dumper=Plain, sort_keys=False, allow_unicode=True, width=100)
    return head + text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
