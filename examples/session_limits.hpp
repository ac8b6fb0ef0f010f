// SPDX-License-Identifier: Apache-2.0
// -c and -t of the programs that run a model, and what is said where there is less than that.
#pragma once

#include <cstddef>
#include <iostream>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include <nibble/generate/session.hpp>

inline void declare_threads(CLI::App& app, unsigned& threads) {
    app.add_option("-t,--threads", threads, "threads, no more than may be used; 0: all of them")
        ->check(CLI::Range(0, 4096))
        ->capture_default_str();
}

/// Unset: `usual`.
inline void declare_context(CLI::App& app, std::optional<std::size_t>& context, std::size_t usual) {
    app.add_option("-c,--context,--ctx-size", context,
                   "tokens of context, no more than the model was trained for, or --rope-... stretch it to")
        ->check(CLI::Range(1, 0x7fffffff))
        ->default_str(std::to_string(usual));
}

/// Says on standard error where a session has less than was asked for.
inline void say_limits(const nibble::session& session, std::optional<std::size_t> context, unsigned threads) {
    if (context && *context > session.context())
        std::cerr << "note: the context is " << session.context() << " tokens, not " << *context
                  << ": the model was trained for no more (--rope-scaling stretches it)\n";
    if (threads > session.n_threads())
        std::cerr << "note: " << session.n_threads() << " threads, not " << threads
                  << ": this process may use no more\n";
}
