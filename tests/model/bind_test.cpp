// SPDX-License-Identifier: Apache-2.0
#include <nibble/model/bind.hpp>

#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <nibble/core/half.hpp>
#include <nibble/model/families.hpp>
#include <nibble/model/read_config.hpp>
#include <nibble/model/weight_binder.hpp>

#include "support/model_file.hpp"
#include "support/paths.hpp"
#include "test.hpp"

using namespace nibble;
using test::check_error;
using test::model_file;

namespace {

/// Loads as a program does: configuration, then weights.
void bind(model_file& model, const gguf::writer_options& options = {}) {
    const auto file = model.parse(options);
    static_cast<void>(bind_weights(file, read_config(file)));
}

void check_refused(model_file model, errc code, const std::vector<std::string>& pieces) {
    check_error(code, pieces, [&] {
        bind(model);
        return 0;
    });
}

template <class T>
void store(gguf::tensor_entry& entry, std::size_t index, T value) {
    std::memcpy(entry.data.data() + index * sizeof value, &value, sizeof value);
}

}  // namespace

TEST_CASE("weights: views into the file with the right shapes") {
    model_file model;
    const auto file = model.parse();
    const auto weights = bind_weights(file, read_config(file));
    const auto check = [](const matrix_view& view, std::size_t depth, std::size_t rows) {
        CHECK(view.type == data_type::q8_0);
        CHECK(view.depth == depth);
        CHECK(view.n_rows == rows);
        CHECK(view.row_bytes == depth / 32 * 34);
    };
    check(weights.token_embd, 64, 160);
    REQUIRE(weights.layers.size() == 4);
    for (const auto& layer : weights.layers) {
        CHECK(layer.attention.norm.weight.size() == 64);
        check(layer.attention.q.w, 64, 128);
        check(layer.attention.k.w, 64, 32);
        check(layer.attention.v.w, 64, 32);
        check(layer.attention.output.w, 128, 64);
        CHECK(layer.feed_forward.norm.weight.size() == 64);
        check(layer.feed_forward.gate.w, 64, 96);
        check(layer.feed_forward.up.w, 64, 96);
        check(layer.feed_forward.down.w, 96, 64);
    }
    CHECK(weights.output_norm.weight.size() == 64);
    CHECK(weights.output_norm.weight[63] == 1.0f);
    CHECK(weights.tied);
    CHECK(weights.output.data == weights.token_embd.data);
    CHECK(weights.output.n_rows == 160);
    CHECK(weights.rope_freqs.empty());
    CHECK(weights.converted.empty());
    CHECK(weights.layers[2].feed_forward.up.w.data == file.find_tensor("blk.2.ffn_up.weight")->bytes.data());
    CHECK(weights.layers[2].feed_forward.up.w.row(3) == weights.layers[2].feed_forward.up.w.data + 3 * 68);
}

TEST_CASE("weights: an output matrix of its own") {
    model_file model;
    model.add_tensor("output.weight", {64, 160}, data_type::q4_0);
    const auto file = model.parse();
    const auto weights = bind_weights(file, read_config(file));
    CHECK_FALSE(weights.tied);
    CHECK(weights.output.type == data_type::q4_0);
    CHECK(weights.output.data == file.find_tensor("output.weight")->bytes.data());
}

TEST_CASE("weights: aliases of tensor names") {
    const std::pair<std::string, std::string> cases[] = {
        {"token_embd.weight", "tok_embeddings.weight"},
        {"output_norm.weight", "norm.weight"},
        {"output.weight", "lm_head.weight"},
        {"blk.1.attn_output.weight", "blk.1.attn_out.weight"},
        {"blk.1.attn_q.weight", "layers.1.attn_q.weight"},
        {"blk.1.attn_norm.weight", "layers.1.attn_norm.weight"},
        {"blk.3.attn_output.weight", "layers.3.attn_out.weight"},
    };
    for (const auto& [real, alias] : cases) {
        INFO(alias);
        model_file model;
        model.add_tensor("output.weight", {64, 160}).rename(real, alias);
        CHECK_NOTHROW(bind(model));
        auto twice = model;
        const auto entry = model.tensor(alias);
        twice.add_tensor(real, entry.dims, entry.type);
        check_refused(twice, errc::model_layout, {alias, "smollm3"});
    }
}

