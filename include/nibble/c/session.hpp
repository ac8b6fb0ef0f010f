// SPDX-License-Identifier: Apache-2.0
// Sessions of the C interface, and the flags that stop what they do.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <nibble/c/call.hpp>
#include <nibble/c/conversation.hpp>
#include <nibble/c/model.hpp>
#include <nibble/c/options.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/path_text.hpp>
#include <nibble/generate/embedding.hpp>
#include <nibble/generate/scoring.hpp>
#include <nibble/generate/session.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/nibble.h>

struct nibble_cancel : nibble::c::handle_of<nibble_cancel> {
    static constexpr std::string_view kind_name = "cancel";
    std::shared_ptr<std::atomic<bool>> flag = std::make_shared<std::atomic<bool>>(false);  // with replies
};

NIBBLE_NAMESPACE_BEGIN
namespace c {

/// Null where no flag is given.
[[nodiscard]] inline std::shared_ptr<const std::atomic<bool>> flag_of(const nibble_cancel* cancel) {
    return cancel ? checked(cancel).flag : nullptr;
}

/// A caller's function as what save() writes to. Throws NIBBLE_ERROR_ARGUMENT for null.
[[nodiscard]] inline byte_sink sink_of(nibble_write write, void* user) {
    if (!write) throw refusal(NIBBLE_ERROR_ARGUMENT, "write", "a function", "null");
    return [write, user](std::span<const std::byte> piece) {
        if (const auto result = write(user, piece.data(), piece.size()); result != 0)
            throw refusal(NIBBLE_ERROR_FILE, "write", "0", std::to_string(result));
    };
}

}  // namespace c
NIBBLE_NAMESPACE_END

struct nibble_session : nibble::c::handle_of<nibble_session> {
    static constexpr std::string_view kind_name = "session";
    nibble_session(std::shared_ptr<const nibble::c::shared_model> from, nibble::session made)
        : shared(std::move(from)), session(std::move(made)) {}
    std::shared_ptr<const nibble::c::shared_model> shared;
    nibble::session session;
};

NIBBLE_C_FUNCTION nibble_status nibble_cancel_new(nibble_cancel** cancel, nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        auto& out = nibble::c::output(cancel, "cancel");
        out = new nibble_cancel;
    });
}

NIBBLE_C_FUNCTION nibble_status nibble_cancel_free(nibble_cancel* cancel) { return nibble::c::free_handle(cancel); }

NIBBLE_C_FUNCTION nibble_status nibble_cancel_set(nibble_cancel* cancel, int32_t is_set) {
    return nibble::c::guarded(nullptr, [&] {
        const bool value = nibble::c::choice(is_set, 0, 1, "is_set") != 0;
        nibble::c::checked(cancel).flag->store(value, std::memory_order_relaxed);
    });
}

NIBBLE_C_FUNCTION nibble_status nibble_session_new(const nibble_model* model, const nibble_session_options* options,
                                                   nibble_session** session, nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        auto& out = nibble::c::output(session, "session");
        const auto& shared = nibble::c::checked(model).shared;
        out = new nibble_session{shared, nibble::session{shared->get(), nibble::c::options_of(options)}};
    });
}

NIBBLE_C_FUNCTION nibble_status nibble_session_fork(const nibble_session* session, nibble_session** fork,
                                                    nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        auto& out = nibble::c::output(fork, "fork");
        const auto& from = nibble::c::checked(session);
        out = new nibble_session{from.shared, from.session.fork()};
    });
}

NIBBLE_C_FUNCTION nibble_status nibble_session_save(const nibble_session* session, nibble_write write, void* user,
                                                    nibble_error* error) {
    return nibble::c::guarded(error,
                              [&] { nibble::c::checked(session).session.save(nibble::c::sink_of(write, user)); });
}

NIBBLE_C_FUNCTION nibble_status nibble_session_restore(const nibble_model* model, const char* path, size_t path_length,
                                                       const nibble_session_options* options, nibble_session** session,
                                                       nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        auto& out = nibble::c::output(session, "session");
        const auto& shared = nibble::c::checked(model).shared;
        const auto file = nibble::path_of(nibble::c::text_of(path, path_length, "path"));
        out = new nibble_session{shared, nibble::session::restore(shared->get(), nibble::gguf::file::open(file),
                                                                  nibble::c::options_of(options))};
    });
}

