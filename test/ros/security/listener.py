"""Listens to the faces for a while, as a node of the name given, and prints what came of it.

The line is `refused …` if the middleware does not let it subscribe, else `heard N`.
"""

import sys
import time

import rclpy

from facemesh_ros.msg import FaceMeshArray


def main(name: str, seconds: float) -> str:
    received: list[FaceMeshArray] = []
    try:
        rclpy.init()
        node = rclpy.create_node(name)
        node.create_subscription(FaceMeshArray, 'facemesh/landmarks', received.append, 5)
    except RuntimeError as error:
        return f'refused {" ".join(str(error).split())}'
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s and len(received) < 3:
        rclpy.spin_once(node, timeout_sec=0.1)
    return f'heard {len(received)}'


if __name__ == '__main__':
    print(main(sys.argv[1], float(sys.argv[2])))
