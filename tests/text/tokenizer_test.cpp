// SPDX-License-Identifier: Apache-2.0
#include <nibble/text/tokenizer.hpp>

#include <pthread.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/gguf/file.hpp>
#include <nibble/json/json.hpp>
#include <nibble/model/vocabulary.hpp>
#include <nibble/unicode/utf8.hpp>

#include "support/paths.hpp"
#include "support/refusal.hpp"
#include "support/vocabularies.hpp"
#include "test.hpp"

using namespace nibble;

namespace {

using ids = std::vector<token>;

constexpr encode_options plain{.add_special = false};
constexpr encode_options parsed{.add_special = false, .parse_special = true};

tokenizer load(const std::filesystem::path& path, const tokenizer_options& options = {}) {
    const auto file = gguf::file::open(path);
    return tokenizer(read_vocabulary(file), options);
}

/// A path below ../shared, or nothing where there is none.
std::optional<std::filesystem::path> shared(const char* name) {
    const auto dir = test::shared_dir();
    if (!dir.empty() && std::filesystem::exists(dir / name)) return dir / name;
    WARN("SKIPPED: needs ../shared/" << name);
    return std::nullopt;
}

std::vector<json> lines_of(const std::filesystem::path& path) {
    std::vector<json> out;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) out.push_back(json::parse(line));
    return out;
}

ids ids_of(const json& list) {
    ids out;
    for (const json& id : list.as_array()) out.push_back(static_cast<token>(id.as_integer()));
    return out;
}

/// Runs on a thread with a stack of 256 KiB.
void on_small_stack(std::function<void()> work) {
    pthread_attr_t attributes;
    REQUIRE(pthread_attr_init(&attributes) == 0);
    REQUIRE(pthread_attr_setstacksize(&attributes, std::size_t{256} << 10) == 0);
    pthread_t thread{};
    const auto start = [](void* f) -> void* {
        (*static_cast<std::function<void()>*>(f))();
        return nullptr;
    };
    REQUIRE(pthread_create(&thread, &attributes, start, &work) == 0);
    REQUIRE(pthread_join(thread, nullptr) == 0);
    pthread_attr_destroy(&attributes);
}

std::string repeated(std::string_view text, std::size_t n) {
    std::string out;
    for (std::size_t i = 0; i < n; ++i) out += text;
    return out;
}

/// Byte-level BPE with special tokens behind the bytes and one merge.
struct small_vocabulary : test::owned_vocabulary {
    token ab, im_start, im_end, think, space_pair;

    small_vocabulary() : test::owned_vocabulary(test::byte_level_vocabulary()) {
        ab = merge("a", "b");
        im_start = add("<|im_start|>", token_type::control);
        im_end = add("<|im_end|>", token_type::control);
        think = add("<think>", token_type::user_defined);
        space_pair = add("  ", token_type::user_defined);
        vocab.bos = im_start;
        vocab.eos = im_end;
    }
};

}  // namespace

TEST_CASE("tokenizer: SmolLM3's vectors") {
    const auto vocab = shared("vocab/smollm3-vocab.gguf"), vectors = shared("vocab/smollm3-vectors.jsonl");
    if (!vocab || !vectors) return;
    const tokenizer t = load(*vocab);
    tokenizer_options options;
    options.ignore_merges = false;
    const tokenizer by_merges = load(*vocab, options);
    CHECK(t.skipped_merges() == 0);
    std::size_t n = 0, n_by_merges = 0, wrong = 0, wrong_by_merges = 0, wrong_text = 0;
    for (const json& line : lines_of(*vectors)) {
        const std::string& text = line.find("text")->as_string();
        const ids expected = ids_of(*line.find("ids"));
        const json* merged = line.find("ids_merges_only");
        wrong += t.encode(text, parsed) != expected;
        wrong_by_merges += by_merges.encode(text, parsed) != (merged ? ids_of(*merged) : expected);
        wrong_text += t.decode(expected, {.special = true}) != text;
        n_by_merges += merged != nullptr;
        ++n;
    }
    CHECK(n == 3222);
    CHECK(n_by_merges == 7);
    CHECK(wrong == 0);
    CHECK(wrong_by_merges == 0);
    CHECK(wrong_text == 0);
}

