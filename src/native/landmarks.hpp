// Landmarks between crops and image, the crops they ask for, and whether they are numbers at all.

#pragma once

#include <cstdint>

namespace facemesh
{

// See facemesh_ros.inference.crop_model.landmarks_in_image; map is 2 x 3, both points x 3.
void project_landmarks(
  const float * landmarks, const double * map, std::int64_t points, float * projected);

struct Roi
{
  float centre[2], side, rotation_rad;
};

// See facemesh_ros.geometry.rois.rois_from_landmarks; landmarks are points x 3 px.
Roi roi_from_landmarks(
  const float * landmarks, std::int64_t points, std::int64_t right_eye, std::int64_t left_eye,
  double scale);

// See facemesh_ros.geometry.affine.image_from_crop; the map is 2 x 3.
void map_from_crop(
  const float * centre, const float * size_wh, float rotation_rad, int input_size, double * map);

// See facemesh_ros.geometry.boxes.tight_boxes; landmarks are points x axes. NaN is in every box.
void box_around(
  const float * landmarks, std::int64_t points, std::int64_t axes, float * box);

// Whether all magnitudes are less than a limit; no NaN is.
bool all_below(const float * values, std::int64_t count, float limit);

}  // namespace facemesh
