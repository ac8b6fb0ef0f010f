// SPDX-License-Identifier: Apache-2.0
// What can be chosen about a chat: on the command line, and what concerns replies also with /set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nibble/generate/options.hpp>

#include "../load_options.hpp"
#include "../session_limits.hpp"
#include "../system.hpp"

inline constexpr std::size_t default_context = 4096;

struct options {
    load_options load;
    std::string file, system, draft_model, think = "auto";
    std::optional<std::string> prompt, grammar, grammar_file, json_schema, json_schema_file;
    std::optional<std::size_t> context;
    unsigned threads = 0;
    nibble::generation_options generation{.temperature = 0.6f};
    std::optional<std::uint64_t> seed;
    std::optional<std::size_t> predict, thinking_budget;
    bool no_history = false;
};

/// The options that /set knows too.
inline void declare_reply(CLI::App& app, options& chosen) {
    auto& generation = chosen.generation;
    app.option_defaults()->always_capture_default();
    app.add_option("--think", chosen.think, "let the model think before it answers; auto: as its template does")
        ->check(CLI::IsMember({"on", "off", "auto"}));
    app.add_option("--thinking-budget", chosen.thinking_budget, "most tokens of thinking");
    app.add_option("-n,--predict", chosen.predict, "most tokens of a reply");
    app.add_option("--temp", generation.temperature, "temperature; 0: always the most likely token");
    app.add_option("--top-k", generation.top_k, "sample from the k most likely tokens; 0: all");
    app.add_option("--top-p", generation.top_p, "sample from the most likely tokens up to this probability; 1: all");
    app.add_option("--min-p", generation.min_p, "least probability relative to the most likely token; 0: all");
    app.add_option("--repeat-penalty", generation.repeat_penalty, "1: off");
    app.add_option("--repeat-last-n", generation.repeat_last_n, "tokens that the penalty looks at; -1: all");
    app.add_option("-s,--seed", chosen.seed, "the same seed gives the same replies; random if not given");
}

inline void declare_program(CLI::App& app, options& chosen) {
    app.option_defaults()->always_capture_default();
    app.add_option("-m,--model", chosen.load.model, "GGUF file of the model")->required()->type_name("FILE");
    app.add_option("-p,--prompt", chosen.prompt,
                   "answer this and end; what is piped in stands before it in the message")
        ->type_name("TEXT");
    app.add_option("-f,--file", chosen.file, "a text to stand before the prompt, or to be it; -: standard input")
        ->type_name("FILE");
    app.add_option("--system,--system-prompt", chosen.system, "system message (also -sys)")->type_name("TEXT");
    app.add_option("--stop", chosen.generation.stop, "end a reply before this text; may be given several times")
        ->type_name("TEXT")
        ->allow_extra_args(false);
    auto* const structure = app.add_option_group("structure", "what a reply has to be");
    structure->add_option("--grammar", chosen.grammar, "a GBNF grammar")->type_name("TEXT");
    structure->add_option("--grammar-file", chosen.grammar_file, "a GBNF grammar")->type_name("FILE");
    structure->add_option("--json-schema", chosen.json_schema, "a JSON schema")->type_name("TEXT");
    structure->add_option("--json-schema-file", chosen.json_schema_file, "a JSON schema")->type_name("FILE");
    structure->require_option(0, 1);
    app.add_flag("--draft-lookup", chosen.generation.draft.lookup,
                 "guess tokens from what the text has already, for replies that repeat it; they stay the same");
    app.add_option("--model-draft", chosen.draft_model,
                   "GGUF file of a small model with the same vocabulary, to guess tokens")
        ->type_name("FILE");
    app.add_option("--draft-max", chosen.generation.draft.most, "most tokens guessed at a time");
    declare_context(app, chosen.context, default_context);
    declare_threads(app, chosen.threads);
    app.add_flag("--no-history", chosen.no_history, "keep no history of what is typed");
    declare_reply(app, chosen);
    declare_load(app, chosen.load);
}

/// Today, for the chat template. A library must not read the clock; a program may.
inline nibble::calendar_time today() {
    const std::tm local = os::local_time(std::time(nullptr));
    return {local.tm_year + 1900, local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec};
}

/// What the library is told.
inline nibble::generation_options generation_of(const options& chosen) {
    auto generation = chosen.generation;
    generation.seed = chosen.seed.value_or(0);
    generation.max_tokens = chosen.predict.value_or(nibble::unlimited);
    generation.thinking_budget = chosen.thinking_budget.value_or(nibble::unlimited);
    if (chosen.think != "auto") generation.thinking = chosen.think == "on";
    generation.date = today();
    return generation;
}