TEST_CASE("tokenizer: SmolLM2's vectors") {
    const auto vocab = shared("models/SmolLM2-135M-Instruct-Q4_1.gguf");
    const auto vectors = shared("vocab/smollm2-vectors.jsonl");
    if (!vocab || !vectors) return;
    const tokenizer t = load(*vocab);
    std::size_t n = 0, wrong = 0, wrong_text = 0;
    for (const json& line : lines_of(*vectors)) {
        const std::string& text = line.find("text")->as_string();
        const ids expected = ids_of(*line.find("ids"));
        wrong += t.encode(text, parsed) != expected;
        wrong_text += t.decode(expected, {.special = true}) != text;
        ++n;
    }
    CHECK(n == 3222);
    CHECK(wrong == 0);
    CHECK(wrong_text == 0);
    CHECK_FALSE(t.adds_bos());
    // This vocabulary has no token for byte 4; its unknown token is a control token and does not stand in.
    CHECK(t.decode(t.encode("a\004b", plain), {.special = true}) == "ab");
}

TEST_CASE("tokenizer: the vectors of five more families") {
    const std::pair<std::string, std::size_t> families[] = {
        {"gemma3", 3035}, {"qwen3", 3035}, {"gpt-oss", 3036}, {"deepseek-v3", 3033}, {"llama3_1", 3034}};
    for (const auto& [family, n] : families) {
        CAPTURE(family);
        const auto vocab = shared(("vocab-archs/" + family + "-vocab.gguf").c_str());
        const auto vectors = shared(("vocab-archs/" + family + "-vectors.jsonl").c_str());
        if (!vocab || !vectors) continue;
        const tokenizer t = load(*vocab);
        const auto lines = lines_of(*vectors);
        CHECK(lines.size() == n);
        for (const json& line : lines) {
            const std::string& text = line.find("text")->as_string();
            const ids expected = ids_of(*line.find("ids"));
            if (t.encode(text, parsed) == expected) continue;
            CAPTURE(text);
            CHECK(t.encode(text, parsed) == expected);
        }
        CHECK(t.is_eog(*t.eos()));
        if (family == "gpt-oss") CHECK_FALSE(t.is_eog(*t.find("<|end|>")));  // of an analysis
    }
}

TEST_CASE("tokenizer: encodings of SmolLM3's vocabulary that others have published") {
    const auto vocab = shared("vocab/smollm3-vocab.gguf");
    if (!vocab) return;
    const tokenizer t = load(*vocab);
    const std::pair<std::string_view, ids> examples[] = {
        {"The quick brown fox", {791, 4062, 14198, 39935}},
        {"1234567890", {4513, 10961, 16474, 15}},
        {"I'm testing SmolLM3.", {40, 2846, 7649, 4487, 337, 11237, 18, 13}},
        {"camelCase42HTTP", {94421, 4301, 2983, 9412}},
        {"你好，SmolLM3！", {57668, 53901, 3922, 10902, 337, 11237, 18, 6447}},
        {"Hello   world\nnext", {9906, 256, 1917, 198, 3684}},
        {"Gravity is the force", {39509, 374, 279, 5457}},
        {"Hello, world!", {9906, 11, 1917, 0}},
        {"don't DON'T", {15357, 956, 45373, 17773}},
        {"naïve café", {3458, 38672, 588, 53050}},
        {"🙂", {9468, 19044}},
        {"a\r\nb", {64, 319, 65}},
        {"  leading", {220, 6522}},
        {"trailing  ", {376, 14612, 256}},
        {"\n", {198}},
        {"\n\n", {271}},
        {".\n\n", {382}},
        {"x=1;\n\n    y", {87, 28, 16, 401, 262, 379}},
        {"", {}},
    };
    for (const auto& [text, expected] : examples) {
        CAPTURE(text);
        CHECK(t.encode(text) == expected);  // the file adds no BOS
        CHECK(t.decode(expected) == text);
    }
    CHECK(t.n_vocab() == 128256);
    CHECK(t.bos() == std::optional<token>(128000));
    CHECK(t.eos() == std::optional<token>(128012));
    CHECK_FALSE(t.adds_bos());
    std::set<token> ends;
    for (token id = 0; id < 128256; ++id)
        if (t.is_eog(id)) ends.insert(id);
    CHECK(ends == std::set<token>{128001, 128008, 128009, 128012});
    CHECK(t.find("<think>") == std::optional<token>(128002));
    CHECK(t.find("<|im_end|>") == std::optional<token>(128012));
    CHECK(t.find(" the") == std::optional<token>(279));
    CHECK(t.find("<|no_such_token|>") == std::nullopt);
}

