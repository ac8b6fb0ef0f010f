// SPDX-License-Identifier: Apache-2.0
// Names for a program's own headers: what can be held by pointer or reference without including nibble.hpp there.
#pragma once

#include <cstdint>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

// the three nouns
class model;
class session;
class generation;
class engine;
class sequence;

// what goes into them and what comes out
struct model_options;
struct session_options;
struct generation_options;
struct generation_stats;
struct memory_plan;
enum class pooling;
struct embed_options;
struct scored_text;
enum class finish_reason;
class reply_events;
struct token_constraint;

// text
struct message;
struct tool_call;
struct tool;
class tool_list;
enum class role;
class chat_template;
struct chat_template_options;
struct reply_format;
class tokenizer;
class json;

// what lies below
class error;
enum class errc;
class thread_pool;
class mapped_file;
struct cpu_features;
struct model_config;
struct tensor_view;
enum class data_type : std::uint32_t;
namespace gguf {
class file;
}

NIBBLE_NAMESPACE_END
