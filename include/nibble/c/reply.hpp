// SPDX-License-Identifier: Apache-2.0
// Replies of the C interface: started, walked through as text or as events, held to a structure, added to a
// conversation.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/c/call.hpp>
#include <nibble/c/conversation.hpp>
#include <nibble/c/model.hpp>
#include <nibble/c/options.hpp>
#include <nibble/c/session.hpp>
#include <nibble/core/config.hpp>
#include <nibble/generate/events.hpp>
#include <nibble/generate/generation.hpp>
#include <nibble/generate/session.hpp>
#include <nibble/generate/side_by_side.hpp>
#include <nibble/generate/structure.hpp>
#include <nibble/grammar/grammar.hpp>
#include <nibble/grammar/json_schema.hpp>
#include <nibble/grammar/regex_grammar.hpp>
#include <nibble/nibble.h>

NIBBLE_NAMESPACE_BEGIN
namespace c {

static_assert(NIBBLE_UNFINISHED == static_cast<int>(finish_reason::none));
static_assert(NIBBLE_END_TOKEN == static_cast<int>(finish_reason::end_token));
static_assert(NIBBLE_STOP_TEXT == static_cast<int>(finish_reason::stop_string));
static_assert(NIBBLE_STRUCTURE_END == static_cast<int>(finish_reason::constraint));
static_assert(NIBBLE_TOKEN_LIMIT == static_cast<int>(finish_reason::token_limit));
static_assert(NIBBLE_CONTEXT_END == static_cast<int>(finish_reason::context_full));
static_assert(NIBBLE_CANCELLED == static_cast<int>(finish_reason::cancelled));
static_assert(NIBBLE_DEADLINE == static_cast<int>(finish_reason::deadline));

/// What holds a reply to the structure of its options; null where there is none.
[[nodiscard]] inline std::unique_ptr<grammar_constraint> structure_of(const nibble_reply_options& given,
                                                                      const shared_model& source) {
    const auto kind = choice(given.structure, NIBBLE_FREE_TEXT, NIBBLE_REGEX, "structure");
    if (kind == NIBBLE_FREE_TEXT) return nullptr;
    const auto text = text_of(given.structure_text, given.structure_length, "option 'structure_text'");
    const auto grammar = kind == NIBBLE_JSON_SCHEMA ? grammar_from_json_schema(json::parse(text))
                         : kind == NIBBLE_GBNF      ? grammar::from_gbnf(text)
                                                    : grammar_from_regex(text);
    return std::make_unique<grammar_constraint>(grammar, source.trie());
}

/// What a reply is made with, and what of that has to last as long as it does.
struct reply_setup {
    reply_setup(const nibble_reply_options& given, const shared_model& source)
        : options(options_of(given)), flag(flag_of(given.cancel)), structure(structure_of(given, source)) {
        options.cancel = flag.get();
        options.constraint = structure.get();
    }
    generation_options options;
    std::shared_ptr<const std::atomic<bool>> flag;
    std::unique_ptr<grammar_constraint> structure;
};

}  // namespace c
NIBBLE_NAMESPACE_END

struct nibble_reply : nibble::c::handle_of<nibble_reply> {
    static constexpr std::string_view kind_name = "reply";
    nibble_reply(nibble::c::reply_setup&& made_with, nibble::generation&& started)
        : setup(std::move(made_with)),
          generation(std::move(started)),
          events(generation),
          n_given(generation.text().size()) {}

    std::string_view next_piece() {
        if (n_given == generation.text().size()) (void)generation.begin();
        const auto piece = generation.text().substr(n_given);
        n_given += piece.size();
        return piece;
    }

    /// Events of tags alone have no text, and are nothing to a caller.
    std::pair<std::int32_t, std::string_view> next_event() {
        using kind = nibble::reply_event::kind;
        for (auto event = events.begin(); event != events.end(); ++event) {
            if (event->type == kind::tool_call) {
                call = nibble::json{nibble::json_object{{"id", event->call.id},
                                                        {"name", event->call.name},
                                                        {"arguments", event->call.arguments}}}
                           .dump();
                return {NIBBLE_EVENT_TOOL_CALL, call};
            }
            if (event->type == kind::tool_call_malformed) return {NIBBLE_EVENT_MALFORMED_CALL, event->raw};
            if (event->text.empty()) continue;
            return {event->type == kind::reasoning ? NIBBLE_EVENT_REASONING : NIBBLE_EVENT_ANSWER, event->text};
        }
        return {NIBBLE_EVENT_END, ""};
    }

