"""Pictures from files and cameras, and videos to files."""

from facemesh_ros.io.calibration_file import CalibrationFile
from facemesh_ros.io.depth_files import DepthFiles
from facemesh_ros.io.errors import MediaError, UnreadableError, readable_name
from facemesh_ros.io.file_kinds import HEIC_SUFFIXES, IMAGE_SUFFIXES, VIDEO_SUFFIXES, is_video
from facemesh_ros.io.frames import ImageOrigin, Picture, count_pictures, pictures_from_file
from facemesh_ros.io.pictures import image_from_file, write_picture
from facemesh_ros.io.source_files import FoundMedia, MediaSource, SourceKind, find_media
from facemesh_ros.io.video import (
    DEFAULT_RATE_HZ,
    images_from_capture,
    opened_video,
    rate_of,
    rate_of_file,
)
from facemesh_ros.io.video_writer import WRITABLE_SUFFIXES, VideoFile

__all__ = [
    'DEFAULT_RATE_HZ',
    'HEIC_SUFFIXES',
    'IMAGE_SUFFIXES',
    'VIDEO_SUFFIXES',
    'WRITABLE_SUFFIXES',
    'CalibrationFile',
    'DepthFiles',
    'FoundMedia',
    'ImageOrigin',
    'MediaError',
    'MediaSource',
    'Picture',
    'SourceKind',
    'UnreadableError',
    'VideoFile',
    'count_pictures',
    'find_media',
    'image_from_file',
    'images_from_capture',
    'is_video',
    'opened_video',
    'pictures_from_file',
    'rate_of',
    'rate_of_file',
    'readable_name',
    'write_picture',
]
