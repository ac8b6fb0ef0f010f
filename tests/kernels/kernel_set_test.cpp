// Every cell of the (format x instruction set) grid that this CPU can run, against the specification, bit for bit.
#include <nibble/kernels/kernel_set.hpp>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "support/kernel_sets.hpp"
#include "support/random_weights.hpp"
#include "test.hpp"

using namespace nibble;

namespace {

/// One product: some rows of a format with some tokens.
struct grid_case {
    data_type type;
    std::size_t n_rows, depth, n_tokens;
    std::vector<std::byte> weights;
    std::vector<float> x;

    grid_case(data_type format, std::size_t rows, std::size_t row_depth, std::size_t tokens)
        : type(format),
          n_rows(rows),
          depth(row_depth),
          n_tokens(tokens),
          weights(test::random_weights(format, rows, row_depth, 3)),
          x(test::random_activations(tokens * row_depth, 4)) {}

    [[nodiscard]] std::string name() const {
        return std::string{name_of(type)} + ", " + std::to_string(n_rows) + " rows of " + std::to_string(depth) + ", " +
               std::to_string(n_tokens) + " tokens";
    }

    /// out[t][r] with a gap of 3 behind the rows of each token, which must stay as it is.
    static constexpr std::size_t gap = 3;
    static constexpr float untouched = -12345.0f;

    [[nodiscard]] std::vector<float> product(const kernel_set& set, bool gemm) const {
        const matrix_view w = view_matrix(type, n_rows, depth, weights.data());
        const format_kernels& cell = set.of(w);
        const auto tokens = test::tokens_for(set, cell.form, gemm, x.data(), n_tokens, depth);
        std::vector<float> out(n_tokens * (n_rows + gap), untouched);
        if (gemm) {
            const auto scratch = std::make_unique<kernels::gemm_scratch>();
            cell.gemm(w.data, w.row_bytes, n_rows, depth, tokens.data(), n_tokens, out.data(), n_rows + gap, *scratch);
        } else {
            cell.gemv(w.data, w.row_bytes, n_rows, depth, tokens.data(), n_tokens, out.data(), n_rows + gap);
        }
        return out;
    }
};

void check_same(const grid_case& c, const std::string& what, const std::vector<float>& got,
                const std::vector<float>& expected) {
    const std::size_t stride = c.n_rows + grid_case::gap;
    for (std::size_t i = 0; i < got.size(); ++i) {
        if (std::bit_cast<std::uint32_t>(got[i]) == std::bit_cast<std::uint32_t>(expected[i])) continue;
        if (got[i] != got[i] && expected[i] != expected[i]) continue;  // a NaN is a NaN
        FAIL_CHECK(what << ": " << c.name() << ": row " << i % stride << " of token " << i / stride << ": " << got[i]
                        << " instead of " << expected[i]);
        return;
    }
    CHECK(got.size() == expected.size());
}

/// gemv and gemm of every set against gemv of the scalar set.
void check_case(const grid_case& c) {
    const auto expected = c.product(scalar_set(), false);
    for (const auto* set : test::runnable_sets()) {
        const std::string name{set->name};
        if (set != &scalar_set()) check_same(c, name + " gemv", c.product(*set, false), expected);
        if (set->find(c.type)->gemm) check_same(c, name + " gemm", c.product(*set, true), expected);
    }
}

bool is_float(data_type type) { return scalar_set().find(type)->form == activation_form::floats; }

}  // namespace

TEST_CASE("every kernel equals the scalar specification bit for bit") {
    for (const data_type type : quant::formats::types) {
        // depths: less than a chunk, one chunk and a bit; for blocks of 32 also not a multiple of 256
        const bool k = scalar_set().find(type)->form == activation_form::blocks_of_256;
        for (const std::size_t depth :
             k ? std::vector<std::size_t>{256, 768, 1536} : std::vector<std::size_t>{32, 576, 1120})
            for (const std::size_t n_rows : {1u, 2u, 7u, 21u})
                for (const std::size_t n_tokens : {1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u, 17u, 33u})
                    check_case({type, n_rows, depth, n_tokens});
    }
}

TEST_CASE("more rows and more tokens than gemm takes at once") {
    for (const data_type type : quant::formats::types)
        if (!is_float(type)) check_case({type, 2 * kernels::gemm_rows_max + 5, 256, kernels::gemm_tokens_max + 9});
}

