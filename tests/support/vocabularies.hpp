// SPDX-License-Identifier: Apache-2.0
// Small vocabularies for tests, and what a test compares them with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/text/vocabulary.hpp>
#include <nibble/unicode/utf8.hpp>

namespace nibble::test {

/// The character that stands for a byte in byte-level BPE, written down a second time for the tests.
inline std::string spelled(unsigned char byte) {
    const auto itself = [](unsigned b) { return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174; };
    char32_t code_point = byte;
    if (!itself(byte)) {
        code_point = 0x100;
        for (unsigned b = 0; b < byte; ++b) code_point += !itself(b);
    }
    std::string out;
    append_utf8(out, code_point);
    return out;
}

inline std::string spelled(std::string_view bytes) {
    std::string out;
    for (const char c : bytes) out += spelled(static_cast<unsigned char>(c));
    return out;
}

/// A vocabulary with texts of its own; copies are not allowed, as its views point into it.
class owned_vocabulary {
public:
    vocabulary vocab;

    owned_vocabulary() = default;
    owned_vocabulary(owned_vocabulary&&) = default;

    token add(std::string text, token_type type = token_type::normal, float score = 0) {
        vocab.tokens.push_back(texts_.emplace_back(std::move(text)));
        vocab.types.push_back(static_cast<std::int32_t>(type));
        vocab.scores.push_back(score);
        return static_cast<token>(vocab.tokens.size() - 1);
    }
    void merge(std::string text) { vocab.merges.push_back(texts_.emplace_back(std::move(text))); }
    /// A merge of two byte strings into a new token.
    token merge(std::string_view left, std::string_view right) {
        merge(spelled(left) + ' ' + spelled(right));
        return add(spelled(left) + spelled(right));
    }

private:
    std::deque<std::string> texts_;
};

/// Byte-level BPE whose token b is byte b; merges are for the test to add.
inline owned_vocabulary byte_level_vocabulary() {
    owned_vocabulary out;
    out.vocab.model = "gpt2";
    out.vocab.pre = "smaug-bpe";
    for (unsigned b = 0; b < 256; ++b) out.add(spelled(static_cast<unsigned char>(b)));
    return out;
}

/// SentencePiece: <unk>, <s>, </s>, then 256 byte tokens from id 3.
inline owned_vocabulary sentencepiece_vocabulary() {
    static constexpr char hex[] = "0123456789ABCDEF";
    owned_vocabulary out;
    out.vocab.model = "llama";
    out.vocab.unknown = out.add("<unk>", token_type::unknown);
    out.vocab.bos = out.add("<s>", token_type::control);
    out.vocab.eos = out.add("</s>", token_type::control);
    for (unsigned b = 0; b < 256; ++b) out.add(std::string("<0x") + hex[b >> 4] + hex[b & 15] + '>', token_type::byte);
    return out;
}

}  // namespace nibble::test
