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
        is_known = statement.module in _MODULES and statement.level == 0
        return is_known and not any(each.asname for each in statement.names)
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)  # a docstring
    if isinstance(statement, ast.Assign):
        targets, value = statement.targets, statement.value
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        targets, value = [statement.target], statement.value
    else:
        return False
    are_names = all(isinstance(target, ast.Name) for target in targets)
    return are_names and all(map(_is_pure, ast.walk(value))) and all(map(_is_pure, targets))


def _is_pure(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        function = node.func
        if isinstance(function, ast.Name):
            return function.id in _FUNCTIONS
        return isinstance(function, ast.Attribute) and function.attr in _METHODS
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return node.id not in _FUNCTIONS
    return isinstance(node, _PURE)