TEST_CASE("tokenizer: a user's text makes no control token") {
    const auto vocab = shared("vocab/smollm3-vocab.gguf");
    if (!vocab) return;
    const tokenizer t = load(*vocab);
    for (token id = 128000; id < 128256; ++id) {
        const std::string text = "a" + std::string(t.piece(id, {.special = true})) + "b";
        for (const token made : t.encode(text)) CHECK_FALSE(t.is_control(made));
        CHECK(t.decode(t.encode(text)) == text);
        const ids with = t.encode(text, parsed);
        CHECK(std::find(with.begin(), with.end(), id) != with.end());
    }
}

TEST_CASE("tokenizer: the bundled model's prompts") {
    const auto model = test::models_dir() / "nibble-tiny.gguf";
    const auto expected = test::data_dir() / "nibble-tiny-Q4_K_M.expected.jsonl";
    const tokenizer t = load(model);
    std::size_t n = 0, wrong = 0, wrong_text = 0;
    for (const json& line : lines_of(expected)) {
        const std::string& prompt = line.find("prompt")->as_string();
        const ids prompt_ids = ids_of(*line.find("prompt_ids"));
        wrong += t.encode(prompt, parsed) != prompt_ids;
        wrong_text += t.decode(prompt_ids, {.special = true}) != prompt;
        ++n;
    }
    CHECK(n == 70);
    CHECK(wrong == 0);
    CHECK(wrong_text == 0);
}

TEST_CASE("tokenizer: any bytes come back") {
    const tokenizer t = load(test::models_dir() / "nibble-tiny.gguf");
    std::mt19937 random(8);
    std::size_t wrong = 0, wrong_stream = 0;
    for (int i = 0; i < 20'000; ++i) {
        std::string text;
        for (auto n = random() % 40; n > 0; --n)
            text += static_cast<char>(random() % 2 == 0 ? random() & 0xff : ' ' + random() % 95);
        const ids encoded = t.encode(text);
        wrong += t.decode(encoded) != text;
        utf8_stream stream;
        std::string streamed;
        for (const token id : encoded) streamed += stream.push(t.piece(id));
        streamed += stream.finish();
        wrong_stream += streamed != text;
    }
    CHECK(wrong == 0);
    CHECK(wrong_stream == 0);
    std::size_t wrong_code_points = 0;
    for (char32_t c = 0; c < 0x110000; c += c < 0x3000 ? 1 : 7) {
        if (c >= 0xd800 && c <= 0xdfff) continue;
        std::string text;
        append_utf8(text, c);
        wrong_code_points += t.decode(t.encode(text)) != text;
    }
    CHECK(wrong_code_points == 0);
}

TEST_CASE("tokenizer: a million equal characters, on a small stack") {
    std::vector<tokenizer> tokenizers;
    tokenizers.push_back(load(test::models_dir() / "nibble-tiny.gguf"));
    auto v = test::sentencepiece_vocabulary();
    for (std::string text = "a"; text.size() <= 64; text += text) v.add(text, token_type::normal, -1);
    tokenizers.emplace_back(v.vocab);
    for (const char* tag : {"llama-bpe", "tekken", "smollm", "gpt-2", "qwen2", "deepseek-llm"}) {
        tokenizer_options options;
        options.pretokenizer = tag;
        tokenizers.push_back(load(test::models_dir() / "nibble-tiny.gguf", options));
    }
    for (const std::string_view unit : {"a", " ", "\n", "7", "A", "'", ".", "\u4e2d", "\xcc\x81", "\xff", "ab",
                                        "\xf0\x9f\x91\xa9\xe2\x80\x8d", " \n", "<|im_"}) {
        const std::string text = repeated(unit, 1'000'000 / unit.size());
        for (const tokenizer& t : tokenizers) {
            std::string decoded;
            on_small_stack([&] { decoded = t.decode(t.encode(text, parsed)); });
            CAPTURE(unit, &t - tokenizers.data());
            CHECK((decoded == text));
        }
    }
}

