// SPDX-License-Identifier: Apache-2.0
// Byte-level BPE (tokenizer.ggml.model = "gpt2"): words of bytes, merged by rank. Sennrich et al., ACL 2016;
// Radford et al., "Language Models are Unsupervised Multitask Learners", 2019, for the byte alphabet.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/tensor.hpp>
#include <nibble/text/merge.hpp>
#include <nibble/text/pretokenizer.hpp>
#include <nibble/text/token_table.hpp>
#include <nibble/text/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN

/// The alphabet in which vocabularies of byte-level BPE spell bytes: the printable ones of Latin-1 stand for
/// themselves (33-126, 161-172, 174-255), the other 68, in order, are U+0100 to U+0143.
namespace byte_alphabet {

inline constexpr char32_t end = 0x144;

/// Code point below `end` -> byte, or -1 where it stands for none.
inline constexpr std::array<std::int16_t, end> byte_of = [] {
    std::array<std::int16_t, end> map{};
    std::int16_t free = 0x100;
    for (auto& byte : map) byte = -1;
    for (std::int16_t b = 0; b < 256; ++b) {
        const bool itself = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
        map[static_cast<std::size_t>(itself ? b : free++)] = b;
    }
    return map;
}();

/// Appends the bytes that `text` spells. False, with nothing appended, if a character of it is not of the alphabet.
[[nodiscard]] inline bool append_bytes(std::string_view text, std::string& out) {
    const std::size_t before = out.size();
    out.resize(before + text.size());  // never longer than the spelling
    char* to = out.data() + before;
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::uint32_t c = static_cast<std::uint8_t>(text[i]);
        if (c >= 0x80) {  // two bytes of UTF-8, C2 A1 to C5 83; what breaks off or continues wrongly maps to no byte
            const std::uint32_t second = i + 1 < text.size() ? static_cast<std::uint8_t>(text[++i]) : 0;
            c = c >= 0xc2 && c <= 0xc5 && (second & 0xc0u) == 0x80u ? (c & 0x1fu) << 6 | (second & 0x3fu) : 0;
        }
        const std::int16_t byte = c < end ? byte_of[c] : std::int16_t{-1};
        if (byte < 0) {
            out.resize(before);
            return false;
        }
        *to++ = static_cast<char>(byte);
    }
    out.resize(static_cast<std::size_t>(to - out.data()));
    return true;
}

}  // namespace byte_alphabet

/// The merges of a vocabulary and what is made of one text with them. Holds ids only; the texts are in the
/// token_table that every call is given, the same one each time.
class byte_pair_encoder {
public:
    struct settings {
        pretokenizer pattern;
        bool ignore_merges;            ///< a word that is a token is that token, whatever its merges say
        std::optional<token> unknown;  ///< for bytes that have no token
    };

    /// `texts` holds bytes, not spellings, and has indexed the tokens that text may become. `merges` are spellings,
    /// best first; of equal merges the first counts. One whose left, right or result is no indexed token is never
    /// applied and counted in skipped_merges().
    /// Throws errc::vocab_bad_merge for an entry without exactly one space between two parts, errc::vocab_missing
    /// for none at all, errc::vocab_bad_byte_token for a byte without token where there is no unknown token either.
    byte_pair_encoder(const token_table& texts, const std::vector<std::string_view>& merges, const settings& settings)
        : pattern_(settings.pattern), ignore_merges_(settings.ignore_merges) {
        for (std::size_t b = 0; b < 256; ++b) {
            const char byte = static_cast<char>(b);
            of_byte_[b] = texts.find({&byte, 1});
            if (of_byte_[b] == no_token && !settings.unknown)
                throw error(errc::vocab_bad_byte_token, "tokenizer.ggml.tokens", "a token for every byte",
                            "none for byte " + std::to_string(b));
        }
        unknown_ = settings.unknown.value_or(no_token);
        if (merges.empty()) throw error(errc::vocab_missing, "tokenizer.ggml.merges", "at least one merge", "none");
        add_merges(texts, merges);
    }

    [[nodiscard]] std::size_t skipped_merges() const noexcept { return skipped_merges_; }

    /// Appends the tokens of `text`, which is shorter than 2^31 bytes. Linear in the text but for words longer than
    /// any token, which take O(n log n).
    void encode(std::string_view text, const token_table& texts, merge_scratch& scratch,
                std::vector<token>& out) const {
        split_words(pattern_, text, [&](std::string_view word) {
            if (ignore_merges_ || word.size() == 1) {
                if (const token whole = texts.find(word); whole != no_token) {
                    out.push_back(whole);
                    return;
                }
            }
            if (word.size() <= short_word)
                merge_short(word, out);
            else
                merge_long(word, scratch, out);
        });
    }

private:
    /// Up to this many bytes a word is merged in place, by search of the best pair at every step.
    static constexpr std::size_t short_word = 32;

    struct slot {
        token left, right;
        merged_pair merged;
    };

    static std::size_t hash(token left, token right) noexcept {
        const std::uint64_t key = std::uint64_t{static_cast<std::uint32_t>(left)} << 32 | static_cast<std::uint32_t>(right);
        return static_cast<std::size_t>((key * 0x9e3779b97f4a7c15u) >> 32);
    }