TEST_CASE("weights: every tensor is needed, has its shape, and a type that nibble computes with") {
    const auto family = GENERATE(from_range(all_families));
    const std::string arch{family->name};
    const model_file plain{arch};
    for (const auto& tensor : plain.tensors()) {
        INFO(arch << ' ' << tensor.name);
        const std::string label = "tensor '" + tensor.name + '\'';
        // With every key stated nothing is inferred from the tensor that is spoilt.
        const auto model = model_file{arch}.set(arch + ".attention.key_length", 32u);
        check_refused(model_file{model}.erase_tensor(tensor.name), errc::model_missing_tensor, {label, "none"});

        auto dims = tensor.dims;
        const auto text = [](const std::vector<std::uint64_t>& shape) {
            std::string out = '[' + std::to_string(shape[0]);
            for (std::size_t i = 1; i < shape.size(); ++i) out += ", " + std::to_string(shape[i]);
            return out + ']';
        };
        const std::string expected = "expected " + text(tensor.dims);
        const auto reshaped = [&](const std::vector<std::uint64_t>& shape) {
            return model_file{model}.reshape(tensor.name, shape, tensor.type);
        };
        if (tensor.name.ends_with("shortconv.conv.weight")) {
            ++dims[0];
            check_refused(reshaped(dims), errc::model_wrong_shape,
                          {label, expected, "key " + arch + ".shortconv.l_cache"});
            continue;
        }
        if (dims.size() >= 2) {
            std::swap(dims[0], dims[1]);
            if (dims != tensor.dims)
                check_refused(reshaped(dims), errc::model_wrong_shape,
                              {label, expected, "got " + text(dims), "looks transposed"});
            dims = tensor.dims;
            dims[1] += 32;
            check_refused(reshaped(dims), errc::model_wrong_shape,
                          {label, expected, "rows: n_", "key " + arch + '.', "got " + text(dims)});
            dims = tensor.dims;
            dims.resize(3, 1);
            const std::uint64_t n = dims[2];
            for (const std::uint64_t other : {n - 1, n + 1}) {  // a matrix too few, one too many
                dims[2] = other;
                if (other == 0) continue;
                check_refused(reshaped(dims), errc::model_wrong_shape, {label, expected, "got " + text(dims)});
            }
            dims = tensor.dims;
            dims[0] = 512;
            const char* types = tensor.name.ends_with(".bias") ? "one of F32, F16, BF16" : "Q4_K, Q5_K, Q6_K";
            check_refused(model_file{model}.reshape(tensor.name, dims, data_type::q8_k), errc::model_wrong_tensor_type,
                          {label, types, "got Q8_K"});
        } else {
            check_refused(model_file{model}.reshape(tensor.name, {64}, data_type::q8_0), errc::model_wrong_tensor_type,
                          {label, "one of F32, F16, BF16", "got Q8_0"});
        }
        dims = tensor.dims;
        dims[0] += 32;
        check_refused(reshaped(dims), errc::model_wrong_shape,
                      {label, expected, "row length: ", "key " + arch + '.', "got " + text(dims)});
    }
}

