"""`python -m facemesh_ros.ros.demo`."""

import sys

from facemesh_ros.ros.demo.demo import main

sys.exit(main())
