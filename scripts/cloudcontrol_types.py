"""Make the table of types that Cloud Control lists, from the schemas in the cfn-lint wheel.

Facts are taken (names, identifiers, permissions), no text. `--check` fails where the
committed table is not what the locked cfn-lint makes.
"""

import argparse
import difflib
import json
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from scripts.cloudcontrol_schema import Schema, read_schemas

ROOT: Final = Path(__file__).resolve().parent.parent
TABLE: Final = ROOT / "operator/cloudops/collectors/aws/cloudcontrol_types.json"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument(
        "--schemas", type=Path, help="A folder of cfn-lint's schemas; else those installed."
    )
    arguments = parser.parse_args()
    made = table(arguments.schemas)
    kept = TABLE.read_text(encoding="utf-8") if TABLE.exists() else ""
    if not arguments.check:
        TABLE.write_text(made, encoding="utf-8")
    elif made != kept:
        lines = difflib.unified_diff(
            kept.splitlines(keepends=True), made.splitlines(keepends=True), str(TABLE)
        )
        sys.stdout.writelines(lines)
        print("run `make cloudcontrol-types`")
        return 1
    return 0


def table(folder: Path | None = None) -> str:
    """The whole file: one line says where it is from, then one line a type, in order."""
    schemas, date = read_schemas(folder)
    listable = {name: one for name, one in sorted(schemas.items()) if one.is_listable}
    source = {
        "wheel": f"cfn-lint {version('cfn-lint')}",
        "schemas": date,
        "licence": "MIT-0",
        "command": "make cloudcontrol-types",
    }
    lines = [f"  {_json(name)}: {_json(_row(one, listable))}" for name, one in listable.items()]
    head = f'{{\n"source": {_json(source)},\n"types": {{\n'
    return head + ",\n".join(lines) + "\n}\n}\n"


def _row(schema: Schema, listable: Mapping[str, Schema]) -> dict[str, Any]:
    """What is known of one type; what is empty or false is left out."""
    granted, refused = schema.permissions()
    row = {
        "identifier": schema.identifier,
        "arn": schema.is_arn,
        "global": schema.is_global,
        **schema.selection(listable),
        "permissions": granted,
        "not_granted": refused,
        "name": schema.name(),
        "state": schema.state(),
        "created": schema.created(),
        "tags": schema.tags(),
        "redact": schema.secrets(),
        "unordered": schema.unordered(),
    }
    return {key: value for key, value in row.items() if value}


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True)


if __name__ == "__main__":
    sys.exit(main())
