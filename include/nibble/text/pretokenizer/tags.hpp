// SPDX-License-Identifier: Apache-2.0
// The names that GGUF files have for pre-tokenizers: one table for all families.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/text/pretokenizer/pretokenizer.hpp>

NIBBLE_NAMESPACE_BEGIN

/// What a value of `tokenizer.ggml.pre` stands for: the pattern, and what holds where the file does not say.
struct pretokenizer_tag {
    std::string_view name;
    pretokenizer pattern;
    bool adds_bos = false;
    bool ignore_merges = false;
    bool nfc = false;  ///< texts are brought into Unicode's form C first
};

inline constexpr pretokenizer_tag pretokenizer_tags[] = {
    {"llama-bpe", pretokenizer::llama_bpe, true, true},
    {"llama3", pretokenizer::llama_bpe, true, true},
    {"llama-v3", pretokenizer::llama_bpe, true, true},
    {"falcon3", pretokenizer::llama_bpe, true, true},
    {"falcon-h1", pretokenizer::llama_bpe, true, true},
    {"pixtral", pretokenizer::llama_bpe, true, true},
    {"midm-2.0", pretokenizer::llama_bpe, true, true},
    {"lfm2", pretokenizer::llama_bpe, true, true},
    {"smaug-bpe", pretokenizer::llama_bpe, false, true},
    {"glm4", pretokenizer::llama_bpe, false, true},
    {"chatglm-bpe", pretokenizer::llama_bpe, false, true},
    {"dbrx", pretokenizer::llama_bpe},
    {"minicpm5", pretokenizer::minicpm5, false, true},
    {"qwen2", pretokenizer::qwen2, false, false, true},
    {"deepseek-r1-qwen", pretokenizer::qwen2, false, false, true},
    {"stablelm2", pretokenizer::qwen2, false, false, true},
    {"hunyuan", pretokenizer::qwen2, false, true, true},
    {"megrez", pretokenizer::qwen2},
    {"kormo", pretokenizer::qwen2},
    {"grok-2", pretokenizer::qwen2},
    {"solar-open", pretokenizer::qwen2},
    {"bailingmoe", pretokenizer::qwen2},
    {"bailingmoe2", pretokenizer::qwen2},
    {"llada-moe", pretokenizer::qwen2},
    {"qwen35", pretokenizer::qwen35, false, false, true},
    {"exaone-moe", pretokenizer::exaone_moe},
    {"seed-coder", pretokenizer::seed_coder},
    {"smollm", pretokenizer::smollm},
    {"starcoder", pretokenizer::smollm},
    {"refact", pretokenizer::smollm},
    {"command-r", pretokenizer::smollm, false, false, true},
    {"codeshell", pretokenizer::smollm},
    {"exaone", pretokenizer::smollm},
    {"minerva-7b", pretokenizer::smollm},
    {"mellum2", pretokenizer::smollm},
    {"gpt-2", pretokenizer::gpt_2},
    {"gpt2", pretokenizer::gpt_2},
    {"default", pretokenizer::gpt_2},
    {"phi-2", pretokenizer::gpt_2},
    {"mpt", pretokenizer::gpt_2, false, false, true},
    {"olmo", pretokenizer::gpt_2, false, false, true},
    {"jais", pretokenizer::gpt_2},
    {"exaone4", pretokenizer::gpt_2},
    {"granite-docling", pretokenizer::gpt_2},
    {"trillion", pretokenizer::gpt_2},
    {"gigachat", pretokenizer::gpt_2},
    {"mellum", pretokenizer::gpt_2},
    {"a.x-4.0", pretokenizer::gpt_2},
    {"tekken", pretokenizer::tekken, true, true},
    {"gpt-4o", pretokenizer::gpt_4o, false, true},
    {"llama4", pretokenizer::gpt_4o, true, true},
    {"kanana2", pretokenizer::gpt_4o},
    {"minimax-m2", pretokenizer::gpt_4o},
    {"talkie", pretokenizer::gpt_4o},
    {"kimi-k2", pretokenizer::kimi_k2, false, true},
    {"tiny_aya", pretokenizer::tiny_aya, false, false, true},
    {"cohere2moe", pretokenizer::tiny_aya, false, false, true},
    {"bloom", pretokenizer::bloom},
    {"poro-chat", pretokenizer::bloom},
    {"viking", pretokenizer::viking},
    {"superbpe", pretokenizer::superbpe},
    {"deepseek-llm", pretokenizer::deepseek_llm},
    {"deepseek-coder", pretokenizer::deepseek_coder},
    {"deepseek-v3", pretokenizer::deepseek_v3},
    {"hunyuan-dense", pretokenizer::deepseek_v3},
    {"joyai-llm", pretokenizer::deepseek_v3},
};

/// The entry for a tag, or nullptr.
[[nodiscard]] constexpr const pretokenizer_tag* find_pretokenizer(std::string_view name) noexcept {
    for (const auto& tag : pretokenizer_tags)
        if (tag.name == name) return &tag;
    return nullptr;
}

/// All tags, for messages.
[[nodiscard]] inline std::string known_pretokenizers() {
    std::string names;
    for (const auto& tag : pretokenizer_tags) names.append(names.empty() ? "" : ", ").append(tag.name);
    return names;
}

/// How many characters have to be put in, left out or replaced to make one tag of the other (Levenshtein); of `name`
/// the first 32 count.
[[nodiscard]] constexpr std::size_t tag_distance(std::string_view name, std::string_view tag) noexcept {
    name = name.substr(0, 32);
    std::array<std::size_t, 33> row{};  // distances of the first characters of `tag` to those of `name`
    for (std::size_t i = 0; i <= name.size(); ++i) row[i] = i;
    for (std::size_t t = 0; t < tag.size(); ++t) {
        std::size_t diagonal = row[0]++;
        for (std::size_t i = 0; i < name.size(); ++i) {
            const std::size_t replaced = diagonal + (name[i] != tag[t]);
            diagonal = row[i + 1];
            row[i + 1] = std::min({replaced, row[i] + 1, row[i + 1] + 1});
        }
    }
    return row[name.size()];
}

/// The tag that is spelled most like `name`, the first of equals.
[[nodiscard]] constexpr std::string_view nearest_pretokenizer(std::string_view name) noexcept {
    std::string_view nearest;
    std::size_t distance = static_cast<std::size_t>(-1);
    for (const auto& tag : pretokenizer_tags)
        if (const std::size_t d = tag_distance(name, tag.name); d < distance) {
            nearest = tag.name;
            distance = d;
        }
    return nearest;
}

NIBBLE_NAMESPACE_END
