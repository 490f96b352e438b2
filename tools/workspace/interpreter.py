"""Choose the Python that `./run` and its environments use; parses under any Python 3."""

import os
import shutil
import subprocess
import sys

OLDEST, NEWEST = (3, 10), (3, 13)


def use_supported_interpreter(script: str) -> None:
    """Go on under another Python of this machine if this one is too old or too new.

    Args:
        script: Path of the script to start again.
    """
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        python = shutil.which('python3.{}'.format(minor))  # noqa: UP032
        if python and subprocess.call([python, '-c', ''], stderr=subprocess.DEVNULL) == 0:
            os.execv(python, [python, script] + sys.argv[1:])  # noqa: RUF005
    sys.exit(
        './run: needs Python 3.10 to 3.13, and python3 is {}.{}; '
        'install one of them as python3.12, for example, and run this again'.format(
            *sys.version_info[:2]
        )
    )
