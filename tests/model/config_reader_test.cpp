// SPDX-License-Identifier: Apache-2.0
#include <nibble/model/config_reader.hpp>

#include <string>
#include <vector>

#include <nibble/model/families.hpp>

#include "support/model_file.hpp"
#include "test.hpp"

using namespace nibble;
using test::model_file;

TEST_CASE("spellings come in order: real key, aliases, other families") {
    model_file model;
    model.set("llama.rope.theta", 4.0f).set("llama.rope.freq_base", 3.0f).set("smollm3.rope.theta", 2.0f);
    const auto file = model.parse();
    std::vector<config_source> sources;
    const config_reader reader{file, families::smollm3, all_families, sources};
    std::string seen;
    const auto& row = row_of(config_key::rope_freq_base);
    reader.for_each_spelling(
        row.suffix, row.aliases,
        [&](const std::string&, const gguf::value&, const std::string& from) { seen += from + "; "; });
    CHECK(seen == "key smollm3.rope.freq_base; alias key smollm3.rope.theta; alias key llama.rope.freq_base; "
                  "alias key llama.rope.theta; ");
}

TEST_CASE("the last word on a field is the one that is remembered") {
    model_file model;
    const auto file = model.parse();
    std::vector<config_source> sources;
    config_reader reader{file, families::smollm3, all_families, sources};
    CHECK(reader.take(config_key::attention_scale, 0.5, "a half") == 0.5);
    CHECK(reader.take(config_key::attention_scale, 0.25, "a quarter") == 0.25);
    REQUIRE(sources.size() == 1);
    CHECK(sources[0].value == "0.25");
    CHECK(sources[0].from == "default: a quarter");
}

TEST_CASE("a reader knows which keys were looked for, found or not") {
    model_file model;
    const auto file = model.parse();
    std::vector<config_source> sources;
    config_reader reader{file, families::smollm3, all_families, sources};
    CHECK_FALSE(reader.has_read("attention.sliding_window"));
    CHECK_FALSE(reader.stated<std::uint64_t>(config_key::window));
    CHECK(reader.has_read("attention.sliding_window"));
    CHECK_FALSE(reader.has_read("expert_count"));
}
