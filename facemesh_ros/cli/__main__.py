"""`python -m facemesh_ros.cli`: the `facemesh` command where it is not installed."""

from __future__ import annotations

import sys

from facemesh_ros.cli.main import main

if __name__ == '__main__':
    sys.exit(main())
