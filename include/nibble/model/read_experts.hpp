// SPDX-License-Identifier: Apache-2.0
// Reads the feed-forward of a model's layers: how wide it is, or how many experts there are and how they are chosen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <nibble/core/config.hpp>
#include <nibble/model/config.hpp>
#include <nibble/model/config_reader.hpp>
#include <nibble/model/family.hpp>
#include <nibble/model/keys.hpp>
#include <nibble/model/tensors.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

/// Whether the weights of the experts that a token uses are made to sum to 1.
inline void read_expert_weights(config_reader& reader, model_config& config) {
    auto normalised = reader.flag(config_key::expert_weights_norm);
    if (!normalised)
        normalised = {config.family->experts.normalised, "architecture " + std::string{config.family->name}};
    config.experts.normalised = normalised.value;
    reader.note(row_of(config_key::expert_weights_norm).field, truth_text(normalised.value), normalised.from);
    config.experts.scale = static_cast<float>(reader.take(config_key::expert_weights_scale, 1.0, "no scale"));
}

/// How many experts there are and how many of them a token uses; none where the family or the file has none.
inline void read_experts(config_reader& reader, model_config& config) {
    const expert_rule& rule = config.family->experts;
    if (rule.presence == expert_presence::never) return;
    auto count = reader.stated<std::uint64_t>(config_key::n_experts);
    if (!count) count = reader.dimension(tensor_id::ffn_gate_inp, 1);
    if (!count && rule.presence == expert_presence::as_stated) return;
    config.experts.n_experts = reader.accept(config_key::n_experts, count);
    if (count.value == 0) {
        if (rule.presence == expert_presence::as_stated) return;
        throw config_reader::bad(config_key::n_experts, count, "an integer above 0");
    }
    const auto used = reader.stated<std::uint64_t>(config_key::n_experts_used);
    config.experts.n_used = reader.accept(config_key::n_experts_used, used);
    if (used.value > count.value)
        throw config_reader::bad(config_key::n_experts_used, used,
                                 "at most n_experts " + number_text(count.value) + " (" + count.from + ')');
    read_expert_weights(reader, config);
}

/// experts and n_ff. That of an expert has a key of its own, which some files leave out.
inline void read_feed_forward(config_reader& reader, model_config& config) {
    read_experts(reader, config);
    config_reader::integer n_ff;
    if (config.experts.n_experts > 0) n_ff = reader.stated<std::uint64_t>(config_key::n_ff_expert);
    if (!n_ff) n_ff = reader.stated<std::uint64_t>(config_key::n_ff, config.n_layers);
    if (!n_ff)
        n_ff = reader.dimension(config.experts.n_experts > 0 ? tensor_id::ffn_down_exps : tensor_id::ffn_down, 0);
    config.n_ff = reader.accept(config_key::n_ff, n_ff);
}

}  // namespace detail
NIBBLE_NAMESPACE_END
