// The four pixels around a sample, blended with the instructions of one kind of processor.

#pragma once

#include <cstdint>

#include "crop.hpp"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define FACEMESH_SSSE3 __attribute__((target("ssse3")))
#define FACEMESH_AVX2 __attribute__((target("avx2")))
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace facemesh
{

// Products of both weights of a pixel add up to 2 to the power of this.
constexpr int kWholeBits = 10, kWhole = 1 << kWholeBits;
static_assert(kWhole == kStepsPerPx * kStepsPerPx, "weights of a pixel");

// What a sample reads and how it weighs it: kStepsPerPx in all across, and as many down.
struct Taps
{
  const std::uint8_t * top;  // the left one of the two pixels above
  const std::uint8_t * below;  // and of those below
  int right, bottom;  // weights
};

#if defined(FACEMESH_SSSE3)
// All colours of a pixel at once: eight bytes are read of two pixels, and four numbers written.
template<int kChannels>
class Blend
{
public:
  FACEMESH_SSSE3 Blend(bool is_blue_first, float scale, float low)
  : colours_(order(is_blue_first)), scale_(_mm_set1_ps(scale)), low_(_mm_set1_ps(low)) {}

  FACEMESH_SSSE3 void write(const Taps & taps, float * target) const
  {
    const __m128i sides = _mm_maddubs_epi16(
      _mm_shuffle_epi8(pixels(taps), colours_), _mm_set1_epi32(weights_across(taps.right)));
    const __m128i sums = _mm_madd_epi16(sides, _mm_set1_epi32(weights_down(taps.bottom)));
    const __m128i levels = _mm_srli_epi32(_mm_add_epi32(sums, _mm_set1_epi32(kWhole / 2)), kWholeBits);
    _mm_storeu_ps(target, _mm_add_ps(_mm_mul_ps(_mm_cvtepi32_ps(levels), scale_), low_));
  }

  FACEMESH_SSSE3 static __m128i pixels(const Taps & taps)
  {
    const __m128i above = _mm_loadl_epi64(reinterpret_cast<const __m128i *>(taps.top));
    return _mm_castps_si128(
      _mm_loadh_pi(_mm_castsi128_ps(above), reinterpret_cast<const __m64 *>(taps.below)));
  }

  // Which byte goes where: of each colour the upper left and right one, then the lower ones.
  FACEMESH_SSSE3 static __m128i order(bool is_blue_first)
  {
    constexpr char k = kChannels;
    return is_blue_first ?
           _mm_setr_epi8(
      2, k + 2, 10, k + 10, 1, k + 1, 9, k + 9, 0, k, 8, k + 8, -1, -1, -1, -1) :
           _mm_setr_epi8(
      0, k, 8, k + 8, 1, k + 1, 9, k + 9, 2, k + 2, 10, k + 10, -1, -1, -1, -1);
  }

  static constexpr std::int32_t weights_across(int right)
  {
    return (kStepsPerPx - right + (right << 8)) * 0x10001;
  }

  static constexpr std::int32_t weights_down(int bottom) 
  {
    return kStepsPerPx - bottom + (bottom << 16);
  }

private:
  __m128i colours_;
  __m128 scale_, low_;
};

// Two samples at once; eight numbers are written of six.
template<int kChannels>
class BlendTwo
{
public:
  FACEMESH_AVX2 BlendTwo(bool is_blue_first, float scale, float low)
  : colours_(_mm256_broadcastsi128_si256(Blend<kChannels>::order(is_blue_first))),
    scale_(_mm256_set1_ps(scale)), low_(_mm256_set1_ps(low)),
    each_(_mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1)),
    packed_(_mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7)) {}

  // across, down: both samples' weights, see Blend.
  FACEMESH_AVX2 void write(
    const Taps & first, const Taps & second, const std::int32_t * across,
    const std::int32_t * down, float * target) const
  {
    const __m256i pixels = _mm256_inserti128_si256(
      _mm256_castsi128_si256(Blend<kChannels>::pixels(first)), Blend<kChannels>::pixels(second),
      1);
    const __m256i sides =
      _mm256_maddubs_epi16(_mm256_shuffle_epi8(pixels, colours_), spread(across));
    const __m256i sums = _mm256_madd_epi16(sides, spread(down));
    const __m256i levels = _mm256_srli_epi32(_mm256_add_epi32(sums, _mm256_set1_epi32(kWhole / 2)), kWholeBits);
    const __m256 values =
      _mm256_add_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(levels), scale_), low_);
    _mm256_storeu_ps(target, _mm256_permutevar8x32_ps(values, packed_));
  }

private:
  FACEMESH_AVX2 __m256i spread(const std::int32_t * two) const
  {
    return _mm256_permutevar8x32_epi32(
      _mm256_castsi128_si256(_mm_loadl_epi64(reinterpret_cast<const __m128i *>(two))), each_);
  }

  __m256i colours_;
  __m256 scale_, low_;
  __m256i each_, packed_;
};
#elif defined(__aarch64__)
// All colours of a pixel at once: eight bytes are read of two pixels, and four numbers written.
template<int kChannels>
class Blend
{
public:
  Blend(bool is_blue_first, float scale, float low)
  : scale_(scale), low_(vdupq_n_f32(low))
  {
    const std::uint8_t red = is_blue_first ? 2 : 0, blue = 2 - red;
    for (std::uint8_t row = 0; row < 2; ++row) {
      const std::uint8_t colours[4] = {red, 1, blue, red};
      for (int index = 0; index < 4; ++index) {
        left_[4 * row + index] = colours[index] + 8 * row;
        right_[4 * row + index] = colours[index] + 8 * row + kChannels;
      }
    }
  }

  void write(const Taps & taps, float * target) const
  {
    const uint8x16_t pixels = vcombine_u8(vld1_u8(taps.top), vld1_u8(taps.below));
    const uint8x8_t lefts = vqtbl1_u8(pixels, vld1_u8(left_));
    const uint8x8_t rights = vqtbl1_u8(pixels, vld1_u8(right_));
    const uint16x8_t sides = vmlal_u8(
      vmull_u8(lefts, vdup_n_u8(static_cast<std::uint8_t>(kStepsPerPx - taps.right))), rights,
      vdup_n_u8(static_cast<std::uint8_t>(taps.right)));
    const uint32x4_t sums = vmlal_n_u16(
      vmull_n_u16(vget_low_u16(sides), static_cast<std::uint16_t>(kStepsPerPx - taps.bottom)),
      vget_high_u16(sides), static_cast<std::uint16_t>(taps.bottom));
    const float32x4_t levels = vcvtq_f32_u32(vrshrq_n_u32(sums, kWholeBits));
    vst1q_f32(target, vaddq_f32(vmulq_n_f32(levels, scale_), low_));
  }

private:
  float scale_;
  float32x4_t low_;
  std::uint8_t left_[8], right_[8];
};
#endif

}  // namespace facemesh
