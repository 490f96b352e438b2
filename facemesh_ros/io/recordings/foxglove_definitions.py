"""Definitions of the messages that Foxglove draws over images, which no base of ROS has.

Source: foxglove_msgs 3.4.3; Foxglove knows messages by their names and reads the fields by these.
"""

from __future__ import annotations

FOXGLOVE_DEFINITIONS = {
    'foxglove_msgs/msg/CircleAnnotation': """
builtin_interfaces/Time timestamp
foxglove_msgs/Point2 position
float64 diameter
float64 thickness
foxglove_msgs/Color fill_color
foxglove_msgs/Color outline_color
foxglove_msgs/KeyValuePair[] metadata
""",
    'foxglove_msgs/msg/Color': """
float64 r
float64 g
float64 b
float64 a
""",
    'foxglove_msgs/msg/ImageAnnotations': """
builtin_interfaces/Time timestamp
foxglove_msgs/CircleAnnotation[] circles
foxglove_msgs/PointsAnnotation[] points
foxglove_msgs/TextAnnotation[] texts
foxglove_msgs/KeyValuePair[] metadata
""",
    'foxglove_msgs/msg/KeyValuePair': """
string key
string value
""",
    'foxglove_msgs/msg/Point2': """
float64 x
float64 y
""",
    'foxglove_msgs/msg/PointsAnnotation': """
builtin_interfaces/Time timestamp
uint8 UNKNOWN=0
uint8 POINTS=1
uint8 LINE_LOOP=2
uint8 LINE_STRIP=3
uint8 LINE_LIST=4
uint8 type
foxglove_msgs/Point2[] points
foxglove_msgs/Color outline_color
foxglove_msgs/Color[] outline_colors
foxglove_msgs/Color fill_color
float64 thickness
foxglove_msgs/KeyValuePair[] metadata
""",
    'foxglove_msgs/msg/TextAnnotation': """
builtin_interfaces/Time timestamp
foxglove_msgs/Point2 position
string text
float64 font_size
foxglove_msgs/Color text_color
foxglove_msgs/Color background_color
foxglove_msgs/KeyValuePair[] metadata
""",
}
