"""What an expression of a script stands for, without running anything of the script's own.

A property, a `__getattr__` or a `__len__` may do whatever it likes, so none is called. What is
computed is read: from a dict under its `__getattr__`, and from a property that only returns an
expression of this kind.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import linecache
import math
import operator
import sys
from collections import namedtuple
from collections.abc import Mapping
from functools import cached_property
from types import FunctionType, MemberDescriptorType
from typing import Any, Callable, NamedTuple

_SIZED: tuple[Any, ...] = (range, list, tuple, dict, set, frozenset, str)
"""Whose own length runs nothing of the script's."""

_SIZED_OF_PACKAGES = {
    "numpy": ("ndarray",),
    "torch": ("Tensor",),
    "accelerate.data_loader": ("DataLoaderShard", "DataLoaderDispatcher"),
    "torch.utils.data": ("DataLoader", "Subset", "TensorDataset"),
}
"""The same, by module and name. A DataLoader asks its data, as the loop over it does anyway."""

_FIELDS = (MemberDescriptorType, type(namedtuple("_", "x").x))  # type: ignore[attr-defined]
"""Slots, and the fields of a named tuple: computed by no code of the script's."""

_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}

_OF_NUMBERS = (int, max, min, round, math.ceil, math.floor)
"""Functions that are asked for numbers alone."""


class UnknownError(Exception):
    """What an expression stands for cannot be said.

    Args:
        node: The part of it that is to blame.
    """

    def __init__(self, node: ast.expr) -> None:
        super().__init__(node)
        self.node = node


class Scope(NamedTuple):
    """Where names are looked up."""

    own: Mapping[str, Any]
    shared: Mapping[str, Any]


def value_of(node: ast.expr, scope: Scope) -> Any:
    """What an expression stands for.

    Raises:
        UnknownError: That cannot be said without running something.
    """
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        for names in (scope.own, scope.shared, vars(builtins)):
            if node.id in names:
                return names[node.id]
    sizes = _sizes_asked_for(node, scope)
    if sizes is not None:
        return sizes
    if isinstance(node, ast.Attribute):
        return attribute_of(value_of(node.value, scope), node.attr, node)
    if isinstance(node, ast.Subscript):
        return _item(value_of(node.value, scope), value_of(node.slice, scope), node)
    if isinstance(node, ast.Call) and node.args and not node.keywords:
        return _result_of_call(node, scope)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        number = value_of(node.operand, scope)
        if _is_finite_number(number):
            return -number
    if isinstance(node, ast.BinOp):
        left, right = value_of(node.left, scope), value_of(node.right, scope)
        if _is_finite_number(left) and _is_finite_number(right) and type(node.op) in _OPERATORS:
            try:
                return _OPERATORS[type(node.op)](left, right)
            except (ZeroDivisionError, OverflowError):
                pass
    raise UnknownError(node)


def _sizes_asked_for(node: ast.expr, scope: Scope) -> Any:
    """What `x.shape`, `x.size()` or `x.size(0)` of an array is; None if it is none of them."""
    asked = node.func if isinstance(node, ast.Call) else node
    if not isinstance(asked, ast.Attribute) or asked.attr != (
        "size" if isinstance(node, ast.Call) else "shape"
    ):
        return None
    array = value_of(asked.value, scope)
    kind = type(array)
    known = [("torch", "Tensor"), *([] if asked.attr == "size" else [("numpy", "ndarray")])]
    if not any(kind is getattr(sys.modules.get(module), name, ()) for module, name in known):
        return None
    sizes = tuple(int(each) for each in array.shape)
    if not isinstance(node, ast.Call) or not (node.args or node.keywords):
        return sizes
    at = whole_number(value_of(node.args[0], scope)) if len(node.args) == 1 else None
    if node.keywords or at is None or not -len(sizes) <= at < len(sizes):
        raise UnknownError(node)
    return sizes[at]


def attribute_of(owner: Any, name: str, node: ast.expr) -> Any:
    """What an object, or its class, has under a name.

    Args:
        owner: The object.
        name: The name.
        node: The expression that asks for it.

    Raises:
        UnknownError: It would be computed.
    """
    kind = type(owner)
    if isinstance(inspect.getattr_static(kind, "__getattribute__"), FunctionType):
        raise UnknownError(node)
    value = inspect.getattr_static(owner, name, _MISSING)
    if value is _MISSING:
        # A dict that hands out its items as attributes: they are read without its own code.
        is_handed_out = inspect.getattr_static(kind, "__getattr__", None) is not None
        if issubclass(kind, dict) and is_handed_out and dict.__contains__(owner, name):
            return dict.__getitem__(owner, name)
        raise UnknownError(node)
    if type(value) in _FIELDS and not isinstance(owner, type):
        try:
            return value.__get__(owner)
        except AttributeError:  # it is not set
            raise UnknownError(node) from None
    if not isinstance(owner, type) and isinstance(value, (property, cached_property)):
        return _returned(value, owner, node)
    if inspect.getattr_static(type(value), "__get__", None) is not None:
        # A function that a module has is no method.
        if inspect.ismodule(owner) and name in vars(owner):
            return value
        raise UnknownError(node)
    return value


