// SPDX-License-Identifier: Apache-2.0
#include <nibble/text/pretokenizer/pretokenizer.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/text/pretokenizer/tags.hpp>

#include "test.hpp"

#ifdef NIBBLE_TEST_PCRE2
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#endif

using namespace nibble;

namespace {

using words = std::vector<std::string_view>;

words split(pretokenizer pattern, std::string_view text) {
    words out;
    split_words(pattern, text, [&](std::string_view word) { out.push_back(word); });
    return out;
}

constexpr pretokenizer all_patterns[] = {
    pretokenizer::llama_bpe,   pretokenizer::qwen2,      pretokenizer::qwen35,       pretokenizer::seed_coder,
    pretokenizer::minicpm5,    pretokenizer::gpt_2,      pretokenizer::smollm,       pretokenizer::tekken,
    pretokenizer::gpt_4o,      pretokenizer::tiny_aya,   pretokenizer::deepseek_llm, pretokenizer::deepseek_coder,
    pretokenizer::deepseek_v3, pretokenizer::exaone_moe, pretokenizer::kimi_k2,      pretokenizer::bloom,
    pretokenizer::viking,      pretokenizer::superbpe,
};

}  // namespace

TEST_CASE("pretokenizer: llama-bpe") {
    constexpr auto p = pretokenizer::llama_bpe;
    CHECK(split(p, "") == words{});
    CHECK(split(p, "Hello, world!") == words{"Hello", ",", " world", "!"});
    CHECK(split(p, "1234567") == words{"123", "456", "7"});
    CHECK(split(p, "DON'T don't we'LL 'x") == words{"DON", "'T", " don", "'t", " we", "'LL", " '", "x"});
    CHECK(split(p, "a'\xc5\xbfx") == words{"a", "'\xc5\xbf", "x"});  // U+017F folds to s
    CHECK(split(p, "a  b   \n\n  c") == words{"a", " ", " b", "   \n\n", " ", " c"});
    CHECK(split(p, "x \t") == words{"x", " \t"});
    CHECK(split(p, "!!\r\n\r\nx") == words{"!!\r\n\r\n", "x"});
    CHECK(split(p, "\nab") == words{"\n", "ab"});
    CHECK(split(p, "\tab.cd") == words{"\tab", ".cd"});
    CHECK(split(p, " \u0301a") == words{" \u0301", "a"});
    CHECK(split(p, "\xe4\xbd\xa0\xe5\xa5\xbd\xef\xbc\x8c") == words{"\xe4\xbd\xa0\xe5\xa5\xbd", "\xef\xbc\x8c"});
}

TEST_CASE("pretokenizer: qwen35, seed-coder and minicpm5 beside qwen2 and llama-bpe") {
    CHECK(split(pretokenizer::qwen2, "12 a\u0301b!\n") == words{"1", "2", " a", "\u0301b", "!\n"});
    CHECK(split(pretokenizer::qwen35, "12 a\u0301b!\n") == words{"1", "2", " a\u0301b", "!\n"});
    CHECK(split(pretokenizer::qwen35, " \u0301.\u0301") == words{" \u0301", ".\u0301"});
    CHECK(split(pretokenizer::seed_coder, "12 a\u0301b!\n") == words{"1", "2", " a", "\u0301b", "!", "\n"});
    CHECK(split(pretokenizer::llama_bpe, "a  1234") == words{"a", " ", " ", "123", "4"});
    CHECK(split(pretokenizer::minicpm5, "a  1234") == words{"a", "  ", "123", "4"});  // the space ends its piece
}

TEST_CASE("pretokenizer: gpt-2 and smollm") {
    CHECK(split(pretokenizer::gpt_2, "don'T it's  12a\n\n b") ==
          words{"don", "'", "T", " it", "'s", " ", " 12", "a", "\n\n", " b"});
    CHECK(split(pretokenizer::smollm, "don'T it's  12a\n\n b") ==
          words{"don", "'", "T", " it", "'s", "  ", "1", "2", "a", "\n\n", " b"});
    CHECK(split(pretokenizer::smollm, " 7 8") == words{" ", "7", " ", "8"});
    CHECK(split(pretokenizer::gpt_2, "\t\tx") == words{"\t", "\t", "x"});
}

