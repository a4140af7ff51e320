"""YAML files of people's own making: small, plain, and without a key said twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

from features.errors import ConfigError

_MAX_BYTES: Final = 1_000_000


class _OnceLoader(yaml.SafeLoader):
    """A safe loader that refuses a mapping with the same key twice, where plain YAML would take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = key_node.value
            if key_node.tag != "tag:yaml.org,2002:merge" and isinstance(key, str):
                if key in seen:
                    raise yaml.constructor.ConstructorError(None, None, f"{key!r} stands here twice", key_node.start_mark)
                seen.add(key)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> Any:
    """The content of a YAML file of at most a megabyte.

    Raises
    ------
    ConfigError
        the file cannot be read, is too large, is no YAML, or says a key twice

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "a.yaml"
    >>> _ = file.write_text("a: 1")
    >>> read_yaml(file)
    {'a': 1}
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ConfigError("a YAML file has at most a megabyte", "a larger one", "check the path")
        # A SafeLoader by descent: it builds plain values and nothing else.
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_OnceLoader)  # noqa: S506
    except OSError as error:
        raise ConfigError("a file can be read", str(error.strerror), "check the path") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        got = " ".join(str(error).split())[:200]
        raise ConfigError("a file is YAML", got, "see the example in the README") from None