TEST_CASE("weights: a layer has what its family has") {
    const auto layer_of_family = [](const char* arch) {
        model_file model{arch};
        const auto file = model.parse();
        const auto config = read_config(file);
        const auto layer = bind_weights(file, config).layers[0];
        CHECK(layer.feed_forward.act == config.family->act);
        CHECK(layer.attention.window == config.layers[0].window);
        CHECK(layer.attention.rope == config.layers[0].rope);
        const auto sizes = [](const auto&... spans) { return std::vector<std::size_t>{spans.size()...}; };
        const auto& attn = layer.attention;
        const auto& ffn = layer.feed_forward;
        return sizes(attn.norm.weight, attn.q.bias, attn.k.bias, attn.v.bias, attn.q_norm, attn.k_norm,
                     attn.post_norm.weight, ffn.norm.weight, ffn.post_norm.weight);
    };
    using sizes = std::vector<std::size_t>;
    CHECK(layer_of_family("llama") == sizes{64, 0, 0, 0, 0, 0, 0, 64, 0});
    CHECK(layer_of_family("smollm3") == sizes{64, 0, 0, 0, 0, 0, 0, 64, 0});
    CHECK(layer_of_family("qwen2") == sizes{64, 128, 32, 32, 0, 0, 0, 64, 0});
    CHECK(layer_of_family("qwen3") == sizes{64, 0, 0, 0, 32, 32, 0, 64, 0});
    CHECK(layer_of_family("gemma3") == sizes{64, 0, 0, 0, 32, 32, 64, 64, 64});
    CHECK(layer_of_family("olmo2") == sizes{0, 0, 0, 0, 128, 32, 64, 0, 64});
    CHECK(layer_of_family("qwen3moe") == sizes{64, 0, 0, 0, 32, 32, 0, 64, 0});
    CHECK(layer_of_family("olmoe") == sizes{64, 0, 0, 0, 128, 32, 0, 64, 0});
    CHECK(layer_of_family("gpt-oss") == sizes{64, 128, 32, 32, 0, 0, 0, 64, 0});
    CHECK(layer_of_family("exaone4") == sizes{0, 0, 0, 0, 32, 32, 64, 0, 64});
    CHECK(layer_of_family("cohere2") == sizes{64, 0, 0, 0, 0, 0, 0, 0, 0});
    CHECK(layer_of_family("starcoder2") == sizes{64, 128, 32, 32, 0, 0, 0, 64, 0});
    CHECK(layer_of_family("seed_oss") == sizes{64, 128, 32, 32, 0, 0, 0, 64, 0});
    CHECK(layer_of_family("hunyuan-dense") == sizes{64, 0, 0, 0, 32, 32, 0, 64, 0});
    CHECK(layer_of_family("phi3") == sizes{64, 0, 0, 0, 0, 0, 0, 64, 0});
    CHECK(layer_of_family("glm4") == sizes{64, 0, 0, 0, 0, 0, 64, 64, 64});
    CHECK(layer_of_family("gemma2") == sizes{64, 0, 0, 0, 0, 0, 64, 64, 64});
}

TEST_CASE("weights: a layer has attention or a convolution, and no tensor of the other") {
    model_file model{"lfm2"};
    const auto file = model.parse();
    const auto weights = bind_weights(file, read_config(file));
    for (const std::size_t i : {0u, 2u}) {
        const auto& [attention, convolution, ffn] = weights.layers[i];
        CHECK(convolution.input.w.n_rows == 192);
        CHECK(convolution.kernel.size() == 3 * 64);
        CHECK(convolution.output.w.n_rows == 64);
        CHECK(attention.norm.weight.size() == 64);
        CHECK((attention.q.empty() && attention.output.empty() && attention.q_norm.empty()));
        CHECK(ffn.gate.w.n_rows == 96);
    }
    CHECK(weights.layers[1].convolution.empty());
    CHECK(weights.layers[1].attention.q.w.n_rows == 128);
    CHECK(weights.output_norm.weight.size() == 64);
    CHECK_NOTHROW(bind(model.rename("token_embd_norm.weight", "output_norm.weight")));
    check_refused(model_file{"lfm2"}.add_tensor("blk.0.attn_q.weight", {64, 128}), errc::model_layout,
                  {"blk.0.attn_q.weight", "lfm2"});
    check_refused(model_file{"lfm2"}.add_tensor("blk.1.shortconv.in_proj.weight", {64, 192}), errc::model_layout,
                  {"blk.1.shortconv.in_proj.weight", "a convolution"});
    check_refused(model_file{"llama"}.add_tensor("blk.0.shortconv.in_proj.weight", {64, 192}), errc::model_layout,
                  {"blk.0.shortconv.in_proj.weight", "llama", "a convolution"});
}

