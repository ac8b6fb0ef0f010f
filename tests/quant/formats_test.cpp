// The list of formats.
#include <nibble/quant/formats.hpp>

#include <array>

#include "test.hpp"

using namespace nibble;

TEST_CASE("each format is found at its index, other types are not") {
    std::size_t n_found = 0;
    quant::for_each_format([&]<class F>(std::size_t index) {
        CHECK(quant::format_index(F::type) == index);
        ++n_found;
    });
    CHECK(n_found == quant::n_formats);
    CHECK(quant::format_index(data_type::iq3_s) == quant::n_formats);
}

TEST_CASE("a matrix knows its format and the distance of its rows") {
    const std::array<std::byte, 3 * 288> data{};
    const matrix_view w = view_matrix(data_type::q4_k, 3, 512, data.data());
    CHECK(w.format == quant::format_index(data_type::q4_k));
    CHECK(w.n_rows == 3);
    CHECK(w.row_bytes == 288);
    CHECK(w.row(2) == data.data() + 576);
}
