// SPDX-License-Identifier: Apache-2.0
#include "holder.hpp"
#include "unit.hpp"

inline_function seen_by_other() { return &nibble::escaped; }

holder::holder() = default;
holder::~holder() = default;

namespace {

// nibble.hpp defines what fwd.hpp declares.
template <class... Declared>
constexpr bool are_complete = ((sizeof(Declared) > 0) && ...);
static_assert(
    are_complete<nibble::model, nibble::session, nibble::generation, nibble::model_options, nibble::session_options,
                 nibble::generation_options, nibble::generation_stats, nibble::memory_plan, nibble::reply_events,
                 nibble::token_constraint, nibble::message, nibble::tool_call, nibble::chat_template,
                 nibble::chat_template_options, nibble::reply_format, nibble::tokenizer, nibble::json, nibble::error,
                 nibble::thread_pool, nibble::mapped_file, nibble::cpu_features, nibble::model_config,
                 nibble::tensor_view, nibble::gguf::file>);

}  // namespace
