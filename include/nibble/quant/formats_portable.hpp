// SPDX-License-Identifier: Apache-2.0
// What vectors of 128 bits do with the bits of every block format.
#pragma once

#include <nibble/quant/iq4_nl/portable.hpp>
#include <nibble/quant/iq4_xs/portable.hpp>
#include <nibble/quant/mxfp4/portable.hpp>
#include <nibble/quant/q2_k/portable.hpp>
#include <nibble/quant/q3_k/portable.hpp>
#include <nibble/quant/q4_0/portable.hpp>
#include <nibble/quant/q4_1/portable.hpp>
#include <nibble/quant/q4_k/portable.hpp>
#include <nibble/quant/q5_0/portable.hpp>
#include <nibble/quant/q5_1/portable.hpp>
#include <nibble/quant/q5_k/portable.hpp>
#include <nibble/quant/q6_k/portable.hpp>
#include <nibble/quant/q8_0/portable.hpp>
#include <nibble/quant/tq1_0/portable.hpp>
#include <nibble/quant/tq2_0/portable.hpp>
