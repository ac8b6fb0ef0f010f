// SPDX-License-Identifier: Apache-2.0
// The public surface of nibble: include this.
#pragma once

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/half.hpp>
#include <nibble/core/tensor.hpp>
#include <nibble/version.hpp>