TEST_CASE("tokenizer: special tokens and what add_special adds") {
    small_vocabulary v;
    const tokenizer t(v.vocab);
    const ids chat = t.encode("<|im_start|>ab<|im_end|>", parsed);
    CHECK(chat == ids{v.im_start, v.ab, v.im_end});
    CHECK(t.encode("<|im_start|>ab<|im_end|>").size() == 12 + 1 + 10);
    CHECK(t.encode("<think>ab") == ids{v.think, v.ab});  // user-defined: always
    CHECK(t.encode("a   b") == ids{'a', v.space_pair, ' ', 'b'});
    CHECK(t.decode(chat) == "ab");
    CHECK(t.decode(chat, {.special = true}) == "<|im_start|>ab<|im_end|>");
    CHECK(t.decode(ids{v.think, v.ab}) == "<think>ab");
    CHECK(t.piece(v.im_end) == "");
    CHECK(t.piece(v.im_end, {.special = true}) == "<|im_end|>");
    CHECK(t.is_control(v.im_end));
    CHECK_FALSE(t.is_control(v.think));
    CHECK_FALSE(t.is_control(-1));
    CHECK_FALSE(t.is_eog(1'000'000));

    v.vocab.add_bos = true;
    v.vocab.add_eos = true;
    const tokenizer adding(v.vocab);
    CHECK(adding.encode("ab") == ids{v.im_start, v.ab, v.im_end});
    CHECK(adding.encode("ab", plain) == ids{v.ab});
    CHECK(adding.encode("") == ids{v.im_start, v.im_end});
    ids appended{7};
    adding.encode("ab", appended);
    CHECK(appended == ids{7, v.im_start, v.ab, v.im_end});
}

TEST_CASE("tokenizer: the tag decides what the file leaves open") {
    small_vocabulary v;
    v.vocab.pre = "llama-bpe";
    CHECK(tokenizer(v.vocab).adds_bos());
    v.vocab.add_bos = false;
    CHECK_FALSE(tokenizer(v.vocab).adds_bos());
    v.vocab.add_bos.reset();
    v.vocab.bos.reset();
    CHECK_FALSE(tokenizer(v.vocab).adds_bos());  // nothing to add
    v.vocab.pre = "smollm";
    CHECK_FALSE(tokenizer(v.vocab).adds_bos());

    const token abc = v.add("abc");  // no merge makes it
    v.vocab.pre = "smaug-bpe";
    CHECK(tokenizer(v.vocab).encode("abc") == ids{abc});
    v.vocab.ignore_merges = false;
    CHECK(tokenizer(v.vocab).encode("abc") == ids{v.ab, 'c'});
    tokenizer_options options;
    options.ignore_merges = true;
    CHECK(tokenizer(v.vocab, options).encode("abc") == ids{abc});
    v.vocab.ignore_merges.reset();
    v.vocab.pre = "smollm";
    CHECK(tokenizer(v.vocab).encode("abc") == ids{v.ab, 'c'});
}

