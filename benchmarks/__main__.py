"""The one way in: `python -m benchmarks [OPTIONS]`."""

import sys

from benchmarks.command_line import main

if __name__ == "__main__":
    sys.exit(main())
