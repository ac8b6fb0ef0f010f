// SPDX-License-Identifier: Apache-2.0
// logits: token ids in, the logits after every one of them out, for anyone who compares engines.
#include <nibble/nibble.hpp>

#include <algorithm>
#include <charconv>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "load_options.hpp"
#include "npy.hpp"
#include "program.hpp"
#include "read_file.hpp"
#include "session_limits.hpp"

namespace {

/// Ids separated by commas; white space around them does not matter.
std::vector<nibble::token> read_ids(const std::string& path) {
    const std::string text = read_file(path);
    constexpr std::string_view space = " \t\r\n";
    std::vector<nibble::token> ids;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        std::string_view item{text.data() + begin, end - begin};
        item.remove_prefix(std::min(item.find_first_not_of(space), item.size()));
        item = item.substr(0, item.find_last_not_of(space) + 1);
        nibble::token id = 0;
        const auto [stop, problem] = std::from_chars(item.data(), item.data() + item.size(), id);
        const bool only_space_follows = end == text.size() && item.empty() && !ids.empty();
        if (!only_space_follows && (problem != std::errc{} || stop != item.data() + item.size()))
            throw nibble::error(nibble::errc::bad_option, nibble::escaped(path), "token ids separated by commas",
                                "'" + nibble::escaped(item) + "'", begin);
        if (!only_space_follows) ids.push_back(id);
        begin = end + 1;
    }
    if (ids.empty())
        throw nibble::error(nibble::errc::bad_option, nibble::escaped(path), "at least one token id", "none");
    return ids;
}

int run(int argc, char** argv) {
    load_options load;
    std::string tokens_path, out_path;
    std::size_t chunk = 128;
    unsigned threads = 0;
    CLI::App app{"Writes the logits after every token: float32, tokens x vocabulary, a NumPy file."};
    app.option_defaults()->always_capture_default();
    app.add_option("-m,--model", load.model, "GGUF file of the model")->required()->type_name("FILE");
    app.add_option("--tokens", tokens_path, "token ids, separated by commas")->required()->type_name("FILE");
    app.add_option("--out", out_path, "where the logits go")->required()->type_name("FILE.npy");
    declare_threads(app, threads);
    app.add_option("--chunk", chunk, "tokens read at once; the logits do not depend on it")
        ->check(CLI::Range(1, 0x7fffffff));
    declare_load(app, load);
    app.footer("Exit code: 0, or 1 after an error.");
    if (asks_for_help(app, argc, argv)) return 0;

    const auto ids = read_ids(tokens_path);
    const auto model = load_model(load, ids.size());
    nibble::session session{model, {.context = ids.size(), .threads = threads, .batch = std::min(chunk, ids.size())}};
    say_limits(session, {}, threads);
    const std::size_t n_vocab = model.config().n_vocab;
    if (ids.size() > session.context())
        throw nibble::error(nibble::errc::ctx_full, nibble::escaped(tokens_path),
                            "at most " + std::to_string(session.context()) + " tokens", std::to_string(ids.size()));
    for (std::size_t i = 0; i < ids.size(); ++i)  // all of them, before there is a file
        if (ids[i] < 0 || static_cast<std::size_t>(ids[i]) >= n_vocab)
            throw nibble::error(nibble::errc::ctx_bad_token,
                                nibble::escaped(tokens_path) + " at index " + std::to_string(i),
                                "an id from 0 to " + std::to_string(n_vocab - 1), std::to_string(ids[i]));

    npy_writer out{out_path, ids.size(), n_vocab};
    std::vector<float> logits;
    for (std::size_t done = 0; done < ids.size();) {
        const auto batch = std::span{ids}.subspan(done, std::min(chunk, ids.size() - done));
        logits.resize(batch.size() * n_vocab);
        session.prefill(batch, logits);
        out.write(logits);
        done += batch.size();
    }
    out.close();
    return 0;
}

}  // namespace

int main(int argc, char** argv) { return run_guarded(run, argc, argv); }
