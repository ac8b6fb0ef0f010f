// SPDX-License-Identifier: Apache-2.0
// A model that calls a tool, and answers with what the tool has returned.
#include <nibble/nibble.hpp>

#include <iostream>
#include <vector>

namespace {

/// The tool: what it returns is the content of a message to the model.
std::string calculator(const nibble::json& arguments) {
    const auto* expression = arguments.find("expression");
    const bool known = expression && expression->is_string() && expression->as_string() == "252 + 842";
    return known ? R"({"value": 1094})" : R"({"error": "this calculator knows only 252 + 842"})";
}

}  // namespace

int main(int argc, char** argv) {
    const auto model = nibble::model::load(argc > 1 ? argv[1] : "examples/models/nibble-tiny.gguf");
    nibble::session session{model, {.context = 1024}};
    // [tools]
    const auto parameters = nibble::json::parse(
        R"({"type": "object", "properties": {"expression": {"type": "string"}}, "required": ["expression"]})");
    const std::vector<nibble::tool> tools{{"calculator", "Evaluate an expression", parameters}};
    std::vector<nibble::message> messages{{nibble::role::user, "Calculate 252 + 842"}};
    for (int round = 0; round < 4; ++round) {  // a model could go on calling for ever
        auto reply = session.chat(messages, {.temperature = 0, .thinking = false, .tools = tools});
        auto events = reply.events();
        for (const auto& event : events)
            if (event.type == nibble::reply_event::kind::answer) std::cout << event.text;
        messages.push_back(events.reply());

        const auto calls = events.reply().tool_calls;
        if (calls.empty()) break;
        for (const auto& call : calls) {
            std::cout << "calls " << call.name << call.arguments.dump() << '\n';
            messages.push_back({.role = nibble::role::tool,
                                .content = calculator(call.arguments),
                                .name = call.name,
                                .tool_call_id = call.id});
        }
    }
    std::cout << '\n';
    // [tools]
}
