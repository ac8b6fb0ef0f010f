// SPDX-License-Identifier: Apache-2.0
#include <nibble/model/read_config.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "support/model_file.hpp"
#include "support/paths.hpp"
#include "test.hpp"

using namespace nibble;
using test::check_error;
using test::model_file;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan_value = std::numeric_limits<float>::quiet_NaN();

model_config config_of(model_file& model) { return read_config(model.parse()); }

void check_refused(model_file model, errc code, const std::vector<std::string>& pieces) {
    check_error(code, pieces, [&] { return config_of(model); });
}

std::vector<std::size_t> ropes_of(const model_config& config) {
    std::vector<std::size_t> ropes;
    for (const auto& layer : config.layers) ropes.push_back(layer.rope);
    return ropes;
}

std::vector<std::size_t> windows_of(const model_config& config) {
    std::vector<std::size_t> windows;
    for (const auto& layer : config.layers) windows.push_back(layer.window);
    return windows;
}

void check_sizes(const model_config& config) {
    CHECK(config.n_layers == 4);
    CHECK(config.n_embd == 64);
    CHECK(config.n_heads == 4);
    CHECK(config.n_kv_heads == 1);
    CHECK(config.head_dim == 32);
    CHECK(config.n_ff == 96);
    CHECK(config.n_vocab == 160);
    CHECK(config.n_ctx_train == 512);
    CHECK(config.rope_dims == 32);
    CHECK(config.ropes[0].freq_base == 10000.0f);
    CHECK(config.norm_eps == 1e-6f);
    CHECK(config.q_width() == 128);
    CHECK(config.kv_width() == 32);
}

}  // namespace

TEST_CASE("config: experts, and how wide they are") {
    model_file model{"qwen3moe"};
    const auto config = config_of(model);
    CHECK(config.experts.n_experts == 5);
    CHECK(config.experts.n_used == 2);
    CHECK(config.experts.normalised);
    CHECK(config.experts.scale == 1);
    CHECK(config.n_ff == 96);
    CHECK(source_of(config, "n_experts") == "key qwen3moe.expert_count");
    CHECK(source_of(config, "n_experts_used") == "key qwen3moe.expert_used_count");
    CHECK(source_of(config, "expert_weights_norm") == "architecture qwen3moe");
    CHECK(source_of(config, "n_ff") == "key qwen3moe.feed_forward_length");

    auto narrow =
        model_file{model}.set("qwen3moe.expert_feed_forward_length", 64u);  // the other one means nothing then
    CHECK(config_of(narrow).n_ff == 64);
    CHECK(source_of(config_of(narrow), "n_ff") == "key qwen3moe.expert_feed_forward_length");
    auto inferred = model_file{model}.erase("qwen3moe.feed_forward_length").erase("qwen3moe.expert_count");
    CHECK(config_of(inferred).n_ff == 96);
    CHECK(config_of(inferred).experts.n_experts == 5);
    CHECK(source_of(config_of(inferred), "n_experts") == "shape of tensor 'blk.0.ffn_gate_inp.weight'");

    model_file olmoe{"olmoe"};
    CHECK_FALSE(config_of(olmoe).experts.normalised);
    auto stated = olmoe.set("olmoe.expert_weights_norm", true).set("olmoe.expert_weights_scale", 2.5f);
    CHECK(config_of(stated).experts.normalised);
    CHECK(config_of(stated).experts.scale == 2.5f);

    model_file dense{"llama"}, without{"llama"}, mixtral{"llama", {.with_experts = true}};
    CHECK(config_of(dense).experts.n_experts == 0);
    CHECK(config_of(without.set("llama.expert_count", 0u)).experts.n_experts == 0);
    CHECK(config_of(mixtral).experts.n_experts == 5);
    CHECK(config_of(mixtral).experts.normalised);
}

TEST_CASE("config: experts that cannot be, or are not supported") {
    for (const std::string arch : {"qwen3moe", "olmoe", "llama"}) {
        CAPTURE(arch);
        const model_file model{arch, {.with_experts = true}};
        const std::string used = arch + ".expert_used_count", count = arch + ".expert_count";
        check_refused(model_file{model}.set(used, 0u), errc::model_bad_value, {used, "from 1", "got 0"});
        check_refused(model_file{model}.set(used, 6u), errc::model_bad_value,
                      {used, "at most n_experts 5", "key " + count, "got 6"});
        check_refused(model_file{model}.erase(used), errc::model_missing_key, {used});
        check_refused(model_file{model}.set(count, 5000u), errc::model_bad_value, {count, "to 4096", "got 5000"});
        check_refused(model_file{model}.set(count, 5.0f), errc::model_wrong_type, {count, "f32"});
        check_refused(model_file{model}.set(arch + ".expert_gating_func", 2u), errc::model_bad_value,
                      {arch + ".expert_gating_func", "expected 1", "got 2"});
        check_refused(model_file{model}.set(arch + ".expert_group_count", 4u), errc::model_bad_value,
                      {arch + ".expert_group_count", "got 4"});
        check_refused(model_file{model}.set(arch + ".expert_weights_norm", 1u), errc::model_wrong_type,
                      {arch + ".expert_weights_norm", "a bool"});
        check_refused(model_file{model}.set(arch + ".expert_weights_scale", 0.0f), errc::model_bad_value,
                      {arch + ".expert_weights_scale"});
        check_refused(model_file{model}.set(arch + ".expert_weights_scale", nan_value), errc::model_bad_value,
                      {arch + ".expert_weights_scale"});
    }
    check_refused(model_file{"olmoe"}.set("olmoe.expert_count", 0u), errc::model_bad_value,
                  {"olmoe.expert_count", "above 0", "got 0"});
    check_refused(model_file{"smollm3"}.set("smollm3.expert_count", 4u), errc::model_bad_value,
                  {"smollm3.expert_count", "got 4"});
}

