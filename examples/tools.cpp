// SPDX-License-Identifier: Apache-2.0
// tools: a model that calls functions: a calculator and a weather table. The model asks for a call, the program makes
// it, the model answers with what came back. Each step is printed. A grammar sees to it that a call, once begun, is one
// of these tools with arguments of the right kind.
#include <nibble/nibble.hpp>

#include <nibble/generate/structure.hpp>
#include <nibble/grammar/tool_grammar.hpp>

#include <array>
#include <cmath>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "load_options.hpp"
#include "program.hpp"
#include "session_limits.hpp"

namespace {

using nibble::json;

// What the model is told about the tools: names, purposes and the JSON schema of the arguments.
constexpr std::string_view definitions = R"([
    {"name": "calculator", "description": "Evaluate an expression",
     "parameters": {"type": "object", "properties": {"expression": {"type": "string", "description": "The expression"}},
                    "required": ["expression"]}},
    {"name": "get_weather", "description": "Get the current weather",
     "parameters": {"type": "object", "properties": {"city": {"type": "string", "description": "The city"}},
                    "required": ["city"]}}
])";

/// + - * / and parentheses.
class calculator {
public:
    static double evaluate(std::string_view text) {
        calculator c{text};
        const double value = c.sum();
        if (!c.rest_.empty()) throw std::invalid_argument("cannot read '" + std::string{c.rest_} + "'");
        if (!std::isfinite(value)) throw std::invalid_argument("no finite result");
        return value;
    }

private:
    explicit calculator(std::string_view text) : rest_(text) {}

    double sum() {
        double value = product();
        while (true) {
            if (take('+'))
                value += product();
            else if (take('-'))
                value -= product();
            else
                return value;
        }
    }

    double product() {
        double value = factor();
        while (true) {
            if (take('*'))
                value *= factor();
            else if (take('/'))
                value /= factor();
            else
                return value;
        }
    }

    double factor() {
        if (++n_factors_ > 1000) throw std::invalid_argument("too long");  // also bounds the recursion
        if (take('-')) return -factor();
        if (take('(')) {
            const double value = sum();
            if (!take(')')) throw std::invalid_argument("expected ')'");
            return value;
        }
        const auto end = std::min(rest_.find_first_not_of("0123456789."), rest_.size());
        if (end == 0 || end > 15) throw std::invalid_argument("expected a number");
        const double value = std::stod(std::string{rest_.substr(0, end)});
        rest_.remove_prefix(end);
        skip_space();
        return value;
    }

    bool take(char c) {
        skip_space();
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        skip_space();
        return true;
    }

    void skip_space() {
        while (rest_.starts_with(' ')) rest_.remove_prefix(1);
    }

    std::string_view rest_;
    int n_factors_ = 0;
};

struct weather {
    std::string_view city, sky;
    int celsius;
};

constexpr std::array table{weather{"Berlin", "cloudy", 11}, weather{"Cairo", "sunny", 31},
                           weather{"Geneva", "rainy", 9},   weather{"Oslo", "snowy", -4},
                           weather{"Paris", "sunny", 17},   weather{"Quito", "cloudy", 15}};

/// A string out of the arguments; the grammar makes sure that it is there, but a program should not rely on a model.
const std::string& argument(const nibble::tool_call& call, std::string_view name) {
    const json* value = call.arguments.find(name);
    if (!value) throw std::invalid_argument("no argument '" + std::string{name} + "'");
    return value->as_string();
}

/// A tool's answer is JSON too. Whatever the model asks for, the answer says what became of it.
json answer(const nibble::tool_call& call) try {
    if (call.name == "calculator") {
        const double value = calculator::evaluate(argument(call, "expression"));
        const double rounded = std::round(value * 100) / 100;
        return json::object{{"result", rounded == std::trunc(rounded) && std::fabs(rounded) < 1e15
                                           ? json{static_cast<std::int64_t>(rounded)}
                                           : json{rounded}}};
    }
    if (call.name == "get_weather") {
        const auto& city = argument(call, "city");
        for (const auto& row : table)
            if (row.city == city) return json::object{{"temperature", row.celsius}, {"sky", row.sky}};
        return json::object{{"error", "no such city"}};
    }
    return json::object{{"error", "no such tool"}};
} catch (const std::exception& problem) {
    return json::object{{"error", problem.what()}};
}

/// One question, with as many calls as the model wants to make, up to a limit.
void converse(nibble::session& session, nibble::grammar_constraint& calls, const std::string& question) {
    std::cout << "user:   " << question << '\n';
    std::vector<nibble::message> messages{{nibble::role::user, question}};
    nibble::generation_options options{.temperature = 0, .max_tokens = 400};
    options.thinking = false;
    options.tools = json::parse(definitions);
    options.constraint = &calls;
    for (int round = 0; round < 4; ++round) {
        calls.reset();
        auto reply = session.chat(messages, options);
        auto events = reply.events();
        for (const auto& event : events) {
            using kind = nibble::reply_event::kind;
            if (event.type == kind::tool_call)
                std::cout << "call:   " << event.call.name << ' ' << event.call.arguments.dump() << '\n';
            if (event.type == kind::tool_call_malformed)
                std::cout << "broken: " << event.raw << " (" << event.problem << ")\n";
        }
        if (!events.reply().content.empty()) std::cout << "model:  " << events.reply().content << '\n';
        messages.push_back(events.reply());
        if (events.reply().tool_calls.empty()) return;
        for (const auto& call : events.reply().tool_calls) {
            const std::string result = answer(call).dump(nibble::json_format::python());
            std::cout << "tool:   " << result << '\n';
            messages.push_back(
                {.role = nibble::role::tool, .content = result, .name = call.name, .tool_call_id = call.id});
        }
    }
}

int run(int argc, char** argv) {
    load_options load;
    std::vector<std::string> questions{"What is the weather in Geneva?", "What is 1733 * 475?",
                                       "What is the weather in Paris?", "Calculate 412 - 21."};
    constexpr std::size_t usual_context = 2048;
    std::optional<std::size_t> context;
    unsigned threads = 0;
    CLI::App app{"A model that calls a calculator and a weather table; every step is printed."};
    app.option_defaults()->always_capture_default();
    app.add_option("-m,--model", load.model, "GGUF file of the model")->required()->type_name("FILE");
    declare_context(app, context, usual_context);
    declare_threads(app, threads);
    app.add_option("questions", questions, "each is a conversation of its own")->type_name("TEXT")->check(not_empty);
    declare_load(app, load);
    app.footer("Exit code: 0, or 1 after an error.");
    if (asks_for_help(app, argc, argv)) return 0;

    const auto model = load_model(load, context.value_or(usual_context));
    nibble::session session{model, {.context = context.value_or(usual_context), .threads = threads}};
    say_limits(session, context, threads);
    nibble::grammar_constraint calls{
        nibble::grammar_from_tools(json::parse(definitions), {.required = false, .parallel = true}),
        std::make_shared<const nibble::token_trie>(model.tokenizer())};
    for (const auto& question : questions) {
        converse(session, calls, question);
        std::cout << '\n';
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) { return run_guarded(run, argc, argv); }
