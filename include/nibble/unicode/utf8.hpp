// SPDX-License-Identifier: Apache-2.0
// UTF-8: strict decoding of one character, encoding, and a stream that turns pieces of bytes into whole characters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// One step through a text: a character, or a stretch of bytes that are none.
struct utf8_unit {
    char32_t code_point;   ///< invalid_code_point where the bytes are no character
    std::uint32_t length;  ///< bytes taken, 1 to 4
};

/// No code point: above U+10FFFF, so no table has it.
inline constexpr char32_t invalid_code_point = 0xffffffff;

/// Decodes the unit that starts at text[at]; requires at < text.size(). As the Unicode Standard, table 3-7: overlong
/// forms, surrogates and values above U+10FFFF are invalid. An invalid unit is the longest start of a character that
/// breaks off (the "maximal subpart" for which decoders write one U+FFFD), or one byte.
[[nodiscard]] constexpr utf8_unit decode_utf8(std::string_view text, std::size_t at) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[at + i]); };
    const std::uint32_t lead = byte(0);
    if (lead < 0x80) return {lead, 1};
    if (lead < 0xc2 || lead > 0xf4) return {invalid_code_point, 1};
    const std::uint32_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    // The second byte's range depends on the lead byte; later bytes are 80 to BF.
    const std::uint32_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const std::uint32_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    const std::size_t left = text.size() - at;
    if (left < 2 || byte(1) < low || byte(1) > high) return {invalid_code_point, 1};
    char32_t code_point = (lead & (0x7fu >> length)) << 6 | (byte(1) & 0x3fu);
    for (std::uint32_t i = 2; i < length; ++i) {
        if (i >= left || (byte(i) & 0xc0u) != 0x80u) return {invalid_code_point, i};
        code_point = code_point << 6 | (byte(i) & 0x3fu);
    }
    return {code_point, length};
}

/// Appends the UTF-8 form; requires a Unicode scalar value.
constexpr void append_utf8(std::string& out, char32_t code_point) {
    const auto put = [&](char32_t byte) { out += static_cast<char>(byte); };
    if (code_point < 0x80) {
        put(code_point);
    } else if (code_point < 0x800) {
        put(0xc0 | code_point >> 6);
        put(0x80 | (code_point & 0x3f));
    } else if (code_point < 0x10000) {
        put(0xe0 | code_point >> 12);
        put(0x80 | (code_point >> 6 & 0x3f));
        put(0x80 | (code_point & 0x3f));
    } else {
        put(0xf0 | code_point >> 18);
        put(0x80 | (code_point >> 12 & 0x3f));
        put(0x80 | (code_point >> 6 & 0x3f));
        put(0x80 | (code_point & 0x3f));
    }
}

/// Offset of the first byte that is not part of a character, or nothing for valid UTF-8.
[[nodiscard]] constexpr std::optional<std::size_t> find_invalid_utf8(std::string_view text) noexcept {
    for (std::size_t at = 0; at < text.size();) {
        const utf8_unit unit = decode_utf8(text, at);
        if (unit.code_point == invalid_code_point) return at;
        at += unit.length;
    }
    return std::nullopt;
}

/// Length of the end of `text` that is the start of a character not yet complete: 0 to 3 bytes.
[[nodiscard]] constexpr std::size_t incomplete_utf8_tail(std::string_view text) noexcept {
    for (std::size_t tail = 1; tail <= 3 && tail <= text.size(); ++tail) {
        const std::size_t at = text.size() - tail;
        const auto byte = static_cast<std::uint8_t>(text[at]);
        if ((byte & 0xc0u) == 0x80u) continue;
        const std::uint32_t length = byte < 0xc2 || byte > 0xf4 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
        const utf8_unit unit = decode_utf8(text, at);
        const bool breaks_off = unit.code_point == invalid_code_point && unit.length == tail && tail < length;
        return breaks_off ? tail : 0;
    }
    return 0;
}

/// What a utf8_stream does with bytes that can be no part of a character.
enum class invalid_utf8 {
    pass,     ///< hand them on: what comes out is byte for byte what went in
    replace,  ///< U+FFFD for each invalid unit of decode_utf8: what comes out is always valid UTF-8
};

/// Collects pieces of bytes and gives out whole characters. At most 3 bytes wait for the rest of their character.
/// The pieces given out, joined, are the same however the input was cut. One thread at a time.
class utf8_stream {
public:
    explicit utf8_stream(invalid_utf8 policy = invalid_utf8::pass) : policy_(policy) {}

    /// All characters that `bytes` completes. The view is valid until the next call; once its buffer has grown to the
    /// largest piece, nothing is allocated.
    std::string_view push(std::string_view bytes) {
        ready_.clear();
        if (held_ == 0) return split(bytes);
        joined_.assign(waiting_, held_);
        joined_ += bytes;
        return split(joined_);
    }

    /// The end of the text: what still waits is invalid. The stream is empty again afterwards.
    std::string_view finish() {
        ready_.clear();
        if (held_ != 0) emit({waiting_, held_});
        held_ = 0;
        return ready_;
    }

    /// Bytes that wait for the rest of their character.
    [[nodiscard]] std::string_view held() const noexcept { return {waiting_, held_}; }

private:
    std::string_view split(std::string_view bytes) {
        const std::size_t tail = incomplete_utf8_tail(bytes);
        emit(bytes.substr(0, bytes.size() - tail));
        held_ = bytes.copy(waiting_, tail, bytes.size() - tail);
        return ready_;
    }

    void emit(std::string_view bytes) {
        if (policy_ == invalid_utf8::pass) {
            ready_ += bytes;
            return;
        }
        for (std::size_t at = 0; at < bytes.size();) {
            const utf8_unit unit = decode_utf8(bytes, at);
            if (unit.code_point == invalid_code_point)
                ready_ += "\xef\xbf\xbd";
            else
                ready_ += bytes.substr(at, unit.length);
            at += unit.length;
        }
    }

    invalid_utf8 policy_;
    std::size_t held_ = 0;
    char waiting_[3] = {};
    std::string ready_, joined_;
};

NIBBLE_NAMESPACE_END
