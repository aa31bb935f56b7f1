"""Names of classes in a sentence."""

from __future__ import annotations

_VOWELS = frozenset("AEIO")
_SPELT_WITH_VOWELS = frozenset("AEFHILMNORSX")
"""Letters whose names begin with a vowel's sound: an SGD."""


def with_article(name: str) -> str:
    """A name after "a" or "an", as it is said: an Adam, an SGD, a StepLR.

    Args:
        name: Of a class.
    """
    is_spelt = name[:2].isupper() and len(name) > 1
    letters = _SPELT_WITH_VOWELS if is_spelt else _VOWELS
    is_vowel = name[:1].upper() in letters and not name.startswith("One")
    return f"{'an' if is_vowel else 'a'} {name}"
