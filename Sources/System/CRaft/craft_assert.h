#pragma once
// In place of <assert.h> in C-Raft's sources (scripts/fetch-raft): what fails ends the step that it is in, so that a member can
// say why it stops and the process lives. Outside of a step it aborts.

_Noreturn void craft_assertion_failed(const char *expression, const char *file, int line);

#undef assert
#define assert(expression)                                                                    \
    do {                                                                                      \
        if (!(expression)) craft_assertion_failed(#expression, __FILE_NAME__, __LINE__);      \
    } while (0)