TEST_CASE("pretokenizer: tekken gives letters back where cases change") {
    constexpr auto p = pretokenizer::tekken;
    CHECK(split(p, "camelCaseHTTPServer") == words{"camel", "Case", "HTTPServer"});
    CHECK(split(p, "HTTP server") == words{"HTTP", " server"});
    CHECK(split(p, "A\u4e2dBC") == words{"A\u4e2d", "BC"});
    CHECK(split(p, "\u0301AB") == words{"\u0301", "AB"});
    CHECK(split(p, "12 a//\n/b") == words{"1", "2", " a", "//\n/", "b"});
}

TEST_CASE("pretokenizer: gpt-4o keeps contractions and marks with their words") {
    constexpr auto p = pretokenizer::gpt_4o;
    CHECK(split(p, "don't DON'T We'LLama") == words{"don't", " DON'T", " We'LL", "ama"});
    CHECK(split(p, "DURACI\u00d3N 1234") == words{"DURACI\u00d3N", " ", "123", "4"});
    CHECK(split(p, "e\u0301'\u017fx '") == words{"e\u0301'\u017f", "x", " '"});
}

TEST_CASE("pretokenizer: exaone-moe keeps words with single spaces between them together") {
    constexpr auto p = pretokenizer::exaone_moe;
    CHECK(split(p, "one two  three 4 five") == words{"one two", " ", " three", " ", "4", " five"});
    CHECK(split(p, "(a\u0301 b)\n\n/c") == words{"(a\u0301 b", ")\n", "\n", "/c"});
    CHECK(split(p, "it's a \u0301b") == words{"it", "'s", " a", " \u0301", "b"});
}

TEST_CASE("pretokenizer: kimi-k2 keeps ideographs apart") {
    constexpr auto p = pretokenizer::kimi_k2;
    CHECK(split(p, "a\u4f60\u597dB's 1234") == words{"a", "\u4f60\u597d", "B's", " ", "123", "4"});
    CHECK(split(p, "!\u2f00\n/ \u3007\u3042") == words{"!\u2f00\n", "/", " ", "\u3007", "\u3042"});
}

TEST_CASE("pretokenizer: bloom cuts at spaces, brackets and the ends of sentences") {
    constexpr auto p = pretokenizer::bloom;
    CHECK(split(p, "Hello, big (world)!  x") == words{"Hello", ",", " big", " (", "world", ")! ", " x"});
    CHECK(split(p, "a1-b\tc \u3002") == words{"a1-b", "\t", "c", " \u3002"});
}

TEST_CASE("pretokenizer: viking cuts bloom's words at each number") {
    constexpr auto p = pretokenizer::viking;
    CHECK(split(p, "ied 4 \u00bd months") == words{"ied", " ", "4", " ", "\u00bd", " months"});
    CHECK(split(p, "(a12)  x") == words{"(", "a", "1", "2", ") ", " x"});
}

TEST_CASE("pretokenizer: superbpe cuts at numbers alone, and in them before groups of three digits") {
    constexpr auto p = pretokenizer::superbpe;
    CHECK(split(p, "By the way,\n 1234567!") == words{"By the way,\n ", "1", "234", "567", "!"});
    CHECK(split(p, "x123456 12") == words{"x", "123", "456", " ", "12"});
    CHECK(split(p, "1234\u00bd\u0663\u0663\u0663") == words{"1", "234\u00bd", "\u0663\u0663\u0663"});
}