TEST_CASE("weights: a tensor of another family is refused, and one that two families shape differently") {
    const auto refuse = [](const char* arch, const char* name, std::uint64_t size) {
        INFO(arch << ' ' << name);
        check_refused(model_file{arch}.add_tensor(name, {size}, data_type::f32), errc::model_layout,
                      {"'" + std::string{name} + "'", arch});
    };
    refuse("llama", "blk.0.attn_q_norm.weight", 32);
    refuse("llama", "blk.0.post_attention_norm.weight", 64);
    refuse("qwen2", "rope_freqs.weight", 16);
    refuse("olmo2", "blk.0.attn_norm.weight", 64);
    refuse("olmo2", "blk.0.ffn_norm.weight", 64);
    refuse("cohere2", "blk.0.ffn_norm.weight", 64);
    refuse("cohere2", "blk.0.attn_norm.bias", 64);
    refuse("starcoder2", "blk.0.ffn_gate.weight", 64);
    refuse("phi3", "blk.0.attn_q.weight", 64);
    refuse("seed_oss", "blk.0.ffn_norm.weight", 64);
    refuse("ernie4_5", "blk.0.attn_q_norm.weight", 32);

    check_refused(model_file{"qwen3"}.reshape("blk.0.attn_q_norm.weight", {128}, data_type::f32),
                  errc::model_wrong_shape, {"blk.0.attn_q_norm.weight", "[32]", "head_dim", "[128]"});
    check_refused(model_file{"olmo2"}.reshape("blk.0.attn_q_norm.weight", {32}, data_type::f32),
                  errc::model_wrong_shape, {"blk.0.attn_q_norm.weight", "[128]", "n_heads", "[32]"});
}

TEST_CASE("weights: a layer of any family may have biases, some or all") {
    struct row {
        const char* name;
        std::vector<std::uint64_t> dims;
        projection& (*of)(layer&);
    };
    const auto gate = [](layer& l) -> projection& { return l.feed_forward.gate; };
    const auto up = [](layer& l) -> projection& {
        return l.feed_forward.up.empty() ? l.feed_forward.gate : l.feed_forward.up;
    };
    const auto down = [](layer& l) -> projection& { return l.feed_forward.down; };
    const row rows[] = {{"attn_q", {128}, [](layer& l) -> projection& { return l.attention.q; }},
                        {"attn_k", {32}, [](layer& l) -> projection& { return l.attention.k; }},
                        {"attn_v", {32}, [](layer& l) -> projection& { return l.attention.v; }},
                        {"attn_output", {64}, [](layer& l) -> projection& { return l.attention.output; }},
                        {"ffn_gate", {96}, gate},
                        {"ffn_up", {96}, up},
                        {"ffn_down", {64}, down},
                        {"ffn_gate_inp", {5}, [](layer& l) -> projection& { return l.feed_forward.router; }},
                        {"ffn_gate_exps", {96, 5}, gate},
                        {"ffn_up_exps", {96, 5}, up},
                        {"ffn_down_exps", {64, 5}, down}};
    for (const auto* family : all_families)
        for (const auto& [name, dims, of] : rows) {
            const std::string tensor = "blk.3." + std::string{name} + ".bias";
            CAPTURE(family->name, tensor);
            model_file model{std::string{family->name}};
            const bool is_fused = std::string_view{name} == "ffn_up" && family->knows(tensor_id::ffn_gate_up);
            if (is_fused || !model.has("blk.3." + std::string{name} + ".weight")) {
                check_refused(model.add_tensor(tensor, dims, data_type::f32), errc::model_layout, {tensor});
                continue;
            }
            model.erase_tensor(tensor).add_tensor(tensor, dims, data_type::f32);
            const auto file = model.parse();
            auto weights = bind_weights(file, read_config(file));
            const std::size_t size = dims[0] * (dims.size() == 2 ? dims[1] : 1);
            CHECK(of(weights.layers[3]).bias.size() == size);
            const bool everywhere = file.find_tensor("blk.1." + std::string{name} + ".bias");
            CHECK(of(weights.layers[1]).bias.size() == (everywhere ? size : 0));
            auto more = dims;
            more.back() += 32;
            check_refused(model.reshape(tensor, more, data_type::f32), errc::model_wrong_shape, {tensor});
        }
}

