// SPDX-License-Identifier: Apache-2.0
// The functions of nibble.h. One unit of a program defines NIBBLE_C_IMPLEMENTATION and then includes this, or the
// program links nibble::c, which is such a unit.
#pragma once

#include <nibble/c/call.hpp>
#include <nibble/c/conversation.hpp>
#include <nibble/c/model.hpp>
#include <nibble/c/options.hpp>
#include <nibble/c/reply.hpp>
#include <nibble/c/session.hpp>