TEST_CASE("config: values and their sources") {
    model_file model;
    model.set("general.name", "a \"model\"");
    const auto config = config_of(model);
    check_sizes(config);
    CHECK(config.family == &families::smollm3);
    CHECK(config.name == "a \"model\"");
    CHECK(config.attention_scale == static_cast<float>(1 / std::sqrt(32.0)));
    CHECK(ropes_of(config) == std::vector<std::size_t>{0, 0, 0, no_rope});
    CHECK(config.ropes[0].scaling.type == rope_scaling::method::none);
    CHECK(source_of(config, "n_layers") == "key smollm3.block_count");
    CHECK(source_of(config, "head_dim") ==
          "shape of tensor 'blk.0.attn_q.weight' and key smollm3.attention.head_count");
    CHECK(source_of(config, "attention_scale") == "default: 1 / sqrt(head_dim)");
    CHECK(source_of(config, "rope_layers") == "architecture smollm3");
    CHECK(source_of(config, "no such field").empty());

    model_file llama{"llama"};
    const auto other = config_of(llama);
    check_sizes(other);
    CHECK(other.family == &families::llama);
    CHECK(ropes_of(other) == std::vector<std::size_t>(4, 0));
}

TEST_CASE("config: every fourth layer of smollm3 has no rope") {
    model_file model{"smollm3", {.n_layers = 9}};
    const auto config = config_of(model);
    CHECK(ropes_of(config) == std::vector<std::size_t>{0, 0, 0, no_rope, 0, 0, 0, no_rope, 0});
}

TEST_CASE("config: every spelling of every key is read and reported") {
    const std::pair<config_key, std::uint32_t> integers[] = {
        {config_key::n_layers, 4},    {config_key::n_ctx_train, 512}, {config_key::n_embd, 64},
        {config_key::n_ff, 96},       {config_key::n_heads, 4},       {config_key::n_kv_heads, 1},
        {config_key::key_length, 32}, {config_key::n_vocab, 160},     {config_key::rope_dims, 32},
    };
    const std::pair<config_key, float> reals[] = {{config_key::rope_freq_base, 10000.0f}, {config_key::rms_eps, 1e-6f}};

    for (const std::string arch : {"smollm3", "llama"}) {
        for (const std::string prefix : {"smollm3", "llama"}) {
            const auto check = [&](config_key id, auto value) {
                const auto& row = row_of(id);
                auto suffixes = std::vector<std::string_view>{row.suffix};
                for (const auto alias : row.aliases)
                    if (!alias.empty()) suffixes.push_back(alias);
                for (const auto suffix : suffixes) {
                    model_file model{arch};
                    const auto key = prefix + '.' + std::string{suffix};
                    model.erase(model.key(row.suffix)).set(key, value);
                    const auto config = config_of(model);
                    check_sizes(config);
                    const bool is_real = prefix == arch && suffix == row.suffix;
                    CHECK(source_of(config, row.field) == (is_real ? "key " : "alias key ") + key);
                }
            };
            for (const auto& [id, value] : integers) check(id, value);
            for (const auto& [id, value] : reals) check(id, value);
        }
    }
}

TEST_CASE("config: any integer type will do, and an integer where a float is usual") {
    model_file model;
    model.set("smollm3.block_count", std::uint8_t{4})
        .set("smollm3.embedding_length", std::int64_t{64})
        .set("smollm3.feed_forward_length", std::uint64_t{96})
        .set("smollm3.rope.freq_base", std::uint32_t{10000});
    check_sizes(config_of(model));
}

TEST_CASE("config: the real key and an alias must agree") {
    model_file model;
    model.set("llama.block_count", std::uint32_t{4}).set("smollm3.rope.theta", 10000.0f);
    check_sizes(config_of(model));

    model.set("smollm3.rope.theta", 5e6f);
    check_refused(model, errc::model_bad_value,
                  {"smollm3.rope.theta", "10000 as in key smollm3.rope.freq_base", "5000000"});
    model.erase("smollm3.rope.theta").set("llama.block_count", std::uint32_t{5});
    check_refused(model, errc::model_bad_value, {"llama.block_count", "4 as in key smollm3.block_count", "5"});
}

TEST_CASE("config: what no key says follows from the tensors") {
    const auto without = [](std::vector<std::string> suffixes) {
        model_file model;
        for (const auto& suffix : suffixes) model.erase(model.key(suffix));
        return model;
    };
    const auto check_inferred = [](model_file model, std::string_view field, std::string_view from) {
        const auto config = config_of(model);
        check_sizes(config);
        CHECK(source_of(config, field) == from);
    };
    check_inferred(without({"block_count"}), "n_layers", "name of tensor 'blk.3.attn_norm.weight'");
    check_inferred(without({"embedding_length"}), "n_embd", "shape of tensor 'token_embd.weight'");
    check_inferred(without({"vocab_size"}), "n_vocab", "shape of tensor 'token_embd.weight'");
    check_inferred(without({"feed_forward_length"}), "n_ff", "shape of tensor 'blk.0.ffn_down.weight'");
    check_inferred(without({"attention.head_count_kv"}), "n_kv_heads",
                   "shape of tensor 'blk.0.attn_k.weight' and shape of tensor 'blk.0.attn_q.weight' and key "
                   "smollm3.attention.head_count");
    check_inferred(without({"attention.head_count"}), "n_heads",
                   "shape of tensor 'blk.0.attn_q.weight' and shape of tensor 'blk.0.attn_k.weight' and key "
                   "smollm3.attention.head_count_kv");

    auto heads = without({"attention.head_count", "attention.head_count_kv"});
    check_refused(heads, errc::model_missing_key, {"smollm3.attention.head_count", "nothing"});
    heads.set("smollm3.attention.key_length", std::uint32_t{32});
    check_inferred(heads, "n_heads", "shape of tensor 'blk.0.attn_q.weight' and key smollm3.attention.key_length");

    auto rope = without({"rope.dimension_count"});
    rope.add_tensor("rope_freqs.weight", {16}, data_type::f32);
    check_inferred(rope, "rope_dims", "shape of tensor 'rope_freqs.weight'");

    const model_file plain;
    auto aliased = without({"block_count"});
    for (const auto& tensor : plain.tensors())
        if (const auto layer = layer_of(tensor.name)) aliased.rename(tensor.name, "layers" + tensor.name.substr(3));
    check_inferred(aliased, "n_layers", "name of tensor 'layers.3.attn_norm.weight'");
}

