// SPDX-License-Identifier: Apache-2.0
#include <nibble/text/pretokenizer/tags.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "test.hpp"

using namespace nibble;

TEST_CASE("pretokenizer tags: patterns and what holds where the file is silent") {
    for (const std::string_view name : {"llama-bpe", "llama3", "llama-v3", "lfm2"}) {
        REQUIRE(find_pretokenizer(name) != nullptr);
        CHECK(find_pretokenizer(name)->pattern == pretokenizer::llama_bpe);
        CHECK(find_pretokenizer(name)->adds_bos);
    }
    REQUIRE(find_pretokenizer("smaug-bpe") != nullptr);
    CHECK(!find_pretokenizer("smaug-bpe")->adds_bos);
    CHECK(find_pretokenizer("smaug-bpe")->ignore_merges);
    const std::pair<std::string_view, pretokenizer> examples[] = {
        {"smaug-bpe", pretokenizer::llama_bpe},
        {"dbrx", pretokenizer::llama_bpe},
        {"glm4", pretokenizer::llama_bpe},
        {"chatglm-bpe", pretokenizer::llama_bpe},
        {"minicpm5", pretokenizer::minicpm5},
        {"qwen2", pretokenizer::qwen2},
        {"hunyuan", pretokenizer::qwen2},
        {"qwen35", pretokenizer::qwen35},
        {"seed-coder", pretokenizer::seed_coder},
        {"smollm", pretokenizer::smollm},
        {"starcoder", pretokenizer::smollm},
        {"refact", pretokenizer::smollm},
        {"command-r", pretokenizer::smollm},
        {"gpt-2", pretokenizer::gpt_2},
        {"default", pretokenizer::gpt_2},
        {"olmo", pretokenizer::gpt_2},
        {"exaone4", pretokenizer::gpt_2},
        {"granite-docling", pretokenizer::gpt_2},
        {"tekken", pretokenizer::tekken},
        {"gpt-4o", pretokenizer::gpt_4o},
        {"llama4", pretokenizer::gpt_4o},
        {"exaone-moe", pretokenizer::exaone_moe},
        {"kimi-k2", pretokenizer::kimi_k2},
        {"bloom", pretokenizer::bloom},
        {"poro-chat", pretokenizer::bloom},
        {"viking", pretokenizer::viking},
        {"superbpe", pretokenizer::superbpe},
        {"tiny_aya", pretokenizer::tiny_aya},
        {"deepseek-llm", pretokenizer::deepseek_llm},
        {"deepseek-v3", pretokenizer::deepseek_v3},
        {"hunyuan-dense", pretokenizer::deepseek_v3},
        {"deepseek-coder", pretokenizer::deepseek_coder},
    };
    for (const auto& [name, pattern] : examples) {
        CAPTURE(name);
        REQUIRE(find_pretokenizer(name) != nullptr);
        CHECK(find_pretokenizer(name)->pattern == pattern);
    }
    for (const std::string_view name : {"qwen2", "qwen35", "command-r", "olmo", "hunyuan", "tiny_aya"})
        CHECK(find_pretokenizer(name)->nfc);
    CHECK(find_pretokenizer("") == nullptr);
    CHECK(find_pretokenizer("Llama-BPE") == nullptr);
}

TEST_CASE("pretokenizer tags: each is there once, and all are listed") {
    std::vector<std::string_view> names;
    for (const auto& tag : pretokenizer_tags) names.push_back(tag.name);
    std::sort(names.begin(), names.end());
    CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
    const std::string known = known_pretokenizers();
    for (const auto& name : names) CHECK(known.find(name) != std::string::npos);
}

TEST_CASE("pretokenizer tags: the distance is that of Levenshtein") {
    CHECK(tag_distance("", "") == 0);
    CHECK(tag_distance("", "abc") == 3);
    CHECK(tag_distance("abc", "") == 3);
    CHECK(tag_distance("kitten", "sitting") == 3);
    CHECK(tag_distance("qwen3", "qwen2") == 1);
    CHECK(tag_distance("ab", "ba") == 2);
    CHECK(tag_distance(std::string(1000, 'a'), "a") == 31);  // of 32
}

TEST_CASE("pretokenizer tags: the nearest") {
    CHECK(nearest_pretokenizer("qwen3") == "qwen2");
    CHECK(nearest_pretokenizer("deepseek-v4") == "deepseek-v3");
    CHECK(nearest_pretokenizer("gpt-5o") == "gpt-4o");
    CHECK(nearest_pretokenizer("Llama-BPE") == "llama-bpe");
    CHECK(nearest_pretokenizer("hunyuan-dens") == "hunyuan-dense");
    CHECK(!nearest_pretokenizer("").empty());
    for (const auto& tag : pretokenizer_tags) CHECK(nearest_pretokenizer(tag.name) == tag.name);
}
