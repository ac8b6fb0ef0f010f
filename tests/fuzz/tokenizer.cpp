// SPDX-License-Identifier: Apache-2.0
// Text through tokenizers of every kind and back: it is the text, in one piece or cut by seams, and none of it becomes
// a control token unasked.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/text/tokenizer.hpp>

#include "fuzz/fuzz.hpp"
#include "support/vocabularies.hpp"

using namespace nibble;

namespace {

tokenizer byte_level(const char* pre) {
    auto words = test::byte_level_vocabulary();
    for (const std::string_view text : {"th", "in", "er", " t", " a", "\xc3\xa9"})
        words.merge(text.substr(0, 1), text.substr(1));
    words.add("<|end|>", token_type::control);
    words.add("a;", token_type::user_defined);
    words.vocab.pre = pre;
    return tokenizer{words.vocab, {.nfc = false}};
}

tokenizer sentencepiece(bool space_prefix) {
    auto words = test::sentencepiece_vocabulary();
    float score = 0;
    for (const char* text :
         {"\xe2\x96\x81", "a", "b", "\xe2\x96\x81\x61", "ab", "the", "\xe2\x96\x81\x74", "th", "e", "t", "h"})
        words.add(text, token_type::normal, --score);
    words.add(";", token_type::user_defined);
    words.add("<mark>", token_type::user_defined);
    words.add("  ", token_type::user_defined);
    words.vocab.add_space_prefix = space_prefix;
    return tokenizer{words.vocab};
}

/// SentencePiece without tokens for bytes, where the token for what is unknown is a control token.
tokenizer without_bytes() {
    test::owned_vocabulary words;
    words.vocab.model = "llama";
    words.vocab.unknown = words.add("<s>", token_type::control);
    words.vocab.bos = words.vocab.unknown;
    words.vocab.eos = words.add("</s>", token_type::control);
    for (const char* text : {"\xe2\x96\x81", "a", "b", "ab"}) words.add(text, token_type::normal, -1);
    return tokenizer{words.vocab};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::array all{
        byte_level("llama-bpe"),  byte_level("smollm"),       byte_level("gpt-2"),       byte_level("qwen2"),
        byte_level("tekken"),     byte_level("deepseek-llm"), byte_level("default"),     sentencepiece(true),
        without_bytes(),          sentencepiece(false),       byte_level("gpt-4o"),      byte_level("qwen35"),
        byte_level("seed-coder"), byte_level("minicpm5"),     byte_level("deepseek-v3"), byte_level("deepseek-coder")};
    fuzz::input in{data, size};
    const tokenizer& words = all[in.below(all.size())];
    const bool has_all_bytes = words.n_vocab() > 256, special = in.below(2) == 1;
    std::vector<std::size_t> seams(in.below(4));
    for (auto& seam : seams) seam = in.byte();
    const std::string_view text = in.rest();
    if (text.find("\xe2\x96\x81") != std::string_view::npos) return 0;  // SentencePiece's own mark of a space

    const auto is_control = [&](token id) { return words.is_control(id); };
    const auto check = [&](const std::vector<token>& ids) {
        fuzz::require(special || std::none_of(ids.begin(), ids.end(), is_control));
        if (has_all_bytes) fuzz::require(words.decode(ids, {.special = true}) == text);
    };
    const encode_options options{.add_special = false, .parse_special = special};
    check(words.encode(text, options));
    for (auto& seam : seams) seam = std::min(seam, text.size());
    std::sort(seams.begin(), seams.end());
    std::vector<token> cut;
    words.encode(text, seams, cut, options);
    check(cut);
    return 0;
}
