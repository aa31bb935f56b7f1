"""Which loops stand around a call, for each shape of a script that trains epochs."""

from __future__ import annotations

import linecache
from typing import Any

import pytest

from autolrs._data.loop_detection import Loops, Stack

PRELUDE = """
import contextlib, itertools
def begin():
    global stack
    stack = Stack()
def call():
    seen.append(stack.entered())
def once():
    call()
    yield 1
class Args:
    epochs = 4
    lengths = {"a": 6}
args, E = Args(), 5
class Slots:
    __slots__ = ("m", "n")
slots = Slots()
slots.n, slots.m = 4, 0
import collections
class Field(collections.namedtuple("Base", "n")):
    k = 2
field, counts = Field(3), collections.defaultdict(int, a=3)
import dataclasses, functools, math
kept = [("epochs", int, 6), ("held", int, dataclasses.field(default_factory=lambda: 7))]
config = dataclasses.make_dataclass("Config", kept)()
config.text = "8"
class Easy(dict):
    __getattr__ = dict.__getitem__
class Own(dict):
    def __getattr__(self, name): return self[name]
easy, own = Easy(epochs=3, train=Easy(epochs=4)), Own(epochs=5, deep={"epochs": 2})
own_dict = Easy()
own_dict.__dict__ = own_dict
own_dict.epochs = 9
class Owner:
    _epochs = 2
    @property
    def epochs(self):
        "How many."
        return self._epochs * E
    @functools.cached_property
    def twice(self): return 2 * self.epochs
    @property
    def counted(self):
        self._epochs += 1
        return self._epochs
owner = Owner()
def tqdm(items, **_): return items
def trange(n): return range(n)
"""


def run(script: str) -> list[Loops]:
    """What stands around each `call()` in a script, which says `begin()` first."""
    name = f"<script {len(linecache.cache)}>"
    text = PRELUDE + script
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    seen: list[Loops] = []
    exec(compile(text, name, "exec"), {"Stack": Stack, "seen": seen, "__name__": "script"})
    return seen


AROUND: dict[str, tuple[str, int, int | None]] = {
    "none": ("begin()\ncall()", 0, 1),
    "a for": ("begin()\nfor e in range(3):\n  call()", 1, 3),
    "one on a line": ("begin()\nfor e in range(3): call()", 1, 3),
    "a range with a step": ("begin()\nfor e in range(1, 8, 2):\n  call()", 1, 4),
    "a range backwards": ("begin()\nfor e in range(E, 0, -1):\n  call()", 1, 5),
    "a name": ("begin()\nfor e in range(E):\n  call()", 1, 5),
    "arithmetic": ("begin()\nfor e in range(2, 2 * E + args.epochs // 2):\n  call()", 1, 10),
    "an attribute": ("begin()\nfor e in range(args.epochs):\n  call()", 1, 4),
    "an item": ("begin()\nfor e in range(args.lengths['a']):\n  call()", 1, 6),
    "a slot": ("begin()\nfor e in range(slots.n):\n  call()", 1, 4),
    "a slot that is not set": ("begin()\nfor e in range(slots.m or 2):\n  call()", 1, None),
    "a field of a dataclass": (
        "begin()\nfor e in range(config.epochs + config.held):\n  call()",
        1,
        13,
    ),
    "a text of a number": ("begin()\nfor e in range(int(config.text)):\n  call()", 1, 8),
    "an item as an attribute": ("begin()\nfor e in range(easy.train.epochs):\n  call()", 1, 4),
    "an item by a __getattr__": ("begin()\nfor e in range(own.epochs):\n  call()", 1, 5),
    "an item of an item": ("begin()\nfor e in range(own.deep['epochs']):\n  call()", 1, 2),
    "a dict that is its own attributes": (
        "begin()\nfor e in range(own_dict.epochs):\n  call()",
        1,
        9,
    ),
    "a get of a dict": (
        "begin()\nfor e in range(easy.get('epochs', 9) * own.get('none', 2)):\n  call()",
        1,
        6,
    ),
    "a property that returns": ("begin()\nfor e in range(owner.epochs):\n  call()", 1, 10),
    "a cached property": ("begin()\nfor e in range(owner.twice):\n  call()", 1, 20),
    "a rounding": (
        "begin()\nfor e in range(math.ceil(E / 2) + max(1, round(2.6)) + 7 % 4):\n  call()",
        1,
        9,
    ),
    "a len of its own": (
        "begin()\ndef len(x): return 1\nfor e in range(len([1, 2])):\n  call()",
        1,
        None,
    ),
    "a field": ("begin()\nfor e in range(field.n + Field.k):\n  call()", 1, 5),
    "a length": ("begin()\nfor e in range(len(args.lengths) * len('ab')):\n  call()", 1, 2),
    "what a package keeps": ("begin()\nfor e in range(counts['a']):\n  call()", 1, 3),
    "a list by name": ("begin()\nl = [1, 2]\nfor e in l:\n  call()", 1, 2),
    "a list": ("begin()\nfor e in [1, 2, 3]:\n  call()", 1, 3),
    "a wrapper": ("begin()\nfor i, e in enumerate(tqdm(range(E), desc='x')):\n  call()", 1, 5),
    "a trange": ("begin()\nfor e in trange(E):\n  call()", 1, 5),
    "two": ("begin()\nfor a in range(2):\n  for e in range(3):\n    call()", 2, 6),
    "a while": ("begin()\ne = 0\nwhile e < 3:\n  call()\n  e += 1", 1, None),
    "a while True": ("begin()\nwhile True:\n  call()\n  break", 0, 1),
    "a while that breaks": (
        "begin()\ne = 0\nwhile True:\n  call()\n  e += 1\n  if e == 3: break",
        1,
        None,
    ),
    "a for with an if": ("begin()\nfor e in range(3):\n  if e > 0:\n    call()", 1, None),
    "a for over who knows": (
        "begin()\nfor e in itertools.islice(range(9), 3):\n  call()",
        1,
        None,
    ),
    "a for in a comprehension": ("begin()\n[call() for e in range(3)]", 1, None),
    "a helper": ("begin()\ndef train(e):\n  call()\nfor e in range(3):\n  train(e)", 1, 3),
    "a helper with a loop": (
        "begin()\ndef train(e):\n  for x in range(2): call()\nfor e in range(3):\n  train(e)",
        2,
        6,
    ),
    "a method": (
        "class T:\n"
        "  def fit(self, n):\n"
        "    for self.e in range(n):\n"
        "      self.epoch()\n"
        "  def epoch(self):\n"
        "    call()\n"
        "begin()\nT().fit(7)",
        1,
        7,
    ),
    "a helper that begins": ("def f():\n  begin()\nf()\nfor e in range(3):\n  call()", 1, 3),
    "a with": ("begin()\nfor e in range(3):\n  with contextlib.suppress():\n    call()", 1, 3),
    "a try": ("begin()\nfor e in range(3):\n  try:\n    call()\n  finally:\n    pass", 1, 3),
    "that is before": ("begin()\nfor e in range(3): pass\ncall()", 0, 1),
    "that is after": ("begin()\ncall()\nfor e in range(3): pass", 0, 1),
    "with the beginning in it": ("for e in range(1):\n  begin()\n  call()", 0, 1),
    "around one with the beginning in it": (
        "for run in range(1):\n  begin()\n  for e in range(3):\n    call()",
        1,
        3,
    ),
    "that goes through a generator": ("begin()\nfor x in once(): pass", 0, 1),
    "around one through a generator": (
        "begin()\nfor e in range(3):\n  for x in once(): pass",
        1,
        3,
    ),
    "a handler before": (
        "begin()\ntry:\n  1 / 0\nexcept ZeroDivisionError:\n  x = 1\ncall()\ny = 2",
        0,
        1,
    ),
    "a with before": ("begin()\nwith contextlib.suppress(): pass\ncall()\ny = 2", 0, 1),
    "a with around": ("begin()\nwith contextlib.suppress():\n  call()\ny = 2", 0, 1),
    "one with a continue": (
        "begin()\nfor e in range(3):\n  if e == 9: continue\n  call()\n  if e == 8: continue\n  e",
        1,
        3,
    ),
    "a package's own": ("begin()\nlist(map(lambda e: call(), range(3)))", 0, 1),
    "one of a range of its own": (
        "begin()\ndef range(n): return [1, 2]\nfor e in range(9):\n  call()",
        1,
        None,
    ),
}


