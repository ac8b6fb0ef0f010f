// SPDX-License-Identifier: Apache-2.0
// Byte-level BPE (tokenizer.ggml.model = "gpt2"): words of bytes, merged by rank. Sennrich et al., ACL 2016;
// Radford et al., "Language Models are Unsupervised Multitask Learners", 2019, for the byte alphabet.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>
#include <nibble/text/id_index.hpp>
#include <nibble/text/token_table.hpp>

NIBBLE_NAMESPACE_BEGIN

enum class pretokenizer : std::uint8_t;
struct merged_pair;
struct merge_scratch;

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

/// Whether all 8 bytes are from 0x21 to 0x7e: they stand for themselves.
[[nodiscard]] constexpr bool all_printable(std::uint64_t bytes) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101u;  // a borrow or carry only starts at a byte that fails anyway
    return ((bytes | (bytes - 0x21 * ones) | (bytes + ones)) & 0x80 * ones) == 0;
}

/// Writes the bytes that `text` spells to `to`, at most text.size() of them, and returns the end; nullptr if a
/// character of it is not of the alphabet. The usual token, printable ASCII behind at most one space, goes by words
/// of 8 bytes: there is room for 8 bytes more.
[[nodiscard]] NIBBLE_FUNCTION char* write_bytes(std::string_view text, char* to) noexcept;

}  // namespace byte_alphabet

/// The merges of a vocabulary and what is made of one text with them. Holds ids only; the texts are in the
/// token_table that every call is given, the same one each time.
class byte_pair_encoder {
public:
    struct settings {
        pretokenizer pattern;
        bool ignore_merges;        ///< a word that is a token is that token, whatever its merges say
        bool allow_missing_bytes;  ///< a byte without token becomes `unknown`; else only one that no UTF-8 has may
        token unknown;             ///< or is left out, if this is no_token
    };

    /// `texts` holds bytes, not spellings, and has indexed the tokens that text may become. `merges` are spellings,
    /// best first; of equal merges the first counts. One whose left, right or result is no indexed token is never
    /// applied and counted in skipped_merges(); where most are such, they are spelled in another way than the tokens.
    /// Throws errc::vocab_bad_merge for that and for an entry without exactly one space between two parts,
    /// errc::vocab_missing for none at all, errc::vocab_bad_byte_token for a byte without token unless that is allowed.
    byte_pair_encoder(const token_table& texts, const std::vector<std::string_view>& merges, const settings& with);

    [[nodiscard]] std::size_t skipped_merges() const noexcept { return skipped_merges_; }

    /// Appends the tokens of `text`, which is shorter than 2^31 bytes. Linear in the text but for words longer than
    /// any token, which take O(n log n).
    void encode(std::string_view text, const token_table& texts, merge_scratch& scratch, std::vector<token>& out) const;

private:
    /// Up to this many bytes a word is merged in place, by search of the best pair at every step.
    static constexpr std::size_t short_word = 32;

    /// A merge as it is applied; its place among the rules is its rank.
    struct rule {
        token left, right, result;
    };

    [[nodiscard]] static std::uint64_t hash(token left, token right) noexcept;

    /// A merge on its way into the table: what it spells, then the rule that it becomes.
    struct pending {
        std::string_view left, right;  // right's bytes follow left's
        token_table::key left_key, right_key;
        rule becomes;
    };

    /// Files list merges in the order of the tokens they make: the result is that of the merge before, or the next id,
    /// nearly always.
    struct last_result {
        token id = no_token;
        token_table::key key{0};

        token find(std::string_view text, const token_table& texts) noexcept {
            const token_table::key k = token_table::key_of(text);
            const token guess = id + (k.bits != key.bits);
            const token found = texts.finds(guess, text, k) ? guess : texts.find(text, k);
            if (found != no_token) *this = {found, k};
            return found;
        }
    };

    /// In blocks, each in four passes: what a pass looks up, the one before has asked memory for.
    void add_merges(const token_table& texts, const std::vector<std::string_view>& merges);

    /// Decodes a merge and moves `to` behind its bytes; false if it spells none.
    static bool read_merge(std::string_view text, std::size_t rank, pending& merge, char*& to);

    [[nodiscard]] merged_pair pair_of(token left, token right) const noexcept;

    void merge_short(std::string_view word, std::vector<token>& out) const;

    void merge_long(std::string_view word, merge_scratch& scratch, std::vector<token>& out) const;

    void append(token id, std::vector<token>& out) const;

    std::array<token, 256> of_byte_{};
    token unknown_;
    std::vector<rule> rules_;  ///< by rank
    id_index pairs_;           ///< of (left, right), in rules_
    pretokenizer pattern_;
    bool ignore_merges_;
    std::size_t skipped_merges_ = 0;
};

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/text/bpe_impl.hpp>
#endif
