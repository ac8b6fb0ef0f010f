// SPDX-License-Identifier: Apache-2.0
// A model: one GGUF file opened, checked and ready to be run, with its tokenizer and chat template.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/chat/reply_format.hpp>
#include <nibble/chat/template.hpp>
#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/mapped_file.hpp>
#include <nibble/core/token.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/model/config.hpp>
#include <nibble/model/config_options.hpp>
#include <nibble/text/tokenizer.hpp>

NIBBLE_NAMESPACE_BEGIN

struct model_weights;  // model/bind.hpp

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
    [[nodiscard]] static model load(const std::filesystem::path& path, const model_options& options = {});

    /// The same from a file that is open, or part of one: `model::load({.descriptor = fd, .offset = 4096})`. On Windows
    /// the member is `handle`.
    [[nodiscard]] static model load(const file_range& range, const model_options& options = {});

    /// The same from memory, which the model keeps; see mapped_file::of.
    [[nodiscard]] static model load(std::shared_ptr<const std::byte[]> bytes, std::size_t size,
                                    const model_options& options = {});

    /// The same from a file that is already read.
    explicit model(gguf::file file, const model_options& options = {});

    model(model&&) noexcept = default;
    model& operator=(model&&) noexcept = default;
    model(const model&) = delete;
    model& operator=(const model&) = delete;
    ~model() = default;

    /// Another handle on the same model.
    [[nodiscard]] model share() const noexcept { return model{shared_}; }

    [[nodiscard]] const gguf::file& file() const noexcept;
    /// Has the weights in memory before the first prompt needs them; see gguf::file::warm_up.
    bool warm_up(const std::function<void(std::uint64_t done, std::uint64_t total)>& progress = {},
                 const std::atomic<bool>* cancel = nullptr) const;
    [[nodiscard]] const model_config& config() const noexcept;
    [[nodiscard]] const model_weights& weights() const noexcept;

    /// Throws errc::vocab_missing for a model without vocabulary, other vocab_* for one that makes no sense.
    [[nodiscard]] const nibble::tokenizer& tokenizer() const;

    [[nodiscard]] bool has_chat_template() const;

    /// What had to be guessed, as the file does not say it, and how to say it: a sentence each, for programs to show.
    [[nodiscard]] std::vector<std::string> warnings() const;

    /// Throws errc::tmpl_missing for a model without one, other tmpl_* for one that does not parse.
    [[nodiscard]] const nibble::chat_template& chat_template() const;

    /// How replies mark their parts: as the chat template has it, and in all known ways where there is none.
    [[nodiscard]] const nibble::reply_format& reply_format() const noexcept;

    /// The prompt for the text that belongs between two others; see fim_prompt(). What generate() answers is that text.
    [[nodiscard]] std::vector<token> fim(std::string_view before, std::string_view behind) const;

    /// The prompt for a conversation. Throws as chat_template() does, and what the template raises.
    [[nodiscard]] std::string apply_chat_template(array_view<message> messages,
                                                  const chat_template_options& options = {}) const;

private:
    struct state;

    [[nodiscard]] static model load(gguf::file file, const model_options& options);

    explicit model(std::shared_ptr<const state> shared) noexcept : shared_(std::move(shared)) {}

    [[nodiscard]] std::optional<std::string_view> template_source() const;

    [[nodiscard]] bool is_template_guessed() const;

    [[nodiscard]] std::string text_of(std::optional<token> id) const;

    std::shared_ptr<const state> shared_;
};

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/model/model_impl.hpp>
#endif
