// SPDX-License-Identifier: Apache-2.0
// The options of loading a model: what it is to do otherwise than its file says, named as llama-cli names it.
#pragma once

#include <cstddef>
#include <iostream>
#include <optional>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include <nibble/chat/reply_format.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/path_text.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/model/model.hpp>
#include <nibble/model/read_config.hpp>

#include "text_options.hpp"

struct load_options {
    std::string model;
    nibble::model_options model_options;
    template_options chat_template;
    std::optional<float> rope_scale, yarn_attn_factor, yarn_beta_fast, yarn_beta_slow;
    std::optional<std::size_t> yarn_orig_ctx;
    std::string rope_scaling;
    std::string reply_format = "auto";
    bool no_mmap = false;
};

/// All but the name of the file, which programs take in different ways.
inline void declare_load(CLI::App& app, load_options& chosen) {
    auto& options = chosen.model_options;
    app.option_defaults()->group("Options of the model");
    declare_template(app, chosen.chat_template);
    declare_pretokenizer(app, options.tokenizer);
    app.add_option("--end-text", options.tokenizer.end_texts,
                   "a token with this text ends a reply, besides those known to")
        ->type_name("TEXT")
        ->allow_extra_args(false);
    app.add_option("--reply-format", chosen.reply_format,
                   "marks of thinking and tool calls in replies: those of the template, all that are known, none")
        ->check(CLI::IsMember({"auto", "any", "none"}));
    app.add_option("--rope-freq-base", options.config.rope_freq_base, "base of the rotation's frequencies");
    app.add_option("--rope-scaling", chosen.rope_scaling,
                   "how positions are stretched; then the context may be larger than what the model was trained for")
        ->check(CLI::IsMember({"none", "linear", "yarn"}));
    app.add_option("--rope-scale", chosen.rope_scale, "by which factor");
    app.add_option("--yarn-orig-ctx", chosen.yarn_orig_ctx, "YaRN: context before stretching");
    app.add_option("--yarn-attn-factor", chosen.yarn_attn_factor, "YaRN: factor of the magnitude");
    app.add_option("--yarn-beta-fast", chosen.yarn_beta_fast, "YaRN: turns above which a frequency stays");
    app.add_option("--yarn-beta-slow", chosen.yarn_beta_slow, "YaRN: turns below which it is stretched in full");
    app.add_flag("--no-mmap", chosen.no_mmap, "read the model into memory, for a file that may change while in use");
    app.option_defaults()->group("Options");
}

namespace detail {

/// The file's way to stretch positions with what was chosen in its place; nothing where nothing was.
inline std::optional<nibble::rope_scaling> scaling_of(const load_options& chosen, nibble::rope_scaling scaling) {
    using method = nibble::rope_scaling::method;
    const bool chooses_yarn =
        chosen.yarn_orig_ctx || chosen.yarn_attn_factor || chosen.yarn_beta_fast || chosen.yarn_beta_slow;
    if (chosen.rope_scaling.empty() && !chosen.rope_scale && !chooses_yarn) return std::nullopt;
    if (chosen.rope_scaling == "none") scaling.type = method::none;
    if (chosen.rope_scaling == "linear") scaling.type = method::linear;
    if (chosen.rope_scaling == "yarn") scaling.type = method::yarn;
    if (chosen.rope_scaling.empty() && scaling.type == method::none) scaling.type = method::linear;
    const auto refuse = [](const char* option, const char* needed) {
        throw nibble::error{nibble::errc::bad_option, option, needed, "another way to stretch positions"};
    };
    if (chosen.rope_scale && scaling.type == method::none) refuse("--rope-scale", "--rope-scaling linear or yarn");
    if (chooses_yarn && scaling.type != method::yarn) refuse("--yarn-...", "--rope-scaling yarn");
    scaling.factor = chosen.rope_scale.value_or(scaling.factor);
    scaling.original_context = chosen.yarn_orig_ctx.value_or(scaling.original_context);
    scaling.attn_factor = chosen.yarn_attn_factor.value_or(scaling.attn_factor);
    scaling.beta_fast = chosen.yarn_beta_fast.value_or(scaling.beta_fast);
    scaling.beta_slow = chosen.yarn_beta_slow.value_or(scaling.beta_slow);
    return scaling;
}

}  // namespace detail

/// The model of a file that is open. What had to be guessed is said on standard error. Where a rotation was chosen, the
/// model has a context of at least `context`, beyond what it was trained for too. Throws nibble::error.
inline nibble::model make_model(nibble::gguf::file file, const load_options& chosen, std::size_t context = 0) {
    auto options = chosen.model_options;
    options.chat_template = chosen.chat_template.source();
    if (chosen.reply_format != "auto") options.reply_format.emplace();
    if (chosen.reply_format == "none") {
        options.reply_format->think_open.clear();
        options.reply_format->tool_calls.clear();
    }
    const auto stated = file.naming_errors([&] { return nibble::read_config(file); });
    options.config.rope = detail::scaling_of(chosen, stated.ropes[0].scaling);
    const bool turns_otherwise = options.config.rope || options.config.rope_freq_base;
    if (turns_otherwise && context > stated.n_ctx_train) options.config.context = context;
    nibble::model model{std::move(file), options};
    for (const auto& warning : model.warnings()) std::cerr << "warning: " << warning << '\n';
    return model;
}

/// Opens the file first.
inline nibble::model load_model(const load_options& chosen, std::size_t context = 0) {
    auto file = nibble::gguf::file::open(nibble::path_of(chosen.model), {},
                                         chosen.no_mmap ? nibble::file_access::copy : nibble::file_access::map);
    file.advise_will_need();
    return make_model(std::move(file), chosen, context);
}