    nibble::c::reply_setup setup;
    nibble::generation generation;
    nibble::reply_events events;  // from the first character on
    std::size_t n_given;          // bytes of the text that were pieces
    std::string call;             // the latest, as JSON
};

NIBBLE_NAMESPACE_BEGIN
namespace c {

/// Makes a reply of what `start` returns for a session and options.
template <class Start>
nibble_status new_reply(nibble_session* session, const nibble_reply_options* options, nibble_reply** reply,
                        nibble_error* error, Start&& start) noexcept {
    return guarded(error, [&] {
        auto& out = output(reply, "reply");
        auto& from = checked(session);
        reply_setup setup{given_options(options), *from.shared};
        auto started = start(from.session, std::as_const(setup.options));
        out = new nibble_reply{std::move(setup), std::move(started)};
    });
}

/// Text or tokens that stay a reply's own.
template <class T>
void lend(std::span<const T> items, const T*& data, std::size_t& n) noexcept {
    data = items.data();
    n = items.size();
}
inline void lend(std::string_view text, const char*& data, std::size_t& length) noexcept {
    lend(std::span<const char>{text}, data, length);
}

}  // namespace c
NIBBLE_NAMESPACE_END

NIBBLE_C_FUNCTION nibble_status nibble_session_chat(nibble_session* session, const nibble_conversation* conversation,
                                                    const nibble_reply_options* options, nibble_reply** reply,
                                                    nibble_error* error) {
    return nibble::c::new_reply(session, options, reply, error, [&](auto& with, const auto& how) {
        return with.chat(nibble::c::checked(conversation).messages, how);
    });
}

NIBBLE_C_FUNCTION nibble_status nibble_session_generate(nibble_session* session, const char* prompt, size_t length,
                                                        const nibble_reply_options* options, nibble_reply** reply,
                                                        nibble_error* error) {
    return nibble::c::new_reply(session, options, reply, error, [&](auto& with, const auto& how) {
        return with.generate(nibble::c::text_of(prompt, length, "prompt"), how);
    });
}

NIBBLE_C_FUNCTION nibble_status nibble_session_generate_tokens(nibble_session* session, const int32_t* tokens,
                                                               size_t n_tokens, const nibble_reply_options* options,
                                                               nibble_reply** reply, nibble_error* error) {
    return nibble::c::new_reply(session, options, reply, error, [&](auto& with, const auto& how) {
        return with.generate(nibble::c::tokens_of(tokens, n_tokens, "tokens"), how);
    });
}

NIBBLE_C_FUNCTION nibble_status nibble_session_resume(nibble_session* session, const nibble_reply_options* options,
                                                      nibble_reply** reply, nibble_error* error) {
    return nibble::c::new_reply(session, options, reply, error,
                                [&](auto& with, const auto& how) { return with.resume(how); });
}

NIBBLE_C_FUNCTION nibble_status nibble_reply_save(const nibble_reply* reply, nibble_write write, void* user,
                                                  nibble_error* error) {
    return nibble::c::guarded(error,
                              [&] { nibble::c::checked(reply).generation.save(nibble::c::sink_of(write, user)); });
}

NIBBLE_C_FUNCTION nibble_status nibble_reply_free(nibble_reply* reply) { return nibble::c::free_handle(reply); }

NIBBLE_C_FUNCTION nibble_status nibble_reply_next(nibble_reply* reply, const char** piece, size_t* length,
                                                  nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        auto& data = nibble::c::output(piece, "piece");
        auto& n = nibble::c::output(length, "length");
        nibble::c::lend(nibble::c::checked(reply).next_piece(), data, n);
    });
}

static_assert(NIBBLE_PENDING == static_cast<int>(nibble::advance_result::pending));
static_assert(NIBBLE_PIECE == static_cast<int>(nibble::advance_result::piece));
static_assert(NIBBLE_DONE == static_cast<int>(nibble::advance_result::done));