TEST_CASE("weights: experts lie one below the other, and a llama file has them where it says so") {
    for (const char* arch : {"llama", "qwen3moe", "olmoe"}) {
        CAPTURE(arch);
        const model_file model{arch, {.with_experts = true}};
        auto same = model;
        const auto file = same.parse();
        const auto weights = bind_weights(file, read_config(file));
        for (std::size_t i = 0; i < weights.layers.size(); ++i) {
            const auto& ffn = weights.layers[i].feed_forward;
            const auto check = [&](const char* name, const projection& of, std::size_t depth, std::size_t rows) {
                CAPTURE(name);
                CHECK(of.w.depth == depth);
                CHECK(of.w.n_rows == rows);
                CHECK(of.w.data == file.find_tensor("blk." + std::to_string(i) + '.' + name)->bytes.data());
                CHECK(of.bias.empty());
            };
            check("ffn_gate_inp.weight", ffn.router, 64, 5);
            check("ffn_gate_exps.weight", ffn.gate, 64, 5 * 96);
            check("ffn_up_exps.weight", ffn.up, 64, 5 * 96);
            check("ffn_down_exps.weight", ffn.down, 96, 5 * 64);
        }
        check_refused(model_file{model}.set(model.key("expert_count"), 4u), errc::model_wrong_shape,
                      {"blk.0.ffn_gate_inp.weight", "[64, 4]", "n_experts", "expert_count", "[64, 5]"});
        check_refused(model_file{model}.set(model.key("expert_feed_forward_length"), 64u), errc::model_wrong_shape,
                      {"blk.0.ffn_gate_exps.weight", "[64, 64, 5]", "expert_feed_forward_length", "[64, 96, 5]"});
        check_refused(model_file{model}.add_tensor("blk.1.ffn_gate.weight", {64, 96}), errc::model_layout,
                      {"blk.1.ffn_gate.weight", arch});
        check_refused(model_file{model}.add_tensor("blk.1.ffn_up_shexp.weight", {64, 96}), errc::model_layout,
                      {"blk.1.ffn_up_shexp.weight", "a shared expert"});
    }
    const model_file with_experts{"llama", {.with_experts = true}};
    check_refused(model_file{with_experts}.erase_tensor("blk.3.ffn_down_exps.weight"), errc::model_missing_tensor,
                  {"blk.3.ffn_down_exps.weight"});
    check_refused(model_file{with_experts}.set("llama.expert_count", 0u), errc::model_missing_tensor,
                  {"blk.0.ffn_gate.weight"});
    check_refused(model_file{"llama"}.set("llama.expert_count", 5u).set("llama.expert_used_count", 2u),
                  errc::model_missing_tensor, {"blk.0.ffn_gate_inp.weight"});
}

TEST_CASE("weights: the parts of a fused tensor are views of it") {
    model_file model{"phi3"};
    model.add_tensor("blk.1.attn_qkv.bias", {192}, data_type::f32);
    for (std::size_t i = 0; i < 192; ++i) store(model.tensor("blk.1.attn_qkv.bias"), i, static_cast<float>(i));
    const auto file = model.parse();
    const auto [attn, convolution, ffn] = bind_weights(file, read_config(file)).layers[1];
    CHECK(convolution.empty());
    const auto check_rows = [&](const matrix_view& part, const char* whole, std::size_t first, std::size_t count) {
        const auto& tensor = *file.find_tensor(whole);
        CHECK(part.n_rows == count);
        CHECK(part.depth == 64);
        CHECK(part.data == tensor.bytes.data() + first * part.row_bytes);
    };
    check_rows(attn.q.w, "blk.1.attn_qkv.weight", 0, 128);
    check_rows(attn.k.w, "blk.1.attn_qkv.weight", 128, 32);
    check_rows(attn.v.w, "blk.1.attn_qkv.weight", 160, 32);
    check_rows(ffn.gate.w, "blk.1.ffn_up.weight", 0, 96);
    check_rows(ffn.up.w, "blk.1.ffn_up.weight", 96, 96);
    const auto check_bias = [](std::span<const float> bias, std::size_t first, std::size_t count) {
        REQUIRE(bias.size() == count);
        CHECK(bias.front() == static_cast<float>(first));
    };
    check_bias(attn.q.bias, 0, 128);
    check_bias(attn.k.bias, 128, 32);
    check_bias(attn.v.bias, 160, 32);

    for (const char* bias : {"blk.0.attn_q.bias", "blk.0.ffn_gate.bias", "blk.0.ffn_up.bias"})
        check_refused(model_file{"phi3"}.add_tensor(bias, {128}, data_type::f32), errc::model_layout,
                      {bias, "phi3", "a bias"});  // of a matrix that the family does not have
    check_refused(model_file{"llama"}.add_tensor("blk.0.attn_qkv.bias", {192}, data_type::f32), errc::model_layout,
                  {"blk.0.attn_qkv.bias", "llama"});
}

