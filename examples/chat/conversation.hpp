// SPDX-License-Identifier: Apache-2.0
// A conversation with a model: replies go to standard output, what is said about them to standard error.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/generate/draft_model.hpp>
#include <nibble/generate/structure.hpp>
#include <nibble/grammar/json_schema.hpp>
#include <nibble/nibble.hpp>

#include "../read_file.hpp"
#include "../system.hpp"
#include "interrupts.hpp"
#include "options.hpp"
#include "transcript.hpp"

/// Throws nibble::error; then the conversation is as it was.
class conversation {
public:
    conversation(const nibble::model& model, const options& chosen)
        : session_(model, {.context = chosen.context.value_or(default_context), .threads = chosen.threads}),
          chosen_(chosen) {
        say_limits(session_, chosen.context, chosen.threads);
        if (!chosen_.seed) chosen_.seed = std::random_device{}();
        nibble::validate(generation_of(chosen_), model.config().n_vocab);
        if (!chosen.draft_model.empty())
            chosen_.generation.draft.model = &draft_model_.emplace(
                nibble::model::load(chosen.draft_model), model,
                nibble::session_options{.context = session_.context(), .threads = chosen.threads});
        if (const auto grammar = grammar_of(chosen_))
            constraint_.emplace(*grammar, std::make_shared<const nibble::token_trie>(model.tokenizer()));
        dims_ = os::output_is_terminal() && std::getenv("NO_COLOR") == nullptr;
        set_system(chosen.system);
        warn_about_thinking();
    }

    /// Answers on standard output. When it throws, the question is forgotten.
    void answer(const std::string& question) {
        auto messages = messages_;
        messages.push_back({nibble::role::user, question});
        reply_to(std::move(messages));
    }

    /// The last question again, with the next seed.
    void regenerate() {
        auto messages = messages_;
        while (!messages.empty() && messages.back().role != nibble::role::user) messages.pop_back();
        if (messages.empty()) throw nibble::error{nibble::errc::bad_option, "/regen", "a question before it", "none"};
        reply_to(std::move(messages));
    }

    /// Takes back the last question and what was answered.
    void undo() {
        const auto last = std::find_if(messages_.rbegin(), messages_.rend(), is_question);
        if (last == messages_.rend())
            throw nibble::error{nibble::errc::bad_option, "/undo", "a question before it", "none"};
        messages_.erase(last.base() - 1, messages_.end());
    }

    void clear() { messages_.erase(messages_.begin() + n_system(messages_), messages_.end()); }

    /// Replaces the system message; an empty text takes it away.
    void set_system(const std::string& text) {
        const std::vector<nibble::message> without{{nibble::role::user, "?"}};
        if (!text.empty() && prompt_of({{nibble::role::system, text}, without[0]}) == prompt_of(without))
            note("a system message", "leaves it out");
        messages_.erase(messages_.begin(), messages_.begin() + n_system(messages_));
        if (!text.empty()) messages_.insert(messages_.begin(), {nibble::role::system, text});
    }

    void save(const std::string& path) const { write_transcript(path, messages_); }
    void load(const std::string& path) {
        auto messages = read_transcript(path);
        const std::string summary = summary_of(messages);  // and the template can take them
        messages_ = std::move(messages);
        std::cerr << summary;
    }

    /// "NAME VALUE" of an option of replies; without them, shows all.
    void set(const std::string& words) {
        options changed = chosen_;
        CLI::App app;
        app.set_help_flag();
        declare_reply(app, changed);
        if (words.empty()) {
            for (const auto* option : app.get_options())
                std::cerr << option->get_lnames().front() << ' '
                          << (option->get_default_str().empty() ? "not set" : option->get_default_str()) << '\n';
            return;
        }
        const auto space = words.find(' ');
        std::vector<std::string> arguments{"--" + words.substr(0, space)};  // CLI11 takes them last first
        if (space != std::string::npos) arguments.insert(arguments.begin(), words.substr(space + 1));
        app.parse(std::move(arguments));
        nibble::validate(generation_of(changed), session_.model().config().n_vocab);
        chosen_ = changed;
    }

    void set_thinking(const std::string& word) {
        set("think " + word);
        warn_about_thinking();
    }

    void show_tokens() { std::cerr << summary_of(messages_); }

    void show_stats() const { std::cerr << (stats_.empty() ? "[ no reply yet ]\n" : stats_); }

private:
    static bool is_question(const nibble::message& m) { return m.role == nibble::role::user; }

    /// How many messages of the system stand at the front: 0 or 1.
    static std::ptrdiff_t n_system(const std::vector<nibble::message>& messages) {
        return !messages.empty() && messages.front().role == nibble::role::system ? 1 : 0;
    }

    static std::optional<nibble::grammar> grammar_of(const options& chosen) {
        if (chosen.grammar) return nibble::grammar::from_gbnf(*chosen.grammar);
        if (chosen.grammar_file) return nibble::grammar::from_gbnf(read_file(*chosen.grammar_file));
        const auto of_schema = [](const std::string& text) {
            return nibble::grammar_from_json_schema(nibble::json::parse(text));
        };
        if (chosen.json_schema) return of_schema(*chosen.json_schema);
        if (chosen.json_schema_file) return of_schema(read_file(*chosen.json_schema_file));
        return std::nullopt;
    }

