"""`python -m abatis`: the `abatis` command, with its arguments, its lines and its exit codes."""

from __future__ import annotations

import signal
import sys

from abatis._abatis import run_command


def main() -> int:
    """Run the command with the arguments of this process; gives its exit code."""
    # The command runs outside of the interpreter, which could not act on Ctrl-C before it is done.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return run_command(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
