"""`npm run docs:api`: the reference of the Python package, from its docstrings, in dist-api/.

Needs pdoc (docs/requirements.txt). A module whose framework is not there is left out, and named.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "adapters" / "python"
OUT = ROOT / "dist-api"


def public_modules() -> list[str]:
    """The package and each module of it that a script may import, by name."""
    files = sorted((PACKAGE / "autolrs").glob("[!_]*.py"))
    return ["autolrs", *(f"autolrs.{path.stem}" for path in files)]


def main() -> int:
    """Returns the exit code."""
    if importlib.util.find_spec("pdoc") is None:
        print(f"{sys.executable} has no pdoc; install docs/requirements.txt", file=sys.stderr)
        return 1
    import pdoc
    import pdoc.render

    sys.path.insert(0, str(PACKAGE))
    found = []
    for name in public_modules():
        try:
            importlib.import_module(name)
        except ImportError as error:
            print(f"left out: {name} ({error})")
        else:
            found.append(name)
    pdoc.render.configure(docformat="google")
    pdoc.pdoc(*found, output_directory=OUT)
    print(f"{len(found)} modules in {OUT.relative_to(ROOT)}/index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