TEST_CASE("tokenizer: texts become form C where the pre-tokenizer says so") {
    small_vocabulary v;
    const token e_acute = v.merge("\xc3", "\xa9"), mark = v.merge("\xcc", "\x81");
    const token accented = v.add("e\u0301", token_type::user_defined);
    for (const char* tag : {"qwen2", "deepseek-r1-qwen", "stablelm2", "command-r", "olmo", "mpt"}) {
        v.vocab.pre = tag;
        const tokenizer t(v.vocab);
        CAPTURE(tag);
        CHECK(t.encode("\u00e9") == ids{e_acute});
        CHECK(t.encode("e\u0301") == ids{accented});  // special tokens are looked for first
        CHECK(t.encode("be\u0323\u0301") == t.encode("b\u1eb9\u0301"));
        CHECK(t.encode("e\xff\u0301") == ids{'e', 0xff, mark});
    }
    v.vocab.tokens.pop_back();
    v.vocab.types.pop_back();
    v.vocab.scores.pop_back();
    CHECK(tokenizer(v.vocab).encode("e\u0301") == ids{e_acute});
    tokenizer_options options;
    options.nfc = false;
    CHECK(tokenizer(v.vocab, options).encode("e\u0301") == ids{'e', mark});
    v.vocab.pre = "llama-bpe";
    CHECK(tokenizer(v.vocab).encode("e\u0301", plain) == ids{'e', mark});
    options.nfc = true;
    CHECK(tokenizer(v.vocab, options).encode("e\u0301", plain) == ids{e_acute});
}

TEST_CASE("tokenizer: equal and empty texts") {
    small_vocabulary v;
    const token again = v.add("ab"), empty = v.add(""), no_alphabet = v.add("\u4e2d x");
    const token end_again = v.add("<|im_end|>", token_type::control), nothing = v.add("", token_type::control);
    const tokenizer t(v.vocab);
    CHECK(t.encode("ab") == ids{v.ab});
    CHECK(t.find("ab") == std::optional<token>(v.ab));
    CHECK(t.find("<|im_end|>") == std::optional<token>(v.im_end));
    CHECK(t.find("") == std::nullopt);
    CHECK(t.decode(ids{v.ab, again, empty, no_alphabet}) == "abab\u4e2d x");
    CHECK(t.encode("\u4e2d x").size() == 5);  // bytes, as no merge makes the token
    CHECK(t.decode(ids{end_again, nothing}, {.special = true}) == "<|im_end|>");
    CHECK(t.encode("<|im_end|>", parsed) == ids{v.im_end});
    CHECK(t.is_eog(end_again));
}

TEST_CASE("tokenizer: tags of reasoning and tools are shown, even where they are control tokens") {
    small_vocabulary v;
    const token think = v.add("</think>", token_type::control), end = v.add("</s>", token_type::control);
    const tokenizer t(v.vocab);
    CHECK(t.decode(ids{think, end}) == "</think>");
    CHECK(t.is_control(think));
    CHECK(t.is_eog(end));
    CHECK_FALSE(t.is_eog(think));
}

TEST_CASE("tokenizer: eos and eot end a reply whatever they are called") {
    small_vocabulary v;
    v.vocab.eot = v.add("done", token_type::normal);
    v.vocab.eos = v.ab;
    const token text_like_end = v.merge("</", "s>");  // ordinary text
    const tokenizer t(v.vocab);
    CHECK(t.is_eog(*v.vocab.eot));
    CHECK(t.is_eog(v.ab));
    CHECK(t.is_eog(v.im_end));
    CHECK_FALSE(t.is_eog(text_like_end));
    v.vocab.eos.reset();
    v.vocab.eot.reset();
    CHECK_FALSE(tokenizer(v.vocab).is_eog(v.ab));
    CHECK(tokenizer(v.vocab).eos() == std::nullopt);
}

TEST_CASE("tokenizer: known ends of replies end them, whatever their type") {
    for (const auto type : {token_type::normal, token_type::user_defined, token_type::unused, token_type::control})
        for (const char* mark : {"<|im_end|>", "<|eot_id|>", "<end_of_turn>", "</s>", "<|end|>",
                                 "<|END_OF_TURN_TOKEN|>", "<|observation|>", "[|endofturn|]", "<seed:eos>"}) {
            auto v = test::byte_level_vocabulary();
            v.merge("a", "b");
            const token end = v.add(mark, type);
            v.vocab.eos = v.add("<|other|>", token_type::control);
            const tokenizer t(v.vocab);
            INFO(mark << " of type " << static_cast<int>(type));
            CHECK(t.is_eog(end));
            CHECK(t.is_eog(*v.vocab.eos));
            CHECK(t.encode(mark, parsed) == ids{end});
            CHECK(t.encode(mark).size() == std::string_view(mark).size());  // a user's text ends no turn
            CHECK(t.piece(end).empty());
        }
}

