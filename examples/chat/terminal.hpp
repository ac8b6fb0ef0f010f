// SPDX-License-Identifier: Apache-2.0
// Lines typed in a terminal: edited, with a history, where libedit is there, else as the terminal gives them.
#pragma once

#include <cstddef>
#include <iostream>
#include <optional>
#include <string>

#include "../standard_input.hpp"
#include "../system.hpp"
#include "interrupts.hpp"
#ifdef NIBBLE_CHAT_LIBEDIT
#include "line_editor.hpp"
#endif

/// Prompts on standard error, lines from standard input. One per program.
class terminal {
public:
    enum class outcome { line, end, given_up };

    explicit terminal([[maybe_unused]] bool keeps_history) {
#ifdef NIBBLE_CHAT_LIBEDIT
        if (os::errors_are_terminal()) editor_.emplace(history_file{keeps_history ? history_path() : ""});
#endif
    }

    /// The next line without its end; after Ctrl-C what was typed of it.
    outcome read(const char* prompt, std::string& line) {
        const bool any = next_line(prompt, line);
        if (interrupted) std::cerr << "^C";
        if (interrupted || !any) std::cerr << '\n';
        return interrupted ? outcome::given_up : any ? outcome::line : outcome::end;
    }

private:
    bool next_line(const char* prompt, std::string& line) {
#ifdef NIBBLE_CHAT_LIBEDIT
        if (editor_) return editor_->read(prompt, line);
#endif
        std::cerr << prompt << std::flush;
        const bool any = input_.next_line(line);
        if (line.size() < os::longest_line) return any;
        std::cerr << "error: the terminal has cut this line at " << os::longest_line
                  << " bytes; use several lines, or -f FILE\n";
        line.clear();
        return true;
    }

    standard_input input_{[] { return wait_for_input(); }};
#ifdef NIBBLE_CHAT_LIBEDIT
    std::optional<line_editor> editor_;
#endif
};
