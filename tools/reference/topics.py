"""Topics and services of the node; a test compares them with those of a running one."""

from __future__ import annotations

from dataclasses import dataclass

from reference.markdown import code, page, table, text

_INTRODUCTION = """\
Of the node `facemesh`; `~` is its own name, `/facemesh`. With `cameras: [front, rear]` each
camera has its own: `front/image_raw`, `~/front/landmarks`. Inputs are remapped as in any node,
or by the [launch arguments](launch.md); `qos_overrides` changes the quality of service of all
but `/diagnostics`. What the fields mean is in [Messages](messages.md), what RViz and Foxglove
make of the rest in [outputs](../outputs.md)."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as the node has it without further settings.

    Attributes:
        name: As in the code, before remapping.
        type: Package and name of its messages.
        reliable: Whether messages are sent again until they have arrived; else best effort.
        meaning: One sentence.
        depth: Length of its history.
        latched: Whether late subscribers get the last message (transient local).
        on_demand: Whether its messages are built only while somebody subscribes.
    """

    name: str
    type: str
    reliable: bool
    meaning: str
    depth: int = 5
    latched: bool = False
    on_demand: bool = False

    @property
    def qos(self) -> str:
        """Its quality of service in words."""
        return ', '.join(
            ('reliable' if self.reliable else 'best effort', f'depth {self.depth}')
            + ('transient local',) * self.latched
        )


SUBSCRIBED = (
    Topic(
        'image_raw',
        'sensor_msgs/Image',
        False,
        'The images. With `image_transport: compressed`, sensor_msgs/CompressedImage on '
        '`image_raw/compressed`.',
        depth=1,
    ),
    Topic(
        'camera_info',
        'sensor_msgs/CameraInfo',
        False,
        "The calibration that makes metres of pixels: that of the image's stamp, else the latest.",
        depth=30,
    ),
    Topic(
        'depth/image_raw',
        'sensor_msgs/Image',
        False,
        'Optional, registered to the images: `16UC1` mm or `32FC1` m (REP-118). Subscribed to '
        'with `metric_mode` `auto` and `depth`.',
    ),
)
PUBLISHED = (
    Topic(
        '~/landmarks',
        'facemesh_ros/FaceMeshArray',
        True,
        'All faces of an image; one message for every processed image, also without a face.',
    ),
    Topic(
        '~/info',
        'facemesh_ros/FaceMeshInfo',
        True,
        'The models that run, and the meaning of landmarks and blendshapes.',
        depth=1,
        latched=True,
    ),
    Topic(
        '/tf',
        'tf2_msgs/TFMessage',
        True,
        "Frames `face_<id>`, `mouth_<id>` and `gaze_<id>` of faces in metres, with the image's "
        'stamp (`publish_tf`).',
        depth=100,
    ),
    Topic(
        '~/markers',
        'visualization_msgs/MarkerArray',
        True,
        'Meshes, head axes, gaze, id and distance, for RViz.',
        on_demand=True,
    ),
    Topic(
        '~/points',
        'sensor_msgs/PointCloud2',
        True,
        'Landmarks as x y z in m, with index and face.',
        on_demand=True,
    ),
    Topic(
        '~/detections',
        'vision_msgs/Detection2DArray',
        True,
        'Boxes with id and presence, where vision_msgs is installed.',
        on_demand=True,
    ),
    Topic(
        '~/annotations',
        'foxglove_msgs/ImageAnnotations',
        True,
        "What Foxglove draws on the camera's own image, where foxglove_msgs is installed.",
        on_demand=True,
    ),
    Topic(
        '~/debug_image',
        'sensor_msgs/Image',
        False,
        'The image with all that is seen drawn in; not with `privacy_mode`.',
        on_demand=True,
    ),
    Topic(
        '~/debug_image/compressed',
        'sensor_msgs/CompressedImage',
        False,
        'The same as JPEG; not with `privacy_mode`.',
        on_demand=True,
    ),
    Topic(
        '/diagnostics',
        'diagnostic_msgs/DiagnosticArray',
        True,
        'Once a second: see [Diagnostics](diagnostics.md).',
        depth=1,
    ),
)
SERVICES = {
    '~/enable': ('std_srvs/SetBool', 'Pause or resume; the answer says when it takes effect.'),
    '~/reset': ('std_srvs/Trigger', 'Forget all faces; ids keep counting.'),
    '~/change_state': (
        'lifecycle_msgs/ChangeState',
        'Lifecycle: configure, activate, deactivate, cleanup, shutdown.',
    ),
    '~/get_state': ('lifecycle_msgs/GetState', 'Lifecycle: the state that it is in.'),
}


def topics_page() -> str:
    """Return the page of topics and services."""
    services = [
        (code(name), code(kind), text(meaning)) for name, (kind, meaning) in SERVICES.items()
    ]
    always = [topic for topic in PUBLISHED if not topic.on_demand]
    on_demand = [topic for topic in PUBLISHED if topic.on_demand]
    return page(
        'Topics and services',
        _INTRODUCTION,
        '## Subscribed\n\n' + _table(SUBSCRIBED),
        '## Published\n\n' + _table(always),
        '## Published on demand\n\nBuilt only while somebody subscribes.\n\n' + _table(on_demand),
        '## Services\n\n' + table(('name', 'type', 'meaning'), services),
        'And what every managed node has: `~/get_available_states`, `~/get_transition_graph`, '
        '`~/get_available_transitions` and the services of parameters.\n',
    )


def _table(topics: tuple[Topic, ...] | list[Topic]) -> str:
    rows = [(f'{code(it.name)}', f'{code(it.type)}<br>{it.qos}', it.meaning) for it in topics]
    return table(('name', 'type, quality of service', 'meaning'), rows)
