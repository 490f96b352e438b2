// Noise of each face, estimated from the skin, which hardly moves on the head, and of its zoom.

#pragma once

#include <vector>

#include "head_alignment.hpp"

namespace facemesh
{

struct NoiseEstimate
{
  std::vector<double> skin;  // 3 x S, the skin landmarks as measured last, in head coordinates
  double deviation;  // standard deviation of a coordinate of quiet images, in eye distances
  double eye_distance_px;  // as measured last
  double growth;  // relative change of size, 1/s
  double zoom_factor;  // how many times the assumed the noise of zoom is, from 1

  // Assume what is usual at the first measurement.
  void start(std::vector<double> skin, double eye_distance_px);

  // Take the next measurement. The estimates follow a low quantile q of the change between two
  // images, so that motion hardly counts: σ ← σ exp(RATE · T · q) where the change is above σ,
  // else σ exp(RATE · T · (q − 1)). Of the size it is the change of its growth, in which steady
  // motion does not count at all.
  void update(std::vector<double> skin, const HeadAlignment & head, double elapsed_s);

  // Standard deviations of the coordinates of the head's motion, eye distances.
  Motion of_head() const;
};

}  // namespace facemesh
