// SPDX-License-Identifier: Apache-2.0
// Definitions of text/bpe.hpp: merges into a table, words into tokens.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/error.hpp>
#include <nibble/text/bpe.hpp>
#include <nibble/text/merge.hpp>
#include <nibble/text/pretokenizer/pretokenizer.hpp>
#include <nibble/text/token_table.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace byte_alphabet {

NIBBLE_FUNCTION char* write_bytes(std::string_view text, char* to) noexcept {
    if (text.substr(0, 2) == "\xc4\xa0") {
        *to++ = ' ';
        text.remove_prefix(2);
    }
    for (; text.size() >= 8; text.remove_prefix(8), to += 8) {
        if (!all_printable(text_detail::load<std::uint64_t>(text.data()))) break;
        std::memcpy(to, text.data(), 8);
    }
    if (text.size() < 8) {
        const std::uint64_t rest = text_detail::load_short(text);
        if (all_printable(rest | 0x2121212121212121u << 8 * text.size())) {
            std::memcpy(to, &rest, 8);
            return to + text.size();
        }
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto at = [&](std::size_t k) { return k < text.size() ? std::uint8_t(text[k]) : std::uint8_t{0}; };
        char32_t c = at(i);
        if (c >= 0x80) {  // C2 80 to C5 BF are U+0080 to U+017F; what else there is becomes 0, which stands for nothing
            const std::uint8_t second = at(++i);
            c = c >= 0xc2 && c <= 0xc5 && (second & 0xc0u) == 0x80u ? (c & 0x1fu) << 6 | (second & 0x3fu) : 0;
        }
        const std::int16_t byte = c < end ? byte_of[c] : std::int16_t{-1};
        if (byte < 0) return nullptr;
        *to++ = static_cast<char>(byte);
    }
    return to;
}

}  // namespace byte_alphabet

NIBBLE_FUNCTION byte_pair_encoder::byte_pair_encoder(const token_table& texts,
                                                     const std::vector<std::string_view>& merges, const settings& with)
    : unknown_(with.unknown), pattern_(with.pattern), ignore_merges_(with.ignore_merges) {
    for (std::size_t b = 0; b < 256; ++b) {
        const char byte = static_cast<char>(b);
        of_byte_[b] = texts.find({&byte, 1});
        const bool in_utf8 = b < 0xc0 || (b > 0xc1 && b < 0xf5);
        if (of_byte_[b] == no_token && in_utf8 && !with.allow_missing_bytes)
            throw error(errc::vocab_bad_byte_token, "tokenizer.ggml.tokens", "a token for every byte",
                        "none for byte " + std::to_string(b));
    }
    if (merges.empty()) throw error(errc::vocab_missing, "tokenizer.ggml.merges", "at least one merge", "none");
    add_merges(texts, merges);
    if (skipped_merges_ > merges.size() / 2)
        throw error(errc::vocab_bad_merge, "tokenizer.ggml.merges", "pairs of tokens that make a token",
                    std::to_string(skipped_merges_) + " of " + std::to_string(merges.size()) +
                        " that name none, such as \"" + escaped(merges.back()) +
                        "\": the file needs to be converted anew");
}