TEST_CASE("float formats take any depth") {
    for (const data_type type : quant::formats::types)
        if (is_float(type))
            for (const std::size_t depth : {1u, 7u, 33u, 100u}) check_case({type, 3, depth, 4});
}

TEST_CASE("the largest codes and activations overflow nothing") {
    for (const data_type type : quant::formats::types)
        for (const int fill : {0x00, 0x7f, 0x80, 0xff})
            for (const float sign : {1.0f, -1.0f}) {
                if (is_float(type)) continue;
                grid_case c{type, 4, 512, 9};
                c.weights = test::extreme_weights(type, 4, 512, static_cast<std::byte>(fill));
                c.x.assign(c.x.size(), sign * 100.0f);
                check_case(c);
            }
}

TEST_CASE("IQ4_XS comes closest to 2^31, with its largest code and the scale -32: nothing overflows") {
    for (const float sign : {1.0f, -1.0f}) {
        grid_case c{data_type::iq4_xs, 4, 512, 9};
        c.weights = test::extreme_weights(c.type, 4, 512, std::byte{0xff});
        for (std::size_t at = 0; at < c.weights.size(); at += 136) std::memset(c.weights.data() + at + 2, 0, 6);
        c.x.assign(c.x.size(), sign * 100.0f);
        check_case(c);
        CHECK(std::abs(c.product(scalar_set(), false)[0] + sign * 100 * 32 * 113 * 512) < 100);
    }
}

TEST_CASE("the exponents of MXFP4 at both ends, subnormal and not a number, are the same in every set") {
    for (const int exponent : {0, 1, 2, 253, 254, 255}) {
        grid_case c{data_type::mxfp4, 3, 64, 9};
        for (std::size_t at = 0; at < c.weights.size(); at += 17) c.weights[at] = static_cast<std::byte>(exponent);
        check_case(c);
        const float result = c.product(scalar_set(), false).front();
        CHECK((exponent == 255) == (result != result));
        CHECK(result != 0);
    }
}

TEST_CASE("all bytes of TQ1_0, those too that no writer makes, are the same digits in every set") {
    grid_case c{data_type::tq1_0, 256, 256, 3};
    for (std::size_t row = 0; row < 256; ++row)
        for (std::size_t i = 0; i < 52; ++i) c.weights[54 * row + i] = static_cast<std::byte>(row + i);
    check_case(c);
}

TEST_CASE("an activation that is not finite makes every result that depends on it NaN") {
    for (const data_type type : quant::formats::types)
        for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
            grid_case c{type, 2, 512, 2};
            c.x[300] = bad;
            check_case(c);
            const auto out = c.product(scalar_set(), false);
            for (std::size_t r = 0; r < 2; ++r) {
                if (!is_float(type) || bad != bad) CHECK(out[r] != out[r]);
                CHECK(out[c.n_rows + c.gap + r] == out[c.n_rows + c.gap + r]);  // the other token
            }
        }
}

TEST_CASE("random bytes as weights give the same bits in every set, finite or not") {
    for (const data_type type : quant::formats::types)
        for (std::uint32_t seed = 0; seed < 50 && !is_float(type); ++seed) {
            grid_case c{type, 2, 512, 1};
            std::mt19937 random{seed};
            for (auto& byte : c.weights) byte = static_cast<std::byte>(random());
            c.x = test::random_activations(512, seed);
            check_case(c);
        }
}

TEST_CASE("the rows that a thread takes leave no remainder in any set") {
    for (const kernel_set* set : kernel_sets()) {
        CAPTURE(set->name);
        CHECK(set->rows_at_once % set->gemv_rows == 0);
        CHECK(set->rows_at_once % (2 * set->gemm_rows) == 0);  // a gated product takes half as many of two matrices
    }
}

TEST_CASE("every format has a row in every set, at its index") {
    for (const kernel_set* set : kernel_sets())
        for (const auto& info : data_types) {
            const auto* cell = set->find(info.type);
            CHECK((cell != nullptr) == (scalar_set().find(info.type) != nullptr));
            if (cell) CHECK(cell->type == info.type);
        }
    CHECK(scalar_set().find(data_type::q4_k));
    CHECK_FALSE(scalar_set().find(data_type::iq3_s));
}
