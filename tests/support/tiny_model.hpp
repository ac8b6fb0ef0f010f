// SPDX-License-Identifier: Apache-2.0
// The bundled model, opened once per test program, and what it is expected to say.
#pragma once

#include <array>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <nibble/chat/template.hpp>
#include <nibble/core/error.hpp>
#include <nibble/json/json.hpp>
#include <nibble/model/model.hpp>

#include "support/paths.hpp"

namespace nibble::test {

inline const model& tiny_model() {
    static const model loaded = model::load(models_dir() / "nibble-tiny.gguf");
    return loaded;
}

/// One line of nibble-tiny-Q4_K_M.expected.jsonl.
struct conversation {
    std::string behaviour;
    std::vector<message> messages;
    std::optional<bool> thinking;
    json tools;
    calendar_time date;
    std::string prompt;
    std::vector<token> prompt_ids, ids;
    std::string text;  // ends with <|im_end|>
};

namespace detail {

inline const json& get(const json& object, const char* key) {
    if (const json* value = object.find(key)) return *value;
    throw std::runtime_error(std::string("expected conversations: no ") + key);
}

inline std::vector<token> ids_of(const json& list) {
    std::vector<token> out;
    for (const auto& id : list.as_array()) out.push_back(static_cast<token>(id.as_integer()));
    return out;
}

inline message message_of(const json& from) {
    message out;
    for (const auto r : {role::system, role::user, role::assistant, role::tool})
        if (get(from, "role").as_string() == name_of(r)) out.role = r;
    if (get(from, "content").is_string()) out.content = get(from, "content").as_string();
    if (const auto* calls = from.find("tool_calls"); calls && calls->is_array())
        for (const auto& call : calls->as_array()) {
            const auto* function = call.find("function");
            const json& body = function ? *function : call;
            out.tool_calls.push_back({"", get(body, "name").as_string(), get(body, "arguments")});
        }
    return out;
}

/// "10 March 2028"
inline calendar_time date_of(const std::string& text) {
    constexpr std::array months{"January", "February", "March",     "April",   "May",      "June",
                                "July",    "August",   "September", "October", "November", "December"};
    calendar_time date;
    date.day = std::stoi(text);
    date.year = std::stoi(text.substr(text.size() - 4));
    for (int i = 0; i < 12; ++i)
        if (text.find(months[static_cast<std::size_t>(i)]) != std::string::npos) date.month = i + 1;
    return date;
}

}  // namespace detail

inline const std::vector<conversation>& tiny_conversations() {
    static const std::vector<conversation> all = [] {
        using detail::get;
        std::vector<conversation> out;
        std::ifstream in(data_dir() / "nibble-tiny-Q4_K_M.expected.jsonl");
        for (std::string line; std::getline(in, line);) {
            const json from = json::parse(line);
            conversation c;
            c.behaviour = get(from, "behaviour").as_string();
            for (const auto& m : get(from, "messages").as_array()) c.messages.push_back(detail::message_of(m));
            if (get(get(from, "options"), "enable_thinking").is_boolean())
                c.thinking = get(get(from, "options"), "enable_thinking").as_boolean();
            c.tools = get(get(from, "options"), "tools");
            c.date = detail::date_of(get(from, "date").as_string());
            c.prompt = get(from, "prompt").as_string();
            c.prompt_ids = detail::ids_of(get(from, "prompt_ids"));
            c.ids = detail::ids_of(get(from, "ids"));
            c.text = get(from, "text").as_string();
            out.push_back(std::move(c));
        }
        return out;
    }();
    return all;
}

}  // namespace nibble::test