_MISSING = object()


def length_of(value: Any) -> int | None:
    """The length of what is built in, of a kind made of it, or of a package's own; else None."""
    kind = type(value)
    for built_in in _SIZED:
        if issubclass(kind, built_in):
            length: int = built_in.__len__(value)
            return length
    for module, names in _SIZED_OF_PACKAGES.items():
        known = sys.modules.get(module)
        if known is not None and any(kind is getattr(known, name, None) for name in names):
            try:
                return len(value)
            except Exception:  # data that can be gone through, and have no length
                return None
    return _length_of_loader(value) if _is_loader_of_package(kind) else None


def _is_loader_of_package(kind: type) -> bool:
    """Whether it goes through batches by the code of installed packages alone.

    A DataLoader of the script's own kind counts too, where it leaves that as PyTorch has it.
    """
    loader = getattr(sys.modules.get("torch.utils.data"), "DataLoader", None)
    if loader is not None and issubclass(kind, loader):
        own = [getattr(kind, name) for name in ("__len__", "__iter__")]
    elif kind.__name__.endswith("Loader"):
        own = [vars(kind).get(name) for name in ("__len__", "__iter__")]
    else:
        return False
    return all(
        type(each) is FunctionType and "-packages" in each.__code__.co_filename for each in own
    )


def _length_of_loader(value: Any) -> int | None:
    try:
        return len(value)
    except Exception:  # as above
        return None


def whole_number(value: Any) -> int | None:
    """A whole number as Python's own, if it is one; NumPy's are."""
    if type(value) is int:
        return value
    numpy = sys.modules.get("numpy")
    is_whole = numpy is not None and type(value).__module__ == "numpy"
    return int(value) if is_whole and isinstance(value, numpy.integer) else None  # type: ignore[union-attr]


def _returned(descriptor: Any, owner: Any, node: ast.expr) -> Any:
    """What a property gives, if it does no more than to return an expression."""
    function = descriptor.fget if isinstance(descriptor, property) else descriptor.func
    if type(function) is not FunctionType:
        raise UnknownError(node)
    code = function.__code__
    source = "".join(linecache.getlines(code.co_filename, function.__globals__))
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        raise UnknownError(node) from None
    for item in ast.walk(tree):
        if isinstance(item, ast.FunctionDef) and item.name == code.co_name:
            first = item.decorator_list[0] if item.decorator_list else item
            body = [part for part in item.body if not _is_text(part)]
            is_it = first.lineno == code.co_firstlineno and len(body) == 1
            if is_it and isinstance(body[0], ast.Return) and body[0].value is not None:
                scope = Scope({code.co_varnames[0]: owner}, function.__globals__)
                try:
                    return value_of(body[0].value, scope)
                except UnknownError:
                    break
    raise UnknownError(node)


def _is_text(item: ast.stmt) -> bool:
    return isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant)


def _result_of_call(node: ast.Call, scope: Scope) -> Any:
    if isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        return _gotten(node, node.func.value, scope)
    function = value_of(node.func, scope)
    values = [value_of(item, scope) for item in node.args]
    if function is len and len(values) == 1:
        length = length_of(values[0])
        if length is not None:
            return length
    if function is int and len(values) == 1 and type(values[0]) is str:
        try:
            return int(values[0])
        except ValueError:
            raise UnknownError(node) from None
    is_known = any(function is each for each in _OF_NUMBERS)
    least = 2 if function in (max, min) else 1
    if is_known and len(values) >= least and all(map(_is_finite_number, values)):
        try:
            return function(*values)
        except (TypeError, ValueError):
            pass
    raise UnknownError(node)


def _gotten(node: ast.Call, owner_node: ast.expr, scope: Scope) -> Any:
    """What `get` of a dict gives."""
    owner = value_of(owner_node, scope)
    values = [value_of(item, scope) for item in node.args]
    is_own = issubclass(type(owner), dict) and type(owner).get is dict.get
    if is_own and len(values) <= 2 and type(values[0]) in (str, int):
        return dict.get(owner, *values)
    raise UnknownError(node)


def _item(owner: Any, key: Any, node: ast.expr) -> Any:
    if issubclass(type(owner), dict) and type(key) in (str, int) and dict.__contains__(owner, key):
        return dict.__getitem__(owner, key)
    for kind in (list, tuple):
        if issubclass(type(owner), kind) and type(key) is int:
            length = kind.__len__(owner)
            if -length <= key < length:
                return kind.__getitem__(owner, key)
    raise UnknownError(node)


def _is_finite_number(value: Any) -> bool:
    return type(value) in (int, float, bool) and math.isfinite(value)
