"""`python -m facemesh_ros.ros.hri_bridge`."""

from facemesh_ros.ros.process.signals import exit_on_signals

exit_on_signals()  # before the other imports, which take a second

import sys  # noqa: E402

from facemesh_ros.ros.hri_bridge.start import main  # noqa: E402

sys.exit(main())
