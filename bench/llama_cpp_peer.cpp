// SPDX-License-Identifier: Apache-2.0
// bench-llama-cpp: the tests of bench-model, run by a prebuilt libllama, so that both can be compared on one machine.
//     bench-llama-cpp --libs DIR -m MODEL.gguf [-p 512,..] [-n 128,..] [-d 0,..] [-t N] [-r N]
// DIR holds libllama*.so and the libggml*.so that it needs. Prints a line `test,tokens a second` for each measured run.
//
// The library comes without headers: what is used of it is declared here, as its ABI on x86-64 Linux is. The two
// structs of parameters are passed through as bytes, with their defaults. Only the number of positions is set, the
// first field of the context's parameters; the context is asked afterwards whether it took it.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <dlfcn.h>

namespace {

struct llama_model;
struct llama_context;

/// At least as large as either struct of parameters (some 100 bytes); the callee reads its own part of it.
struct alignas(8) parameters {
    unsigned char bytes[1024];
};

struct llama_batch {
    std::int32_t n_tokens;
    std::int32_t* token;
    float* embd;
    std::int32_t* pos;
    std::int32_t* n_seq_id;
    std::int32_t** seq_id;
    std::int8_t* logits;
};

/// The functions of the library, by their own names.
class library {
public:
    explicit library(const std::filesystem::path& folder) {
        std::filesystem::path path;
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            const std::string name = entry.path().filename();
            if (name.starts_with("libllama.") && name.find(".so") != std::string::npos) path = entry.path();
        }
        if (path.empty()) throw std::runtime_error(folder.string() + ": no libllama.*so");
        handle_ = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
        if (!handle_) throw std::runtime_error(dlerror());

        find(llama_log_set, "llama_log_set");
        find(ggml_backend_load_all_from_path, "ggml_backend_load_all_from_path");
        find(llama_backend_init, "llama_backend_init");
        find(llama_print_system_info, "llama_print_system_info");
        find(llama_model_default_params, "llama_model_default_params");
        find(llama_context_default_params, "llama_context_default_params");
        find(llama_model_load_from_file, "llama_model_load_from_file");
        find(llama_model_free, "llama_model_free");
        find(llama_model_get_vocab, "llama_model_get_vocab");
        find(llama_vocab_n_tokens, "llama_vocab_n_tokens");
        find(llama_init_from_model, "llama_init_from_model");
        find(llama_free, "llama_free");
        find(llama_n_ctx, "llama_n_ctx");
        find(llama_n_batch, "llama_n_batch");
        find(llama_set_n_threads, "llama_set_n_threads");
        find(llama_get_memory, "llama_get_memory");
        find(llama_memory_seq_rm, "llama_memory_seq_rm");
        find(llama_decode, "llama_decode");
        find(llama_get_logits_ith, "llama_get_logits_ith");
    }

    void (*llama_log_set)(void (*)(int level, const char* text, void* user), void* user);
    void (*ggml_backend_load_all_from_path)(const char* folder);
    void (*llama_backend_init)();
    const char* (*llama_print_system_info)();
    parameters (*llama_model_default_params)();
    parameters (*llama_context_default_params)();
    llama_model* (*llama_model_load_from_file)(const char* path, parameters);
    void (*llama_model_free)(llama_model*);
    const void* (*llama_model_get_vocab)(const llama_model*);
    std::int32_t (*llama_vocab_n_tokens)(const void* vocab);
    llama_context* (*llama_init_from_model)(llama_model*, parameters);
    void (*llama_free)(llama_context*);
    std::uint32_t (*llama_n_ctx)(const llama_context*);
    std::uint32_t (*llama_n_batch)(const llama_context*);
    void (*llama_set_n_threads)(llama_context*, std::int32_t for_one_token, std::int32_t for_batches);
    void* (*llama_get_memory)(const llama_context*);
    bool (*llama_memory_seq_rm)(void* memory, std::int32_t sequence, std::int32_t begin, std::int32_t end);
    std::int32_t (*llama_decode)(llama_context*, llama_batch);
    float* (*llama_get_logits_ith)(llama_context*, std::int32_t i);

private:
    template <class Function>
    void find(Function*& function, const char* name) {
        void* const symbol = dlsym(handle_, name);
        if (!symbol) throw std::runtime_error(std::string("this libllama has no ") + name);
        function = reinterpret_cast<Function*>(symbol);
    }

    void* handle_;  // stays loaded until the program ends
};

/// A context with room for `capacity` tokens, of one sequence.
class session {
public:
    session(const library& lib, llama_model* model, std::size_t capacity, unsigned n_threads)
        : lib_(lib), n_vocab_(static_cast<std::size_t>(lib.llama_vocab_n_tokens(lib.llama_model_get_vocab(model)))) {
        parameters chosen = lib.llama_context_default_params();
        const auto n_ctx = static_cast<std::uint32_t>(capacity);
        std::memcpy(chosen.bytes, &n_ctx, sizeof n_ctx);
        context_ = lib.llama_init_from_model(model, chosen);
        if (!context_) throw std::runtime_error("llama.cpp: no context");
        const std::size_t got = lib.llama_n_ctx(context_);
        if (got < capacity || got > capacity + 1024)  // it rounds up
            throw std::runtime_error("this libllama has another layout of parameters: " + std::to_string(got) +
                                     " positions");
        const auto n = static_cast<std::int32_t>(n_threads);
        lib.llama_set_n_threads(context_, n, n);
    }
    session(const session&) = delete;
    session& operator=(const session&) = delete;
    ~session() { lib_.llama_free(context_); }

