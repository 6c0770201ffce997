"""`make test` and `make test-slow`: every part of the suite under its own settings and servers.

    python3 dev/test.py [--slow] [PART ...] [-- PYTEST_ARGUMENT ...]

A part is a folder of tests/: `python3 dev/test.py booking -- -k seat`.
"""

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dev import bootstrap, console

WITHOUT_SERVERS = "TESTS_WITHOUT_SERVERS"


def main() -> int:
    """Bring the machine and this process to where the suite can run, then run it."""
    parser = argparse.ArgumentParser(description="Run the tests.")
    parser.add_argument("--slow", action="store_true", help="the slow ones instead")
    parser.add_argument("parts", nargs="*", help="folders of tests/; all when none is named")
    own, pytest_arguments = _split(sys.argv[1:])
    options = parser.parse_args(own)
    bootstrap.require_python()
    servers = _machine_is_ready(slow=options.slow)
    bootstrap.enter_venv(bootstrap.DEV, without="" if servers else "mysqlclient")

    from dev.suite import Suite

    suite = Suite(options.parts, slow=options.slow, pytest_arguments=pytest_arguments)
    return suite.run(servers=servers)


def _split(arguments: "list[str]") -> "tuple[list[str], list[str]]":
    """The arguments before a `--`, and those after it."""
    at = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:at], arguments[at + 1 :]


def _machine_is_ready(*, slow: bool) -> bool:
    """Whether MariaDB, Kafka and, for the slow tests, a browser can be run here; in CI they must.

    The answer is kept for this script's next start, in the virtual environment: nobody is asked
    twice.
    """
    from dev import packages

    if WITHOUT_SERVERS in os.environ:
        return False
    try:
        packages.ensure(packages.BROWSER if slow else ())
    except console.RefusalError as refusal:
        if packages.is_ci():
            raise
        console.explain(refusal)
        os.environ[WITHOUT_SERVERS] = "1"
        return False
    return True


if __name__ == "__main__":
    console.run(main)