TEST_CASE("pretokenizer: tiny_aya groups digits from the right, unless a word goes on behind them") {
    constexpr auto p = pretokenizer::tiny_aya;
    CHECK(split(p, "1234567 12") == words{"1", "234", "567", " ", "12"});
    CHECK(split(p, "x1234.5678") == words{"x", "1", "234", ".", "5", "678"});
    CHECK(split(p, "1234x 1234_ 1234\u2167") == words{"123", "4", "x", " ", "123", "4", "_", " ", "123", "4\u2167"});
    CHECK(split(p, "\u0663\u0663\u0663\u0663\u00bd") == words{"\u0663", "\u0663\u0663\u0663", "\u00bd"});
}

TEST_CASE("pretokenizer: deepseek-v3 cuts numbers, then kana and ideographs, then words") {
    constexpr auto p = pretokenizer::deepseek_v3;
    CHECK(split(p, "a1234 b") == words{"a", "123", "4", " b"});
    CHECK(split(p, "x\u4f60\u597d\u30fby") == words{"x", "\u4f60\u597d", "\u30fb", "y"});
    CHECK(split(p, "f(x)!\n\n.\u00e9") == words{"f", "(x", ")!\n\n", ".", "\u00e9"});
    CHECK(split(p, "\1\2 \1\2a") == words{"\1\2", " ", "\1", "\2a"});  // the rest are words that no match covers
}

TEST_CASE("pretokenizer: deepseek-coder cuts in five passes") {
    constexpr auto p = pretokenizer::deepseek_coder;
    CHECK(split(p, "if x:\n\n  12") == words{"if", " x", ":", "\n", "\n", "  ", "1", "2"});
    CHECK(split(p, "a\u4f60 $=") == words{"a", "\u4f60", " $="});
}

TEST_CASE("pretokenizer: deepseek-llm cuts in six passes") {
    constexpr auto p = pretokenizer::deepseek_llm;
    CHECK(split(p, "Hello, world 12\n\n") == words{"Hello", ",", " world", " ", "1", "2", "\n", "\n"});
    // The third pattern's range from : to ~ has the ASCII letters, so it cuts words of the second.
    CHECK(split(p, "na\xc3\xafve") == words{"na", "\xc3\xaf", "ve"});
    CHECK(split(p, "ab  ") == words{"ab", "  "});
}

TEST_CASE("pretokenizer: bytes that are no UTF-8 are characters of their own") {
    for (const pretokenizer p : all_patterns) {
        CAPTURE(static_cast<int>(p));
        CHECK(split(p, "\xff") == words{"\xff"});
        if (p != pretokenizer::bloom) CHECK(split(p, "\xed\xa0\2001") == words{"\xed\xa0\x80", "1"});
        const bool as_letters =
            p == pretokenizer::bloom || p == pretokenizer::viking || p == pretokenizer::superbpe;  // as good as these
        CHECK(split(p, "a\xe4\xb8") == (as_letters ? words{"a\xe4\xb8"} : words{"a", "\xe4\xb8"}));
    }
    CHECK(split(pretokenizer::llama_bpe, "\344ab") == words{"\344ab"});
}

TEST_CASE("pretokenizer: every tag's pattern is among those that are compared") {
    for (const auto& tag : pretokenizer_tags) {
        CAPTURE(tag.name);
        CHECK(std::find(std::begin(all_patterns), std::end(all_patterns), tag.pattern) != std::end(all_patterns));
    }
}

TEST_CASE("pretokenizer: the words joined are the text, for any bytes") {
    std::mt19937 random(7);
    std::size_t wrong = 0;
    for (int i = 0; i < 20'000; ++i) {
        std::string text;
        for (auto n = random() % 20; n > 0; --n) text += static_cast<char>(random() & 0xff);
        for (const pretokenizer p : all_patterns) {
            std::string joined;
            for (const std::string_view word : split(p, text)) {
                wrong += word.empty();
                joined += word;
            }
            wrong += joined != text;
        }
    }
    CHECK(wrong == 0);
}

#ifdef NIBBLE_TEST_PCRE2

