// SPDX-License-Identifier: Apache-2.0
// The bytes of every token, and the way back from bytes to a token: an owned arena with a hash index over it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>
#include <nibble/text/id_index.hpp>

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

/// The bytes of a text of at most 8, lowest first, zeros above. Two loads that overlap agree where they do.
[[nodiscard]] inline std::uint64_t load_short(std::string_view text) noexcept {
    const char* p = text.data();
    const std::size_t n = text.size();
    if (n >= 4) return load<std::uint32_t>(p) | load<std::uint32_t>(p + n - 4) << 8 * (n - 4);
    if (n >= 2) return load<std::uint16_t>(p) | load<std::uint8_t>(p + n - 1) << 8 * (n - 1);
    return n == 1 ? load<std::uint8_t>(p) : 0;
}

}  // namespace text_detail

/// Token texts by id, in one buffer, and an index from text to id. Built once, then immutable. Move-only.
class token_table {
public:
    /// A text as the index compares it. Up to 7 bytes it is the text itself and its length, so that most words are
    /// found without a look at the texts; above it is a hash.
    struct key {
        std::uint64_t bits;

        [[nodiscard]] bool is_text() const noexcept { return bits >> 56 < 8; }
        [[nodiscard]] std::uint64_t hash() const noexcept { return text_detail::mix(bits); }
    };

    [[nodiscard]] static key key_of(std::string_view text) noexcept {
        using text_detail::load;
        const std::size_t n = text.size();
        if (n < 8) return {text_detail::load_short(text) | std::uint64_t{n} << 56};
        std::uint64_t bits = n;
        for (std::size_t i = 0; i + 8 < n; i += 8) bits = text_detail::mix(bits ^ load<std::uint64_t>(text.data() + i));
        return {text_detail::mix(bits ^ load<std::uint64_t>(text.data() + n - 8)) | std::uint64_t{8} << 56};
    }

    /// Bytes behind the text of a token that may be overwritten before the next one comes.
    static constexpr std::size_t slack = 8;

    /// Before anything else: the number of tokens to come, and at most how many bytes they have together.
    void reserve(std::size_t n_tokens, std::size_t n_bytes);

    /// Where the bytes of the next token go; end_token(size) says how many were written and completes it.
    [[nodiscard]] char* next_bytes() noexcept { return bytes_.data() + (ends_.empty() ? 0 : ends_.back()); }

    void end_token(std::size_t size);

    void add_token(std::string_view text);

    /// Makes these tokens findable by their texts, in this order, but for empty texts and those found already.
    void index(const std::vector<token>& ids);

    /// The indexed token with this text, or no_token.
    [[nodiscard]] token find(std::string_view text) const noexcept { return find(text, key_of(text)); }

    [[nodiscard]] token find(std::string_view text, const key& k) const noexcept {
        return static_cast<token>(index_.find(k.hash(), [&](std::uint32_t id) { return is(id, text, k); }));
    }

    /// Asks memory for what a find will look at.
    void prefetch(const key& k) const noexcept { index_.prefetch(k.hash()); }

    /// Whether a find of its text gives this id; false for what is no id.
    [[nodiscard]] bool is_indexed(token id) const noexcept {
        const auto i = static_cast<std::uint32_t>(id);
        return i < indexed_.size() && indexed_[i];
    }
    /// Whether find(text, k) gives this id.
    [[nodiscard]] bool finds(token id, std::string_view text, const key& k) const noexcept {
        return is_indexed(id) && is(static_cast<std::uint32_t>(id), text, k);
    }

    /// Requires 0 <= id < size().
    [[nodiscard]] std::string_view operator[](token id) const noexcept {
        const auto i = static_cast<std::size_t>(id);
        const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
        return {bytes_.data() + begin, ends_[i] - begin};
    }

    [[nodiscard]] std::size_t size() const noexcept { return ends_.size(); }

private:
    [[nodiscard]] bool is(std::uint32_t id, std::string_view text, const key& k) const noexcept {
        return keys_[id].bits == k.bits && (k.is_text() || operator[](static_cast<token>(id)) == text);
    }

    std::string bytes_;
    std::vector<std::uint32_t> ends_;
    std::vector<key> keys_;
    id_index index_;
    std::vector<bool> indexed_;
};

static_assert(static_cast<token>(id_index::none) == no_token);

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/text/token_table_impl.hpp>
#endif
