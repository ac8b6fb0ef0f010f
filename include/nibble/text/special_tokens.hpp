// SPDX-License-Identifier: Apache-2.0
// Finds the tokens that are matched verbatim in a text, the longest at each place, in linear time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>
#include <nibble/text/token_table.hpp>

NIBBLE_NAMESPACE_BEGIN

/// An Aho-Corasick automaton over the reversed texts. Fed with a text from its end, it knows at every place the
/// longest token that starts there, so that a walk from the front needs no second look at any byte.
/// Aho and Corasick, "Efficient string matching", CACM 18 (1975).
class special_tokens {
public:
    /// The texts of all special tokens together may have this many bytes: 32 bytes of memory for each.
    static constexpr std::size_t max_bytes = std::size_t{4} << 20;

    struct match {
        std::size_t begin, length;
        token id;
    };

    /// Adds a text; of equal texts the first added wins. `always`: found without parse_special too. Empty texts never
    /// match. Throws errc::limit_exceeded.
    void add(std::string_view text, token id, bool always);

    /// Completes the automaton; call once, after the last add.
    void build();

    /// Calls f(match) for every place where a special token starts, from the last to the first, with the longest one
    /// there. `all`: every special token, else only those that match always.
    template <class F>
    void for_each_start(std::string_view text, bool all, F f) const {
        if (nodes_.size() == 1 || (!all && !has_always_)) return;
        std::uint32_t state = 0;
        for (std::size_t i = text.size(); i-- > 0;) {
            state = step(state, static_cast<std::uint8_t>(text[i]));
            const found longest = all ? nodes_[state].any : nodes_[state].always;
            if (longest.id != no_token) f(match{i, longest.length, longest.id});
        }
    }

    /// Appends to `matches` the matches of a left-to-right walk that takes the longest token at each place; they do
    /// not overlap, and none reaches across a seam: one of the ascending offsets in `seams`. At a seam that is there
    /// twice none starts.
    void find_all(std::string_view text, array_view<std::size_t> seams, bool all, std::vector<match>& matches) const;

    /// The special token with exactly this text, or no_token.
    [[nodiscard]] token find(std::string_view text) const noexcept;

private:
    struct found {
        token id = no_token;
        std::uint32_t length = 0;
    };

    struct node {
        std::uint32_t first_child = 0, next_sibling = 0;  // 0: none, as the root is nobody's child
        std::uint32_t fail = 0;                           // the longest proper suffix that is in the trie
        found any, always;                                // the longest token that ends here
        std::uint8_t byte = 0;
    };

    [[nodiscard]] std::uint32_t child(std::uint32_t at, std::uint8_t byte) const noexcept {
        std::uint32_t c = nodes_[at].first_child;
        while (c != 0 && nodes_[c].byte != byte) c = nodes_[c].next_sibling;
        return c;
    }

    std::uint32_t child_or_new(std::uint32_t at, std::uint8_t byte);

    [[nodiscard]] std::uint32_t step(std::uint32_t state, std::uint8_t byte) const noexcept;

    /// `part` stands at `offset` of the text; nothing before byte `free` may start a match.
    void find_in_part(std::string_view part, std::size_t offset, std::size_t free, bool all,
                      std::vector<match>& matches) const;

    std::vector<node> nodes_{node{}};
    std::array<std::uint32_t, 256> from_root_{};
    std::size_t n_bytes_ = 0;
    bool has_always_ = false;
};

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/text/special_tokens_impl.hpp>
#endif
