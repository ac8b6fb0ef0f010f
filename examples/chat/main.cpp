// SPDX-License-Identifier: Apache-2.0
// chat: a conversation with a model in the terminal, or with whatever is piped in. The reply goes to standard output,
// everything else to standard error.
#include <exception>
#include <ios>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <nibble/nibble.hpp>

#include "../program.hpp"
#include "../read_file.hpp"
#include "../standard_input.hpp"
#include "../system.hpp"
#include "commands.hpp"
#include "conversation.hpp"
#include "interrupts.hpp"
#include "line_joiner.hpp"
#include "options.hpp"
#include "terminal.hpp"

namespace {

constexpr int exit_interrupted = 130;  // as a shell reports a program that Ctrl-C has ended

/// Messages from the terminal until Ctrl-D or /exit. An error ends an answer, not the conversation.
int talk(conversation& conversation, bool keeps_history) {
    terminal terminal{keeps_history};
    line_joiner message;
    std::cerr << "/help lists the commands\n";
    for (std::string line;;) {
        interrupted = false;
        const auto outcome = terminal.read(message.pending() ? "... " : "> ", line);
        if (outcome == terminal::outcome::given_up) {
            if (line.empty() && !message.pending()) std::cerr << "Ctrl-D or /exit ends the conversation.\n";
            message = {};
            continue;
        }
        const bool ended = outcome == terminal::outcome::end;
        if (ended && !message.pending()) return 0;
        if (!ended && !message.push(line)) continue;
        try {
            if (!handle(conversation, message.take())) return 0;
        } catch (const std::ios::failure&) {
            throw;  // standard output is gone
        } catch (const std::exception& problem) {
            std::cerr << "error: " << problem.what() << '\n';
        }
    }
}

/// Every message on standard input is a turn of the conversation.
int answer_input(conversation& conversation) {
    standard_input input{[] { return wait_for_input(); }};
    line_joiner message;
    for (std::string line; !interrupted;) {
        const bool ended = !input.next_line(line);
        if (interrupted || (ended && !message.pending())) break;
        if (!ended && !message.push(line)) continue;
        if (!handle(conversation, message.take())) return 0;
    }
    return interrupted ? exit_interrupted : 0;
}

/// With LF at the end of each line, as lines that are typed or piped in.
std::string with_lf(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at)
        if (text.substr(at, 2) != "\r\n") out += text[at];
    return out;
}

/// The one message that the command line asks to be answered: a document, from a file or piped in, then the prompt.
/// Nothing where there is neither --prompt nor --file.
std::optional<std::string> only_message(const options& chosen) {
    if (!chosen.prompt && chosen.file.empty()) return std::nullopt;
    std::string text;
    if (!chosen.file.empty() && chosen.file != "-") text = read_file(chosen.file);
    if (chosen.file == "-" || (chosen.prompt && chosen.file.empty() && os::input_is_open() && !os::input_is_terminal()))
        text = standard_input{}.rest();
    text = with_lf(text);
    if (chosen.prompt) text += (text.empty() ? "" : text.ends_with('\n') ? "\n" : "\n\n") + *chosen.prompt;
    if (text.empty()) throw nibble::error{nibble::errc::bad_option, "--file", "a text", "none"};
    return text;
}

/// Reads the command line; true where there is nothing left to do.
bool parse(int argc, char** argv, options& chosen) {
    CLI::App app{"Talks with a model: the reply on standard output, everything else on standard error.", "chat"};
    declare_program(app, chosen);
    std::ostringstream footer;
    footer << "At the prompt:\n";
    list_commands(footer);
    footer
        << "With a pipe on standard input, every line (or message of several lines) is answered; commands work too.\n"
           "Exit code: 0, or 1 after an error, or 130 after Ctrl-C.";
    app.footer(footer.str());
    std::vector<std::string> arguments;  // CLI11 takes them last first
    for (int i = argc - 1; i > 0; --i)
        arguments.emplace_back(argv[i] == std::string_view{"-sys"} ? "--system" : argv[i]);
    if (asks_for_help(app, std::move(arguments))) return true;
    if (chosen.prompt && chosen.prompt->empty())
        throw nibble::error{nibble::errc::bad_option, "--prompt", "a text", "none"};
    return false;
}

int run(int argc, char** argv) {
    options chosen;
    if (parse(argc, argv, chosen)) return 0;
    const auto only = only_message(chosen);
    const auto model = load_model(chosen.load, chosen.context.value_or(default_context));
    conversation conversation{model, chosen};
    catch_interrupts();
    if (only) {
        conversation.answer(*only);
        return interrupted ? exit_interrupted : 0;
    }
    return os::input_is_terminal() ? talk(conversation, !chosen.no_history) : answer_input(conversation);
}

}  // namespace

int main(int argc, char** argv) { return run_guarded(run, argc, argv); }