TEST_CASE("config: defaults") {
    model_file model;
    for (const auto* suffix :
         {"context_length", "rope.freq_base", "attention.layer_norm_rms_epsilon", "rope.dimension_count"})
        model.erase(model.key(suffix));
    const auto config = config_of(model);
    CHECK(config.n_ctx_train == 65536);
    CHECK(config.ropes[0].freq_base == 5e6f);
    CHECK(config.norm_eps == 1e-6f);
    CHECK(config.rope_dims == 32);
    CHECK(source_of(config, "rope_freq_base") == "default: architecture smollm3");
    CHECK(source_of(config, "rope_dims") == "default: head_dim");

    model_file llama{"llama"};
    llama.erase("llama.rope.freq_base");
    CHECK(config_of(llama).ropes[0].freq_base == 10000.0f);
    for (const std::string key : {"llama.context_length", "llama.attention.layer_norm_rms_epsilon"}) {
        model_file without{"llama"};
        check_refused(without.erase(key), errc::model_missing_key, {key});
    }
}

TEST_CASE("config: a file without tensors needs its keys") {
    model_file model{"smollm3", {.head_dim = 16}};
    model.erase_all_tensors().erase("smollm3.attention.head_count_kv");
    const auto config = config_of(model);
    CHECK(config.head_dim == 16);
    CHECK(config.n_kv_heads == 4);
    CHECK(source_of(config, "head_dim") == "default: n_embd / n_heads");
    CHECK(source_of(config, "n_kv_heads") == "default: n_heads");

    for (const auto* suffix :
         {"block_count", "embedding_length", "feed_forward_length", "attention.head_count", "vocab_size"}) {
        auto without = model;
        check_refused(without.erase(model.key(suffix)), errc::model_missing_key, {model.key(suffix)});
    }
    model.erase("smollm3.vocab_size").set_array("tokenizer.ggml.tokens", std::vector<std::string>{"a", "b", "c"});
    CHECK(config_of(model).n_vocab == 3);
    model.set("smollm3.attention.head_count", std::uint32_t{3});
    check_refused(model, errc::model_bad_value,
                  {"n_heads", "smollm3.attention.head_count", "a divisor of 64", "n_embd", "3"});
}

TEST_CASE("config: architecture") {
    model_file model;
    check_refused(model_file{}.set("general.architecture", "bert"), errc::model_unsupported_arch,
                  {"general.architecture", "llama, ", " or " + std::string{all_families.back()->name}, "'bert'"});
    check_refused(model_file{}.set("general.architecture", "a\x1b[31m\n"), errc::model_unsupported_arch,
                  {"'a\\x1b[31m\\x0a'"});
    check_refused(model_file{}.set("general.architecture", ""), errc::model_unsupported_arch, {"got ''"});
    check_refused(model_file{}.set("general.architecture", "../%s%n"), errc::model_unsupported_arch, {"'../%s%n'"});
    const std::string long_name(1'000'000, 'x');
    check_refused(model_file{}.set("general.architecture", long_name), errc::model_unsupported_arch,
                  {"'" + long_name.substr(0, 128) + "...'"});
    check_refused(model_file{}.set("general.architecture", 7u), errc::model_wrong_type,
                  {"general.architecture", "u32"});
    check_refused(model_file{}.erase("general.architecture"), errc::model_missing_key, {"general.architecture"});
    check_refused(model_file{}.set("general.type", "adapter"), errc::model_layout, {"general.type", "adapter"});
}

TEST_CASE("config: integers out of range or of the wrong type") {
    struct bad_integer {
        const char* suffix;
        std::vector<std::uint32_t> values;
    };
    const bad_integer cases[] = {
        {"block_count", {0, 1025, 0xffffffff}},
        {"context_length", {0, 0x80000000, 0xffffffff}},
        {"embedding_length", {0, 0x80000000}},
        {"feed_forward_length", {0, 0x80000000}},
        {"attention.head_count", {0, 0x80000000, 3, 5}},
        {"attention.head_count_kv", {0, 0x80000000, 3, 8}},
        {"attention.key_length", {0, 1, 0x80000000, 31}},
        {"attention.value_length", {0, 1, 16, 31}},
        {"rope.dimension_count", {0, 1, 31, 34, 0x80000000}},
        {"vocab_size", {0, 0x80000000}},
    };
    for (const auto& [suffix, values] : cases) {
        for (const auto value : values) {
            model_file model;
            const auto key = model.key(suffix);
            check_refused(model.set(key, value), errc::model_bad_value, {key, std::to_string(value)});
        }
        const auto key = model_file{}.key(suffix);
        check_refused(model_file{}.set(key, "4"), errc::model_wrong_type, {key, "type string"});
        check_refused(model_file{}.set(key, 4.0f), errc::model_wrong_type, {key, "type f32"});
        check_refused(model_file{}.set(key, true), errc::model_wrong_type, {key, "type bool"});
        check_refused(model_file{}.set_array(key, std::vector<std::string>{"4"}), errc::model_wrong_type, {key});
        check_refused(model_file{}.set(key, std::int32_t{-1}), errc::model_bad_value, {key, "-1"});
        check_refused(model_file{}.set(key, ~std::uint64_t{0}), errc::model_bad_value, {key, "18446744073709551615"});
        constexpr std::uint64_t wraps_to_4 = (std::uint64_t{1} << 32) + 4;  // in 32 bits
        check_refused(model_file{}.set(key, wraps_to_4), errc::model_bad_value, {key, std::to_string(wraps_to_4)});
    }
}

