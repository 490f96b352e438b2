"""The camera of an image from the calibration that is published beside it.

Drivers differ in what they calibrated: the full sensor, as sensor_msgs/CameraInfo defines it, or
the image that they publish. The principal point tells: it is near the centre of what K belongs to.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from facemesh_ros.errors import FacemeshError, quoted
from facemesh_ros.geometry.camera import CalibratedCamera, Intrinsics
from facemesh_ros.geometry.fisheye_lens import FisheyeLens
from facemesh_ros.geometry.lens import PINHOLE, Lens
from facemesh_ros.geometry.polynomial_lens import PolynomialLens

# Numbers of distortion coefficients that OpenCV takes, by distortion model.
POLYNOMIAL = (0, 4, 5, 8, 12, 14)
COEFFICIENT_COUNTS = {
    'plumb_bob': POLYNOMIAL,
    'rational_polynomial': POLYNOMIAL,
    'equidistant': (0, 4),
}
_KNOWN_MODELS = ', '.join(COEFFICIENT_COUNTS)
# What drivers write if there is none.
NO_DISTORTION = ('', 'none')
# A lens whose model ends nearer to the axis, as a share of the shorter side, was fitted wrongly.
MIN_LENS_RADIUS = 0.25
# Distance of the principal point from the centre, as a share of the side. Half the true size puts
# it at 0.25 or beyond; beyond MAX_OFF_CENTRE it is hardly in the image any more.
PLAUSIBLE_OFF_CENTRE, MAX_OFF_CENTRE = 0.2, 0.45
# Resized images have sides rounded to whole pixels, often to multiples of eight.
MAX_STRETCH = 0.01
# Focal lengths in sides of the image: one as wide as 40 focal lengths covers 174 degrees.
MIN_FOCAL, MAX_FOCAL = 1 / 40, 1000.0


class CalibrationError(FacemeshError):
    """A calibration that cannot be used for an image; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The fields of sensor_msgs/CameraInfo.

    Attributes:
        image_wh: px of the full sensor, before region and binning; 0 if unknown.
        distortion_model: Its name.
        d: Distortion coefficients.
        k: (9) row-major, of the raw image; zeros if uncalibrated.
        p: (12) row-major, of the rectified image.
        binning_xy: Sensor pixels per image pixel, 0 meaning 1.
        roi_xywh: Region of the full sensor; width and height 0 mean all of it.
    """

    image_wh: tuple[int, int]
    distortion_model: str
    d: tuple[float, ...]
    k: tuple[float, ...]
    p: tuple[float, ...]
    binning_xy: tuple[int, int] = (0, 0)
    roi_xywh: tuple[int, int, int, int] = (0, 0, 0, 0)


def camera_from_calibration(
    calibration: Calibration, image_wh: tuple[int, int], rectified: bool
) -> CalibratedCamera | None:
    """Return the camera of an image.

    Its optical frame is the one that the image's header names: that of the camera, or, of a
    rectified image, that of the rectified camera, from which R has turned it. P's fourth column,
    the baseline of a stereo pair, turns no rays.

    Args:
        calibration: Of the camera.
        image_wh: Width and height of the image, px.
        rectified: Whether its distortion has been removed, so that P belongs to it.

    Returns:
        None if the camera is not calibrated: K and P are zero.

    Raises:
        CalibrationError: If the calibration does not fit the image, contradicts itself, or has a
            distortion model that is not known.

    Example: the camera was calibrated at twice the width and height of this image.
        >>> k = (600.0, 0.0, 639.5, 0.0, 600.0, 479.5, 0.0, 0.0, 1.0)
        >>> vga_of_sxga = Calibration((1280, 960), 'plumb_bob', (), k, (0.0,) * 12)
        >>> camera_from_calibration(vga_of_sxga, (640, 480), rectified=False).intrinsics
        Intrinsics(fx=300.0, fy=300.0, cx=319.5, cy=239.5)
    """
    name, matrix = _matrix(calibration, rectified)
    if matrix is None:
        return None
    _check_numbers(name, matrix)
    lens = _lens(calibration.distortion_model, calibration.d) if name == 'K' else PINHOLE
    candidates = list(_interpretations(calibration, image_wh))
    if not candidates:
        raise CalibrationError(_other_proportions(calibration, image_wh))
    # The standard's if it is plausible; one that gives just this size before one that is scaled.
    chosen = min(candidates, key=lambda candidate: candidate.rank(matrix, image_wh))
    _check_focal(name, matrix, chosen.frame_wh)
    if chosen.off_centre(matrix) > MAX_OFF_CENTRE:
        raise CalibrationError(
            f"{name}'s principal point ({matrix.cx:g}, {matrix.cy:g}) lies outside or at the edge "
            f'of {_size(chosen.frame_wh)} px: publish the width and height that {name} was '
            'calibrated for'
        )
    _check_lens(lens, matrix, chosen.frame_wh)
    return CalibratedCamera(chosen.intrinsics(matrix, image_wh), lens)


def _matrix(calibration: Calibration, rectified: bool) -> tuple[str, Intrinsics | None]:
    """Return name and content of the matrix that belongs to the image, None if it is empty."""
    k, p = calibration.k, calibration.p
    of_k = Intrinsics(k[0], k[4], k[2], k[5]) if k[0] or k[4] else None
    of_p = Intrinsics(p[0], p[5], p[2], p[6]) if p[0] or p[5] else None
    if not rectified:
        return ('K', of_k) if of_k or not of_p else ('P', of_p)
    if of_p is None and of_k is not None and any(calibration.d):
        raise CalibrationError(
            'the image is rectified, but P is zero: publish the P it was rectified with'
        )
    return ('P', of_p) if of_p else ('K', of_k)


def _check_numbers(name: str, matrix: Intrinsics) -> None:
    numbers = f'fx {matrix.fx:g}, fy {matrix.fy:g}, cx {matrix.cx:g}, cy {matrix.cy:g}'
    again = 'calibrate the camera again, or publish zeros while it is not calibrated'
    if not all(map(math.isfinite, (matrix.fx, matrix.fy, matrix.cx, matrix.cy))):
        raise CalibrationError(f'{name} has entries that are not finite ({numbers}): {again}')
    if not (matrix.fx > 0 and matrix.fy > 0):
        raise CalibrationError(f"{name}'s focal lengths are not positive ({numbers}): {again}")


@lru_cache(maxsize=8)
def _lens(model: str, d: tuple[float, ...]) -> Lens:
    """Return the lens of a distortion model; a zoom changes K more often than D.

    Raises:
        CalibrationError: If the model is unknown or its coefficients are impossible.
    """
    name = model.strip().lower()
    if name in NO_DISTORTION and any(d):
        raise CalibrationError(
            f'D has coefficients, but distortion_model is {quoted(model)}: publish its name, one '
            f'of {_KNOWN_MODELS}, or empty D if the lens does not distort'
        )
    counts = COEFFICIENT_COUNTS.get(name)
    if counts is not None and len(d) not in counts:
        raise CalibrationError(
            f'D has {len(d)} coefficients, {name} has {" or ".join(map(str, counts[1:]))}: '
            'calibrate the camera again, or empty D if the lens does not distort'
        )
    if counts is None and name not in NO_DISTORTION:
        raise CalibrationError(
            f'distortion_model {quoted(model)} is not known: calibrate the camera as one of '
            f'{_KNOWN_MODELS}, or use its rectified images (image_rect)'
        )
    if not all(map(math.isfinite, d)):
        raise CalibrationError(
            'D has entries that are not finite: calibrate the camera again, or empty D if the '
            'lens does not distort'
        )
    if name == 'equidistant' and d:
        return FisheyeLens(d)
    return PolynomialLens(d) if any(d) else PINHOLE


def _check_lens(lens: Lens, matrix: Intrinsics, frame_wh: tuple[int, int]) -> None:
    radius_px = lens.radius * min(matrix.fx, matrix.fy)
    if not radius_px >= MIN_LENS_RADIUS * min(frame_wh):
        raise CalibrationError(
            f'D describes a lens whose image folds back {radius_px:.0f} px from its middle, in '
            f'{_size(frame_wh)} px: calibrate the camera again'
        )


def _check_focal(name: str, matrix: Intrinsics, frame_wh: tuple[int, int]) -> None:
    for focal, side in ((matrix.fx, frame_wh[0]), (matrix.fy, frame_wh[1])):
        if not MIN_FOCAL * side <= focal <= MAX_FOCAL * side:
            raise CalibrationError(
                f"{name}'s focal lengths {matrix.fx:g} and {matrix.fy:g} are implausible for "
                f'{_size(frame_wh)} px: publish them in pixels, not as shares of the sides or '
                'in mm'
            )


@dataclass(frozen=True, slots=True)
class _Interpretation:
    """One way to understand a calibration.

    Attributes:
        frame_wh: Size of what the matrix belongs to, px.
        size_wh: Size of the image that region and binning make of that, px.
        offset_xy: First column and row of the region.
        binning_xy: Pixels of the frame per image pixel.
        is_guess: Whether no number of the calibration but the matrix itself supports it.
    """

    frame_wh: tuple[int, int]
    size_wh: tuple[float, float]
    offset_xy: tuple[int, int] = (0, 0)
    binning_xy: tuple[int, int] = (1, 1)
    is_guess: bool = False

    def off_centre(self, matrix: Intrinsics) -> float:
        """Return how far the principal point is from the centre, as a share of the side."""
        width, height = self.frame_wh
        return max(
            abs((matrix.cx + 0.5) / width - 0.5),
            abs((matrix.cy + 0.5) / height - 0.5),
        )

    def rank(self, matrix: Intrinsics, image_wh: tuple[int, int]) -> tuple[float, bool]:
        """Return less for what is more likely; equals are in the order of `_interpretations`."""
        off_centre = max(self.off_centre(matrix), PLAUSIBLE_OFF_CENTRE)
        return off_centre, self.is_guess or not self.is_exact(image_wh)

    def is_exact(self, image_wh: tuple[int, int]) -> bool:
        """Return whether an image has the resulting size, be it rounded up or down."""
        return all(abs(a - b) < 1 for a, b in zip(image_wh, self.size_wh, strict=True))

    def fits(self, image_wh: tuple[int, int]) -> bool:
        """Return whether an image has the proportions of the resulting size."""
        x, y = (own / mine for own, mine in zip(image_wh, self.size_wh, strict=True))
        pixels_off = min(abs(x / y - 1) * image_wh[1], abs(y / x - 1) * image_wh[0])
        return self.is_exact(image_wh) or pixels_off <= 1 or abs(x / y - 1) <= MAX_STRETCH

    def intrinsics(self, matrix: Intrinsics, image_wh: tuple[int, int]) -> Intrinsics:
        """Return the intrinsics of an image that fits."""
        image = matrix.cropped_and_binned(self.offset_xy, self.binning_xy)
        if self.is_exact(image_wh):
            return image
        (width, height), (mine_w, mine_h) = image_wh, self.size_wh
        return image.scaled((width / mine_w, height / mine_h))


def _interpretations(
    calibration: Calibration, image_wh: tuple[int, int]
) -> Iterator[_Interpretation]:
    """Yield the ways to understand a calibration that fit an image, the standard's first."""
    width, height = (
        given or own for given, own in zip(calibration.image_wh, image_wh, strict=True)
    )
    bin_x, bin_y = binning = calibration.binning_xy[0] or 1, calibration.binning_xy[1] or 1
    left, top, roi_w, roi_h = calibration.roi_xywh
    roi_w, roi_h = roi_w or width - left, roi_h or height - top
    full, sensor = (width, height), (width * bin_x, height * bin_y)
    ways = [
        # Width and height are those of the image, and so is K, whatever region and binning say.
        _Interpretation(full, full),
        # Width and height are those of the binned image, K is that of the sensor.
        _Interpretation(sensor, full, binning_xy=binning),
    ]
    if 0 < roi_w <= width - left and 0 < roi_h <= height - top:
        size_wh = roi_w / bin_x, roi_h / bin_y
        ways.insert(0, _Interpretation(full, size_wh, (left, top), binning))
    ways = [way for way in ways if way.fits(image_wh)]
    yield from ways
    if ways:
        # Width and height are those of the sensor, K is that of the image.
        yield _Interpretation(image_wh, image_wh, is_guess=True)


def _other_proportions(calibration: Calibration, image_wh: tuple[int, int]) -> str:
    parts = [f'it is for {_size(calibration.image_wh)} px']
    if any(calibration.binning_xy):
        parts.append(f'binning {_size(calibration.binning_xy)}')
    if any(calibration.roi_xywh):
        left, top, *roi_wh = calibration.roi_xywh
        parts.append(f'a region of {_size(roi_wh)} px at ({left}, {top})')
    return (
        f'{", ".join(parts)}, and an image of {_size(image_wh)} px has other proportions: publish '
        'the calibration for this size, or the binning and region (roi) that make this image'
    )


def _size(wh: Sequence[int]) -> str:
    return 'x'.join(map(str, wh))