TEST_CASE("weights: longrope has two sets of positive finite divisors, one per pair") {
    const auto with = [](const char* name, std::uint64_t size) {
        return model_file{"phi3"}
            .set("phi3.rope.scaling.original_context_length", 512u)
            .add_tensor(name, {size}, data_type::f32);
    };
    auto both = with("rope_factors_long.weight", 16).add_tensor("rope_factors_short.weight", {16}, data_type::f32);
    store(both.tensor("rope_factors_long.weight"), 15, 8.0f);
    const auto file = both.parse();
    const auto weights = bind_weights(file, read_config(file));
    REQUIRE(weights.rope_factors_long.size() == 16);
    CHECK(weights.rope_factors_long[15] == 8.0f);
    CHECK(weights.rope_factors_short.size() == 16);
    check_refused(with("rope_factors_long.weight", 16), errc::model_missing_tensor, {"rope_factors_short.weight"});
    check_refused(with("rope_factors_short.weight", 16), errc::model_missing_tensor, {"rope_factors_long.weight"});
    for (const char* name : {"rope_factors_long.weight", "rope_factors_short.weight"})
        for (const std::uint64_t size : {8u, 32u})
            check_refused(model_file{both}.reshape(name, {size}, data_type::f32), errc::model_wrong_shape,
                          {name, "[16]", "key phi3.rope.dimension_count", "[" + std::to_string(size) + "]"});
    store(both.tensor("rope_factors_short.weight"), 3, 0.0f);
    check_refused(both, errc::model_bad_weights, {"rope_factors_short.weight", "value 3", "above 0"});
}

TEST_CASE("weights: what a tensor is that is refused is said") {
    const std::pair<const char*, const char*> tensors[] = {{"blk.0.attn_norm.bias", "the bias of a layer norm"},
                                                           {"blk.0.attn_q_norm.weight", "a norm"},
                                                           {"blk.0.ffn_gate_exps.weight", "experts"},
                                                           {"blk.0.ffn_gate_inp.weight", "router"},
                                                           {"blk.0.attn_qkv.weight", "in one matrix"},
                                                           {"rope_factors_long.weight", "LongRoPE"},
                                                           {"output.bias", "a bias"},
                                                           {"blk.0.attn_q.weight.lora_a", "an adapter"}};
    for (const auto& [name, what] : tensors)
        check_refused(model_file{"smollm3"}.add_tensor(name, {64}, data_type::f32), errc::model_layout,
                      {name, "smollm3", what});
}

TEST_CASE("weights: a contradiction names the key and the tensor") {
    check_refused(model_file{}.set("smollm3.embedding_length", 128u), errc::model_wrong_shape,
                  {"token_embd.weight", "[128, 160]", "key smollm3.embedding_length", "[64, 160]"});
    check_refused(model_file{}.set("smollm3.vocab_size", 128u), errc::model_wrong_shape,
                  {"token_embd.weight", "[64, 128]", "key smollm3.vocab_size", "[64, 160]"});
    check_refused(model_file{}.set("smollm3.feed_forward_length", 128u), errc::model_wrong_shape,
                  {"blk.0.ffn_gate.weight", "[64, 128]", "key smollm3.feed_forward_length", "[64, 96]"});
    check_refused(model_file{}.set("smollm3.attention.head_count_kv", 2u), errc::model_wrong_shape,
                  {"blk.0.attn_k.weight", "[64, 64]", "key smollm3.attention.head_count_kv", "[64, 32]"});
    check_refused(model_file{}.set("smollm3.attention.key_length", 64u), errc::model_wrong_shape,
                  {"blk.0.attn_q.weight", "[64, 256]", "key smollm3.attention.key_length", "[64, 128]"});
    check_refused(model_file{}.set("smollm3.block_count", 5u), errc::model_missing_tensor,
                  {"blk.4.attn_norm.weight", "5 layers", "key smollm3.block_count"});
    check_refused(model_file{}.set("smollm3.block_count", 3u), errc::model_layout,
                  {"blk.3.attn_norm.weight", "one of 3 layers", "key smollm3.block_count", "number 3"});
    check_refused(model_file{}.add_tensor("output.weight", {64, 128}), errc::model_wrong_shape,
                  {"output.weight", "[64, 160]", "key smollm3.vocab_size", "[64, 128]"});
    check_refused(model_file{}.reshape("blk.3.attn_q.weight", {64, 32}), errc::model_wrong_shape,
                  {"blk.3.attn_q.weight", "[64, 128]", "n_heads, key smollm3.attention.head_count",
                   "shape of tensor 'blk.0.attn_q.weight'", "[64, 32]"});
}

