"""Values changed in a YAML file's own text: comments, order, quotes and everything not named stay as they are.

Places come from PyYAML's nodes, which know where in the text each of them begins and ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import yaml

Path: TypeAlias = tuple[str | int, ...]
_FLOW_WIDTH: Final = 10_000


def rewritten(text: str, changes: Mapping[Path, Mapping[str, Any]]) -> str:
    r"""The text with keys of mappings set; mappings that are not there are made where their parent is.

    Parameters
    ----------
    changes : by the mapping's path (keys, and positions in lists), plain values by key

    >>> print(rewritten("a: {mean: 1, sd: 2}  # prior\n", {("a",): {"mean": 0.5, "source": "measured"}}), end="")
    a: {mean: 0.5, sd: 2, source: measured}  # prior
    """
    for path, values in changes.items():
        text = _set(text, path, values)
    return text


def _set(text: str, path: Path, values: Mapping[str, Any]) -> str:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert root is not None
    node, rest = _found(root, path)
    if rest:
        nested: Any = dict(values)
        for key in reversed(rest[1:]):
            nested = {key: nested}
        return _added(text, node, {str(rest[0]): nested})
    return _merged(text, node, values)


def _found(node: yaml.Node, path: Path) -> tuple[yaml.MappingNode, Path]:
    """The deepest mapping on the path that is there, and what is left of the path."""
    for place, key in enumerate(path):
        child = None
        if isinstance(node, yaml.SequenceNode) and isinstance(key, int):
            child = node.value[key]
        elif isinstance(node, yaml.MappingNode):
            child = next((value for name, value in node.value if name.value == key), None)
        if not isinstance(child, (yaml.MappingNode, yaml.SequenceNode)):
            assert isinstance(node, yaml.MappingNode)
            return node, path[place:]
        node = child
    assert isinstance(node, yaml.MappingNode)
    return node, ()


def _merged(text: str, node: yaml.MappingNode, values: Mapping[str, Any]) -> str:
    """Values replaced where their keys are there, from the end backwards, and the others added."""
    there = {name.value: value for name, value in node.value}
    new = {key: value for key, value in values.items() if key not in there}
    if new:
        text = _added(text, node, new)
    for key in sorted((key for key in values if key in there), key=lambda key: -there[key].start_mark.index):
        start, end = there[key].start_mark.index, there[key].end_mark.index
        text = text[:start] + _flow(values[key]) + text[end:]
    return text


def _added(text: str, node: yaml.MappingNode, values: Mapping[str, Any]) -> str:
    """Keys after the last of a mapping, in the way in which it is written."""
    given = {name.value: value for name, value in node.value}
    for key in [key for key in values if key in given]:  # there, but empty, as in 'effect:'
        start, end = given[key].start_mark.index, given[key].end_mark.index
        return f"{text[:start].rstrip(' ')} {_flow(values[key])}{text[end:]}"
    written = ", ".join(f"{_flow(key)}: {_flow(value)}" for key, value in values.items())
    if node.flow_style:
        end = node.end_mark.index - 1
        inside = text[:end].rstrip()
        comma = "" if inside.endswith(("{", ",")) else ", "
        return f"{inside}{comma}{written}{text[end:]}"
    last = node.value[-1][1].end_mark.index
    # A block's end mark lies after what follows it: go back to the last line that says something of it.
    last = len(text[:last].rstrip()) if isinstance(node.value[-1][1], yaml.CollectionNode) else last
    line_end = text.find("\n", last)
    line_end = len(text) if line_end < 0 else line_end
    indent = " " * node.value[0][0].start_mark.column
    lines = "".join(f"\n{indent}{_flow(key)}: {_flow(value)}" for key, value in values.items())
    return text[:line_end] + lines + text[line_end:]


def _flow(value: Any) -> str:
    """A value on one line."""
    text: str = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=_FLOW_WIDTH)
    return text.removesuffix("\n").removesuffix("\n...").strip()
