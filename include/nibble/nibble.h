// SPDX-License-Identifier: Apache-2.0
// The C interface of nibble, for C99 and every language that can call C: models, conversations, replies as they come.
//
// Results. A function returns NIBBLE_OK or what went wrong; `error`, its last argument and null where nobody reads it,
// gets the text: where, what was expected, what was found. After a failure all objects are as they were, and a pointer
// or number that the call would have given is null or 0. No exception leaves a function, and none prints or exits.
//
// Texts are UTF-8: a pointer, and a length in bytes or NIBBLE_NUL_ENDED. A call copies what it keeps. Null is a text
// only with the length 0; in options it is a text that is not given.
//
// Buffers. What a call writes into memory of the caller has a capacity, and the last number becomes what there is to
// write. A buffer that is too small stays as it is (NIBBLE_ERROR_ROOM); null with the capacity 0 only asks for the
// number. A '\0' follows a text: it needs room, and does not count as length.
//
// Handles belong to the caller, who frees each once, in any order: a session keeps what it needs of its model, a reply
// of its session. To free null does nothing. Elsewhere null is NIBBLE_ERROR_HANDLE, and so is a handle of another kind,
// or one that was freed: a mark in it says so, for as long as its memory is used for nothing else. Do not count on
// that.
//
// Threads. A model, and nibble_cancel_set, may be used by any number of threads; any other object by one at a time, a
// session together with its replies: NIBBLE_ERROR_BUSY where that is seen. Sessions do not know each other.
//
// Options are structs with their own size first; ..._init(&options, sizeof options) sets it, and all defaults. Null in
// their place: the defaults. The caller sets the size of what a ..._get_info fills in.
#ifndef NIBBLE_NIBBLE_H
#define NIBBLE_NIBBLE_H

#include <nibble/c/base.h>
#include <nibble/c/conversation.h>
#include <nibble/c/model.h>
#include <nibble/c/reply.h>
#include <nibble/c/session.h>

#endif
