"""Serialised CameraInfo messages (CDR), read as images are.

ROS' own reader writes a line of its own to the terminal for each damaged message.
"""

from __future__ import annotations

from facemesh_ros.errors import in_one_line, quoted
from facemesh_ros.geometry.calibration import Calibration, CalibrationError
from facemesh_ros.messages.cdr_image import CDR_ERRORS, CdrReader, Octets, plain_reader

# Names of lenses are shorter, and no lens has more coefficients. A stream keeps what it reads.
MAX_NAME, MAX_COEFFICIENTS = 256, 64


def calibration_from_cdr(cdr: Octets) -> tuple[int, Calibration]:
    """Read a serialised CameraInfo.

    Returns:
        Its stamp, ns, and what it says.

    Raises:
        CalibrationError: If it is truncated, damaged, no plain CDR, or larger than any lens needs.
    """
    try:
        return _read(plain_reader(cdr))
    except CDR_ERRORS as error:
        raise CalibrationError(
            f'a message of {len(cdr)} bytes is damaged: {in_one_line(error)}; the driver or the '
            'bridge that publishes it has another definition of CameraInfo, or a fault'
        ) from error


def _read(reader: CdrReader) -> tuple[int, Calibration]:
    # The frame is that of the image.
    (seconds, nanoseconds), _ = reader.numbers_and_octets('iI')
    (height, width), model = reader.numbers_and_string('II')
    if len(model) > MAX_NAME:
        raise CalibrationError(f'distortion_model {quoted(model)} is no name of a lens')
    count = reader.number('I')
    if count > MAX_COEFFICIENTS:
        raise CalibrationError(f'D has {count} coefficients, which no lens has')
    d, k = reader.doubles(count), reader.doubles(9)
    reader.doubles(9)  # R turns into the frame of the rectified image, which its header names
    p = reader.doubles(12)
    binning_x, binning_y, x, y, region_height, region_width = reader.numbers('IIIIII')
    return 10**9 * seconds + nanoseconds, Calibration(
        image_wh=(width, height),
        distortion_model=model,
        d=d,
        k=k,
        p=p,
        binning_xy=(binning_x, binning_y),
        roi_xywh=(x, y, region_width, region_height),
    )