TEST_CASE("config: floats out of range or of the wrong type") {
    for (const float value : {0.0f, -1.0f, 1e-40f, 0.5f, infinity, -infinity, nan_value})
        check_refused(model_file{}.set("smollm3.rope.freq_base", value), errc::model_bad_value,
                      {"smollm3.rope.freq_base", "finite"});
    for (const float value : {0.0f, -1e-6f, 1e30f, infinity, nan_value})
        check_refused(model_file{}.set("smollm3.attention.layer_norm_rms_epsilon", value), errc::model_bad_value,
                      {"smollm3.attention.layer_norm_rms_epsilon", "finite"});
    for (const float value : {-1.0f, 1e-9f, infinity, nan_value})
        check_refused(model_file{}.set("smollm3.attention.scale", value), errc::model_bad_value,
                      {"attention.scale", "or 0"});
    check_refused(model_file{}.set("smollm3.rope.freq_base", 1e300), errc::model_bad_value,
                  {"smollm3.rope.freq_base", "1e+300"});
    check_refused(model_file{}.set("smollm3.rope.freq_base", "10000"), errc::model_wrong_type,
                  {"smollm3.rope.freq_base", "type string"});
    auto scaled = model_file{}.set("smollm3.attention.scale", 0.25f);
    CHECK(config_of(scaled).attention_scale == 0.25f);
    scaled.set("smollm3.attention.scale", 0.0f);  // as good as no key
    CHECK(config_of(scaled).attention_scale == static_cast<float>(1 / std::sqrt(32.0)));
}

TEST_CASE("config: one number per layer, all equal") {
    using u32s = std::vector<std::uint32_t>;
    model_file model;
    model.set_array("smollm3.attention.head_count", u32s(4, 4))
        .set_array("smollm3.attention.head_count_kv", std::vector<std::int32_t>(4, 1))
        .set_array("smollm3.feed_forward_length", u32s(4, 96));
    check_sizes(config_of(model));

    const std::string key = "smollm3.attention.head_count_kv";
    check_refused(model_file{}.set_array(key, u32s(3, 1)), errc::model_bad_value, {key, "4 entries", "got 3"});
    check_refused(model_file{}.set_array(key, u32s{}), errc::model_bad_value, {key, "4 entries", "got 0"});
    check_refused(model_file{}.set_array(key, u32s{1, 1, 0, 1}), errc::model_bad_value, {key + "[2]", "got 0"});
    check_refused(model_file{}.set_array(key, u32s{1, 1, 1, 2}), errc::model_bad_value,
                  {key + "[3]", "expected 1", "got 2"});
    check_refused(model_file{}.set_array(key, std::vector<float>(4, 1)), errc::model_wrong_type, {key + "[0]", "f32"});
    check_refused(model_file{}.set_array(key, std::vector<std::string>(4, "1")), errc::model_wrong_type,
                  {key, "array of string"});
    check_refused(model_file{}.set_array("smollm3.block_count", u32s{4}), errc::model_wrong_type,
                  {"smollm3.block_count", "type array"});
}

TEST_CASE("config: heads that contradict each other or the tensors") {
    check_refused(model_file{}.set("smollm3.attention.head_count", std::uint32_t{3}), errc::model_bad_value,
                  {"smollm3.attention.head_count", "128", "blk.0.attn_q.weight"});
    model_file groups{"smollm3", {.n_heads = 4, .n_kv_heads = 3}};
    check_refused(groups, errc::model_bad_value,
                  {"smollm3.attention.head_count_kv", "a divisor of n_heads 4", "smollm3.attention.head_count"});
    model_file odd{"smollm3", {.head_dim = 31}};
    check_refused(odd.erase_all_tensors().set("smollm3.attention.key_length", std::uint32_t{31}), errc::model_bad_value,
                  {"smollm3.attention.key_length", "even", "31"});
    check_refused(model_file{}.set("smollm3.attention.value_length", std::uint32_t{64}), errc::model_bad_value,
                  {"smollm3.attention.value_length", "32 as head_dim", "64"});
    check_refused(model_file{}.set("smollm3.rope.dimension_count", std::uint32_t{64}), errc::model_bad_value,
                  {"smollm3.rope.dimension_count", "at most head_dim 32", "64"});
}

TEST_CASE("config: the vocabulary has as many tokens as the model") {
    model_file model;
    model.set_array("tokenizer.ggml.tokens", std::vector<std::string>(160, "x"));
    check_sizes(config_of(model));
    model.set_array("tokenizer.ggml.tokens", std::vector<std::string>(159, "x"));
    check_refused(model, errc::model_bad_value, {"tokenizer.ggml.tokens", "160", "smollm3.vocab_size", "159"});
}