namespace {

/// One pattern, compiled by PCRE2.
class regex {
public:
    explicit regex(const std::string& pattern) {
        int code = 0;
        PCRE2_SIZE at = 0;
        constexpr std::uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_NO_UTF_CHECK | PCRE2_DOLLAR_ENDONLY;
        code_.reset(
            pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), options, &code, &at, nullptr));
        REQUIRE(code_ != nullptr);
        pcre2_jit_compile(code_.get(), PCRE2_JIT_COMPLETE);
        match_.reset(pcre2_match_data_create_from_pattern(code_.get(), nullptr));
    }

    /// The next match at or behind `at`: begin and end, or two npos.
    std::pair<std::size_t, std::size_t> next(std::string_view text, std::size_t at) const {
        if (run(text, at) <= 0) return {std::string::npos, std::string::npos};
        const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(match_.get());
        return {bounds[0], bounds[1]};
    }

    /// The number of the first group that matched; 0 for none.
    std::size_t group(std::string_view text) const {
        const int n = run(text, 0);
        return n <= 1 ? 0 : static_cast<std::size_t>(n - 1);
    }

private:
    int run(std::string_view text, std::size_t at) const {
        return pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), at, PCRE2_NO_UTF_CHECK,
                           match_.get(), nullptr);
    }

    struct freeing {
        void operator()(pcre2_code* code) const { pcre2_code_free(code); }
        void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
    };
    std::unique_ptr<pcre2_code, freeing> code_;
    std::unique_ptr<pcre2_match_data, freeing> match_;
};

/// The definition of a pre-tokenizer: each pattern in turn isolates its matches in the pieces it is given.
class reference {
public:
    explicit reference(pretokenizer pattern) {
        for (std::string text : patterns(pattern)) {
            // PCRE2's \s has U+180E, which is not White_Space.
            replace(text, "\\S", "[^\\p{Z}\\x{9}-\\x{d}\\x{85}]");
            replace(text, "[^\\s", "[^\\p{Z}\\x{9}-\\x{d}\\x{85}");
            replace(text, "\\s", "[\\p{Z}\\x{9}-\\x{d}\\x{85}]");
            regexes_.emplace_back(text);
        }
    }