TEST_CASE("tokenizer: texts that end a reply may be added") {
    small_vocabulary v;
    const token done = v.add("<done>", token_type::user_defined);
    CHECK_FALSE(tokenizer(v.vocab).is_eog(done));
    const tokenizer t(v.vocab, {.end_texts = {"<done>", "ab"}});
    CHECK(t.is_eog(done));
    CHECK(t.is_eog(v.ab));
    CHECK(t.is_eog(v.im_end));
    CHECK(test::refusal_of([&] { return tokenizer(v.vocab, {.end_texts = {"<no such>"}}); }) ==
          test::refusal{errc::bad_option, "option end_texts"});
}

TEST_CASE("tokenizer: ids that name no token matter only where they are needed") {
    for (const token id : {-1, 261, 0x7fffffff}) {
        small_vocabulary v;
        v.vocab.bos = v.vocab.eos = v.vocab.eot = v.vocab.unknown = id;
        const tokenizer t(v.vocab);
        CHECK_FALSE(t.bos());
        CHECK(t.eos() == v.im_end);  // the known end of a reply that there is
        CHECK(t.is_eog(v.im_end));
        v.vocab.add_eos = true;
        CHECK(tokenizer(v.vocab).encode("ab") == ids{v.ab, v.im_end});
        v.vocab.add_bos = true;
        CHECK(test::refusal_of([&] { return tokenizer(v.vocab); }) ==
              test::refusal{errc::vocab_bad_token_id, "tokenizer.ggml.bos_token_id"});
    }
}

TEST_CASE("tokenizer: without types all tokens but turn marks are text") {
    small_vocabulary v;
    v.vocab.types.clear();
    v.vocab.scores.clear();
    const tokenizer t(v.vocab);
    CHECK(t.is_control(v.im_end));
    CHECK_FALSE(t.is_control(v.think));
    CHECK(t.encode("ab") == ids{v.ab});
    auto s = test::sentencepiece_vocabulary();
    s.vocab.types.clear();
    s.vocab.add_space_prefix = false;
    CHECK(tokenizer(s.vocab).encode("a", plain) == ids{3 + 'a'});
}

TEST_CASE("tokenizer: it needs the vocabulary no longer than it is built") {
    std::optional<tokenizer> t;
    {
        small_vocabulary v;
        t.emplace(v.vocab);
    }
    const tokenizer moved = std::move(*t);
    CHECK(moved.decode(moved.encode("ab <think> caf\xc3\xa9")) == "ab <think> caf\xc3\xa9");
}

