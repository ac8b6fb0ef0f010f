// SPDX-License-Identifier: Apache-2.0
#include <nibble/model/keymap.hpp>

#include <set>
#include <string>

#include "support/model_file.hpp"
#include "test.hpp"

using namespace nibble;
using test::model_file;

TEST_CASE("architectures are found by their exact name") {
    REQUIRE(find_architecture("smollm3"));
    CHECK(find_architecture("smollm3")->id == architecture::smollm3);
    CHECK(find_architecture("smollm3")->nope_interval == 4);
    REQUIRE(find_architecture("llama"));
    CHECK(find_architecture("llama")->nope_interval == 0);
    for (const auto* name : {"", "Llama", "llama ", "llam", "llama4", "qwen3"}) CHECK_FALSE(find_architecture(name));
    for (const auto& row : architectures) CHECK(name_of(row.id) == row.name);
}

TEST_CASE("no two fields share a spelling, no two tensors share a name") {
    std::set<std::string_view> spellings;
    for (const auto& row : config_keys) {
        CHECK(spellings.insert(row.suffix).second);
        for (const auto alias : row.aliases)
            if (!alias.empty()) CHECK(spellings.insert(alias).second);
        CHECK(row.least <= row.most);
    }
    for (const auto& row : neutral_keys) CHECK(spellings.insert(row.suffix).second);

    std::set<std::string_view> names;
    for (const auto& row : model_tensors) {
        CHECK(names.insert(row.name).second);
        if (!row.alias.empty()) CHECK(names.insert(row.alias).second);
    }
}

TEST_CASE("spellings come in order: real key, aliases, other architectures") {
    model_file model;
    model.set("llama.rope.theta", 4.0f).set("llama.rope.freq_base", 3.0f).set("smollm3.rope.theta", 2.0f);
    const auto file = model.parse();
    std::string seen;
    const auto& row = row_of(config_key::rope_freq_base);
    for_each_spelling(
        file, *find_architecture("smollm3"), row.suffix, row.aliases,
        [&](const std::string& key, const gguf::value&, bool is_alias) { seen += key + (is_alias ? "* " : " "); });
    CHECK(seen == "smollm3.rope.freq_base smollm3.rope.theta* llama.rope.freq_base* llama.rope.theta* ");
}

TEST_CASE("tensors are found under real names first, then under aliases") {
    CHECK(tensor_name(tensor_id::token_embd) == "token_embd.weight");
    CHECK(tensor_name(tensor_id::attn_output, 12) == "blk.12.attn_output.weight");

    for (const std::string name : {"blk.2.attn_output.weight", "blk.2.attn_out.weight", "layers.2.attn_output.weight",
                                   "layers.2.attn_out.weight"}) {
        model_file model;
        model.rename("blk.2.attn_output.weight", name);
        const auto file = model.parse();
        const auto* found = find_tensor(file, tensor_id::attn_output, 2);
        REQUIRE(found);
        CHECK(found->name == name);
    }
    model_file model;
    model.rename("blk.2.attn_output.weight", "model.layers.2.self_attn.o_proj.weight");
    const auto file = model.parse();
    CHECK_FALSE(find_tensor(file, tensor_id::attn_output, 2));
    CHECK(find_tensor(file, tensor_id::attn_output, 1));
    CHECK_FALSE(find_tensor(file, tensor_id::attn_output, 4));
}

TEST_CASE("layer_of reads the number of a layer and nothing else") {
    CHECK(layer_of("blk.0.attn_q.weight") == 0u);
    CHECK(layer_of("layers.35.x") == 35u);
    CHECK(layer_of("blk.4294967295.x") == 4294967295u);
    for (const auto* name : {"token_embd.weight", "blk.", "blk.7", "blk..attn", "blk.x.attn", "blk.-1.attn",
                             "blk.4294967296.x", "blk.99999999999999999999.x", "blk.+1.x", "blk. 1.x", "Blk.1.x", ""})
        CHECK_FALSE(layer_of(name));
}
