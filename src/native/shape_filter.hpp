// Filter of the face's shape on the head: averaged at rest, passed on once a part moves.

#pragma once

#include <cstdint>
#include <vector>

#include "head_alignment.hpp"

namespace facemesh
{

// Which of G groups that move together each landmark belongs to.
struct LandmarkGroups
{
  std::vector<std::uint8_t> group_of_landmark;  // L; 0 is the skin, which expressions hardly move
  std::vector<int> counts;  // G, how many landmarks each has
  std::vector<int> skin;  // S, those of group 0
  std::vector<double> noise;  // G, standard deviation of a landmark relative to the skin's
  std::vector<double> at_rest;  // G, variances above which a resting group's change is expression
};

struct FaceShape
{
  std::vector<double> means;  // 3 x L, in head coordinates
  std::vector<double> counts;  // G, how many images the average of each group is worth
  std::vector<double> activities;  // G, from 0, at rest, to 1, moving

  // Take the first measurement, 3 x L in head coordinates.
  void start(const std::vector<double> & shape, std::size_t groups);

  // Take the next one. All landmarks of a group share one gain. With r, the group's mean squared
  // change in units of its noise, and its threshold t:
  //
  //     gain = max(1 − (min(t / r, 1))², averaging)
  //     averaging = max(1 / (count + 1), 1 − exp(−max(r, 1) T / rest_time_s))
  //
  // An average is worth count = 1 / gain images: after an expression it begins anew, and so it
  // does where the head has come to rest.
  //
  // noise_px: standard deviation of the skin landmarks. rest_time_s: time constant of the average
  // of faces at rest.
  void update(
    const std::vector<double> & measured, const HeadAlignment & head, double noise_px,
    const LandmarkGroups & groups, double elapsed_s, double rest_time_s, bool has_stopped);
};

}  // namespace facemesh