    words split(std::string_view text) const {
        words pieces;
        if (!text.empty()) pieces.push_back(text);
        for (const regex& r : regexes_) {
            words finer;
            for (const std::string_view piece : pieces) {
                std::size_t done = 0;
                for (std::size_t from = 0; from < piece.size();) {
                    const auto [begin, end] = r.next(piece, from);
                    if (begin == std::string::npos) break;
                    if (begin > done) finer.push_back(piece.substr(done, begin - done));
                    if (end > begin) finer.push_back(piece.substr(begin, end - begin));
                    done = end;
                    from = end > begin ? end : end + decode_utf8(piece, end).length;
                }
                if (done < piece.size()) finer.push_back(piece.substr(done));
            }
            pieces = std::move(finer);
        }
        return pieces;
    }

private:
    static std::vector<std::string> patterns(pretokenizer pattern) {
        const std::string contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
        const std::string newlines_and_spaces = R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";
        const std::string letters = contractions + R"(|[^\r\n\p{L}\p{N}]?\p{L}+)";
        const std::string solids = R"(| ?[^\s\p{L}\p{N}]+[\r\n]*)" + newlines_and_spaces;
        const std::string gpt_2 = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
        const std::string upper_first =
            R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)";
        const std::string upper_only =
            R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*)";
        const std::string cased_solids = R"(| ?[^\s\p{L}\p{N}]+[\r\n/]*)" + newlines_and_spaces;
        const std::string gpt_4o =
            upper_first + contractions + "?" + upper_only + contractions + "?" + R"(|\p{N}{1,3})" + cased_solids;
        const std::string no_word_character =
            R"((?![\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\x{24b6}-\x{24e9}\x{1f130}-\x{1f149}\x{1f150}-\x{1f169})"
            R"(\x{1f170}-\x{1f189}]))";
        const std::string bloom = R"( ?[^\s(|.,!?…。，、।۔،)]+)";
        const std::string ideographs = R"([一-龥ࠀ-一가-\x{d7ff}]+)";
        switch (pattern) {
            case pretokenizer::llama_bpe: return {letters + R"(|\p{N}{1,3})" + solids};
            case pretokenizer::qwen2: return {letters + R"(|\p{N})" + solids};
            case pretokenizer::qwen35:
                return {contractions + R"(|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*)" +
                        newlines_and_spaces};
            case pretokenizer::seed_coder:
                return {letters + R"(|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+)" + newlines_and_spaces};
            case pretokenizer::exaone_moe:
                return {contractions + R"(|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N})"
                                       R"(| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+)"};
            case pretokenizer::minicpm5: return {R"(\p{N}{1,3})", letters + R"(|\p{N}+)" + solids};
            case pretokenizer::gpt_2: return {gpt_2};
            case pretokenizer::smollm: return {R"(\p{N})", gpt_2};
            case pretokenizer::tekken: return {upper_first + upper_only + R"(|\p{N})" + cased_solids};
            case pretokenizer::gpt_4o: return {gpt_4o};
            case pretokenizer::kimi_k2:
                // \p{Han} alone would be all that Han text may have, marks and symbols too (Script_Extensions).
                return {R"([\p{sc:Han}]+|[^\r\n\p{L}\p{N}]?(?:(?!\p{sc:Han})[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}])*)"
                        R"((?:(?!\p{sc:Han})[\p{Ll}\p{Lm}\p{Lo}\p{M}])+)" +
                        contractions +
                        R"(?|[^\r\n\p{L}\p{N}]?(?:(?!\p{sc:Han})[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}])+)"
                        R"((?:(?!\p{sc:Han})[\p{Ll}\p{Lm}\p{Lo}\p{M}])*)" +
                        contractions + R"(?|\p{N}{1,3})" + solids};
            case pretokenizer::bloom: return {bloom};
            case pretokenizer::viking: return {bloom, R"(\p{N})"};
            case pretokenizer::superbpe: return {R"(\p{N}+)", R"((?=(?:\p{Nd}{3})+(?!\p{Nd})))"};
            case pretokenizer::tiny_aya:
                // Of \b, which PCRE2 takes from fewer characters, what can hold behind a digit.
                return {R"(\p{Nd}{1,3}(?=(?:\p{Nd}{3})*)" + no_word_character + ")", gpt_4o};
            case pretokenizer::deepseek_coder:
                return {R"([\r\n])", R"(\s?\p{L}+)", R"(\s?\p{P}+)", ideographs, R"(\p{N})"};
            case pretokenizer::deepseek_v3:
                return {R"(\p{N}{1,3})", "[一-龥぀-ゟ゠-ヿ]+",
                        R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+)"
                        R"(| ?[\p{P}\p{S}]+[\r\n]*)" +
                            newlines_and_spaces};
            case pretokenizer::deepseek_llm:
                // clang-format off
                return {R"([\r\n])",
                        R"(\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-)"
                        R"(ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-\x{1f7d}ᾀ-ᾴᾶ-ᾼ\x{1fbe}ῂ-ῄῆ-ῌῐ-\x{1fd3}ῖ-\x{1fdb}ῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝ)"
                        R"(ℤ\x{2126}ℨ\x{212a}-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀)"
                        R"(-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+)",
                        R"(\s?[!-/:-~！-／：-～‘-‟　-。]+)", R"(\s+$)", ideographs, R"(\p{N})"};
                // clang-format on
        }
        return {};
    }

    static void replace(std::string& text, std::string_view what, std::string_view by) {
        for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
            text.replace(at, what.size(), by);
    }

    std::vector<regex> regexes_;
};

