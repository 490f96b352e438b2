"""What is normal: the figures behind the report's sentences, with where they come from."""

from __future__ import annotations

# Of images, replaced by newer ones. The node takes the newest image on purpose, so a few are
# dropped at every hiccup; regularly dropped ones say that it is slower than the camera.
DROPPED_SHARE = 0.02
# Of images, lost on their way or failed: the node's own diagnostics warn from here on.
LOST_SHARE = FAILED_SHARE = 0.03
# Filters of tracks begin anew after a longer pause (docs/filtering.md).
GAP_S = 0.5
# s from the image's stamp to the published faces, of 19 images in 20: what follows a face within
# a tenth of a second feels immediate (R. B. Miller, Response time in man-computer conversational
# transactions, 1968).
LATENCY_P95_S = 0.1
# Of the distance of the outer corners of the eyes, at rest: twice what the default filter leaves
# of clips of faces at rest (docs/filtering.md: 0.03 and 0.09 %, unfiltered 0.08 and 0.27 %).
REST_JITTER_SHARE = 0.0018
# The share of a track's images that counts as at rest (docs/filtering.md).
REST_SHARE = 0.1
# Of images of a track in which it was not seen but expected.
COASTING_SHARE = 0.05
# The landmark model's presence of a face that is in plain view.
PRESENCE = 0.9
# Degrees. Beyond, most of the far half of a face is hidden, and the model draws it by what faces
# are like.
HEAD_TURN_DEG = 45.0
# Means of 150 healthy people, blinks per minute (A. R. Bentivoglio et al., Analysis of blink rate
# patterns in normal subjects, Movement Disorders 12, 1997).
BLINKS_READING, BLINKS_AT_REST, BLINKS_TALKING = 4.5, 17.0, 26.0
# Less than half of what is usual while reading: nobody keeps that up.
FEW_BLINKS = 2.0
# A blink lasts 0.1 to 0.4 s (H. R. Schiffman, Sensation and perception, 2001): at a lower rate of
# images some fall between two of them.
BLINK_RATE_HZ = 15.0
# Less says nothing of a rate per minute.
BLINK_OBSERVED_S = 20.0
# Another id where a face was a moment before is probably the same face.
SAME_PLACE_IOU, SAME_PLACE_S = 0.3, 3.0
# Sigma of a distance, of the distance: by an average face it is 5.7 %, by irises less
# (docs/metric_sources.md), so beyond there are other reasons: small, turned or blurred faces.
DISTANCE_SIGMA_SHARE = 0.1
