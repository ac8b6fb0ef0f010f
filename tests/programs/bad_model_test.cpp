// SPDX-License-Identifier: Apache-2.0
// Files that no program can run: each is refused with one line that names the file and what is wrong in it, and nothing
// else happens.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/gguf/file.hpp>

#include "support/program.hpp"
#include "test.hpp"

using namespace nibble::test;

namespace {

/// Where `text` starts, after `from`.
std::size_t find(const std::string& file, std::string_view text, std::size_t from = 0) {
    const std::size_t at = file.find(text, from);
    if (at == std::string::npos) throw std::logic_error("the bundled model has no " + std::string{text});
    return at;
}

/// Overwrites the first `from` with as many bytes.
void replace(std::string& file, std::string_view from, std::string_view to) {
    if (from.size() != to.size()) throw std::logic_error("lengths differ");
    file.replace(find(file, from), from.size(), to);
}

/// Overwrites a number of the entry of a tensor: after its name, the number of its dimensions (uint32), then these
/// (uint64), then the type (uint32).
template <class Number>
void patch_tensor(std::string& file, std::string_view name, std::size_t bytes_after_name, Number number) {
    std::memcpy(&file.at(find(file, name) + name.size() + bytes_after_name), &number, sizeof number);
}

struct bad_file {
    const char* name;
    std::function<void(std::string&)> spoil;  // the bytes of the bundled model
    std::vector<std::string> pieces;          // of the message
    bool spoils_file = true;                  // and not only the model in it
};

const std::string template_start = "{#- nibble-tiny: ChatML turns, thinking";

/// Puts other template code in front of the comment that the template starts with.
std::function<void(std::string&)> with_template(std::string start) {
    return [start = std::move(start)](std::string& file) {
        std::string code = start + "{#-";
        code.resize(template_start.size(), ' ');
        replace(file, template_start, code);
    };
}

std::function<void(std::string&)> cut_to(std::size_t n_bytes) {
    return [=](std::string& file) { file.resize(n_bytes); };
}

const std::vector<bad_file> bad_models = {
    {"empty", cut_to(0), {"magic"}},
    {"text", [](std::string& file) { file = "Once upon a time\nthere was a file.\n"; }, {"GGUF"}},
    {"magic", [](std::string& file) { file[0] = 'g'; }, {"GGUF"}},
    {"cut in the magic", cut_to(3), {"magic"}},
    {"cut in the header", cut_to(17), {"at byte"}},
    {"cut in the metadata", cut_to(40), {"at byte"}},
    {"cut in the vocabulary", cut_to(20'000), {"at byte"}},
    {"cut in the tensor table", [](std::string& f) { f.resize(find(f, "blk.2.attn_k.weight") + 30); }, {"at byte"}},
    {"cut before the tensor data", cut_to(64'640), {"tensor"}},
    {"cut in the tensor data", cut_to(1'000'000), {"tensor"}},
    {"cut at the last byte", [](std::string& file) { file.pop_back(); }, {"tensor"}},
    {"missing tensor",
     [](std::string& f) { replace(f, "blk.1.ffn_up.weight", "blk.1.ffn_up.wait!!"); },
     {"blk.1.ffn_up.weight"},
     false},
    {"wrong shape",
     [](std::string& f) {
         patch_tensor<std::uint64_t>(f, "blk.1.ffn_up.weight", 4, 512);
         patch_tensor<std::uint64_t>(f, "blk.1.ffn_up.weight", 12, 256);
     },
     {"blk.1.ffn_up.weight", "transposed"},
     false},
    {"unknown type",
     [](std::string& f) { patch_tensor<std::uint32_t>(f, "blk.1.ffn_up.weight", 20, 77); },
     {"blk.1.ffn_up.weight", "77"}},
    {"unknown architecture", [](std::string& f) { replace(f, "smollm3", "smollm9"); }, {"smollm9"}, false},
};

/// The model runs, but it cannot chat.
const std::vector<bad_file> bad_templates = {
    {"template that refuses", with_template("{{raise_exception('no luck')}}"), {"no luck"}},
    {"template that does not parse", with_template("{% if %}"), {"line 1"}},
    {"template that asks for too much", with_template("{%for i in range(10**9)%}{%endfor%}"), {"line 1"}},
    {"no template, no tokens to guess one from",
     [](std::string& f) {
         replace(f, "tokenizer.chat_template", "tokenizer.chat_tamplate");
         f.replace(find(f, std::string("\x0c\0\0\0\0\0\0\0<|im_start|>", 20)) + 8, 12, "<|im_begin|>");
     },
     {"template"}},
};

/// A directory with one bad file, and what programs make of it.
class bad_case {
public:
    explicit bad_case(const bad_file& bad) : pieces_(bad.pieces), path_((dir_ / "bad.gguf").string()) {
        static const std::string good = contents_of(tiny_path());
        std::string contents = good;
        bad.spoil(contents);
        write_file(path_, contents);
        write_file(dir_ / "tokens", "1,2,3");
        write_file(dir_ / "text", "Once upon a time there was a little mouse.");
        pieces_.push_back("bad.gguf");
    }

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string file(const char* name) const { return (dir_ / name).string(); }

    /// Runs a program that must refuse the file, with nothing else to be seen of it.
    void check_refused_by(const std::string& program, const std::vector<std::string>& arguments,
                          std::string_view input = {}) const {
        INFO("program: " << program);
        check_refused(run_program(program, arguments, input), pieces_);
        std::size_t n_files = 0;
        for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator{dir_ / ""}) ++n_files;
        CHECK(n_files == 3);
    }

private:
    temp_dir dir_;
    std::vector<std::string> pieces_;
    std::string path_;
};

}  // namespace

TEST_CASE("a file that holds no model is refused by every program") {
    if (!programs_are_built()) return;
    for (const auto& bad : bad_models) {
        INFO("file: " << bad.name);
        const bad_case the{bad};
        the.check_refused_by("ask", {the.path(), "Hello!"});
        the.check_refused_by("chat", {"--model", the.path()}, "Hello!\n");
        the.check_refused_by("chat", {"--model", the.path(), "--prompt", "Hello!"});
        the.check_refused_by("tools", {"--model", the.path()});
        the.check_refused_by("logits",
                             {"--model", the.path(), "--tokens", the.file("tokens"), "--out", the.file("out")});
        the.check_refused_by("perplexity",
                             {"--model", the.path(), "--file", the.file("text"), "--logits-out", the.file("out")});
        if (bad.spoils_file) {
            the.check_refused_by("tokenize", {"--model", the.path()}, "Hello!");
            the.check_refused_by("render", {"--model", the.path(), "--jsonl"}, "{\"input\": {\"messages\": []}}\n");
            the.check_refused_by("inspect", {the.path()});
            the.check_refused_by("inspect", {the.path(), "--json"});
            the.check_refused_by("inspect", {the.path(), "--check"});
        } else {
            // The listing helps to see what is wrong; the verdict of the checklist is the same.
            const auto listing = run_program("inspect", {the.path()});
            CHECK(listing.exit_code == 0);
            CHECK(contains(listing.out, "nibble would not run it: "));
            CHECK(contains(listing.out, bad.pieces[0]));
            auto verdict = run_program("inspect", {the.path(), "--check"});
            CHECK(contains(verdict.out, "fail"));
            verdict.out.clear();
            check_refused(verdict, bad.pieces);
        }
    }
}

TEST_CASE("a model whose chat template fails cannot chat") {
    if (!programs_are_built()) return;
    for (const auto& bad : bad_templates) {
        INFO("file: " << bad.name);
        const bad_case the{bad};
        the.check_refused_by("ask", {the.path(), "Hello!"});
        the.check_refused_by("chat", {"--model", the.path()}, "Hello!\n");
        the.check_refused_by("chat", {"--model", the.path(), "--prompt", "Hello!"});
        auto transcript = run_program("tools", {"--model", the.path(), "Hello!"});
        CHECK(transcript.out == "user:   Hello!\n");
        transcript.out.clear();
        check_refused(transcript, bad.pieces);
        // Without the template it is as good as ever.
        CHECK(run_program("inspect", {the.path(), "--check"}).exit_code == 0);
        CHECK(run_program("tokenize", {"--model", the.path()}, "Hello!").exit_code == 0);
    }
}

TEST_CASE("a model with weights that are no numbers is named by what would run it, and what finds them") {
    if (!programs_are_built()) return;
    const bad_case the{{"NaN in a norm",
                        [](std::string& f) {
                            const auto file = nibble::gguf::file::open(tiny_path());
                            const auto at = file.offset_of(*file.find_tensor("output_norm.weight"));
                            f.replace(static_cast<std::size_t>(at), 4, std::string("\x00\x00\xc0\x7f", 4));
                        },
                        {"inspect --check"}}};
    the.check_refused_by("chat", {"--model", the.path(), "--prompt", "Hello!"});
    the.check_refused_by("ask", {the.path(), "Hello!"});
    const auto measured = run_program("perplexity", {"--model", the.path(), "--file", the.file("text")});
    CHECK(measured.exit_code == 1);
    CHECK(contains(measured.err, "inspect --check"));
    CHECK(contains(measured.err, "bad.gguf"));
}

TEST_CASE("what is no file is refused by every program") {
    if (!programs_are_built()) return;
    const temp_dir dir;
    const auto here = (dir / "").string(), missing = (dir / "missing.gguf").string(), out = (dir / "out").string();
    write_file(dir / "tokens", "1,2,3");
    struct {
        std::string path, piece;
    } const cases[] = {
        {missing, "missing.gguf': No such file"}, {here, "got a directory"}, {null_device, "got a device"}};
    for (const auto& [path, piece] : cases) {
        check_refused(run_program("ask", {path, "Hello!"}), {piece});
        check_refused(run_program("chat", {"--model", path}, "Hello!\n"), {piece});
        check_refused(run_program("tools", {"--model", path}), {piece});
        check_refused(run_program("tokenize", {"--model", path}, "Hello!"), {piece});
        check_refused(run_program("render", {"--model", path, "--jsonl"}, "{\"input\": {}}\n"), {piece});
        check_refused(run_program("inspect", {path}), {piece});
        check_refused(run_program("inspect", {path, "--check", "--json"}), {piece});
        check_refused(run_program("logits", {"--model", path, "--tokens", (dir / "tokens").string(), "--out", out}),
                      {piece});
        check_refused(run_program("perplexity", {"--model", path, "--file", (dir / "tokens").string()}), {piece});
        CHECK_FALSE(std::filesystem::exists(out));
    }
}
