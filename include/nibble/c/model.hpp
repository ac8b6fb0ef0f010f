// SPDX-License-Identifier: Apache-2.0
// Models of the C interface: opened, asked, and their tokens and templates.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <nibble/c/call.hpp>
#include <nibble/c/conversation.hpp>
#include <nibble/c/options.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/made_on_demand.hpp>
#include <nibble/core/path_text.hpp>
#include <nibble/core/token.hpp>
#include <nibble/generate/token_trie.hpp>
#include <nibble/model/model.hpp>
#include <nibble/nibble.h>

NIBBLE_NAMESPACE_BEGIN
namespace c {

/// What a model's handle shares with the sessions on it.
class shared_model {
public:
    explicit shared_model(model opened) : model_(std::move(opened)) {}

    [[nodiscard]] const model& get() const noexcept { return model_; }

    /// Made when the first structure needs it.
    [[nodiscard]] const std::shared_ptr<const token_trie>& trie() const {
        return trie_.get([this] { return std::make_shared<const token_trie>(model_.tokenizer()); });
    }

private:
    model model_;
    made_on_demand<std::shared_ptr<const token_trie>> trie_;
};

/// Throws NIBBLE_ERROR_ARGUMENT for flags that mean nothing here.
inline void check_flags(std::int32_t flags, std::int32_t known) {
    if ((flags & ~known) != 0)
        throw refusal(NIBBLE_ERROR_ARGUMENT, "flags", "none but " + std::to_string(known), std::to_string(flags));
}

}  // namespace c
NIBBLE_NAMESPACE_END

struct nibble_model : nibble::c::handle_of<nibble_model> {
    static constexpr std::string_view kind_name = "model";
    explicit nibble_model(nibble::model opened)
        : shared(std::make_shared<const nibble::c::shared_model>(std::move(opened))) {}
    std::shared_ptr<const nibble::c::shared_model> shared;
};

NIBBLE_C_FUNCTION nibble_status nibble_model_load(const char* path, size_t path_length,
                                                  const nibble_model_options* options, nibble_model** model,
                                                  nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        auto& out = nibble::c::output(model, "model");
        const auto file = nibble::path_of(nibble::c::text_of(path, path_length, "path"));
        out = new nibble_model{nibble::model::load(file, nibble::c::options_of(options))};
    });
}

NIBBLE_C_FUNCTION nibble_status nibble_model_free(nibble_model* model) { return nibble::c::free_handle(model); }

NIBBLE_C_FUNCTION nibble_status nibble_model_get_info(const nibble_model* model, nibble_model_info* info,
                                                      nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        const auto& source = nibble::c::checked(model).shared->get();
        nibble_model_info content{};
        content.n_vocab = source.config().n_vocab;
        content.n_embd = source.config().n_embd;
        content.context = source.config().n_ctx_train;
        content.has_chat_template = source.has_chat_template();
        nibble::c::fill_info(info, content);
    });
}

NIBBLE_C_FUNCTION nibble_status nibble_model_warnings(const nibble_model* model, char* text, size_t capacity,
                                                      size_t* length, nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        auto& n = nibble::c::output(length, "length");
        std::string lines;
        for (const auto& warning : nibble::c::checked(model).shared->get().warnings()) lines += warning + '\n';
        nibble::c::copy_out(lines, text, capacity, n);
    });
}

NIBBLE_C_FUNCTION nibble_status nibble_model_tokenize(const nibble_model* model, const char* text, size_t length,
                                                      int32_t flags, int32_t* tokens, size_t capacity, size_t* n_tokens,
                                                      nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        auto& n = nibble::c::output(n_tokens, "n_tokens");
        nibble::c::check_flags(flags, NIBBLE_ADD_SPECIAL | NIBBLE_PARSE_SPECIAL);
        const auto& tokenizer = nibble::c::checked(model).shared->get().tokenizer();
        const auto ids = tokenizer.encode(
            nibble::c::text_of(text, length, "text"),
            {.add_special = (flags & NIBBLE_ADD_SPECIAL) != 0, .parse_special = (flags & NIBBLE_PARSE_SPECIAL) != 0});
        nibble::c::copy_out<nibble::token>(ids, 0, tokens, capacity, n);
    });
}

NIBBLE_C_FUNCTION nibble_status nibble_model_detokenize(const nibble_model* model, const int32_t* tokens,
                                                        size_t n_tokens, int32_t flags, char* text, size_t capacity,
                                                        size_t* length, nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        auto& n = nibble::c::output(length, "length");
        nibble::c::check_flags(flags, NIBBLE_SHOW_SPECIAL);
        const auto& tokenizer = nibble::c::checked(model).shared->get().tokenizer();
        const auto decoded =
            tokenizer.decode(nibble::c::tokens_of(tokens, n_tokens, "tokens"), {.special = flags != 0});
        nibble::c::copy_out(decoded, text, capacity, n);
    });
}

NIBBLE_C_FUNCTION nibble_status nibble_model_render(const nibble_model* model, const nibble_conversation* conversation,
                                                    const nibble_reply_options* options, char* text, size_t capacity,
                                                    size_t* length, nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        auto& n = nibble::c::output(length, "length");
        const auto given = nibble::c::options_of(nibble::c::given_options(options));
        const auto prompt = nibble::c::checked(model).shared->get().apply_chat_template(
            nibble::c::checked(conversation).messages,
            {.enable_thinking = given.thinking,
             .tools = given.tool_choice.offered ? given.tools : nibble::tool_list{},
             .variables = given.variables,
             .date = given.date});
        nibble::c::copy_out(prompt, text, capacity, n);
    });
}
