"""What `facemesh run --help` says."""

from __future__ import annotations

DESCRIPTION = 'Find faces in pictures, folders, videos and rosbag2 recordings, without ROS.'
PATH_HELP = (
    'a picture, a video, a rosbag2 recording (a folder, .mcap or .db3), or a folder, which stands '
    'for all of these in it (not in its sub-folders). Numbered frames (1.jpg to 12.jpg, '
    'frame_0001.png, ...: one folder, one size, '
    'names that differ in their last number) are one stream, like a video; every other picture, '
    'also photographs numbered by a camera (IMG_0001.jpg) and pictures with a line of their own '
    'in --camera-info, is processed independently'
)
EPILOG = """\
examples:
  facemesh run photo.jpg holiday/ clip.mp4
  facemesh run clip.mp4 --jsonl faces.jsonl --video annotated.mp4
  facemesh run clip.mp4 --jsonl - | head -n 1
  facemesh run robot_bag/ --bag faces.mcap
  facemesh run archive/ --jsonl faces.jsonl --jobs 4 --resume
  facemesh run /data/archive/ --jsonl /data/faces.jsonl --cluster tcp://head:8786
  facemesh run archive/ --jsonl faces.jsonl --share 2/5
  facemesh run scans/ --camera-info camera.yaml --depth '{stem}_depth.png' --jsonl faces.jsonl

a line of --jsonl is one picture, one JSON object:
  source    the file, relative to the current folder if it lies in it, else as it was given;
            bytes of its name that are not UTF-8 are written as \\xNN
  topic     of recordings only: the topic of the image
  frame     number of the picture in its video or topic, from 0; 0 for pictures
  stamp_ns  time since the video's first picture by the video itself, ns; 0 for pictures; the
            stamp of the header in recordings
  image_wh  width and height, px
  ms        time that the pipeline took, without decoding and writing
  faces     one object per face, sorted by id:
    id         the same as long as a stream shows the face, never given to another one in a run
               (in recordings: in each of them)
    state      0 new and not confirmed, 1 seen, 2 not seen in this picture but expected
    score      the detector's, 0 to 1; null where it did not run
    last_score, last_score_age    what the detector said of it last, 0 if it looked and found no
               face there, and pictures since then
    presence   the landmark model's probability that this is a face, 0 to 1
    box_xyxy   left, top, right, bottom, px
    landmarks  x, y, z of 468 or 478 points, px; (0, 0) is the centre of the top-left pixel,
               smaller z is nearer
    pose       with --camera-info, else null: position_m of the point between the eyes and
               quaternion_xyzw of the head (x out of the face, y to its left, z up), as the
               camera sees them (x right, y down, z forward), and their covariance, 6 x 6 by
               rows: x y z, rotations about the camera's axes
    metric_source    what says how large the face is: 0 nothing, 1 an average face, 2 its irises,
               3 the depth picture
    landmarks_metric  the landmarks in m as the camera sees them, or null
    gaze_left, gaze_right  unit vectors in which the eyes look, or null if unknown
    gaze_sigma  standard deviation of either, rad, or null

a line of --camera-info is the calibration of one picture or video, named like it or by its path:
  {"source": "a.png", "width": 640, "height": 480, "distortion_model": "plumb_bob",
   "d": [...], "k": [9 numbers], "r": [9], "p": [12]}
distortion_model is plumb_bob, rational_polynomial, equidistant, or empty with no d. Pictures
with a line of their own are processed independently, numbered or not: frames of a stream have one
camera. Pictures without a line have faces in pixels only, and are counted in a note.

exit status: 0; 1 if a file could not be read, or only in part (the others are done; a fault of
facemesh itself is told as such, with its traceback in OUT.errors), or a result not be written;
2 for a wrong command line; 130 after Ctrl-C, with the results so far kept
"""
