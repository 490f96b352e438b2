"""All figures of docs/benchmarks.md and docs/scaling.md anew, one benchmark after the other.

FACEMESH_DATA=FOLDER FACEMESH_MODEL_SOURCES=FOLDER ./run bench everything    # half an hour
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

NAMES = ('pipeline', 'streams', 'cores', 'stillness', 'ros', 'network')


def main() -> int:
    """Run each with --docs; 1 if one of them does not run."""
    argparse.ArgumentParser(description=(__doc__ or '').partition('\n')[0]).parse_args()
    failed = []
    for name in NAMES:
        print(f'# {name}', flush=True)
        script = Path(__file__).with_name(f'{name}.py')
        if subprocess.run([sys.executable, script, '--docs'], check=False).returncode:
            failed.append(name)
    if failed:
        print(f'not measured: {", ".join(failed)}', file=sys.stderr)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
