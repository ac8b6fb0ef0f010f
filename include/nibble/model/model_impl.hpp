// SPDX-License-Identifier: Apache-2.0
// Definitions of model/model.hpp: what is made at load, and what on demand.
#pragma once

#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/chat/builtin_templates.hpp>
#include <nibble/chat/reply_format.hpp>
#include <nibble/chat/template.hpp>
#include <nibble/core/array_view.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/made_on_demand.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/model/bind.hpp>
#include <nibble/model/config.hpp>
#include <nibble/model/config_options.hpp>
#include <nibble/model/model.hpp>
#include <nibble/model/read_config.hpp>
#include <nibble/model/vocabulary.hpp>
#include <nibble/text/fim_prompt.hpp>
#include <nibble/text/tokenizer.hpp>

NIBBLE_NAMESPACE_BEGIN

struct model::state {
    state(gguf::file opened, const model_options& options)
        : file(std::move(opened)),
          config(with_options(file.naming_errors([this] { return read_config(file); }), options.config)),
          weights(file.naming_errors([this] { return bind_weights(file, config); })),
          tokenizer_choices(options.tokenizer),
          own_template(template_of(options)),
          reply_format(options.reply_format ? *options.reply_format : format_of_replies(file, own_template)) {}

    static std::string template_of(const model_options& options) {
        const auto builtin = find_builtin_template(options.chat_template);
        return builtin.empty() ? options.chat_template : std::string{builtin};
    }

    /// Needs no template that can be parsed, nor one that is text: a model can be run without.
    static nibble::reply_format format_of_replies(const gguf::file& file, const std::string& own_template) {
        if (!own_template.empty()) return detect_reply_format(own_template);
        const auto* const stated = file.find("tokenizer.chat_template");
        const auto source = stated ? stated->as_string() : std::nullopt;
        return source ? detect_reply_format(*source) : nibble::reply_format{};
    }

    gguf::file file;
    model_config config;
    model_weights weights;
    tokenizer_options tokenizer_choices;
    std::string own_template;
    nibble::reply_format reply_format;
    made_on_demand<nibble::tokenizer> tokenizer;
    made_on_demand<nibble::chat_template> chat_template;
};

NIBBLE_FUNCTION model model::load(const std::filesystem::path& path, const model_options& options) {
    return load(gguf::file::open(path, options.limits, options.access), options);
}

NIBBLE_FUNCTION model model::load(const file_range& range, const model_options& options) {
    return load(gguf::file::open(range, options.limits, options.access), options);
}

NIBBLE_FUNCTION model model::load(std::shared_ptr<const std::byte[]> bytes, std::size_t size,
                                  const model_options& options) {
    return model{gguf::file::open(std::move(bytes), size, options.limits), options};
}

NIBBLE_FUNCTION model model::load(gguf::file file, const model_options& options) {
    if (options.read_ahead) file.advise_will_need();
    return model{std::move(file), options};
}

NIBBLE_FUNCTION model::model(gguf::file file, const model_options& options)
    : shared_(std::make_shared<const state>(std::move(file), options)) {}

NIBBLE_FUNCTION const gguf::file& model::file() const noexcept { return shared_->file; }

NIBBLE_FUNCTION bool model::warm_up(const std::function<void(std::uint64_t done, std::uint64_t total)>& progress,
                                    const std::atomic<bool>* cancel) const {
    return file().warm_up(progress, cancel);
}

NIBBLE_FUNCTION const model_config& model::config() const noexcept { return shared_->config; }

NIBBLE_FUNCTION const model_weights& model::weights() const noexcept { return shared_->weights; }

NIBBLE_FUNCTION const nibble::tokenizer& model::tokenizer() const {
    return shared_->tokenizer.get([this] {
        return file().naming_errors([this] {
            return nibble::tokenizer{read_vocabulary(file()), shared_->tokenizer_choices};
        });
    });
}

NIBBLE_FUNCTION bool model::has_chat_template() const { return template_source().has_value(); }

NIBBLE_FUNCTION std::vector<std::string> model::warnings() const {
    std::vector<std::string> out;
    if (shared_->tokenizer_choices.pretokenizer.empty() && lacks_pretokenizer(file()))
        out.push_back("no tokenizer.ggml.pre in the file: text is split as by 'default', perhaps not as the model "
                      "was trained with; option pretokenizer (--pre) says how");
    if (is_template_guessed())
        out.push_back("no tokenizer.chat_template in the file: ChatML is used, as the vocabulary has its tokens; "
                      "option chat_template (--chat-template) says otherwise");
    return out;
}

NIBBLE_FUNCTION const nibble::chat_template& model::chat_template() const {
    const auto* const words = has_vocabulary(file()) ? &tokenizer() : nullptr;
    return shared_->chat_template.get([&] {
        return file().naming_errors([&] {
            const auto source = template_source();
            if (!source)
                throw error{errc::tmpl_missing, "tokenizer.chat_template", "a chat template",
                            "none in the file, nor as option chat_template (--chat-template)"};
            if (!words) return nibble::chat_template{std::string{*source}};
            return nibble::chat_template{std::string{*source}, text_of(words->bos()), text_of(words->eos())};
        });
    });
}

NIBBLE_FUNCTION const nibble::reply_format& model::reply_format() const noexcept { return shared_->reply_format; }

NIBBLE_FUNCTION std::vector<token> model::fim(std::string_view before, std::string_view behind) const {
    const auto& words = tokenizer();
    return file().naming_errors([&] { return fim_prompt(words, before, behind); });
}

NIBBLE_FUNCTION std::string model::apply_chat_template(array_view<message> messages,
                                                       const chat_template_options& options) const {
    const auto& made = chat_template();
    return file().naming_errors([&] { return made.render(messages, options); });
}

NIBBLE_FUNCTION std::optional<std::string_view> model::template_source() const {
    if (!shared_->own_template.empty()) return shared_->own_template;
    if (is_template_guessed()) return find_builtin_template("chatml");
    return read_chat_template(file());
}

NIBBLE_FUNCTION bool model::is_template_guessed() const {
    return shared_->own_template.empty() && !file().find("tokenizer.chat_template") &&
           has_tokens(file(), {"<|im_start|>", "<|im_end|>"});
}

NIBBLE_FUNCTION std::string model::text_of(std::optional<token> id) const {
    return id ? std::string{tokenizer().piece(*id, {.special = true})} : std::string{};
}

NIBBLE_NAMESPACE_END
