// SPDX-License-Identifier: Apache-2.0
// The template that turns chat messages into the text a model reads.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <string_view>

#include <nibble/chat/message.hpp>
#include <nibble/chat/reply_format.hpp>
#include <nibble/chat/tool_definitions.hpp>
#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>
#include <nibble/jinja/calendar_time.hpp>
#include <nibble/jinja/template.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

/// What a rendering depends on besides the messages.
struct chat_template_options {
    bool add_generation_prompt = true;         ///< end with the start of an assistant message
    std::optional<bool> enable_thinking = {};  ///< not set: the template's own default
    /// Show the reasoning of past turns: yes, no; not set: where the template itself does. Yes is as not set for
    /// templates that read it as "thinking" (gpt-oss): a turn of theirs is several messages.
    std::optional<bool> keep_reasoning = {};
    /// The template gets them as `tools`, in OpenAI's form; one that knows `xml_tools` (SmolLM3) gets the functions by
    /// themselves, under the name that it reads.
    tool_list tools = {};
    tool_list python_tools = {};                ///< the same for templates that offer tools to Python code (SmolLM3)
    json variables = {};                        ///< object of further template variables, or null; these win
    calendar_time date = {};                    ///< what strftime_now() sees, if given; the clock is never read
    const std::atomic<bool>* cancel = nullptr;  ///< set from anywhere, it ends the rendering with tmpl_cancelled
};

/// A chat template as Hugging Face defines it: Jinja2, sandboxed. Immutable: const methods from any thread. Copies
/// share the parsed template.
///
/// A template that does not know tool calls (SmolLM3's) gets those of past turns as text, in the model's own form.
class chat_template {
public:
    /// Parses `source`. `bos` and `eos` become the variables bos_token and eos_token; an empty one stays undefined.
    /// Throws errc::tmpl_syntax, tmpl_too_deep, tmpl_unsupported or limit_exceeded, with line and column.
    explicit chat_template(std::string_view source, std::string bos = {}, std::string eos = {},
                           const jinja::limits& limits = {});

    /// The prompt for `messages`. Throws errc::tmpl_raised where the template itself refuses them, tmpl_type_error
    /// where it cannot work on them, tmpl_out_of_fuel, tmpl_too_deep or tmpl_output_too_large beyond the limits.
    [[nodiscard]] std::string render(array_view<message> messages, const chat_template_options& options = {}) const;

    /// The same from the template's variables as they are (an object: messages, tools, add_generation_prompt, ...).
    [[nodiscard]] std::string render(const json& variables, const calendar_time& date,
                                     const std::atomic<bool>* cancel = nullptr) const;

    /// How replies of models with this template mark their parts.
    [[nodiscard]] const reply_format& format() const noexcept { return format_; }

private:
    jinja::compiled_template parsed_;
    std::string bos_, eos_;
    reply_format format_;
    bool shows_calls_, blank_line_after_reasoning_;
    bool reads_thinking_;  // as gpt-oss's calls the reasoning of a message
};

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/chat/template_impl.hpp>
#endif
