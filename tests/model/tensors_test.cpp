// SPDX-License-Identifier: Apache-2.0
#include <nibble/model/tensors.hpp>

#include <string>

#include <nibble/model/families.hpp>

#include "support/model_file.hpp"
#include "test.hpp"

using namespace nibble;
using test::model_file;

TEST_CASE("no family has two tensors of one name") {
    for (const auto& one : model_tensors)
        for (const auto& other : model_tensors) {
            if (one.id == other.id || one.name != other.name) continue;
            for (const auto* family : all_families) CHECK_FALSE((family->knows(one.id) && family->knows(other.id)));
        }
}

TEST_CASE("a set of tensors has what was put in and nothing else") {
    constexpr tensor_set some{tensor_id::attn_q, tensor_id::ffn_post_norm};
    static_assert(some.has(tensor_id::attn_q) && some.has(tensor_id::ffn_post_norm) && !some.has(tensor_id::attn_k));
    constexpr auto more = some | tensor_set{tensor_id::token_embd};
    for (const auto& row : model_tensors)
        CHECK(more.has(row.id) == (some.has(row.id) || row.id == tensor_id::token_embd));
    CHECK_FALSE(some.has(tensor_id::token_embd));
}

TEST_CASE("a layer has the tensors of attention, or those of a convolution, and all others") {
    for (const auto id : {tensor_id::attn_qkv, tensor_id::attn_q, tensor_id::attn_output_bias}) {
        CHECK(belongs_to_layer(id, false));
        CHECK_FALSE(belongs_to_layer(id, true));
    }
    for (const auto id : {tensor_id::shortconv_input, tensor_id::shortconv_kernel, tensor_id::shortconv_output}) {
        CHECK_FALSE(belongs_to_layer(id, false));
        CHECK(belongs_to_layer(id, true));
    }
    for (const auto id :
         {tensor_id::attn_norm, tensor_id::attn_norm_bias, tensor_id::attn_post_norm, tensor_id::ffn_up})
        for (const bool convolution : {false, true}) CHECK(belongs_to_layer(id, convolution));
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
