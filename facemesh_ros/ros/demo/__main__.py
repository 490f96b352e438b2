"""`python -m facemesh_ros.ros.demo`."""

from facemesh_ros.ros.process.signals import EXIT_INTERRUPTED, exit_on_signals

# Before the other imports, which take a second.
exit_on_signals(EXIT_INTERRUPTED, 'demo: ended before it began')

import sys  # noqa: E402

from facemesh_ros.ros.demo.demo import main  # noqa: E402

sys.exit(main())
