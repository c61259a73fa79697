"""Whether a test file has scene tests in it, without executing it."""

from __future__ import annotations

import ast

_DECORATOR = "scene_test"


def has_scenes(text: bytes) -> bool:
    """Whether a class at the head of a file is decorated with ``scene_test(...)``."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return any(
        _is_scene_test(decorator)
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        for decorator in node.decorator_list
    )


def _is_scene_test(decorator: ast.expr) -> bool:
    function = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name == _DECORATOR