    std::string summary_of(const std::vector<nibble::message>& messages) {
        const std::size_t n = messages.empty() ? 0 : session_.prompt_tokens(messages, generation_of(chosen_));
        return "[ " + std::to_string(messages.size()) + " messages, " + std::to_string(n) + " of " +
               std::to_string(session_.context()) + " tokens ]\n";
    }

    [[nodiscard]] std::string prompt_of(const std::vector<nibble::message>& messages, bool thinking = false) const {
        return session_.model().apply_chat_template(messages, {.enable_thinking = thinking, .date = today()});
    }

    /// Says which choices about thinking are lost on the model's template.
    void warn_about_thinking() const {
        const bool can_think = !session_.model().reply_format().think_open.empty();
        const std::vector<nibble::message> sample{{nibble::role::user, "?"}};
        const auto is_ignored = [&] { return prompt_of(sample, true) == prompt_of(sample, false); };
        if (chosen_.think == "on" && !can_think && is_ignored()) note("--think on", "knows no thinking");
        if (chosen_.think == "off" && can_think && is_ignored()) note("--think off", "cannot turn thinking off");
        if (chosen_.thinking_budget && !can_think) note("--thinking-budget", "knows no thinking");
    }

    static void note(const char* what, const char* why) {
        std::cerr << "note: " << what << " has no effect: the model's chat template " << why << '\n';
    }

    /// Drops the oldest turns where a reply would have no room: less than a quarter of the context. Then until half of
    /// the context is free, because what follows has to be read again, which a drop at every turn would do each time.
    /// Returns how many messages it has dropped.
    std::size_t make_room(std::vector<nibble::message>& messages, const nibble::generation_options& generation) {
        const std::size_t context = session_.context(), room = std::min(generation.max_tokens, context / 4);
        if (session_.prompt_tokens(messages, generation) + room <= context) return 0;
        return session_.fit(messages, context / 2, generation);
    }

    void reply_to(std::vector<nibble::message> messages) {
        auto generation = generation_of(chosen_);
        generation.cancel = &interrupted;
        if (os::errors_are_terminal()) generation.on_progress = show_progress;
        if (constraint_) {
            constraint_->reset();
            generation.constraint = &*constraint_;
        }
        const std::size_t n_dropped = make_room(messages, generation);
        auto reply = session_.chat(messages, generation);
        if (n_dropped > 0)
            std::cerr << "[ the context of " << session_.context() << " tokens is full: dropped the oldest "
                      << n_dropped << " messages ]\n";
        auto events = reply.events();
        std::string calls;
        for (const auto& event : events) {
            print(event);
            if (event.type == nibble::reply_event::kind::tool_call) calls += event.raw;
        }
        std::cout << std::endl;
        ++*chosen_.seed;
        keep_stats(reply);
        show_stats();
        // What was thought is no part of the content, closed or not: templates put it back where they want it. A call
        // that nobody answers stays the text that it is.
        auto said = events.reply();
        said.content += calls;
        said.tool_calls.clear();
        if (said.content.empty() && said.reasoning.empty()) return;  // stopped before it began
        messages.push_back(std::move(said));
        messages_ = std::move(messages);
    }

    static void show_progress(std::size_t done, std::size_t total) {
        constexpr std::size_t worth_showing = 256;
        if (total < worth_showing) return;
        std::cerr << "\r\033[K";
        if (done < total) std::cerr << "reading " << done << " of " << total << " tokens" << std::flush;
    }

    void print(const nibble::reply_event& event) const {
        const bool dim = dims_ && event.type == nibble::reply_event::kind::reasoning;
        if (dim) std::cout << "\033[2m";
        std::cout << event.raw;
        if (dim) std::cout << "\033[22m";
        std::cout << std::flush;
    }

    void keep_stats(const nibble::generation& reply) {
        const auto& stats = reply.stats();
        char line[200];
        std::snprintf(line, sizeof line,
                      "[ prompt: %zu tokens, %zu new, %.1f tokens/s | reply: %zu tokens, %.1f tokens/s%s%s ]\n",
                      stats.prompt_tokens, stats.prompt_tokens - stats.reused_tokens, stats.prompt_tokens_per_second(),
                      stats.generated_tokens, stats.tokens_per_second(),
                      reply.reason() == nibble::finish_reason::end_token ? "" : " | ended by: ",
                      reply.reason() == nibble::finish_reason::end_token ? "" : name_of(reply.reason()).data());
        stats_ = line;
    }

    nibble::session session_;
    options chosen_;
    std::optional<nibble::draft_model> draft_model_;
    std::optional<nibble::grammar_constraint> constraint_;
    std::vector<nibble::message> messages_;
    std::string stats_;
    bool dims_ = false;
};