    /// Reads n tokens, the same as bench-model, and the logits of the last.
    void read(std::size_t n) {
        const std::size_t most = lib_.llama_n_batch(context_);
        for (const std::size_t end = position_ + n; position_ < end;) read_batch(std::min(most, end - position_), end);
    }

    void rewind(std::size_t position) {
        const auto begin = static_cast<std::int32_t>(position);
        if (!lib_.llama_memory_seq_rm(lib_.llama_get_memory(context_), 0, begin, -1))
            throw std::runtime_error("llama.cpp: cannot rewind");
        position_ = position;
    }

private:
    void read_batch(std::size_t n, std::size_t end) {
        std::vector<std::int32_t> tokens(n), positions(n), ones(n, 1);
        std::int32_t sequence = 0;
        std::vector<std::int32_t*> sequences(n, &sequence);
        std::vector<std::int8_t> logits(n, 0);
        for (std::size_t i = 0; i < n; ++i) {
            tokens[i] = static_cast<std::int32_t>((1000 + (position_ + i) * 7919) % n_vocab_);
            positions[i] = static_cast<std::int32_t>(position_ + i);
        }
        const bool last = position_ + n == end;
        logits.back() = last;
        const llama_batch batch{static_cast<std::int32_t>(n),
                                tokens.data(),
                                nullptr,
                                positions.data(),
                                ones.data(),
                                sequences.data(),
                                logits.data()};
        if (lib_.llama_decode(context_, batch) != 0) throw std::runtime_error("llama.cpp: llama_decode failed");
        if (last && !lib_.llama_get_logits_ith(context_, static_cast<std::int32_t>(n) - 1))
            throw std::runtime_error("llama.cpp: no logits");
        position_ += n;
    }

    const library& lib_;
    llama_context* context_ = nullptr;
    std::size_t n_vocab_;
    std::size_t position_ = 0;
};

struct options {
    std::string libs, model;
    std::vector<std::size_t> n_prompt{512}, n_generate{128}, depth{0};
    unsigned threads = std::thread::hardware_concurrency();
    std::size_t repeats = 5;
};

std::vector<std::size_t> numbers(const std::string& text) {
    std::vector<std::size_t> out;
    std::istringstream in{text};
    for (std::string one; std::getline(in, one, ',');) out.push_back(std::stoul(one));
    if (out.empty()) throw std::runtime_error("a number, or several with commas between, is missing");
    return out;
}

options parse(int argc, char** argv) {
    options out;
    for (int i = 1; i < argc; i += 2) {
        const std::string name = argv[i];
        if (i + 1 == argc) throw std::runtime_error("a value for " + name + " is missing");
        const std::string value = argv[i + 1];
        if (name == "--libs")
            out.libs = value;
        else if (name == "-m")
            out.model = value;
        else if (name == "-p")
            out.n_prompt = numbers(value);
        else if (name == "-n")
            out.n_generate = numbers(value);
        else if (name == "-d")
            out.depth = numbers(value);
        else if (name == "-t")
            out.threads = static_cast<unsigned>(numbers(value)[0]);
        else if (name == "-r")
            out.repeats = numbers(value)[0];
        else
            throw std::runtime_error("there is no option " + name);
    }
    if (out.libs.empty() || out.model.empty()) throw std::runtime_error("--libs DIR and -m MODEL.gguf are needed");
    return out;
}

void run(const options& o) {
    const library lib{o.libs};
    lib.llama_log_set([](int, const char*, void*) {}, nullptr);
    lib.ggml_backend_load_all_from_path(o.libs.c_str());
    lib.llama_backend_init();
    using clock = std::chrono::steady_clock;
    const auto seconds_since = [](clock::time_point from) {
        return std::chrono::duration<double>(clock::now() - from).count();
    };

    const auto start = clock::now();
    llama_model* const model = lib.llama_model_load_from_file(o.model.c_str(), lib.llama_model_default_params());
    if (!model) throw std::runtime_error(o.model + ": llama.cpp cannot load it");
    std::fprintf(stderr, "load %.0f ms; %s\n", 1000 * seconds_since(start), lib.llama_print_system_info());
    for (const std::size_t depth : o.depth) {
        std::size_t most = 0;
        for (const auto& list : {o.n_prompt, o.n_generate})
            for (const std::size_t n : list) most = std::max(most, n);
        session s{lib, model, depth + most + 1, o.threads};
        if (depth > 0) s.read(depth);
        const auto measure = [&](std::size_t n, bool prompt) {
            if (n == 0) return;
            for (std::size_t repeat = 0; repeat <= o.repeats; ++repeat) {  // the first one warms up
                s.rewind(depth);
                const auto begin = clock::now();
                if (prompt)
                    s.read(n);
                else
                    for (std::size_t i = 0; i < n; ++i) s.read(1);
                const double seconds = seconds_since(begin);
                if (repeat == 0) continue;
                std::printf("%s%zu", prompt ? "pp" : "tg", n);
                if (depth > 0) std::printf(" @ d%zu", depth);
                std::printf(",%.3f\n", static_cast<double>(n) / seconds);
                std::fflush(stdout);
            }
        };
        for (const std::size_t n : o.n_prompt) measure(n, true);
        for (const std::size_t n : o.n_generate) measure(n, false);
    }
    lib.llama_model_free(model);
}

}  // namespace

int main(int argc, char** argv) try { run(parse(argc, argv)); } catch (const std::exception& problem) {
    std::fprintf(stderr, "error: %s\n", problem.what());
    return 1;
}
