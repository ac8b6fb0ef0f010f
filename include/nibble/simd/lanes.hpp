// SPDX-License-Identifier: Apache-2.0
// The vectors of simd/portable.hpp as plain arrays, for machines that xsimd does not know.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include <nibble/core/config.hpp>
#include <nibble/core/float_math.hpp>
#include <nibble/simd/region.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace lanes {

/// 128 bits; compilers make of it what the machine has. The operations are those of simd/portable.hpp, which says what
/// each is.
template <class T>
struct vector {
    static constexpr std::size_t size = 16 / sizeof(T);
    T lane[size];

    template <class Operation>
    NIBBLE_INLINE static vector of(const Operation& operation) noexcept {
        vector v;
        for (std::size_t i = 0; i < size; ++i) v.lane[i] = static_cast<T>(operation(i));
        return v;
    }
    friend vector operator+(vector a, vector b) noexcept {
        return of([&](std::size_t i) { return a.lane[i] + b.lane[i]; });
    }
    friend vector operator-(vector a, vector b) noexcept {
        return of([&](std::size_t i) { return a.lane[i] - b.lane[i]; });
    }
    friend vector operator*(vector a, vector b) noexcept {
        return of([&](std::size_t i) { return a.lane[i] * b.lane[i]; });
    }
    friend vector operator&(vector a, vector b) noexcept {
        return of([&](std::size_t i) { return a.lane[i] & b.lane[i]; });
    }
    friend vector operator|(vector a, vector b) noexcept {
        return of([&](std::size_t i) { return a.lane[i] | b.lane[i]; });
    }
    friend vector operator^(vector a, vector b) noexcept {
        return of([&](std::size_t i) { return a.lane[i] ^ b.lane[i]; });
    }
};

template <class T>
NIBBLE_INLINE vector<T> load(const T* p) noexcept {
    return vector<T>::of([p](std::size_t i) { return p[i]; });
}
template <class T>
NIBBLE_INLINE void store(T* p, vector<T> v) noexcept {
    std::copy_n(v.lane, v.size, p);
}
template <class T>
NIBBLE_INLINE vector<T> splat(T value) noexcept {
    return vector<T>::of([value](std::size_t) { return value; });
}

using u8x16 = vector<std::uint8_t>;
using i16x8 = vector<std::int16_t>;
using i32x4 = vector<std::int32_t>;
using f32x4 = vector<float>;

