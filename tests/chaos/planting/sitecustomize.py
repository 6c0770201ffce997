"""Plants a bug: Python imports this at its start wherever this folder is on the path.

CHAOS_BUG says which, as JSON: in the source of `module`, `text` is replaced by `instead`. Where the
code has changed and the text is gone, nothing starts.
"""

import importlib.machinery
import json
import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import CodeType, ModuleType
from typing import Final

BUG: Final[dict[str, str]] = json.loads(os.environ.get("CHAOS_BUG", "{}"))


class Planter(MetaPathFinder):
    """Finds the one module."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module with the bug in it; of all others nothing is known here."""
        if fullname != BUG["module"]:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec and spec.origin:
            spec.loader = WithBug(fullname, spec.origin)
        return spec


class WithBug(importlib.machinery.SourceFileLoader):
    """Loads a module's source with the replacement."""

    def get_code(self, fullname: str) -> CodeType:
        """See `importlib`; nothing compiled is kept."""
        source = self.get_data(self.path).decode()
        if source.count(BUG["text"]) != 1:
            sys.exit(f"{fullname} has not once: {BUG['text']}")
        return compile(source.replace(BUG["text"], BUG["instead"]), self.path, "exec")


if BUG:
    sys.meta_path.insert(0, Planter())
