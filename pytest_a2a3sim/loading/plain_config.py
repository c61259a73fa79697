"""Whether a kernel_config.py only names things, so that executing it once more changes nothing."""

from __future__ import annotations

import ast

_MODULES = frozenset({"__future__", "os", "os.path", "pathlib", "typing"})
_FUNCTIONS = frozenset(
    {"Path", "PurePath", "str", "int", "dict", "list", "tuple", "range", "enumerate", "zip", "len"}
)
_METHODS = frozenset(
    {
        *("absolute", "abspath", "as_posix", "dirname", "expanduser", "fspath", "join", "joinpath"),
        *("normpath", "realpath", "resolve", "with_name", "with_suffix"),
    }
)
_PURE = (
    *(ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.BinOp, ast.UnaryOp),
    *(ast.List, ast.Tuple, ast.Dict, ast.Set, ast.JoinedStr, ast.FormattedValue, ast.Starred),
    *(ast.ListComp, ast.comprehension, ast.Compare, ast.IfExp, ast.BoolOp, ast.keyword),
    *(ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop),
)


def is_plain(text: bytes) -> bool:
    """Whether it has nothing but imports of a few modules and assignments of what they name.

    Raises:
        SyntaxError: it is no Python.
    """
    return all(map(_is_plain_statement, ast.parse(text).body))


def _is_plain_statement(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Import):
        return all(each.name in _MODULES and not each.asname for each in statement.names)
    if isinstance(statement, ast.ImportFrom):
        return statement.module in _MODULES and not any(each.asname for each in statement.names)
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)  # a docstring
    if isinstance(statement, ast.Assign):
        return all(map(_is_new_name, statement.targets)) and _is_pure(statement.value)
    if isinstance(statement, ast.AnnAssign):
        value = statement.value
        return _is_new_name(statement.target) and (value is None or _is_pure(value))
    return False


def _is_new_name(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and target.id not in _FUNCTIONS


def _is_pure(expression: ast.expr) -> bool:
    return all(
        _is_known(node.func) if isinstance(node, ast.Call) else isinstance(node, _PURE)
        for node in ast.walk(expression)
    )


def _is_known(function: ast.expr) -> bool:
    if isinstance(function, ast.Name):
        return function.id in _FUNCTIONS
    return isinstance(function, ast.Attribute) and function.attr in _METHODS
