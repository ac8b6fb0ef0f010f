#pragma once
#include <nibble/core/float_math.hpp>
#include <nibble/kernels/exp2.hpp>
