// SPDX-License-Identifier: Apache-2.0
// How the programs begin and end: their command line, and what becomes of an error.
#pragma once

#include <cstdio>
#include <exception>
#include <ios>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include "system.hpp"

/// Reads the command line, given as CLI::App::parse takes it. True where it asked for help, which is printed then, and
/// there is nothing left to do.
template <class... Arguments>
bool asks_for_help(CLI::App& app, Arguments&&... arguments) {
    app.allow_windows_style_options(false);  // a path or a question may begin with a slash
    try {
        app.parse(std::forward<Arguments>(arguments)...);
        return false;
    } catch (const CLI::CallForHelp& help) {
        app.exit(help);
        return true;
    }
}

/// For a check of CLI11: what is wrong with a text, or nothing.
inline std::string not_empty(const std::string& text) { return text.empty() ? "expected a text, got none" : ""; }

/// Runs a program and returns its exit code. What it throws is one line on standard error and exit code 1, and so is
/// output that does not arrive (a full disk): at once where it goes through std::cout, at the end from std::printf.
inline int run_guarded(int (*program)(int, char**), int argc, char** argv) {
    int code = 1;
    std::string problem;
    try {
        os::prepare_console();
        std::cout.exceptions(std::ios::badbit);
        code = program(argc, argv);
        std::cout.flush();
        if (std::ferror(stdout)) throw std::ios::failure("standard output");
    } catch (const std::ios::failure&) {
        problem = "standard output cannot be written";
    } catch (const std::exception& thrown) {
        problem = thrown.what();
    }
    std::cout.exceptions(std::ios::goodbit);  // std::cerr flushes it, and so does the end of the program
    if (problem.empty()) return code;
    std::cerr << "error: " << problem << '\n';
    return 1;
}
