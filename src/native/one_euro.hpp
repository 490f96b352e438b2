// MediaPipe's filter, for every face and with true intervals.

#pragma once

#include <cstdint>
#include <vector>

#include "track_states.hpp"

namespace facemesh
{

struct OneEuroSettings
{
  double min_cutoff_hz, beta, derivative_cutoff_hz;
};

// With interval T, face size s and gain α(f) = 1 / (1 + 1 / (2π f T)):
//
//     speed   v ← v + α(derivative_cutoff_hz) ((y − y_before) / (s T) − v)
//     cutoff  f = min_cutoff_hz + beta |v|
//     output  x ← x + α(f) (y − x)
//
// Source: MediaPipe `one_euro_filter.cc`, `landmarks_smoothing_calculator.cc`; Casiez et al.,
// 1€ Filter, CHI 2012.
class OneEuroFilter
{
public:
  explicit OneEuroFilter(OneEuroSettings settings)
  : settings_(settings) {}

  void reset() {tracks_.reset();}

  // Filter `count` faces of one image, count x points x 3 px.
  void update(
    const std::int64_t * ids, const float * landmarks, std::int64_t count, std::int64_t points,
    std::int64_t stamp_ns, float * filtered);

private:
  struct Point
  {
    double measured, smoothed, speed;  // px, px, face sizes per s
  };

  void smooth(
    std::vector<Point> & face, const float * landmarks, double size, double elapsed_s,
    float * filtered) const;

  OneEuroSettings settings_;
  TrackStates<std::vector<Point>> tracks_;
};

}  // namespace facemesh
