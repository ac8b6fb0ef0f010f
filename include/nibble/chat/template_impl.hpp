// SPDX-License-Identifier: Apache-2.0
// Definitions of chat/template.hpp: what a template is told of a conversation.
#pragma once

#include <array>
#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/chat/message.hpp>
#include <nibble/chat/past_turns.hpp>
#include <nibble/chat/reply_format.hpp>
#include <nibble/chat/template.hpp>
#include <nibble/chat/tool_definitions.hpp>
#include <nibble/chat/tools.hpp>
#include <nibble/core/array_view.hpp>
#include <nibble/jinja/template.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION chat_template::chat_template(std::string_view source, std::string bos, std::string eos,
                                             const jinja::limits& limits)
    : parsed_(source, limits),
      bos_(std::move(bos)),
      eos_(std::move(eos)),
      format_(detect_reply_format(source)),
      shows_calls_(source.find("tool_calls") != std::string_view::npos),
      blank_line_after_reasoning_(source.find(format_.think_close + "\\n\\n") != std::string_view::npos),
      reads_thinking_(source.find("message.thinking") != std::string_view::npos &&
                      source.find("reasoning_content") == std::string_view::npos) {}

NIBBLE_FUNCTION std::string chat_template::render(array_view<message> messages,
                                                  const chat_template_options& options) const {
    std::vector<message> shown(messages.begin(), messages.end());
    for (message& m : shown) {
        if (!shows_calls_) detail::write_calls_as_text(m, format_);
        // Beside content a call may have no "thinking": the template raises then.
        const bool is_refused = reads_thinking_ && !m.tool_calls.empty() && !m.content.empty();
        if (is_refused || !options.keep_reasoning.value_or(true)) m.reasoning.clear();
    }
    std::optional<detail::kept_reasoning> kept;
    if (options.keep_reasoning.value_or(false) && !format_.think_open.empty() && !reads_thinking_)
        kept.emplace(shown, std::array<const json*, 3>{&options.tools, &options.python_tools, &options.variables});

    json variables = json::object{{"messages", to_json(shown, reads_thinking_ ? "thinking" : "reasoning_content")},
                                  {"add_generation_prompt", options.add_generation_prompt}};
    if (options.enable_thinking) variables["enable_thinking"] = *options.enable_thinking;
    if (!options.tools.is_null()) {
        const bool wants_functions = parsed_.mentions("xml_tools");
        const json tools =
            wants_functions ? detail::as_functions(options.tools) : detail::as_openai_tools(options.tools);
        if (wants_functions && !parsed_.mentions("tools")) variables["xml_tools"] = tools;
        variables["tools"] = tools;
    }
    if (!options.python_tools.is_null()) variables["python_tools"] = detail::as_functions(options.python_tools);
    if (!options.variables.is_null())
        for (const json_member& extra : options.variables.as_object()) variables[extra.key] = extra.value;
    std::string prompt = render(variables, options.date, options.cancel);
    return kept ? kept->restore(prompt, format_, blank_line_after_reasoning_ ? "\n\n" : "\n") : prompt;
}

NIBBLE_FUNCTION std::string chat_template::render(const json& variables, const calendar_time& date,
                                                  const std::atomic<bool>* cancel) const {
    const json::object& given = variables.as_object();
    const bool add_bos = !bos_.empty() && !given.find("bos_token");
    const bool add_eos = !eos_.empty() && !given.find("eos_token");
    std::vector<jinja::text_variable> tokens;
    if (add_bos) tokens.push_back({"bos_token", bos_});
    if (add_eos) tokens.push_back({"eos_token", eos_});
    return parsed_.render(given, tokens, date, cancel);
}

NIBBLE_NAMESPACE_END