/// Code points by class, less those whose class PCRE2's version of Unicode does not know the same.
std::array<std::vector<char32_t>, 9> code_points_of_classes(std::size_t& unknown, std::size_t& different) {
    const regex classes(R"(([\p{Lu}\p{Lt}])|(\p{Ll})|([\p{Lm}\p{Lo}])|(\p{M})|(\p{N})|(\p{P})|(\p{S}))"
                        R"(|([\p{Z}\x{9}-\x{d}\x{85}])|(\p{Cn}))");
    std::array<std::vector<char32_t>, 9> out;
    for (char32_t c = 0; c < 0x110000; ++c) {
        if (c >= 0xd800 && c <= 0xdfff) continue;
        std::string text;
        append_utf8(text, c);
        const std::size_t group = classes.group(text);
        const auto ours = static_cast<std::size_t>(class_of(c));
        if (group == ours)
            out[ours].push_back(c);
        else if (group == 9)
            unknown += ours != 0;
        else
            ++different;
    }
    return out;
}

/// Texts of up to 12 characters: those that the patterns name half of the time, else any of any class; runs of one
/// character; now and then a byte that is no UTF-8.
class text_source {
public:
    explicit text_source(std::array<std::vector<char32_t>, 9> classes) : classes_(std::move(classes)) {}

    /// `like` is the text with U+E000, of class other too, for each invalid byte.
    void next(std::string& text, std::string& like) {
        text.clear();
        like.clear();
        for (auto n = 1 + random_() % 12; n > 0; --n) {
            static constexpr char named[] = "  \n\r\t'strevmldSTREVMLD/aZ09._-(|)!";
            if (random_() % 32 == 0) {
                text += static_cast<char>(0xf8 | random_() % 8);  // never part of a character
                like += "\xee\x80\x80";
                continue;
            }
            char32_t c = static_cast<unsigned char>(named[random_() % (sizeof named - 1)]);
            if (random_() % 2 == 0) {
                const auto& of_class = classes_[random_() % classes_.size()];
                c = of_class[random_() % of_class.size()];
            }
            for (auto repeat = random_() % 4 == 0 ? 1 + random_() % 4 : 1; repeat > 0; --repeat) {
                append_utf8(text, c);
                append_utf8(like, c);
            }
        }
    }

private:
    std::array<std::vector<char32_t>, 9> classes_;
    std::mt19937 random_{20};
};

/// The number of characters in each word, which is the same in a text and its `like`.
void lengths(const words& split, std::vector<std::size_t>& out) {
    out.clear();
    for (const std::string_view word : split) {
        std::size_t n = 0, length = 0;
        for (std::size_t at = 0; at < word.size(); at += length, ++n) {
            const utf8_unit unit = decode_utf8(word, at);
            length = unit.code_point == invalid_code_point ? 1 : unit.length;
        }
        out.push_back(n);
    }
}

}  // namespace

TEST_CASE("pretokenizer: the scanners split as the patterns do, a million texts each") {
    std::size_t unknown = 0, different = 0;
    auto classes = code_points_of_classes(unknown, different);
    CHECK(different <= 40);  // characters that a version of Unicode moved
    CHECK(unknown < 20'000);
    for (const auto& of_class : classes) REQUIRE(!of_class.empty());

    std::vector<reference> references;
    for (const pretokenizer p : all_patterns) references.emplace_back(p);
    text_source source(std::move(classes));
    std::string text, like;
    std::vector<std::size_t> ours, theirs;
    std::array<std::size_t, std::size(all_patterns)> wrong{};
    for (int i = 0; i < 1'000'000; ++i) {
        source.next(text, like);
        for (std::size_t p = 0; p < std::size(all_patterns); ++p) {
            lengths(split(all_patterns[p], text), ours);
            lengths(references[p].split(like), theirs);
            if (ours != theirs && wrong[p]++ == 0) {
                CAPTURE(p, like, ours, theirs);
                CHECK(ours == theirs);
            }
        }
    }
    for (const std::size_t n : wrong) CHECK(n == 0);
}

#endif
