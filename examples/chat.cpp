// SPDX-License-Identifier: Apache-2.0
// chat: a conversation with a model in the terminal, or with whatever is piped in. The reply goes to standard output,
// everything else to standard error.
#include <nibble/nibble.hpp>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include <CLI/CLI.hpp>

namespace {

/// Set by Ctrl-C: a reply under way stops and is kept; at the prompt, the program ends.
std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may only touch lock-free atomics");

/// Without SA_RESTART, so that Ctrl-C also ends the wait for a line.
void catch_interrupts() {
    struct sigaction action {};
    action.sa_handler = [](int) { interrupted = true; };
    sigaction(SIGINT, &action, nullptr);
}

struct options {
    std::string model, system, think = "auto";
    std::optional<std::string> prompt;
    nibble::session_options session;
    nibble::generation_options generation{.temperature = 0.6f};
    std::optional<std::uint64_t> seed;
    std::optional<std::size_t> predict, thinking_budget;
    bool no_mmap = false;
};

constexpr int exit_interrupted = 130;  // as a shell reports a program that Ctrl-C has ended

constexpr std::string_view commands =
    "/clear   forget the conversation\n"
    "/help    this list\n"
    "/exit    end (or Ctrl-D, or Ctrl-C at the prompt); Ctrl-C during a reply stops it\n";

/// Today, for the chat template. A library must not read the clock; a program may.
nibble::calendar_time today() {
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    localtime_r(&now, &local);
    return {local.tm_year + 1900, local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec};
}

class conversation {
public:
    conversation(const nibble::model& model, const options& chosen)
        : session_(model, chosen.session), generation_(chosen.generation), system_(chosen.system) {
        generation_.seed = chosen.seed ? *chosen.seed : std::random_device{}();
        generation_.max_tokens = chosen.predict.value_or(nibble::unlimited);
        generation_.thinking_budget = chosen.thinking_budget.value_or(nibble::unlimited);
        if (chosen.think != "auto") generation_.thinking = chosen.think == "on";
        generation_.date = today();
        generation_.cancel = &interrupted;
        if (isatty(STDERR_FILENO)) generation_.on_progress = show_progress;
        dims_ = isatty(STDOUT_FILENO) && std::getenv("NO_COLOR") == nullptr;
        clear();
    }

    void clear() {
        messages_.clear();
        if (!system_.empty()) messages_.push_back({nibble::role::system, system_});
    }

    /// Answers on standard output. When it throws, the question is forgotten.
    void answer(const std::string& question) {
        interrupted = false;
        messages_.push_back({nibble::role::user, question});
        try {
            auto reply = session_.chat(messages_, generation_);
            for (const auto& event : reply.events()) print(event);
            std::cout << std::endl;
            messages_.push_back({nibble::role::assistant, std::string{reply.text()}});
            ++generation_.seed;
            print_stats(reply);
        } catch (...) {
            messages_.pop_back();
            throw;
        }
    }

private:
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

    static void print_stats(const nibble::generation& reply) {
        const auto& stats = reply.stats();
        char line[200];
        std::snprintf(line, sizeof line,
                      "[ prompt: %zu tokens, %zu new, %.1f tokens/s | reply: %zu tokens, %.1f tokens/s%s%s ]\n",
                      stats.prompt_tokens, stats.prompt_tokens - stats.reused_tokens, stats.prompt_tokens_per_second(),
                      stats.generated_tokens, stats.tokens_per_second(),
                      reply.reason() == nibble::finish_reason::end_token ? "" : " | ended by: ",
                      reply.reason() == nibble::finish_reason::end_token ? "" : name_of(reply.reason()).data());
        std::cerr << line;
    }

