// Jitter: how much a filter removes, as RMS of raw minus filtered landmarks.

#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>

namespace facemesh
{

// Root mean square of raw minus filtered landmarks of each track over the last second.
class JitterMeter
{
public:
  void reset() {windows_.clear();}

  // Take `count` faces of one image, count x points x 3 px; an image from before the last one
  // begins anew. Writes √(mean of dx² + dy²) over the landmarks and the last second's images.
  void update(
    const std::int64_t * ids, const float * raw, const float * filtered, std::int64_t count,
    std::int64_t points, std::int64_t stamp_ns, float * jitters_px);

private:
  struct Sample
  {
    std::int64_t stamp_ns;
    double mean_square;  // px²
  };

  std::unordered_map<std::int64_t, std::deque<Sample>> windows_;
};

}  // namespace facemesh