@pytest.mark.parametrize("shape", AROUND)
def test_the_loops_around_a_call_are_found_and_counted(shape: str) -> None:
    script, count, rounds = AROUND[shape]
    first = run(script)[0]
    assert (first.around, first.rounds) == (count, rounds)


NOSY = """
asked = []
class Nosy:
    n = property(lambda self: asked.append("a property") or 3)
    def __len__(self): return asked.append("len") or 3
    def __getattr__(self, name): return asked.append(name) or 3
    def __getitem__(self, key): return asked.append(key) or 3
    def __mul__(self, other): return asked.append(other) or 3
    def __int__(self): return asked.append("int") or 3
class Number(int):
    def __mul__(self, other): return asked.append(other) or 3
    __rmul__ = __floordiv__ = __int__ = __mul__
nosy, number, default = Nosy(), Number(3), collections.defaultdict(list)
default.default_factory = lambda: asked.append("a default") or [3]
begin()
for e in range(EXPRESSION):
    asked.clear()
    call()
    seen.append([*asked])
"""


@pytest.mark.parametrize(
    "expression",
    ["nosy.n", "nosy.m", "len(nosy)", "nosy['a']", "nosy * 2", "number * 2", "len(default['b'])"],
)
def test_nothing_of_the_scripts_own_is_run_to_count_a_loop(expression: str) -> None:
    seen: Any = run(NOSY.replace("EXPRESSION", expression))
    loops, asked = seen[:2]
    assert (loops.rounds, asked) == (1 if "default" in expression else None, [])


@pytest.mark.parametrize(
    ("head", "what"),
    [
        ("for e in range(3 * owner.counted)", "owner.counted"),
        ("for e in range(E and 2)", "E and 2"),
        ("for e in range(len(easy) - ~1)", "~1"),
        ("for e in tqdm(itertools.count())", "itertools.count()"),
        ("for e in [*easy]", "[*easy]"),
        ("while E > 0", "while E > 0"),
    ],
)
def test_what_cannot_be_counted_is_named_with_its_line(head: str, what: str) -> None:
    loops = run(f"begin()\n{head}:\n  call()\n  if len(seen) > 1: break")[0]
    assert loops.rounds is None
    line = PRELUDE.count("\n") + 2
    name = loops.site[0].co_filename
    assert loops.uncounted == f'"{what}" in {name}, line {line}'


def test_a_call_keeps_its_place_from_round_to_round() -> None:
    call = "seen.append(stack.entered())"
    calls = run(f"begin()\nfor e in range(3):\n  {call}\n  {call}\n{call}")
    sites: list[Any] = [each.site for each in calls]
    assert sites[0] == sites[2] == sites[4]
    assert len(set(sites)) == 3


def test_loops_are_found_where_there_is_no_source() -> None:
    seen: list[Loops] = []
    names = {"stack": Stack(), "seen": seen}
    exec("for e in range(3): seen.append(stack.entered())", names)
    assert (seen[0].around, seen[0].rounds) == (1, None)
