// SPDX-License-Identifier: Apache-2.0
// The bytes of every token, and the way back from bytes to a token: an owned arena with a hash index over it.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/tensor.hpp>

NIBBLE_NAMESPACE_BEGIN

/// "No token" where an optional would cost a register.
inline constexpr token no_token = -1;

namespace text_detail {

/// Spreads a 64-bit value over all bits of the result (the finaliser of splitmix64).
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t x) noexcept {
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

template <class Word>
[[nodiscard]] inline std::uint64_t load(const char* from) noexcept {
    Word word;
    std::memcpy(&word, from, sizeof word);
    return word;
}

/// Hash of a byte string; two overlapping loads cover the usual token of up to 16 bytes.
[[nodiscard]] inline std::uint64_t hash_bytes(std::string_view bytes) noexcept {
    const char* p = bytes.data();
    const std::size_t n = bytes.size();
    std::uint64_t first = 0, last = 0, rest = n * 0x9e3779b97f4a7c15u;
    if (n >= 8) {
        for (std::size_t i = 8; i + 8 < n; i += 8) rest = mix(rest ^ load<std::uint64_t>(p + i));
        first = load<std::uint64_t>(p);
        last = load<std::uint64_t>(p + n - 8);
    } else if (n >= 4) {
        first = load<std::uint32_t>(p);
        last = load<std::uint32_t>(p + n - 4);
    } else if (n > 0) {
        first = load<std::uint8_t>(p) | load<std::uint8_t>(p + n / 2) << 8 | load<std::uint8_t>(p + n - 1) << 16;
    }
    return mix((first ^ rest) * 0xff51afd7ed558ccdu + std::rotl(last, 29));
}

/// Slots of an open-addressing table for `n` entries: a power of two, at most half full.
[[nodiscard]] constexpr std::size_t table_slots(std::size_t n) noexcept { return std::bit_ceil(2 * n + 2); }

/// Longest probe that a table accepts. With half the slots free, chance stays far below it; entries made to collide
/// are refused instead of making every look-up slow.
inline constexpr std::size_t max_probe = 512;

[[noreturn]] inline void throw_colliding(std::string_view what) {
    throw error(errc::limit_exceeded, std::string(what), "at most 512 entries that collide", "more");
}

}  // namespace text_detail

/// Token texts by id, in one buffer, and an index from text to id. Built once, then immutable; copies are independent.
class token_table {
public:
    void reserve(std::size_t n_tokens, std::size_t n_bytes) {
        ends_.reserve(n_tokens);
        bytes_.reserve(n_bytes);
        slots_.assign(text_detail::table_slots(n_tokens), slot{0, no_token});
    }

    /// Buffer to which the next token's bytes are appended, closed by end_token().
    std::string& bytes() noexcept { return bytes_; }

    /// Everything appended since the last call is the text of the next id.
    void end_token() {
        if (bytes_.size() > 0xffffffffu)  // offsets are 32 bits wide
            throw error(errc::limit_exceeded, "token texts", "at most 2^32 - 1 bytes", std::to_string(bytes_.size()));
        ends_.push_back(static_cast<std::uint32_t>(bytes_.size()));
        longest_ = std::max(longest_, operator[](static_cast<token>(ends_.size() - 1)).size());
    }

    /// Makes a token findable by its text, unless the text is empty or found already.
    void add_to_index(token id) {
        const std::string_view text = operator[](id);
        if (text.empty()) return;
        const std::uint64_t hash = text_detail::hash_bytes(text);
        const std::size_t mask = slots_.size() - 1;
        for (std::size_t probe = 0; probe < text_detail::max_probe; ++probe) {
            slot& s = slots_[(hash + probe) & mask];
            if (s.id == no_token) {
                s = {tag_of(hash), id};
                return;
            }
            if (s.tag == tag_of(hash) && operator[](s.id) == text) return;
        }
        text_detail::throw_colliding("token texts");
    }

    /// The indexed token with this text, or no_token.
    [[nodiscard]] token find(std::string_view text) const noexcept {
        if (text.empty() || text.size() > longest_) return no_token;
        const std::uint64_t hash = text_detail::hash_bytes(text);
        const std::size_t mask = slots_.size() - 1;
        for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
            const slot s = slots_[at];
            if (s.id == no_token) return no_token;
            if (s.tag == tag_of(hash) && operator[](s.id) == text) return s.id;
        }
    }

    /// Requires 0 <= id < size().
    [[nodiscard]] std::string_view operator[](token id) const noexcept {
        const auto i = static_cast<std::size_t>(id);
        const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
        return {bytes_.data() + begin, ends_[i] - begin};
    }

    [[nodiscard]] std::size_t size() const noexcept { return ends_.size(); }

private:
    struct slot {
        std::uint32_t tag;  ///< upper half of the hash: other texts are passed over without a look at their bytes
        token id;
    };
    static constexpr std::uint32_t tag_of(std::uint64_t hash) noexcept { return static_cast<std::uint32_t>(hash >> 32); }

    std::string bytes_;
    std::vector<std::uint32_t> ends_;
    std::vector<slot> slots_{slot{0, no_token}};
    std::size_t longest_ = 0;
};

NIBBLE_NAMESPACE_END
