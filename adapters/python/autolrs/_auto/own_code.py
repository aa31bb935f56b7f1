"""Whether a script sets learning rates by itself, as its source says: nothing of it is run."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

_PASS_ON = {"enumerate", "iter", "list", "next", "reversed", "sorted", "tuple", "zip"}
"""Callables whose result has the groups that they are given."""

_MOST_ROUNDS = 8
"""So often a group may be handed on, from name to name and from function to function."""


def sets_lr_by_itself() -> bool:
    """True if the script, or a module from its folder, writes to the `lr` of a parameter group."""
    return assigns_lr([*sources()])


def sources() -> Iterator[str]:
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    if not main:
        return
    folder = os.path.join(os.path.dirname(os.path.abspath(main)), "")
    paths = {os.path.abspath(main)}
    for module in [*sys.modules.values()]:
        path = getattr(module, "__dict__", {}).get("__file__")
        if isinstance(path, str) and path.endswith(".py"):
            path = os.path.abspath(path)
            if path.startswith(folder) and "site-packages" not in path[len(folder) :]:
                paths.add(path)
    for path in paths:
        try:
            with open(path, encoding="utf-8") as file:
                yield file.read()
        except (OSError, UnicodeDecodeError):
            continue


def assigns_lr(sources: Sequence[str]) -> bool:
    """True if one of these files writes to the `lr` of a parameter group.

    A group is followed through names, attributes, loops and arguments, in all files together: one
    may hand it to another. Names are taken for the same wherever they stand.
    """
    if not any("param_groups" in source for source in sources):
        return False
    nodes = [node for source in sources for node in _nodes_of(source)]
    groups = _Groups(nodes)
    return any(_writes_lr(node, groups) for node in nodes)


def _nodes_of(source: str) -> list[ast.AST]:
    try:
        return [*ast.walk(ast.parse(source))]
    except (SyntaxError, ValueError, RecursionError):
        return []


class _Groups:
    """The names and attributes that stand for parameter groups, or for lists of them."""

    def __init__(self, nodes: Sequence[ast.AST]) -> None:
        self._names: set[str] = set()
        self._attributes = {"param_groups"}
        self._functions: dict[str, list[ast.arguments]] = {}
        for node in nodes:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self._functions.setdefault(node.name, []).append(node.args)
        for _ in range(_MOST_ROUNDS):
            before = len(self._names) + len(self._attributes)
            for node in nodes:
                self._follow(node)
            if len(self._names) + len(self._attributes) == before:
                break

    def has(self, node: ast.expr) -> bool:
        """Whether an expression is a group, or holds some."""
        if isinstance(node, ast.Name):
            return node.id in self._names
        if isinstance(node, ast.Attribute):
            return node.attr in self._attributes
        if isinstance(node, ast.Subscript):
            return self.has(node.value) and not _is_text(node.slice)
        if isinstance(node, ast.Starred):
            return self.has(node.value)
        if isinstance(node, (ast.List, ast.Tuple)):
            return any(map(self.has, node.elts))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return node.func.id in _PASS_ON and any(map(self.has, node.args))
        return False

    def _follow(self, node: ast.AST) -> None:
        if isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            if self.has(node.iter):
                self._add(node.target)
        elif isinstance(node, ast.Assign):
            if self.has(node.value):
                for target in node.targets:
                    self._add(target)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)):
            if node.value is not None and self.has(node.value):
                self._add(node.target)
        elif isinstance(node, ast.Call):
            self._follow_call(node)

    def _follow_call(self, node: ast.Call) -> None:
        """What a function of the script's is given is what its parameters stand for."""
        is_method = isinstance(node.func, ast.Attribute)
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        for arguments in self._functions.get(name, ()):
            parameters = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
            if is_method and parameters[:1] in (["self"], ["cls"]):
                del parameters[0]
            for parameter, value in zip(parameters, node.args):
                if self.has(value):
                    self._names.add(parameter)
        self._names |= {
            each.arg
            for each in node.keywords
            if each.arg and name in self._functions and self.has(each.value)
        }

    def _add(self, target: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self._names.add(target.id)
        elif isinstance(target, ast.Attribute):
            self._attributes.add(target.attr)
        elif isinstance(target, (ast.List, ast.Tuple)):
            for each in target.elts:
                self._add(each)
        elif isinstance(target, ast.Starred):
            self._add(target.value)


def _writes_lr(node: ast.AST, groups: _Groups) -> bool:
    if isinstance(node, ast.Call):
        return _updates_lr(node, groups)
    return any(
        isinstance(target, ast.Subscript) and _is_lr(target.slice) and groups.has(target.value)
        for target in _targets(node)
    )


def _targets(node: ast.AST) -> list[Any]:
    if isinstance(node, ast.Assign):
        return [
            each
            for target in node.targets
            for each in (target.elts if isinstance(target, ast.Tuple) else [target])
        ]
    return [node.target] if isinstance(node, (ast.AugAssign, ast.AnnAssign)) else []


def _updates_lr(node: ast.Call, groups: _Groups) -> bool:
    """`group.update(lr=...)`, or with a dict."""
    function = node.func
    if not (isinstance(function, ast.Attribute) and function.attr == "update"):
        return False
    if not groups.has(function.value):
        return False
    keys = [key for each in node.args if isinstance(each, ast.Dict) for key in each.keys if key]
    return any(each.arg == "lr" for each in node.keywords) or any(map(_is_lr, keys))


def _is_lr(key: ast.expr) -> bool:
    return isinstance(key, ast.Constant) and key.value == "lr"


def _is_text(key: ast.expr) -> bool:
    """Of a group itself: what stands there is none."""
    return isinstance(key, ast.Constant) and isinstance(key.value, str)