NIBBLE_C_FUNCTION nibble_status nibble_session_free(nibble_session* session) { return nibble::c::free_handle(session); }

NIBBLE_C_FUNCTION nibble_status nibble_session_get_info(const nibble_session* session, nibble_session_info* info,
                                                        nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        const auto& source = nibble::c::checked(session).session;
        nibble_session_info content{};
        content.context = source.context();
        content.position = source.position();
        content.threads = source.n_threads();
        content.bytes = source.plan().total();
        nibble::c::fill_info(info, content);
    });
}

NIBBLE_C_FUNCTION nibble_status nibble_session_rewind(nibble_session* session, size_t position, nibble_error* error) {
    return nibble::c::guarded(error, [&] { nibble::c::checked(session).session.rewind(position); });
}

NIBBLE_C_FUNCTION nibble_status nibble_session_prompt_tokens(nibble_session* session,
                                                             const nibble_conversation* conversation,
                                                             const nibble_reply_options* options, size_t* n_tokens,
                                                             nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        auto& n = nibble::c::output(n_tokens, "n_tokens");
        const auto given = nibble::c::options_of(nibble::c::given_options(options));
        n = nibble::c::checked(session).session.prompt_tokens(nibble::c::checked(conversation).messages, given);
    });
}

NIBBLE_C_FUNCTION nibble_status nibble_session_fit(nibble_session* session, nibble_conversation* conversation,
                                                   size_t room, const nibble_reply_options* options, size_t* n_dropped,
                                                   nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        auto& n = nibble::c::output(n_dropped, "n_dropped");
        const auto given = nibble::c::options_of(nibble::c::given_options(options));
        n = nibble::c::checked(session).session.fit(nibble::c::checked(conversation).messages, room, given);
    });
}

static_assert(NIBBLE_POOL_MEAN == static_cast<int>(nibble::pooling::mean));
static_assert(NIBBLE_POOL_LAST == static_cast<int>(nibble::pooling::last));
static_assert(NIBBLE_POOL_NONE == static_cast<int>(nibble::pooling::none));

NIBBLE_C_FUNCTION nibble_status nibble_session_embed(nibble_session* session, const char* text, size_t length,
                                                     int32_t pooling, int32_t is_normalised,
                                                     const nibble_cancel* cancel, float* values, size_t capacity,
                                                     size_t* n_values, nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        auto& n = nibble::c::output(n_values, "n_values");
        const auto how =
            static_cast<nibble::pooling>(nibble::c::choice(pooling, NIBBLE_POOL_MEAN, NIBBLE_POOL_NONE, "pooling"));
        const bool normalised = nibble::c::choice(is_normalised, 0, 1, "is_normalised") != 0;
        const auto flag = nibble::c::flag_of(cancel);
        auto& with = nibble::c::checked(session);
        const auto& model = with.shared->get();
        const auto tokens = model.tokenizer().encode(nibble::c::text_of(text, length, "text"));
        n = (how == nibble::pooling::none ? tokens.size() : 1) * model.config().n_embd;
        if (!nibble::c::has_room(values, capacity, n)) return;
        n = 0;  // of a failure
        const auto vectors = with.session.embed(tokens, how, {.normalised = normalised, .cancel = flag.get()});
        nibble::c::copy_out<float>(vectors, 0, values, capacity, n);
    });
}

NIBBLE_C_FUNCTION nibble_status nibble_session_score(nibble_session* session, const char* prefix, size_t length,
                                                     const char* const* alternatives, size_t n_alternatives,
                                                     const nibble_cancel* cancel, double* log_likelihoods,
                                                     size_t* n_tokens, size_t* n_scored, nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        auto& n = nibble::c::output(n_scored, "n_scored");
        if (!log_likelihoods || !n_tokens)
            throw nibble::c::refusal(NIBBLE_ERROR_ARGUMENT, "log_likelihoods, n_tokens", "where to write", "null");
        const auto flag = nibble::c::flag_of(cancel);
        const auto texts = nibble::c::texts_of(alternatives, n_alternatives, "alternatives");
        const auto scores =
            nibble::c::checked(session).session.score(nibble::c::text_of(prefix, length, "prefix"), texts, flag.get());
        n = scores.size();
        for (std::size_t i = 0; i < n; ++i) {
            log_likelihoods[i] = scores[i].total;
            n_tokens[i] = scores[i].tokens.size();
        }
    });
}