TEST_CASE("weights: tensors that the architecture does not use are refused") {
    for (const std::string name : {"output.bias", "blk.1.attn_q_norm.weight", "rope_factors_long.weight",
                                   "blk.2.ffn_gate_inp.weight", "extra", "blk.0.attn_q.weight.lora_a"})
        check_refused(model_file{}.add_tensor(name, {64}, data_type::f32), errc::model_layout,
                      {"'" + name + "'", "smollm3"});
    check_refused(model_file{}.add_tensor("caf\xc3\xa9", {64}, data_type::f32), errc::model_layout,
                  {"'caf\\xc3\\xa9'"});
}

TEST_CASE("weights: a file without tensors") {
    check_refused(model_file{}.erase_all_tensors().set("smollm3.attention.key_length", 32u), errc::model_missing_tensor,
                  {"token_embd.weight", "a file without tensors"});
}

TEST_CASE("weights: every supported type of matrix, no other") {
    for (const auto& format : data_types) {
        INFO(format.name);
        model_file model{"llama", {.n_embd = 256}};
        model.reshape("blk.0.ffn_up.weight", {256, 96}, format.type);
        if (is_supported(format.type)) {
            const auto file = model.parse();
            const auto weights = bind_weights(file, read_config(file));
            CHECK(weights.layers[0].feed_forward.up.w.type == format.type);
            CHECK(weights.layers[0].feed_forward.up.w.row_bytes == 256 / format.block_size * format.block_bytes);
        } else {
            check_refused(model, errc::model_wrong_tensor_type,
                          {"blk.0.ffn_up.weight", "got " + std::string{format.name}});
        }
    }
    CHECK(is_supported(data_type::q4_k));
    CHECK_FALSE(is_supported(data_type::q8_k));
}

TEST_CASE("weights: a type that others publish is refused with one to get instead, which is there") {
    const std::pair<data_type, const char*> refused[] = {{data_type::iq1_s, "Q2_K"},
                                                         {data_type::iq1_m, "Q2_K"},
                                                         {data_type::iq2_xxs, "Q2_K"},
                                                         {data_type::iq2_xs, "Q2_K"},
                                                         {data_type::iq2_s, "Q2_K"},
                                                         {data_type::iq3_xxs, "Q3_K_M or IQ4_XS"},
                                                         {data_type::iq3_s, "Q3_K_M or IQ4_XS"},
                                                         {data_type::nvfp4, "MXFP4 or Q4_K_M"}};
    for (const auto& [type, instead] : refused) {
        model_file model{"llama", {.n_embd = 256}};
        model.reshape("blk.0.ffn_up.weight", {256, 96}, type);
        check_refused(model, errc::model_wrong_tensor_type,
                      {"blk.0.ffn_up.weight", std::string{name_of(type)} + ": get the model as " + instead});
    }
    for (const auto type : {data_type::q2_k, data_type::q3_k, data_type::iq4_xs, data_type::mxfp4, data_type::q4_k}) {
        CHECK(is_supported(type));
        CHECK(published_instead(type).empty());
    }
}

