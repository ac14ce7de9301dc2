"""No class name stands twice in the package: a name in a message or a search leads to one place."""

import ast
from collections import defaultdict

from tests.project.sources import PACKAGE, modules, parsed


def test_no_class_name_stands_twice() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for module in modules():
        for node in parsed(PACKAGE / module).body:
            if isinstance(node, ast.ClassDef):
                places[node.name].append(str(module))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
