// SPDX-License-Identifier: Apache-2.0
// What AVX2 does with the bits of every block format.
#pragma once

#include <nibble/quant/iq4_nl/avx2.hpp>
#include <nibble/quant/iq4_xs/avx2.hpp>
#include <nibble/quant/mxfp4/avx2.hpp>
#include <nibble/quant/q2_k/avx2.hpp>
#include <nibble/quant/q3_k/avx2.hpp>
#include <nibble/quant/q4_0/avx2.hpp>
#include <nibble/quant/q4_1/avx2.hpp>
#include <nibble/quant/q4_k/avx2.hpp>
#include <nibble/quant/q5_0/avx2.hpp>
#include <nibble/quant/q5_1/avx2.hpp>
#include <nibble/quant/q5_k/avx2.hpp>
#include <nibble/quant/q6_k/avx2.hpp>
#include <nibble/quant/q8_0/avx2.hpp>
#include <nibble/quant/tq1_0/avx2.hpp>
#include <nibble/quant/tq2_0/avx2.hpp>
