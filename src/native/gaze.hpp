// Where a face looks: its irises against the eyeballs of the posed head; see attributes/gaze.py.

#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "head_shape.hpp"

namespace facemesh
{

// To the head's left, and up.
using LeftUp = std::array<double, 2>;

// How a landmark model draws irises; see attributes/drawn_irises.py.
struct DrawnIrises
{
  LeftUp travel_m;
  double rest_forward_m, rest_up_m, view_m;
  LeftUp noise_m, person_m;
};

// How the eyes of one person rest, learnt while a face is followed; see
// attributes/resting_eyes.py.
class RestingEyes
{
public:
  explicit RestingEyes(const DrawnIrises & drawn);

  // How many looks there were since the last image, 0 for the first image.
  double looks_since(std::int64_t stamp_ns);
  // Whether the right and the left eye are open; takes in how far.
  std::array<bool, 2> see_lids(const std::array<double, 2> & openings, double looks);
  // Take in where the irises are seen, and with what variance.
  void see_irises(const LeftUp & seen_m, const LeftUp & noise_m2, double looks);

  const LeftUp & offset_m() const {return offset_m_;}
  const LeftUp & variance_m2() const {return variance_m2_;}

private:
  LeftUp people_m2_, looks_m2_, lasting_m2_;
  LeftUp information_{}, sums_{}, offset_m_{}, variance_m2_;
  std::array<double, 2> openings_{};
  std::optional<std::int64_t> stamp_ns_;
};

// What is seen of the irises of the right and the left eye, in face axes.
struct SeenIrises
{
  std::array<Vector3, 2> towards;  // unit vectors to them
  std::array<LeftUp, 2> displacements_m;  // from where they rest
};

// A posed face whose eyes are looked at.
struct FaceWithEyes
{
  HeadPose pose;
  const double * shape_m;  // 468 x 3, face axes
  const double * rays;  // 478 x 3, in which its landmarks are seen
  std::array<Vector3, 2> eyeballs_m;  // right and left, face axes
};

// Where both irises are seen. The eyeballs are the head's, moved along with the corners of the
// eyes to where these are seen: so an error of the head's pose or of its shape moves both, and
// cancels.
SeenIrises see_irises(const FaceWithEyes & face, const DrawnIrises & drawn);

// Lines of sight in the optical frame.
struct Gaze
{
  Vector3 direction;  // of both eyes
  std::array<bool, 2> is_known;  // of the right and the left eye
  double sigma_rad;  // about each of two axes across it
};

// Where a face looks; nothing is known of either eye if neither is seen.
//
// landmarks: 478 x 3 px. resting: learns from this face.
Gaze estimate_gaze(
  const FaceWithEyes & face, const float * landmarks, const DrawnIrises & drawn,
  RestingEyes & resting, std::int64_t stamp_ns);

}  // namespace facemesh