TEST_CASE("config: rope scaling") {
    const std::string scaling = "smollm3.rope.scaling.";
    SECTION("none") {
        auto model = model_file{}.set(scaling + "type", "none");
        CHECK(config_of(model).ropes[0].scaling.type == rope_scaling::method::none);
    }
    SECTION("linear, also from the old key alone") {
        auto model = model_file{}.set(scaling + "type", "linear").set(scaling + "factor", 4.0f);
        const auto config = config_of(model);
        CHECK(config.ropes[0].scaling.type == rope_scaling::method::linear);
        CHECK(config.ropes[0].scaling.factor == 4.0f);
        CHECK(source_of(config, "rope_scaling.type") == "key smollm3.rope.scaling.type");
        auto old = model_file{}.set("smollm3.rope.scale_linear", 2.0f);
        const auto old_config = config_of(old);
        CHECK(old_config.ropes[0].scaling.type == rope_scaling::method::linear);
        CHECK(old_config.ropes[0].scaling.factor == 2.0f);
        CHECK(source_of(old_config, "rope_scaling.factor") == "alias key smollm3.rope.scale_linear");
    }
    SECTION("yarn, defaults and stated") {
        auto model = model_file{}.set(scaling + "type", "yarn").set(scaling + "factor", 2.0f);
        const auto config = config_of(model);
        CHECK(config.ropes[0].scaling.type == rope_scaling::method::yarn);
        CHECK(config.ropes[0].scaling.original_context == 512);
        CHECK(config.ropes[0].scaling.beta_fast == 32.0f);
        CHECK(config.ropes[0].scaling.beta_slow == 1.0f);
        CHECK(config.ropes[0].scaling.attn_factor == 1.0f);
        CHECK(config.ropes[0].scaling.log_multiplier == 0.0f);
        model.set(scaling + "original_context_length", std::uint32_t{256})
            .set(scaling + "yarn_beta_fast", 16.0f)
            .set(scaling + "yarn_beta_slow", 2.0f)
            .set(scaling + "attn_factor", 0.5f)
            .set(scaling + "yarn_attn_factor", 1.25f)  // not the same thing, and not read
            .set(scaling + "yarn_log_multiplier", 0.75f);
        const auto stated = config_of(model);
        CHECK(stated.ropes[0].scaling.original_context == 256);
        CHECK(stated.ropes[0].scaling.beta_fast == 16.0f);
        CHECK(stated.ropes[0].scaling.beta_slow == 2.0f);
        CHECK(stated.ropes[0].scaling.attn_factor == 0.5f);
        CHECK(stated.ropes[0].scaling.log_multiplier == 0.75f);
    }
    SECTION("refused") {
        const auto yarn = model_file{}.set(scaling + "type", "yarn").set(scaling + "factor", 2.0f);
        const auto with = [&](const std::string& suffix, auto value) {
            return model_file{yarn}.set(scaling + suffix, value);
        };
        check_refused(with("type", "longrope"), errc::model_bad_value,
                      {scaling + "type", "none, linear or yarn", "'longrope'"});
        check_refused(with("type", 1u), errc::model_wrong_type, {scaling + "type"});
        check_refused(with("yarn_ext_factor", 0.0f), errc::model_bad_value, {scaling + "yarn_ext_factor"});
        for (const float factor : {0.0f, -1.0f, nan_value, infinity})
            check_refused(with("factor", factor), errc::model_bad_value, {scaling + "factor"});
        check_refused(with("original_context_length", 0u), errc::model_bad_value,
                      {scaling + "original_context_length"});
        for (const float beta : {1.0f, 0.5f})
            check_refused(with("yarn_beta_fast", beta), errc::model_bad_value, {"yarn_beta_fast", "beta_slow"});
        check_refused(with("yarn_beta_fast", nan_value), errc::model_bad_value, {scaling + "yarn_beta_fast"});
        check_refused(with("yarn_beta_slow", -1.0f), errc::model_bad_value, {scaling + "yarn_beta_slow"});
        check_refused(with("attn_factor", 0.0f), errc::model_bad_value, {scaling + "attn_factor"});
        check_refused(with("yarn_log_multiplier", -1.0f), errc::model_bad_value, {scaling + "yarn_log_multiplier"});
        for (const auto* type : {"none", "linear"}) {  // what only YaRN has
            check_refused(with("type", type).set(scaling + "attn_factor", 0.5f), errc::model_bad_value,
                          {scaling + "attn_factor"});
            check_refused(with("type", type).set(scaling + "yarn_log_multiplier", 0.5f), errc::model_bad_value,
                          {scaling + "yarn_log_multiplier"});
            CHECK_NOTHROW(config_of(with("type", type).set(scaling + "attn_factor", 1.0f)));
        }
        check_refused(model_file{yarn}.erase(scaling + "factor"), errc::model_missing_key, {scaling + "factor"});
        check_refused(model_file{yarn}.set("llama.rope.scaling.type", "linear"), errc::model_bad_value,
                      {"llama.rope.scaling.type", "'yarn'", "'linear'"});
    }
}

TEST_CASE("config: windows by the pattern of the family") {
    model_file model{"gemma3", {.n_layers = 7}};
    model.set("gemma3.rope.freq_base", 5e5f);
    const auto config = config_of(model);
    CHECK(windows_of(config) == std::vector<std::size_t>{9, 9, 9, 9, 9, no_window, 9});
    CHECK(ropes_of(config) == std::vector<std::size_t>{1, 1, 1, 1, 1, 0, 1});
    REQUIRE(config.ropes.size() == 2);
    CHECK(config.ropes[0].freq_base == 5e5f);
    CHECK(config.ropes[1].freq_base == 1e4f);
    CHECK(source_of(config, "window") == "key gemma3.attention.sliding_window");
    CHECK(source_of(config, "window_layers") == "architecture gemma3");
    CHECK(source_of(config, "rope_freq_base_window") == "default: architecture gemma3");

    model.set("gemma3.rope.scaling.type", "linear").set("gemma3.rope.scaling.factor", 8.0f);
    model.set("gemma3.rope.freq_base_swa", 2e4f);
    const auto scaled = config_of(model);
    CHECK(scaled.ropes[0].scaling.type == rope_scaling::method::linear);
    CHECK(scaled.ropes[1].scaling.type == rope_scaling::method::none);  // layers with a window are never stretched
    CHECK(scaled.ropes[1].freq_base == 2e4f);

    model_file olmo{"olmo2"};
    CHECK(windows_of(config_of(olmo)) == std::vector<std::size_t>(4, no_window));
    CHECK(config_of(olmo).ropes.size() == 1);
    olmo.set("olmo2.attention.sliding_window", 0u);
    CHECK(windows_of(config_of(olmo)) == std::vector<std::size_t>(4, no_window));
    olmo.set("olmo2.attention.sliding_window", 9u);
    CHECK(windows_of(config_of(olmo)) == std::vector<std::size_t>{9, 9, 9, no_window});
    CHECK(config_of(olmo).ropes[1].freq_base == 10000.0f);
    CHECK(source_of(config_of(olmo), "rope_freq_base_window") == "default: rope_freq_base");
}