    void add_merges(const token_table& texts, const std::vector<std::string_view>& merges) {
        if (merges.size() >= 0xffffffffu)
            throw error(errc::limit_exceeded, "tokenizer.ggml.merges", "fewer than 2^32 - 1", std::to_string(merges.size()));
        slots_.assign(text_detail::table_slots(merges.size()), slot{no_token, no_token, {}});
        token last_result = no_token;
        std::string bytes;
        for (std::size_t rank = 0; rank < merges.size(); ++rank) {
            const std::string_view merge = merges[rank];
            const std::size_t space = merge.find(' ');
            if (space == 0 || space >= merge.size() - 1 || merge.find(' ', space + 1) != std::string_view::npos)
                throw error(errc::vocab_bad_merge, "tokenizer.ggml.merges[" + std::to_string(rank) + "]",
                            "two parts with one space between", '"' + escaped(merge) + '"');
            bytes.clear();
            if (!byte_alphabet::append_bytes(merge.substr(0, space), bytes)) {
                ++skipped_merges_;
                continue;
            }
            const std::size_t left_size = bytes.size();
            if (!byte_alphabet::append_bytes(merge.substr(space + 1), bytes)) {
                ++skipped_merges_;
                continue;
            }
            const std::string_view whole = bytes;
            const token left = find_part(texts, whole.substr(0, left_size));
            const token right = find_part(texts, whole.substr(left_size));
            const token result = find_result(texts, whole, last_result);
            if (left == no_token || right == no_token || result == no_token) {
                ++skipped_merges_;
                continue;
            }
            last_result = result;
            add_merge(left, right, merged_pair::of(static_cast<std::uint32_t>(rank), result));
        }
    }

    [[nodiscard]] token find_part(const token_table& texts, std::string_view part) const noexcept {
        return part.size() == 1 ? of_byte_[static_cast<std::uint8_t>(part[0])] : texts.find(part);
    }

    /// Files list merges in the order of the tokens they make, so the last result or its successor is often right.
    [[nodiscard]] static token find_result(const token_table& texts, std::string_view whole, token last) noexcept {
        return texts.find(whole);
    }

    void add_merge(token left, token right, merged_pair merged) {
        const std::size_t mask = slots_.size() - 1;
        const std::size_t first = hash(left, right);
        for (std::size_t probe = 0; probe < text_detail::max_probe; ++probe) {
            slot& s = slots_[(first + probe) & mask];
            if (s.left == no_token) {
                s = {left, right, merged};
                return;
            }
            if (s.left == left && s.right == right) return;
        }
        text_detail::throw_colliding("tokenizer.ggml.merges");
    }

    [[nodiscard]] merged_pair pair_of(token left, token right) const noexcept {
        const std::size_t mask = slots_.size() - 1;
        for (std::size_t at = hash(left, right) & mask;; at = (at + 1) & mask) {
            const slot& s = slots_[at];
            if (s.left == left && s.right == right) return s.merged;
            if (s.left == no_token) return {};
        }
    }

    void merge_short(std::string_view word, std::vector<token>& out) const {
        std::array<token, short_word> ids;
        std::array<std::uint64_t, short_word> pairs;  // pairs[i] is of ids[i] and ids[i + 1]
        std::size_t n = word.size();
        for (std::size_t i = 0; i < n; ++i) ids[i] = of_byte_[static_cast<std::uint8_t>(word[i])];
        for (std::size_t i = 0; i + 1 < n; ++i) pairs[i] = pair_of(ids[i], ids[i + 1]).word;
        while (n > 1) {
            const auto best = static_cast<std::size_t>(std::min_element(pairs.begin(), pairs.begin() + (n - 1)) - pairs.begin());
            const merged_pair merged{pairs[best]};
            if (!merged.exists()) break;
            ids[best] = merged.result();
            --n;
            for (std::size_t i = best + 1; i < n; ++i) {
                ids[i] = ids[i + 1];
                pairs[i - 1] = pairs[i];
            }
            if (best + 1 < n) pairs[best] = pair_of(ids[best], ids[best + 1]).word;
            if (best > 0) pairs[best - 1] = pair_of(ids[best - 1], ids[best]).word;
        }
        for (std::size_t i = 0; i < n; ++i) append(ids[i], out);
    }

    void merge_long(std::string_view word, merge_scratch& scratch, std::vector<token>& out) const {
        auto& symbols = scratch.symbols;
        symbols.resize(word.size());
        for (std::uint32_t i = 0; i < word.size(); ++i)
            symbols[i] = {of_byte_[static_cast<std::uint8_t>(word[i])], i - 1, i + 1, {}};  // 0 - 1 is merge_end
        symbols.back().next = merge_end;
        merge_symbols(scratch, [&](std::uint32_t l, std::uint32_t r) { return pair_of(symbols[l].id, symbols[r].id); });
        for (std::uint32_t i = 0; i != merge_end; i = symbols[i].next) append(symbols[i].id, out);
    }

    void append(token id, std::vector<token>& out) const {
        if (id == no_token) id = unknown_;
        out.push_back(id);
    }

    std::array<token, 256> of_byte_{};
    token unknown_ = no_token;
    std::vector<slot> slots_;
    pretokenizer pattern_;
    bool ignore_merges_;
    std::size_t skipped_merges_ = 0;
};

NIBBLE_NAMESPACE_END