NIBBLE_FUNCTION void byte_pair_encoder::encode(std::string_view text, const token_table& texts, merge_scratch& scratch,
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

NIBBLE_FUNCTION std::uint64_t byte_pair_encoder::hash(token left, token right) noexcept {
    const std::uint64_t pair =
        std::uint64_t{static_cast<std::uint32_t>(left)} << 32 | static_cast<std::uint32_t>(right);
    const std::uint64_t product = pair * 0x9e3779b97f4a7c15u;
    return product ^ product >> 32;
}

NIBBLE_FUNCTION void byte_pair_encoder::add_merges(const token_table& texts,
                                                   const std::vector<std::string_view>& merges) {
    const std::size_t n = merges.size();
    if (n > 0x7fffffffu)
        throw error(errc::limit_exceeded, "tokenizer.ggml.merges", "at most 2147483647", std::to_string(n));
    rules_.reserve(n);
    pairs_ = id_index(n);
    std::array<pending, 64> block;
    std::string bytes;
    last_result last;
    for (std::size_t begin = 0; begin < n; begin += block.size()) {
        const std::size_t end = std::min(begin + block.size(), n);
        std::size_t n_bytes = 0, n_pending = 0;
        for (std::size_t rank = begin; rank < end; ++rank) n_bytes += merges[rank].size();
        if (bytes.size() < n_bytes + 8) bytes.resize(n_bytes + 8);
        char* to = bytes.data();
        for (std::size_t rank = begin; rank < end; ++rank) {
            pending& merge = block[n_pending];
            n_pending += read_merge(merges[rank], rank, merge, to);
        }
        for (std::size_t i = 0; i < n_pending; ++i) {
            pending& merge = block[i];
            texts.prefetch(merge.left_key = token_table::key_of(merge.left));
            texts.prefetch(merge.right_key = token_table::key_of(merge.right));
        }
        std::size_t n_rules = 0;
        for (std::size_t i = 0; i < n_pending; ++i) {
            const pending& merge = block[i];
            const token left = texts.find(merge.left, merge.left_key);
            const token right = texts.find(merge.right, merge.right_key);
            const token result = last.find({merge.left.data(), merge.left.size() + merge.right.size()}, texts);
            if (left == no_token || right == no_token || result == no_token) continue;
            pairs_.prefetch(hash(left, right));
            block[n_rules++].becomes = {left, right, result};
        }
        for (std::size_t i = 0; i < n_rules; ++i) {
            const rule& r = block[i].becomes;
            if (pair_of(r.left, r.right).exists()) continue;  // of equal merges the first counts
            pairs_.add(hash(r.left, r.right), static_cast<std::uint32_t>(rules_.size()), "tokenizer.ggml.merges");
            rules_.push_back(r);
        }
        skipped_merges_ += end - begin - n_rules;
    }
}

NIBBLE_FUNCTION bool byte_pair_encoder::read_merge(std::string_view text, std::size_t rank, pending& merge, char*& to) {
    const std::size_t space = text.find(' ');
    char* const middle = space < text.size() ? byte_alphabet::write_bytes(text.substr(0, space), to) : nullptr;
    char* const end = middle ? byte_alphabet::write_bytes(text.substr(space + 1), middle) : nullptr;
    if (!end || middle == to || end == middle) {  // a second space is no letter of the alphabet either
        if (space == 0 || space >= text.size() - 1 || text.find(' ', space + 1) != std::string_view::npos)
            throw error(errc::vocab_bad_merge, "tokenizer.ggml.merges[" + std::to_string(rank) + "]",
                        "two parts with one space between", '"' + escaped(text) + '"');
        return false;
    }
    merge.left = {to, static_cast<std::size_t>(middle - to)};
    merge.right = {middle, static_cast<std::size_t>(end - middle)};
    to = end;
    return true;
}

NIBBLE_FUNCTION merged_pair byte_pair_encoder::pair_of(token left, token right) const noexcept {
    const std::uint32_t rank = pairs_.find(
        hash(left, right), [&](std::uint32_t i) { return rules_[i].left == left && rules_[i].right == right; });
    return rank == id_index::none ? merged_pair{} : merged_pair::of(rank, rules_[rank].result);
}

NIBBLE_FUNCTION void byte_pair_encoder::merge_short(std::string_view word, std::vector<token>& out) const {
    std::array<token, short_word> ids;
    std::array<std::uint64_t, short_word> pairs;  // pairs[i] is of ids[i] and ids[i + 1]
    std::size_t n = word.size();
    for (std::size_t i = 0; i < n; ++i) ids[i] = of_byte_[static_cast<std::uint8_t>(word[i])];
    for (std::size_t i = 0; i + 1 < n; ++i) pairs[i] = pair_of(ids[i], ids[i + 1]).word;
    while (n > 1) {
        std::size_t best = 0;
        for (std::size_t i = 1; i + 1 < n; ++i)
            if (pairs[i] < pairs[best]) best = i;
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

NIBBLE_FUNCTION void byte_pair_encoder::merge_long(std::string_view word, merge_scratch& scratch,
                                                   std::vector<token>& out) const {
    auto& symbols = scratch.symbols;
    symbols.resize(word.size());
    for (std::uint32_t i = 0; i < word.size(); ++i)
        symbols[i] = {of_byte_[static_cast<std::uint8_t>(word[i])], i - 1, i + 1, {}};  // 0 - 1 is merge_end
    symbols.back().next = merge_end;
    merge_symbols(scratch, [&](std::uint32_t l, std::uint32_t r) { return pair_of(symbols[l].id, symbols[r].id); });
    for (std::uint32_t i = 0; i != merge_end; i = symbols[i].next) append(symbols[i].id, out);
}

NIBBLE_FUNCTION void byte_pair_encoder::append(token id, std::vector<token>& out) const {
    if (id == no_token) id = unknown_;
    if (id != no_token) out.push_back(id);
}

NIBBLE_NAMESPACE_END