TEST_CASE("weights: norms in 16 bits, and floats at odd addresses") {
    model_file model;
    model.reshape("blk.1.attn_norm.weight", {64}, data_type::f16);
    model.reshape("blk.2.ffn_norm.weight", {64}, data_type::bf16);
    store(model.tensor("blk.1.attn_norm.weight"), 5, float_to_half(0.625f));
    store(model.tensor("blk.2.ffn_norm.weight"), 63, float_to_bf16(-3.5f));
    store(model.tensor("output_norm.weight"), 9, 0.1f);
    {
        const auto file = model.parse();
        const auto weights = bind_weights(file, read_config(file));
        CHECK(weights.converted.size() == 2);
        CHECK(weights.layers[1].attention.norm.weight[5] == 0.625f);
        CHECK(weights.layers[1].attention.norm.weight[6] == 0.0f);
        CHECK(weights.layers[2].feed_forward.norm.weight[63] == -3.5f);
        CHECK(weights.layers[0].attention.norm.weight[0] == 1.0f);
    }
    // The same bytes one further in memory: no float is aligned then, all vectors are copied.
    const auto bytes = model.bytes();
    std::vector<std::byte> shifted(bytes.size() + 1);
    std::memcpy(shifted.data() + 1, bytes.data(), bytes.size());
    const auto file = gguf::file::parse(std::span{shifted}.subspan(1));
    auto weights = bind_weights(file, read_config(file));
    CHECK(weights.converted.size() == 9);
    const auto moved = std::move(weights);
    CHECK(moved.output_norm.weight[9] == 0.1f);
    CHECK(moved.layers[1].attention.norm.weight[5] == 0.625f);
}

TEST_CASE("weights: rope_freqs are positive finite divisors, one per pair") {
    const auto model = model_file{}.add_tensor("rope_freqs.weight", {16}, data_type::f32);
    auto good = model;
    store(good.tensor("rope_freqs.weight"), 15, 8.0f);
    const auto file = good.parse();
    const auto weights = bind_weights(file, read_config(file));
    REQUIRE(weights.rope_freqs.size() == 16);
    CHECK(weights.rope_freqs[15] == 8.0f);

    for (const float value :
         {0.0f, -1.0f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
        auto bad = model;
        store(bad.tensor("rope_freqs.weight"), 7, value);
        check_refused(bad, errc::model_bad_weights, {"rope_freqs.weight", "value 7", "above 0"});
    }
    check_refused(model_file{}.add_tensor("rope_freqs.weight", {32}, data_type::f32), errc::model_wrong_shape,
                  {"rope_freqs.weight", "[16]", "key smollm3.rope.dimension_count", "[32]"});
    check_refused(model_file{}.add_tensor("rope_freqs.weight", {32}), errc::model_wrong_tensor_type,
                  {"rope_freqs.weight", "got Q8_0"});
}

TEST_CASE("weights: golden models and the bundled model") {
    const auto check = [](const std::filesystem::path& path, std::size_t n_layers, data_type embedding, bool tied) {
        INFO(path);
        const auto file = gguf::file::open(path);
        const auto weights = bind_weights(file, read_config(file));
        CHECK(weights.layers.size() == n_layers);
        CHECK(weights.token_embd.type == embedding);
        CHECK(weights.tied == tied);
        return weights.rope_freqs.size();
    };
    const auto data = test::data_dir();
    CHECK(check(data / "smollm3-q4_k.gguf", 4, data_type::q4_k, true) == 0);
    CHECK(check(data / "smollm3-bf16.gguf", 4, data_type::bf16, true) == 0);
    CHECK(check(data / "llama-q4_k_m.gguf", 4, data_type::q6_k, false) == 0);
    CHECK(check(data / "llama-rope_freqs.gguf", 4, data_type::q8_0, true) == 32);
    CHECK(check(test::models_dir() / "nibble-tiny.gguf", 4, data_type::q6_k, true) == 0);
    if (test::shared_dir().empty()) {
        WARN("SKIPPED: needs ../shared/models");
        return;
    }
    check(test::shared_dir() / "models/SmolLM2-135M-Instruct-Q4_1.gguf", 30, data_type::q8_0, true);
    check(test::shared_dir() / "models/nibble-tiny-Q8_0.gguf", 4, data_type::q8_0, true);
    for (const auto& entry : std::filesystem::directory_iterator{test::shared_dir() / "golden"})
        if (entry.path().extension() == ".gguf") {
            const auto file = gguf::file::open(entry.path());
            CHECK_NOTHROW(bind_weights(file, read_config(file)));
        }
}
