// What a filter keeps of each track from image to image, and when a track starts anew.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <unordered_map>

namespace facemesh
{

constexpr double kNsPerS = 1e9;
// Of images whose stamps say nothing; as frame_clock.NOMINAL_INTERVAL_S.
constexpr double kNominalIntervalS = 1.0 / 30;
constexpr double kMaxGapS = 0.5;
// Closer stamps come from the clock or the transport, not from the motion between two exposures.
constexpr double kMinIntervalS = 1.0 / 250;
// From one image to the next: distance in face sizes, and ratio of sizes.
constexpr double kMaxJump = 1, kMaxSizeRatio = 1.6;

// Centre and size of a face, px; the size is about its height and width.
struct FacePosition
{
  double x, y, size;
};

inline bool is_reachable(const FacePosition & now, const FacePosition & before)
{
  const double larger = std::max(now.size, before.size);
  return std::hypot(now.x - before.x, now.y - before.y) <= kMaxJump * larger &&
         larger <= kMaxSizeRatio * std::min(now.size, before.size);
}

// State by track id. A track may be absent for a while and is then continued over the true
// interval. It starts anew after more than 0.5 s, when time goes back, and when it jumps or
// changes size so far that it must be another face. Equal stamps count as 1/30 s.
template<typename State>
class TrackStates
{
public:
  struct Resumed
  {
    State & state;
    bool starts;  // the state is some other one's, to be overwritten
    double elapsed_s;  // since it was measured; 1/30 where it starts
  };

  // Return the state of a track that is seen now.
  Resumed resume(std::int64_t id, const FacePosition & position, std::int64_t stamp_ns)
  {
    const auto [found, is_new] = tracks_.try_emplace(id);
    Track & track = found->second;
    const double elapsed_s = static_cast<double>(stamp_ns - track.stamp_ns) / kNsPerS;
    const bool continues = !is_new && elapsed_s >= 0 && elapsed_s <= kMaxGapS &&
      is_reachable(position, track.position);
    track.position = position;
    track.stamp_ns = stamp_ns;
    if (!continues || elapsed_s == 0) {return {track.state, !continues, kNominalIntervalS};}
    return {track.state, false, std::max(elapsed_s, kMinIntervalS)};
  }

  // Forget what could not be continued any more.
  void end_old(std::int64_t stamp_ns)
  {
    for (auto track = tracks_.begin(); track != tracks_.end(); ) {
      const double age_s = static_cast<double>(stamp_ns - track->second.stamp_ns) / kNsPerS;
      track = age_s >= 0 && age_s <= kMaxGapS ? std::next(track) : tracks_.erase(track);
    }
  }

  void reset() {tracks_.clear();}

private:
  struct Track
  {
    State state;
    FacePosition position{};
    std::int64_t stamp_ns = 0;
  };

  std::unordered_map<std::int64_t, Track> tracks_;
};

}  // namespace facemesh