NIBBLE_C_FUNCTION nibble_status nibble_reply_advance_for(nibble_reply* reply, double seconds, int32_t* state,
                                                         nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        auto& became = nibble::c::output(state, "state");
        const auto duration = nibble::c::seconds_of(seconds, "seconds");
        became = static_cast<std::int32_t>(nibble::c::checked(reply).generation.advance_for(duration));
    });
}

NIBBLE_C_FUNCTION nibble_status nibble_advance(nibble_reply* const* replies, size_t n_replies, nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        if (!replies && n_replies != 0) throw nibble::c::refusal(NIBBLE_ERROR_ARGUMENT, "replies", "replies", "null");
        std::vector<nibble::generation*> all;
        for (std::size_t i = 0; i < n_replies; ++i) all.push_back(&nibble::c::checked(replies[i]).generation);
        nibble::advance(all);
    });
}

NIBBLE_C_FUNCTION nibble_status nibble_reply_next_event(nibble_reply* reply, int32_t* kind, const char** text,
                                                        size_t* length, nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        auto& type = nibble::c::output(kind, "kind");
        auto& data = nibble::c::output(text, "text");
        auto& n = nibble::c::output(length, "length");
        const auto event = nibble::c::checked(reply).next_event();
        type = event.first;
        nibble::c::lend(event.second, data, n);
    });
}

NIBBLE_C_FUNCTION nibble_status nibble_reply_text(const nibble_reply* reply, const char** text, size_t* length,
                                                  nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        auto& data = nibble::c::output(text, "text");
        auto& n = nibble::c::output(length, "length");
        nibble::c::lend(nibble::c::checked(reply).generation.text(), data, n);
    });
}

NIBBLE_C_FUNCTION nibble_status nibble_reply_tokens(const nibble_reply* reply, const int32_t** tokens, size_t* n_tokens,
                                                    nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        auto& data = nibble::c::output(tokens, "tokens");
        auto& n = nibble::c::output(n_tokens, "n_tokens");
        nibble::c::lend(nibble::c::checked(reply).generation.tokens(), data, n);
    });
}

NIBBLE_C_FUNCTION nibble_status nibble_reply_probs(const nibble_reply* reply, size_t index, int32_t* tokens,
                                                   float* log_probabilities, size_t capacity, size_t* n,
                                                   nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        auto& count = nibble::c::output(n, "n");
        const auto& from = nibble::c::checked(reply).generation;
        const auto picked = from.logprob(index);
        const auto beside = from.top_logprobs(index);
        count = 1 + beside.size();
        const bool has_tokens = nibble::c::has_room(tokens, capacity, count);
        if (!nibble::c::has_room(log_probabilities, capacity, count) || !has_tokens) return;
        const auto put = [&](std::size_t i, const nibble::token_logprob& one) {
            tokens[i] = one.id;
            log_probabilities[i] = one.logprob;
        };
        put(0, picked);
        for (std::size_t i = 0; i < beside.size(); ++i) put(1 + i, beside[i]);
    });
}

NIBBLE_C_FUNCTION nibble_status nibble_reply_get_info(const nibble_reply* reply, nibble_reply_info* info,
                                                      nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        const auto& from = nibble::c::checked(reply);
        const auto& stats = from.generation.stats();
        nibble_reply_info content{};
        content.prompt_tokens = stats.prompt_tokens;
        content.reused_tokens = stats.reused_tokens;
        content.generated_tokens = stats.generated_tokens;
        content.prompt_seconds = stats.prompt_seconds;
        content.generation_seconds = stats.generation_seconds;
        content.finish = static_cast<std::int32_t>(from.generation.reason());
        content.is_complete = !from.setup.structure || from.setup.structure->complete();
        nibble::c::fill_info(info, content);
    });
}

NIBBLE_C_FUNCTION nibble_status nibble_conversation_add_reply(nibble_conversation* conversation, nibble_reply* reply,
                                                              nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        auto& messages = nibble::c::checked(conversation).messages;
        auto& from = nibble::c::checked(reply);
        if (from.generation.reason() == nibble::finish_reason::none)
            throw nibble::c::refusal(NIBBLE_ERROR_ARGUMENT, "reply", "one that has ended", "one that goes on");
        while (from.next_event().first != NIBBLE_EVENT_END) {
        }
        messages.push_back(from.events.reply());
    });
}