template <int From, int Width, int To>
NIBBLE_INLINE u8x16 bits(u8x16 v) noexcept {
    return u8x16::of([&](std::size_t i) { return (v.lane[i] >> From & ((1 << Width) - 1)) << To; });
}
template <const std::uint8_t (&Table)[16], int From>
NIBBLE_INLINE u8x16 look_up(const std::uint8_t* nibbles) noexcept {
    return u8x16::of([&](std::size_t i) { return Table[nibbles[i] >> From & 15]; });
}
NIBBLE_INLINE u8x16 multiply_high(u8x16 a, u8x16 b) noexcept {
    return u8x16::of([&](std::size_t i) { return a.lane[i] * b.lane[i] >> 8; });
}
NIBBLE_INLINE u8x16 from_words(std::uint64_t low, std::uint64_t high) noexcept {
    return u8x16::of([&](std::size_t i) { return (i < 8 ? low : high) >> (i % 8 * 8) & 255; });
}
NIBBLE_INLINE i32x4 from_lanes(std::int32_t a, std::int32_t b, std::int32_t c, std::int32_t d) noexcept {
    return {{a, b, c, d}};
}
NIBBLE_INLINE f32x4 from_lanes(float a, float b, float c, float d) noexcept { return {{a, b, c, d}}; }
NIBBLE_INLINE i16x8 widen_low(u8x16 v) noexcept {
    return i16x8::of([&](std::size_t i) { return v.lane[i]; });
}
NIBBLE_INLINE i16x8 widen_high(u8x16 v) noexcept {
    return i16x8::of([&](std::size_t i) { return v.lane[8 + i]; });
}
NIBBLE_INLINE i32x4 widen_low(i16x8 v) noexcept {
    return i32x4::of([&](std::size_t i) { return v.lane[i]; });
}
NIBBLE_INLINE i32x4 widen_high(i16x8 v) noexcept {
    return i32x4::of([&](std::size_t i) { return v.lane[4 + i]; });
}
template <int J>
NIBBLE_INLINE i16x8 splat_lane(i16x8 v) noexcept {
    return splat(v.lane[J]);
}
NIBBLE_INLINE i16x8 multiply(i16x8 a, i16x8 b) noexcept { return a * b; }
NIBBLE_INLINE i32x4 add_products(i32x4 sums, i16x8 a, i16x8 b) noexcept {
    return i32x4::of([&](std::size_t i) {
        return sums.lane[i] + a.lane[2 * i] * b.lane[2 * i] + a.lane[2 * i + 1] * b.lane[2 * i + 1];
    });
}
NIBBLE_INLINE void pin(i32x4&) noexcept {}
NIBBLE_INLINE i32x4 transpose_sum(i32x4 a, i32x4 b, i32x4 c, i32x4 d) noexcept {
    const auto sum = [](const i32x4& v) { return v.lane[0] + v.lane[1] + v.lane[2] + v.lane[3]; };
    return {{sum(a), sum(b), sum(c), sum(d)}};
}
NIBBLE_INLINE f32x4 to_float(i32x4 v) noexcept {
    return f32x4::of([&](std::size_t i) { return v.lane[i]; });
}
NIBBLE_INLINE i32x4 round_to_int(f32x4 v) noexcept {
    return i32x4::of([&](std::size_t i) { return std::nearbyint(v.lane[i]); });
}
NIBBLE_INLINE i16x8 narrow(i32x4 a, i32x4 b) noexcept {
    return i16x8::of([&](std::size_t i) { return i < 4 ? a.lane[i] : b.lane[i - 4]; });
}
NIBBLE_INLINE i32x4 bits_of(f32x4 v) noexcept { return std::bit_cast<i32x4>(v); }
NIBBLE_INLINE f32x4 float_of(i32x4 v) noexcept { return std::bit_cast<f32x4>(v); }
template <int N>
NIBBLE_INLINE i32x4 shift_left(i32x4 v) noexcept {
    return i32x4::of([&](std::size_t i) { return static_cast<std::uint32_t>(v.lane[i]) << N; });
}
NIBBLE_INLINE i32x4 greater(i32x4 a, i32x4 b) noexcept {
    return i32x4::of([&](std::size_t i) { return a.lane[i] > b.lane[i] ? -1 : 0; });
}
NIBBLE_INLINE f32x4 evens(f32x4 a, f32x4 b) noexcept { return {{a.lane[0], a.lane[2], b.lane[0], b.lane[2]}}; }
NIBBLE_INLINE f32x4 odds(f32x4 a, f32x4 b) noexcept { return {{a.lane[1], a.lane[3], b.lane[1], b.lane[3]}}; }
NIBBLE_INLINE f32x4 zip_low(f32x4 a, f32x4 b) noexcept { return {{a.lane[0], b.lane[0], a.lane[1], b.lane[1]}}; }
NIBBLE_INLINE f32x4 zip_high(f32x4 a, f32x4 b) noexcept { return {{a.lane[2], b.lane[2], a.lane[3], b.lane[3]}}; }
NIBBLE_INLINE f32x4 divide(f32x4 a, f32x4 b) noexcept {
    return f32x4::of([&](std::size_t i) { return a.lane[i] / b.lane[i]; });
}
NIBBLE_INLINE f32x4 larger(f32x4 a, f32x4 b) noexcept {
    return f32x4::of([&](std::size_t i) { return a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]; });
}
NIBBLE_INLINE f32x4 fma(f32x4 a, f32x4 b, f32x4 c) noexcept {
    return f32x4::of([&](std::size_t i) { return exact_fma(a.lane[i], b.lane[i], c.lane[i]); });
}

}  // namespace lanes
NIBBLE_NAMESPACE_END
