// SPDX-License-Identifier: Apache-2.0
// Chat messages and the template that turns them into the text a model reads.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/error.hpp>
#include <nibble/text/calendar_time.hpp>
#include <nibble/text/jinja/template.hpp>
#include <nibble/text/json.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Who speaks.
enum class role { system, user, assistant, tool };

/// The name of a role as templates know it.
[[nodiscard]] constexpr std::string_view name_of(role r) noexcept {
    constexpr std::string_view names[] = {"system", "user", "assistant", "tool"};
    return names[static_cast<std::size_t>(r)];
}

/// A call of a tool that an assistant message asks for.
struct tool_call {
    std::string id;
    std::string name;
    json arguments;  ///< usually an object
};

/// One message of a conversation. `{role::user, "text"}` is enough for most.
struct message {
    nibble::role role = nibble::role::user;
    std::string content;
    std::string reasoning = {};              ///< assistant: the thoughts before `content`
    std::vector<tool_call> tool_calls = {};  ///< assistant
    std::string name = {};                   ///< tool: which one answers (some templates ask for it)
    std::string tool_call_id = {};           ///< tool: which call it answers
};

/// What a rendering depends on besides the messages.
struct chat_template_options {
    bool add_generation_prompt = true;         ///< end with the start of an assistant message
    std::optional<bool> enable_thinking = {};  ///< not set: the template's own default
    json tools = {};                           ///< array of tool definitions (JSON schema), or null for none
    json variables = {};                       ///< object of further template variables, or null; these win
    calendar_time date = {};                   ///< what strftime_now() sees; the clock is never read
};

/// A chat template as Hugging Face defines it: Jinja2, sandboxed. Immutable: const methods from any thread. Copies
/// share the parsed template.
class chat_template {
public:
    /// Parses `source`. `bos` and `eos` become the variables bos_token and eos_token; an empty one stays undefined.
    /// Throws errc::tmpl_syntax, tmpl_too_deep, tmpl_unsupported or limit_exceeded, with line and column.
    explicit chat_template(std::string_view source, std::string bos = {}, std::string eos = {},
                           const jinja::limits& limits = {});

    /// The prompt for `messages`. Throws errc::tmpl_raised where the template itself refuses them, tmpl_type_error
    /// where it cannot work on them, tmpl_out_of_fuel, tmpl_too_deep or tmpl_output_too_large beyond the limits.
    [[nodiscard]] std::string render(std::span<const message> messages,
                                     const chat_template_options& options = {}) const;

    /// The same from the template's variables as they are (an object: messages, tools, add_generation_prompt, ...).
    [[nodiscard]] std::string render(const json& variables, const calendar_time& date) const;

private:
    jinja::compiled_template parsed_;
    std::string bos_, eos_;
};

/// `messages` as templates see them: objects with role, content and, where not empty, reasoning_content, tool_calls
/// (in OpenAI's form), name, tool_call_id.
[[nodiscard]] inline json to_json(std::span<const message> messages) {
    json::array list;
    for (const message& m : messages) {
        json::object item{{"role", name_of(m.role)}, {"content", m.content}};
        if (!m.reasoning.empty()) item.set("reasoning_content", m.reasoning);
        if (!m.tool_calls.empty()) {
            json::array calls;
            for (const tool_call& call : m.tool_calls) {
                json::object c{{"type", "function"}};
                if (!call.id.empty()) c.set("id", call.id);
                c.set("function", json::object{{"name", call.name}, {"arguments", call.arguments}});
                calls.push_back(std::move(c));
            }
            item.set("tool_calls", std::move(calls));
        }
        if (!m.name.empty()) item.set("name", m.name);
        if (!m.tool_call_id.empty()) item.set("tool_call_id", m.tool_call_id);
        list.push_back(std::move(item));
    }
    return list;
}

inline chat_template::chat_template(std::string_view source, std::string bos, std::string eos,
                                    const jinja::limits& limits)
    : parsed_(source, limits), bos_(std::move(bos)), eos_(std::move(eos)) {}

inline std::string chat_template::render(std::span<const message> messages,
                                         const chat_template_options& options) const {
    json variables =
        json::object{{"messages", to_json(messages)}, {"add_generation_prompt", options.add_generation_prompt}};
    if (options.enable_thinking) variables["enable_thinking"] = *options.enable_thinking;
    if (!options.tools.is_null()) variables["tools"] = options.tools;
    if (!options.variables.is_null())
        for (const json_member& extra : options.variables.as_object()) variables[extra.key] = extra.value;
    return render(variables, options.date);
}

inline std::string chat_template::render(const json& variables, const calendar_time& date) const {
    const json::object& given = variables.as_object();
    const bool add_bos = !bos_.empty() && !given.find("bos_token");
    const bool add_eos = !eos_.empty() && !given.find("eos_token");
    std::vector<jinja::text_variable> tokens;
    if (add_bos) tokens.push_back({"bos_token", bos_});
    if (add_eos) tokens.push_back({"eos_token", eos_});
    return parsed_.render(given, tokens, date);
}

NIBBLE_NAMESPACE_END
