"""The SDK's models of services, as small as they get.

They are most of what a worker needs beside what it reads. As the SDK loads them, in mappings
that keep an order and with a manual of each service, those of the catalogue take 146 MB and
0.7 s; without, 74 MB and 0.4 s.
"""

import gzip
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from botocore.loaders import JSONFileLoader, Loader


class ModelFiles(JSONFileLoader):
    """Reads the data files of botocore."""

    def load_file(self, file_path: str) -> dict[str, Any] | None:
        """The content of a file, whose name is given without its ending; None if there is none."""
        plain, packed = Path(f"{file_path}.json"), Path(f"{file_path}.json.gz")
        if plain.is_file():
            content = plain.read_bytes()
        elif packed.is_file():
            content = gzip.decompress(packed.read_bytes())
        else:
            return None
        model: dict[str, Any] = orjson.loads(content)
        _empty_documentation(model)
        return model


@cache
def model_loader() -> Loader:
    """The one loader for all sessions of a process; it keeps what it has read."""
    return Loader(file_loader=ModelFiles())


def _empty_documentation(value: Any) -> None:
    """A member may be called so, too; then it is no text."""
    if isinstance(value, dict):
        if isinstance(value.get("documentation"), str):
            value["documentation"] = ""  # in some places the SDK wants it to be there
        for inner in value.values():
            _empty_documentation(inner)
    elif isinstance(value, list):
        for inner in value:
            _empty_documentation(inner)