TEST_CASE("config: windows by the pattern of the file") {
    const std::string window = "gemma3.attention.sliding_window", pattern = window + "_pattern";
    const model_file model{"gemma3"};
    auto by_layer = model_file{model}.set_array(pattern, std::vector<bool>{false, true, true, false});
    CHECK(windows_of(config_of(by_layer)) == std::vector<std::size_t>{no_window, 9, 9, no_window});
    CHECK(ropes_of(config_of(by_layer)) == std::vector<std::size_t>{0, 1, 1, 0});
    CHECK(source_of(config_of(by_layer), "window_layers") == "key " + pattern);
    auto every_third = model_file{model}.set(pattern, 3u);
    CHECK(windows_of(config_of(every_third)) == std::vector<std::size_t>{9, 9, no_window, 9});
    auto alike = model_file{model}.set(pattern, 3u).set("olmo2.attention.sliding_window_pattern", 3u);
    CHECK(windows_of(config_of(alike)) == std::vector<std::size_t>{9, 9, no_window, 9});
    auto none = model_file{"olmo2"}.set_array("olmo2.attention.sliding_window_pattern", std::vector<bool>(4, false));
    CHECK(windows_of(config_of(none)) == std::vector<std::size_t>(4, no_window));

    check_refused(model_file{model}.erase(window), errc::model_missing_key, {window});
    check_refused(model_file{model}.set(window, 0u), errc::model_bad_value, {"window", window, "above 0", "got 0"});
    check_refused(model_file{model}.set(window, -1), errc::model_bad_value, {window, "-1"});
    check_refused(model_file{model}.set(window, 9.0f), errc::model_wrong_type, {window, "f32"});
    check_refused(model_file{model}.set_array(window, std::vector<std::uint32_t>(4, 9)), errc::model_wrong_type,
                  {window, "array"});
    for (const std::size_t n : {0u, 3u, 5u})
        check_refused(model_file{model}.set_array(pattern, std::vector<bool>(n, true)), errc::model_bad_value,
                      {pattern, "4 entries, one per layer", "got " + std::to_string(n)});
    check_refused(model_file{model}.set_array(pattern, std::vector<std::uint32_t>(4, 1)), errc::model_wrong_type,
                  {pattern, "a bool for each layer, or an integer", "array of u32"});
    check_refused(model_file{model}.set(pattern, "3"), errc::model_wrong_type, {pattern, "type string"});
    check_refused(model_file{model}.set(pattern, 0u), errc::model_bad_value, {pattern, "above 0", "got 0"});
    check_refused(model_file{model}.set(pattern, -2), errc::model_bad_value, {pattern, "above 0", "-2"});
    check_refused(model_file{model}.set_array(pattern, std::vector<bool>(4, false)), errc::model_bad_value,
                  {pattern, "a layer for the window of 9", "none"});
    check_refused(model_file{model}.set(pattern, 1u), errc::model_bad_value,
                  {pattern, "a layer for the window", "none"});
    check_refused(model_file{model}.set(pattern, 3u).set("olmo2.attention.sliding_window_pattern", 2u),
                  errc::model_bad_value, {"olmo2.attention.sliding_window_pattern", "3 of 4 as in key", "2 of 4"});
    check_refused(model_file{"olmo2"}.set_array("olmo2.attention.sliding_window_pattern", std::vector<bool>(4, true)),
                  errc::model_missing_key, {"olmo2.attention.sliding_window"});
    check_refused(model_file{"llama"}.set("llama.attention.sliding_window", 9u), errc::model_bad_value,
                  {"llama.attention.sliding_window", "not supported", "9"});
}

TEST_CASE("config: where layers with a window are the only ones that turn their heads") {
    model_file model{"exaone4"};
    CHECK(ropes_of(config_of(model)) == std::vector<std::size_t>(4, 0));  // a model without windows
    model.set("exaone4.attention.sliding_window", 9u);
    CHECK(windows_of(config_of(model)) == std::vector<std::size_t>{9, 9, 9, no_window});
    CHECK(ropes_of(config_of(model)) == std::vector<std::size_t>{0, 0, 0, no_rope});
    CHECK(config_of(model).ropes.size() == 1);
}

TEST_CASE("config: gemma2's window and caps are there without a key") {
    model_file model{"gemma2"};
    model.erase("gemma2.attention.sliding_window").erase("gemma2.rope.freq_base");
    const auto config = config_of(model);
    CHECK(windows_of(config) == std::vector<std::size_t>{4096, no_window, 4096, no_window});
    CHECK(ropes_of(config) == std::vector<std::size_t>(4, 0));
    CHECK(config.ropes[0].freq_base == 10000.0f);
    CHECK(config.attention_cap == 50.0f);
    CHECK(config.logit_cap == 30.0f);
    CHECK(source_of(config, "attention_cap") == "default: architecture gemma2");
    model.set("gemma2.attn_logit_softcapping", 4.0f).set("gemma2.final_logit_softcapping", 5.0f);
    CHECK(config_of(model).attention_cap == 4.0f);
    CHECK(config_of(model).logit_cap == 5.0f);
    for (const float cap : {-1.0f, 1e-9f, infinity, nan_value})
        check_refused(model.set("gemma2.attn_logit_softcapping", cap), errc::model_bad_value,
                      {"gemma2.attn_logit_softcapping"});
    check_refused(model.set_array("gemma2.attn_logit_softcapping", std::vector<float>{50}), errc::model_wrong_type,
                  {"gemma2.attn_logit_softcapping", "array"});

    model_file gemma3{"gemma3"};
    gemma3.set("gemma3.final_logit_softcapping", 30.0f);
    CHECK(config_of(gemma3).logit_cap == 30.0f);
    check_refused(gemma3.set("gemma3.attn_logit_softcapping", 50.0f), errc::model_bad_value,
                  {"gemma3.attn_logit_softcapping", "not supported"});
    model_file large{"gemma2", {.n_layers = 46}};
    CHECK(config_of(large).attention_scale == 0.25f);  // 1 / sqrt(64 / 4)
}

TEST_CASE("config: the window of phi3 is in every layer, where there is one") {
    model_file model{"phi3"};
    CHECK(windows_of(config_of(model)) == std::vector<std::size_t>(4, no_window));
    model.set("phi3.attention.sliding_window", 0u);
    CHECK(windows_of(config_of(model)) == std::vector<std::size_t>(4, no_window));
    model.set("phi3.attention.sliding_window", 9u);
    CHECK(windows_of(config_of(model)) == std::vector<std::size_t>(4, 9));
    CHECK(ropes_of(config_of(model)) == std::vector<std::size_t>(4, 0));
    check_refused(model_file{model}.set_array("phi3.attention.sliding_window", std::vector<std::uint32_t>(4, 9)),
                  errc::model_wrong_type, {"phi3.attention.sliding_window", "array"});
}