    nibble::session session_;
    nibble::generation_options generation_;
    std::string system_;
    std::vector<nibble::message> messages_;
    bool dims_ = false;
};

/// Lines from the terminal until Ctrl-D, Ctrl-C or /exit. An error ends an answer, not the conversation.
int talk(conversation& conversation) {
    std::cerr << commands;
    for (std::string line;;) {
        std::cerr << "> " << std::flush;
        interrupted = false;
        if (!std::getline(std::cin, line)) {
            std::cerr << '\n';
            return interrupted ? exit_interrupted : 0;
        }
        if (line.empty()) continue;
        if (line == "/exit") return 0;
        if (line == "/help") {
            std::cerr << commands;
        } else if (line == "/clear") {
            conversation.clear();
        } else {
            try {
                conversation.answer(line);
            } catch (const nibble::error& problem) {
                std::cerr << "error: " << problem.what() << '\n';
            }
        }
    }
}

/// Every line of standard input is a turn of the conversation.
int answer_lines(conversation& conversation) {
    for (std::string line; std::getline(std::cin, line);) {
        if (line.empty()) continue;
        conversation.answer(line);
        if (interrupted) return exit_interrupted;
    }
    return interrupted ? exit_interrupted : 0;
}

void declare(CLI::App& app, options& chosen) {
    auto& generation = chosen.generation;
    app.option_defaults()->always_capture_default();
    app.add_option("-m,--model", chosen.model, "GGUF file of the model")->required()->type_name("FILE");
    app.add_option("-p,--prompt", chosen.prompt, "answer this and end")->type_name("TEXT");
    app.add_option("--system,--system-prompt", chosen.system, "system message (also -sys)")->type_name("TEXT");
    app.add_option("--think", chosen.think, "let the model think before it answers; auto: as its template does")
        ->check(CLI::IsMember({"on", "off", "auto"}));
    app.add_option("--thinking-budget", chosen.thinking_budget, "most tokens of thinking");
    app.add_option("-n,--predict", chosen.predict, "most tokens of a reply");
    app.add_option("-c,--context,--ctx-size", chosen.session.context,
                   "tokens of context, cut down to what the model knows")
        ->check(CLI::Range(1, 0x7fffffff));
    app.add_option("-t,--threads", chosen.session.threads, "threads; 0: all that may be used")
        ->check(CLI::Range(0, 4096));
    app.add_flag("--no-mmap", chosen.no_mmap, "read the model into memory, for a file that may change while in use");
    app.add_option("--temp", generation.temperature, "temperature; 0: always the most likely token");
    app.add_option("--top-k", generation.top_k, "sample from the k most likely tokens; 0: all");
    app.add_option("--top-p", generation.top_p, "sample from the most likely tokens up to this probability; 1: all");
    app.add_option("--min-p", generation.min_p, "least probability relative to the most likely token; 0: all");
    app.add_option("--repeat-penalty", generation.repeat_penalty, "1: off");
    app.add_option("--repeat-last-n", generation.repeat_last_n, "tokens that the penalty looks at; -1: all");
    app.add_option("-s,--seed", chosen.seed, "the same seed gives the same replies; random if not given");
    app.footer("At the prompt:\n" + std::string{commands} +
               "With a pipe on standard input, every line is answered.\n"
               "Exit code: 0, or 1 after an error, or 130 after Ctrl-C.");
}

/// Reads the command line. Returns an exit code where there is nothing left to do.
std::optional<int> parse(int argc, char** argv, options& chosen) {
    CLI::App app{"Talks with a model: the reply on standard output, everything else on standard error.", "chat"};
    declare(app, chosen);
    std::vector<std::string> arguments;  // CLI11 takes them last first
    for (int i = argc - 1; i > 0; --i)
        arguments.emplace_back(argv[i] == std::string_view{"-sys"} ? "--system" : argv[i]);
    try {
        app.parse(std::move(arguments));
    } catch (const CLI::CallForHelp& help) {
        return app.exit(help);
    }
    if (chosen.prompt && chosen.prompt->empty())
        throw nibble::error{nibble::errc::bad_option, "--prompt", "a text", "none"};
    return std::nullopt;
}

int run(const options& chosen) {
    using nibble::file_access;
    const auto model =
        nibble::model::load(chosen.model, {.access = chosen.no_mmap ? file_access::copy : file_access::map});
    conversation conversation{model, chosen};
    catch_interrupts();
    if (chosen.prompt) {
        conversation.answer(*chosen.prompt);
        return interrupted ? exit_interrupted : 0;
    }
    return isatty(STDIN_FILENO) ? talk(conversation) : answer_lines(conversation);
}

}  // namespace

int main(int argc, char** argv) try {
    options chosen;
    if (const auto code = parse(argc, argv, chosen)) return *code;
    return run(chosen);
} catch (const std::exception& problem) {
    std::cerr << "error: " << problem.what() << '\n';
    return 1;
}
