// SPDX-License-Identifier: Apache-2.0
// A model: one GGUF file opened, checked and ready to be run, with its tokenizer and chat template.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/chat/builtin_templates.hpp>
#include <nibble/chat/reply_format.hpp>
#include <nibble/chat/template.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/mapped_file.hpp>
#include <nibble/core/token.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/model/bind.hpp>
#include <nibble/model/config.hpp>
#include <nibble/model/config_options.hpp>
#include <nibble/model/read_config.hpp>
#include <nibble/model/vocabulary.hpp>
#include <nibble/text/fim_prompt.hpp>
#include <nibble/text/tokenizer.hpp>

NIBBLE_NAMESPACE_BEGIN

struct model_options {
    gguf::limits limits = {};          ///< how large the parts of the file's header may be
    tokenizer_options tokenizer = {};  ///< what to do differently from what the file says
    config_options config = {};        ///< the same for context and rotation
    /// In place of the file's: a template, or the name of one of builtin_templates. Empty: the file's, or ChatML for a
    /// file that has none and a vocabulary with its tokens.
    std::string chat_template = {};
    std::optional<nibble::reply_format> reply_format = {};  ///< unset: as the chat template has it
    bool read_ahead = true;                                 ///< ask the system to start reading the weights from disk
    /// copy: for files that others may overwrite or cut short while the model is in use; takes memory for all of it.
    file_access access = file_access::map;
};

/// A model is immutable: its const methods may be called from any thread. It is a handle on shared state, so that
/// moving it is cheap and share() costs a pointer: whoever uses a model for long, such as a session, keeps a share of
/// its own and need not care how long the original lives.
///
/// load() reads the header and checks it against itself; it touches no weights. The tokenizer and the chat template
/// are built when first asked for: the first costs some tens of milliseconds for a vocabulary of 128,256, and a model
/// can be run without either.
class model {
public:
    /// Opens a model file. Throws io_* for the file, gguf_* for its container, model_* for what is missing in it,
    /// contradicts itself or is not supported.
    [[nodiscard]] static model load(const std::filesystem::path& path, const model_options& options = {}) {
        return load(gguf::file::open(path, options.limits, options.access), options);
    }

    /// The same from a file that is open, or part of one: `model::load({.descriptor = fd, .offset = 4096})`. On Windows
    /// the member is `handle`.
    [[nodiscard]] static model load(const file_range& range, const model_options& options = {}) {
        return load(gguf::file::open(range, options.limits, options.access), options);
    }

    /// The same from memory, which the model keeps; see mapped_file::of.
    [[nodiscard]] static model load(std::shared_ptr<const std::byte[]> bytes, std::size_t size,
                                    const model_options& options = {}) {
        return model{gguf::file::open(std::move(bytes), size, options.limits), options};
    }

    /// The same from a file that is already read.
    explicit model(gguf::file file, const model_options& options = {})
        : shared_(std::make_shared<const state>(std::move(file), options)) {}

    model(model&&) noexcept = default;
    model& operator=(model&&) noexcept = default;
    model(const model&) = delete;
    model& operator=(const model&) = delete;
    ~model() = default;

    /// Another handle on the same model.
    [[nodiscard]] model share() const noexcept { return model{shared_}; }

    [[nodiscard]] const gguf::file& file() const noexcept { return shared_->file; }
    /// Has the weights in memory before the first prompt needs them; see gguf::file::warm_up.
    bool warm_up(const std::function<void(std::uint64_t done, std::uint64_t total)>& progress = {},
                 const std::atomic<bool>* cancel = nullptr) const {
        return file().warm_up(progress, cancel);
    }
    [[nodiscard]] const model_config& config() const noexcept { return shared_->config; }
    [[nodiscard]] const model_weights& weights() const noexcept { return shared_->weights; }

    /// Throws errc::vocab_missing for a model without vocabulary, other vocab_* for one that makes no sense.
    [[nodiscard]] const nibble::tokenizer& tokenizer() const {
        return shared_->tokenizer.get([this] {
            return file().naming_errors([this] {
                return nibble::tokenizer{read_vocabulary(file()), shared_->tokenizer_choices};
            });
        });
    }

    [[nodiscard]] bool has_chat_template() const { return template_source().has_value(); }

    /// What had to be guessed, as the file does not say it, and how to say it: a sentence each, for programs to show.
    [[nodiscard]] std::vector<std::string> warnings() const {
        std::vector<std::string> out;
        if (shared_->tokenizer_choices.pretokenizer.empty() && lacks_pretokenizer(file()))
            out.push_back("no tokenizer.ggml.pre in the file: text is split as by 'default', perhaps not as the model "
                          "was trained with; option pretokenizer (--pre) says how");
        if (is_template_guessed())
            out.push_back("no tokenizer.chat_template in the file: ChatML is used, as the vocabulary has its tokens; "
                          "option chat_template (--chat-template) says otherwise");
        return out;
    }

    /// Throws errc::tmpl_missing for a model without one, other tmpl_* for one that does not parse.
    [[nodiscard]] const nibble::chat_template& chat_template() const {
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

    /// How replies mark their parts: as the chat template has it, and in all known ways where there is none.
    [[nodiscard]] const nibble::reply_format& reply_format() const noexcept { return shared_->reply_format; }

    /// The prompt for the text that belongs between two others; see fim_prompt(). What generate() answers is that text.
    [[nodiscard]] std::vector<token> fim(std::string_view before, std::string_view behind) const {
        const auto& words = tokenizer();
        return file().naming_errors([&] { return fim_prompt(words, before, behind); });
    }

    /// The prompt for a conversation. Throws as chat_template() does, and what the template raises.
    [[nodiscard]] std::string apply_chat_template(std::span<const message> messages,
                                                  const chat_template_options& options = {}) const {
        const auto& made = chat_template();
        return file().naming_errors([&] { return made.render(messages, options); });
    }

private:
    /// A value that is made when first asked for, once, whichever thread asks. If making it throws, nothing has
    /// happened and the next one to ask tries again.
    template <class T>
    class made_on_demand {
    public:
        template <class Make>
        [[nodiscard]] const T& get(const Make& make) const {
            std::call_once(once_, [&] { value_.emplace(make()); });
            return *value_;
        }

    private:
        mutable std::once_flag once_;
        mutable std::optional<T> value_;
    };

    struct state {
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

    [[nodiscard]] static model load(gguf::file file, const model_options& options) {
        if (options.read_ahead) file.advise_will_need();
        return model{std::move(file), options};
    }

    explicit model(std::shared_ptr<const state> shared) noexcept : shared_(std::move(shared)) {}

    [[nodiscard]] std::optional<std::string_view> template_source() const {
        if (!shared_->own_template.empty()) return shared_->own_template;
        if (is_template_guessed()) return find_builtin_template("chatml");
        return read_chat_template(file());
    }

    [[nodiscard]] bool is_template_guessed() const {
        return shared_->own_template.empty() && !file().find("tokenizer.chat_template") &&
               has_tokens(file(), {"<|im_start|>", "<|im_end|>"});
    }

    [[nodiscard]] std::string text_of(std::optional<token> id) const {
        return id ? std::string{tokenizer().piece(*id, {.special = true})} : std::string{};
    }

    std::shared_ptr<const state> shared_;
};

NIBBLE_NAMESPACE_END