TEST_CASE("config: longrope is there with its divisors") {
    const std::string scaling = "phi3.rope.scaling.";
    model_file model{"phi3"};
    model.add_tensor("rope_factors_long.weight", {16}, data_type::f32);
    check_refused(model, errc::model_missing_key, {scaling + "original_context_length"});
    model.set(scaling + "original_context_length", 256u);
    CHECK(config_of(model).ropes[0].scaling.type == rope_scaling::method::longrope);
    CHECK(config_of(model).ropes[0].scaling.original_context == 256);
    CHECK(config_of(model).ropes[0].scaling.attn_factor == 1);
    model.set(scaling + "attn_factor", 1.25f).set(scaling + "type", "longrope");
    CHECK(config_of(model).ropes[0].scaling.attn_factor == 1.25f);
    for (const char* type : {"none", "linear", "yarn"})
        check_refused(model_file{model}.set(scaling + "type", type), errc::model_bad_value,
                      {scaling + "type", "longrope, as the file has its divisors", type});
    check_refused(model_file{"phi3"}.set(scaling + "type", "longrope"), errc::model_bad_value,
                  {scaling + "type", "none, linear or yarn", "'longrope'"});
}

TEST_CASE("config: families with layer norms have their eps under its own key") {
    model_file model{"starcoder2"};
    CHECK(config_of(model).norm_eps == 1e-6f);
    CHECK(source_of(config_of(model), "layer_norm_eps") == "key starcoder2.attention.layer_norm_epsilon");
    model.erase("starcoder2.attention.layer_norm_epsilon").set("starcoder2.attention.layer_norm_rms_epsilon", 1e-6f);
    check_refused(model, errc::model_missing_key, {"starcoder2.attention.layer_norm_epsilon"});

    model_file cohere{"cohere2"};
    CHECK(config_of(cohere).logit_scale == 1);
    cohere.set("cohere2.logit_scale", 0.0625f);
    CHECK(config_of(cohere).logit_scale == 0.0625f);
    check_refused(cohere.erase("cohere2.attention.sliding_window"), errc::model_missing_key,
                  {"cohere2.attention.sliding_window"});
}

TEST_CASE("config: a layer of lfm2 without key/value heads has a convolution") {
    using i32s = std::vector<std::int32_t>;
    const std::string key = "lfm2.attention.head_count_kv";
    model_file model{"lfm2"};
    const auto convolutions = [](const model_config& config) {
        std::vector<bool> layers;
        for (const auto& layer : config.layers) layers.push_back(layer.convolution);
        return layers;
    };
    const auto config = config_of(model);
    CHECK(convolutions(config) == std::vector<bool>{true, false, true, false});
    CHECK(config.n_kv_heads == 1);
    CHECK(config.conv_length == 3);
    CHECK(source_of(config, "convolution_layers") == "key " + key);
    auto none = model_file{model}.set(key, 1u).erase("lfm2.shortconv.l_cache");
    CHECK(config_of(none).n_convolutions() == 0);

    check_refused(model_file{model}.erase("lfm2.shortconv.l_cache"), errc::model_missing_key,
                  {"lfm2.shortconv.l_cache"});
    for (const std::uint32_t length : {0u, 65u})
        check_refused(model_file{model}.set("lfm2.shortconv.l_cache", length), errc::model_bad_value,
                      {"lfm2.shortconv.l_cache"});
    check_refused(model_file{model}.set_array(key, i32s{0, 1, 0}), errc::model_bad_value,
                  {key, "4 entries, one per layer", "got 3"});
    check_refused(model_file{model}.set_array(key, i32s{0, 1, 0, 2}), errc::model_bad_value,
                  {key + "[3]", "expected 1", "got 2"});
    check_refused(model_file{model}.set_array(key, i32s{0, 0, 0, 0}), errc::model_bad_value, {key, "zeros"});
    check_refused(model_file{model}.set_array(key, i32s{0, 1, -1, 1}), errc::model_bad_value, {key + "[2]", "-1"});
    check_refused(model_file{model}.set(key, 0u), errc::model_bad_value, {key, "got 0"});
    check_refused(model_file{"llama"}.set_array("llama.attention.head_count_kv", i32s{0, 1, 0, 1}),
                  errc::model_bad_value, {"llama.attention.head_count_kv[0]", "got 0"});
}

TEST_CASE("config: granite's scales, and models of it whose heads do not turn") {
    model_file model{"granite"};
    const auto plain = config_of(model);
    CHECK((plain.embedding_scale == 1 && plain.residual_scale == 1 && plain.logit_scale == 1));
    model.set("granite.embedding_scale", 12.0f).set("granite.residual_scale", 0.25f).set("granite.logit_scale", 8.0f);
    const auto config = config_of(model);
    CHECK(config.embedding_scale == 12.0f);
    CHECK(config.residual_scale == 0.25f);
    CHECK(config.logit_scale == 0.125f);
    CHECK(source_of(config, "logit_scale") == "key granite.logit_scale");
    model.set("granite.logit_scale", 0.0f);  // as good as no key
    CHECK(config_of(model).logit_scale == 1);
    for (const float value : {-1.0f, infinity, nan_value})
        check_refused(model_file{model}.set("granite.residual_scale", value), errc::model_bad_value,
                      {"granite.residual_scale"});
    check_refused(model_file{model}.set_array("granite.residual_scale", std::vector<float>(4, 1)),
                  errc::model_wrong_type, {"granite.residual_scale", "array"});

    model.set("granite.rope.scaling.finetuned", true);
    CHECK(ropes_of(config_of(model)) == std::vector<std::size_t>(4, 0));
    model.set("granite.rope.scaling.finetuned", false);
    CHECK(ropes_of(config_of(model)) == std::vector<std::size_t>(4, no_rope));
    CHECK(source_of(config_of(model), "rope_layers") == "key granite.rope.scaling.finetuned");
    check_refused(model.set("granite.rope.scaling.finetuned", 0u), errc::model_wrong_type,
                  {"granite.rope.scaling.finetuned", "a bool", "u32"});
}