TEST_CASE("tokenizer: bad vocabularies are refused") {
    using test::refusal;
    const auto refusal_of = [](const std::function<void(small_vocabulary&)>& spoil,
                               const tokenizer_options& options = {}) {
        small_vocabulary v;
        spoil(v);
        return test::refusal_of([&] { return tokenizer(v.vocab, options); });
    };
    const std::string key = "tokenizer.ggml.";
    CHECK(refusal_of([](auto& v) { v.vocab.model = "bert"; }) == refusal{errc::vocab_bad_type, key + "model"});
    CHECK(refusal_of([](auto& v) { v.vocab.model.clear(); }) == refusal{errc::vocab_missing, key + "model"});
    CHECK(refusal_of([](auto& v) { v.vocab.tokens.clear(); }) == refusal{errc::vocab_missing, key + "tokens"});
    CHECK(refusal_of([](auto& v) { v.vocab.merges.clear(); }) == refusal{errc::vocab_missing, key + "merges"});
    CHECK(refusal_of([](auto& v) { v.vocab.types.pop_back(); }) ==
          refusal{errc::vocab_length_mismatch, key + "token_type"});
    CHECK(refusal_of([](auto& v) { v.vocab.scores.push_back(0); }) ==
          refusal{errc::vocab_length_mismatch, key + "scores"});
    for (const std::int32_t type : {0, 7, -1, 0x7fffffff})
        CHECK(refusal_of([&](auto& v) { v.vocab.types[5] = type; }) ==
              refusal{errc::vocab_bad_type, key + "token_type[5]"});
    CHECK(refusal_of([](auto& v) {
              v.vocab.add_eos = true;
              v.vocab.eos.reset();
          }) == refusal{errc::vocab_bad_token_id, key + "eos_token_id"});
    CHECK(refusal_of([](auto& v) { v.vocab.tokens[65] = "b"; }) == refusal{errc::vocab_bad_byte_token, key + "tokens"});

    const auto unknown_tag = refusal_of([](auto& v) { v.vocab.pre = "no-such-tag"; });
    CHECK(unknown_tag == refusal{errc::vocab_bad_type, key + "pre"});
    for (const char* part : {"no-such-tag", "llama-bpe", "deepseek-llm", "option pretokenizer"})
        CHECK(unknown_tag.text.find(part) != std::string::npos);
    const auto near_tag = refusal_of([](auto& v) { v.vocab.pre = "gpt-4.1"; });
    CHECK(near_tag.text.find("option pretokenizer (--pre) takes gpt-4o, the nearest") != std::string::npos);
    CHECK(refusal_of([](auto& v) { v.vocab.pre.clear(); }).where == "accepted");  // as "default"
    tokenizer_options options;
    options.pretokenizer = "gpt-2";
    CHECK(refusal_of([](auto& v) { v.vocab.pre = "no-such-tag"; }, options).where == "accepted");
    options.pretokenizer = "nonsense";
    CHECK(refusal_of([](auto&) {}, options) == refusal{errc::vocab_bad_type, "option pretokenizer"});
    options = {};
    options.max_text_bytes = std::size_t{1} << 31;
    CHECK(refusal_of([](auto&) {}, options) == refusal{errc::bad_option, "max_text_bytes"});
}

TEST_CASE("tokenizer: texts and ids beyond the bounds are refused") {
    using test::refusal;
    small_vocabulary v;
    tokenizer_options options;
    options.max_text_bytes = 10;
    const tokenizer t(v.vocab, options);
    CHECK(t.encode("0123456789").size() == 10);
    ids out{1};
    CHECK(test::refusal_of([&] { t.encode("0123456789a", out); }) == refusal{errc::text_too_long, "text"});
    CHECK(out == ids{1});
    for (const token id : {-1, 261, 0x7fffffff}) {
        CHECK(test::refusal_of([&] { return t.decode(ids{id}); }) == refusal{errc::ctx_bad_token, "token"});
        CHECK(test::refusal_of([&] { return t.piece(id); }) == refusal{errc::ctx_bad_token, "token"});
    }
}

TEST_CASE("tokenizer: a user-defined token of SentencePiece is part of its text") {
    auto v = test::sentencepiece_vocabulary();
    v.add(";", token_type::user_defined);
    v.add("  ", token_type::user_defined);
    const tokenizer t(v.vocab);
    for (const std::string text :
         {"a;b", ";a", "a; b", "  a", " ;", "a  ", ";;", " a  ;  b", "a</s>b", "</s> a</s></s>;"}) {
        CAPTURE(text);
        CHECK(t.decode(t.encode(text)) == text);
        CHECK(t.decode(t.encode(text, parsed), {.special = true}) == text);
    }
}

TEST_CASE("tokenizer: seams hide special tokens and do nothing else") {
    small_vocabulary v;
    auto s = test::sentencepiece_vocabulary();
    for (const tokenizer& t : {tokenizer(v.vocab), tokenizer(s.vocab)}) {
        const std::string text = "ab </s> ab<|im_end|>ab ab";
        std::vector<std::size_t> seams;
        for (std::size_t at = 0; at <= text.size(); ++at) seams.push_back(at);
        ids out;
        t.encode(text, seams, out, parsed);
        CHECK(out == t.encode(text, plain));
        out.clear();
        t.encode(text, std::vector<std::size_t>{3, 7, 10, 20}, out, parsed);
        CHECK(out == t.encode(text, parsed));
    }
}