TEST_CASE("config: how queries of mistral3 grow") {
    model_file model{"mistral3"};
    CHECK(config_of(model).query_growth.scale == 0);
    model.set("mistral3.attention.temperature_scale", 0.5f);
    CHECK(config_of(model).query_growth.scale == 0.5f);
    CHECK(config_of(model).query_growth.period == 512);  // the context
    model.set("mistral3.rope.scaling.original_context_length", 16u);
    CHECK(config_of(model).query_growth.period == 16);
    check_refused(model_file{"llama"}.set("llama.attention.temperature_scale", 0.5f), errc::model_bad_value,
                  {"llama.attention.temperature_scale", "not supported"});
}

TEST_CASE("config: gemma3 scales embeddings, and its 27B scores, by the size of the model") {
    model_file model{"gemma3"};
    const auto config = config_of(model);
    CHECK(config.embedding_scale == 8.0f);
    CHECK(source_of(config, "embedding_scale") == "sqrt(n_embd)");
    CHECK(config.attention_scale == static_cast<float>(1 / std::sqrt(32.0)));
    model_file other;
    CHECK(config_of(other).embedding_scale == 1.0f);

    model_file large{"gemma3", {.n_layers = 62}};
    CHECK(config_of(large).attention_scale == 0.25f);  // 1 / sqrt(64 / 4)
    CHECK(source_of(config_of(large), "attention_scale") == "default: 1 / sqrt(n_embd / n_heads)");
    large.set("gemma3.attention.scale", 0.5f);
    CHECK(config_of(large).attention_scale == 0.5f);
}

TEST_CASE("config: what nibble does not compute is refused, its neutral value is not") {
    for (const auto& row : neutral_keys)
        for (const std::string prefix : {"smollm3.", "llama."}) {
            const auto key = prefix + std::string{row.suffix};
            auto neutral = model_file{}.set(key, static_cast<float>(row.neutral));
            check_sizes(config_of(neutral));
            check_refused(model_file{}.set(key, 8.0f), errc::model_bad_value, {key, "not supported", "8"});
            check_refused(model_file{}.set(key, nan_value), errc::model_bad_value, {key});
            check_refused(model_file{}.set(key, "8"), errc::model_bad_value, {key, "'8'"});
        }
    auto causal = model_file{}.set("smollm3.attention.causal", true).set("smollm3.use_parallel_residual", false);
    check_sizes(config_of(causal));
    check_refused(model_file{}.set("smollm3.attention.causal", false), errc::model_bad_value,
                  {"attention.causal", "false"});

    for (const auto count : {std::uint16_t{0}, std::uint16_t{1}}) {
        auto whole = model_file{}.set("split.count", count);
        check_sizes(config_of(whole));
    }
    check_refused(model_file{}.set("split.count", std::uint16_t{3}), errc::model_bad_value,
                  {"split.count", "expected 1", "merge the parts", "got 3"});
    check_refused(model_file{}.set("split.count", std::uint16_t{3}).erase("general.architecture"),
                  errc::model_bad_value, {"split.count", "merge the parts"});  // a later part
    auto version = model_file{}.set("general.quantization_version", 2u);
    check_sizes(config_of(version));
    check_refused(model_file{}.set("general.quantization_version", 1u), errc::model_bad_value,
                  {"general.quantization_version", "expected 2", "1"});
}

TEST_CASE("config: golden models") {
    struct expectation {
        const char* name;
        std::size_t n_layers, n_embd, n_heads, n_kv_heads, head_dim, n_ff, n_vocab;
        float rope_freq_base;
    };
    const expectation cases[] = {
        {"smollm3-q4_k_m", 8, 256, 4, 1, 64, 768, 320, 5e6f},    {"smollm3-q4_k", 4, 256, 4, 2, 64, 512, 256, 1e4f},
        {"smollm3-q4_0", 4, 256, 4, 2, 64, 512, 256, 1e4f},      {"smollm3-f32", 4, 128, 2, 1, 64, 256, 256, 1e4f},
        {"smollm3-head128", 4, 512, 4, 2, 128, 1024, 256, 5e6f}, {"llama-q4_k_m", 4, 256, 4, 2, 64, 512, 256, 1e4f},
        {"llama-rope_freqs", 4, 256, 4, 2, 64, 512, 256, 1e4f},
    };
    for (const auto& expected : cases) {
        INFO(expected.name);
        auto path = test::data_dir() / (std::string{expected.name} + ".gguf");
        if (!exists(path) && !test::shared_dir().empty()) path = test::shared_dir() / "golden" / path.filename();
        if (!exists(path)) {
            WARN("SKIPPED: needs ../shared/golden");
            continue;
        }
        const auto config = read_config(gguf::file::open(path));
        CHECK(config.n_layers == expected.n_layers);
        CHECK(config.n_embd == expected.n_embd);
        CHECK(config.n_heads == expected.n_heads);
        CHECK(config.n_kv_heads == expected.n_kv_heads);
        CHECK(config.head_dim == expected.head_dim);
        CHECK(config.n_ff == expected.n_ff);
        CHECK(config.n_vocab == expected.n_vocab);
        CHECK(config.ropes[0].freq_base == expected.rope_freq_base);
        CHECK(config.n_ctx_train == 512);
        CHECK(config.rope_dims == expected.head_dim);
        CHECK(config.norm_eps == 1e-6f);
    }
}

TEST_CASE("config: the shape of SmolLM3-3B") {
    if (test::shared_dir().empty()) {
        WARN("SKIPPED: needs ../shared/vocab");
        return;
    }
    const auto config = read_config(gguf::file::open(test::shared_dir() / "vocab/smollm3-vocab.gguf"));
    CHECK(config.n_layers == 36);
    CHECK(config.n_embd == 2048);
    CHECK(config.n_heads == 16);
    CHECK(config.n_kv_heads == 4);
    CHECK(config.head_dim == 128);
    CHECK(config.n_ff == 11008);
    CHECK(config.n_vocab == 128256);
    CHECK(config.n_ctx_train == 65536);
    CHECK(config.ropes[0].freq_base == 5e6f);
    for (std::size_t layer = 0; layer < 36; ++layer) CHECK(config.layers[layer].rope == (layer % 4 != 3 ? 0 : no_rope));
}
